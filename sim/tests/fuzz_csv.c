/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as CSV: records whose fields are texts inside the record and stand in the input, until
 * the end or one mistake.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "csv.h"
#include "punch/assert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    csv_reader reader = csv_begin((const char *)data, size);
    csv_record record;
    size_t before = 0;
    while (csv_next(&reader, &record)) {
        PUNCH_ASSERT(reader.at > before);
        PUNCH_ASSERT(reader.at <= size);
        PUNCH_ASSERT(record.count >= 1 && record.count <= CSV_COLUMNS_MAX);
        for (uint32_t i = 0; i < record.count; i++) {
            const csv_field *field = &record.fields[i];
            const size_t at = (size_t)(field->text - record.text);
            PUNCH_ASSERT(at < sizeof record.text);
            PUNCH_ASSERT(memchr(field->text, '\0', sizeof record.text - at) != NULL);
            PUNCH_ASSERT(field->line >= record.line && field->column >= 1);
        }
        before = reader.at;
    }
    PUNCH_ASSERT(reader.wrong != NULL || reader.at == size);
    PUNCH_ASSERT(reader.wrong == NULL || reader.wrong_line >= 1);
    return 0;
}
