/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What "explain preset:NAME" prints: no field of a device is without a value, UDP or TCP.
 */
#include <stdbool.h>
#include <string.h>

#include "format.h"
#include "preset_text.h"
#include "punch_test.h"

static void every_field_has_a_value(void) {
    size_t count = 0;
    const nat_preset *presets = nat_presets(&count);
    char text[FORMAT_TEXT_CAP];
    for (size_t i = 0; i < count; i++) {
        for (const nat_field_source *row = presets[i].sources; row->field != NULL; row++) {
            EXPECT(row->field,
                   preset_field_text(&presets[i].config, row->field, text, sizeof text));
        }
    }
    const nat_tcp_preset *devices = nat_tcp_presets(&count);
    EXPECT("there are devices with TCP", count > 1);
    for (size_t i = 0; i < count; i++) {
        for (const nat_field_source *row = devices[i].sources; row->field != NULL; row++) {
            EXPECT(row->field,
                   preset_tcp_field_text(&devices[i].config, row->field, text, sizeof text));
        }
    }
}

static void the_value_is_the_fields(void) {
    static const struct {
        const char *field;
        const char *text;
    } rows[] = {{"tcp_timeout_syn_sent", "120 s"}, {"tcp_timeout_established", "432000 s"},
                {"tcp_timeout_reset", "10 s"},     {"tcp_timeout_reset_unanswered", "0 s"},
                {"tcp_simultaneous_open", "true"}, {"tcp_window", "strict"},
                {"tcp_timeout_close_wait", "60 s"}};
    const nat_tcp_preset *preset = nat_tcp_preset_find("linux-masquerade");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[FORMAT_TEXT_CAP] = "";
        (void)preset_tcp_field_text(&preset->config, rows[i].field, text, sizeof text);
        printf("%s: expected %s, got %s\n", rows[i].field, rows[i].text, text);
        EXPECT(rows[i].field, strcmp(text, rows[i].text) == 0);
    }
    char text[FORMAT_TEXT_CAP];
    EXPECT("nothing is called like the beginning of a field",
           !preset_tcp_field_text(&preset->config, "tcp_timeout_syn", text, sizeof text));
}

int main(void) {
    static const punch_test_case cases[] = {
        {"every field of every device has a value", every_field_has_a_value},
        {"the value is the field's", the_value_is_the_fields},
    };
    return PUNCH_TEST_MAIN("unit_preset_text", cases);
}
