/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario_csv.h"

#include <stdio.h>
#include <string.h>

static scenario_place place_in(const scenario_csv *csv, const char *column, uint32_t line,
                               uint32_t at) {
    return (scenario_place){
        .csv_file = csv->path, .csv_column = column, .csv_at = {.line = line, .column = at}};
}

scenario_place scenario_csv_at(const scenario_csv *csv, uint32_t column) {
    const csv_field *field = &csv->row.fields[column];
    return place_in(csv, csv->header.fields[column].text, field->line, field->column);
}

scenario_place scenario_csv_at_header(const scenario_csv *csv, uint32_t column) {
    const csv_field *field = &csv->header.fields[column];
    return place_in(csv, NULL, field->line, field->column);
}

static void complain_about_text(const scenario_csv *csv) {
    scenario_complain(csv->loader->complaints,
                      place_in(csv, NULL, csv->reader.wrong_line, csv->reader.wrong_column), "%s",
                      csv->reader.wrong);
}

/* Names that are there and differ. */
static bool check_header(const scenario_csv *csv) {
    sim_complaints *complaints = csv->loader->complaints;
    const csv_record *header = &csv->header;
    for (uint32_t i = 0; i < header->count; i++) {
        const char *name = header->fields[i].text;
        if (name[0] == '\0') {
            scenario_complain(complaints, scenario_csv_at_header(csv, i),
                              "column %u has no name; the first line names all columns",
                              (unsigned)i + 1);
            return false;
        }
        if (scenario_csv_column(csv, name) != i) {
            scenario_complain(complaints, scenario_csv_at_header(csv, i),
                              "there are two columns \"%s\"", name);
            return false;
        }
    }
    if (header->count == 1 && strpbrk(header->fields[0].text, ";\t") != NULL) {
        scenario_complain(complaints, scenario_csv_at_header(csv, 0),
                          "fields stand between commas, not between semicolons or tabs");
        return false;
    }
    return true;
}

bool scenario_csv_open(scenario_csv *csv, scenario_loader *loader, scenario_place place,
                       const char *relative) {
    const scenario_file *file = scenario_file_fetch(loader, place, relative);
    *csv = (scenario_csv){.loader = loader, .complaints_before = loader->complaints->count};
    if (file == NULL) {
        return false;
    }
    csv->path = file->path;
    if (file->length > JSON_BYTES_MAX) {
        scenario_complain(loader->complaints, place, "the file \"%s\" is larger than 4 MiB",
                          file->path);
        return false;
    }
    csv->reader = csv_begin(file->bytes, file->length);
    if (!csv_next(&csv->reader, &csv->header)) {
        if (csv->reader.wrong != NULL) {
            complain_about_text(csv);
        } else {
            scenario_complain(loader->complaints, place,
                              "the file \"%s\" is empty; its first line must name the columns",
                              file->path);
        }
        return false;
    }
    return check_header(csv);
}

bool scenario_csv_good(const scenario_csv *csv) {
    return csv->loader->complaints->count == csv->complaints_before &&
           !csv->loader->scenario->arena.failed;
}

bool scenario_csv_next(scenario_csv *csv) {
    sim_complaints *complaints = csv->loader->complaints;
    if (complaints->count >= csv->complaints_before + CSV_MISTAKES_MAX ||
        complaints->count == SCENARIO_COMPLAINTS_MAX) {
        return false;
    }
    if (!csv_next(&csv->reader, &csv->row)) {
        if (csv->reader.wrong != NULL) {
            complain_about_text(csv);
        } else if (csv->row_count == 0) {
            scenario_complain(complaints, place_in(csv, NULL, csv->reader.line, 1),
                              "there is no row below the names of the columns");
        }
        return false;
    }
    if (csv->row_count == CSV_ROWS_MAX) {
        scenario_complain(complaints, place_in(csv, NULL, csv->row.line, 1),
                          "more than %u rows; thin them out, or give quantiles instead",
                          (unsigned)CSV_ROWS_MAX);
        return false;
    }
    if (csv->row.count != csv->header.count) {
        scenario_complain(complaints, place_in(csv, NULL, csv->row.line, 1),
                          "this row has %u fields; the first line names %u",
                          (unsigned)csv->row.count, (unsigned)csv->header.count);
        return false;
    }
    csv->row_count++;
    return true;
}

uint32_t scenario_csv_column(const scenario_csv *csv, const char *name) {
    for (uint32_t i = 0; i < csv->header.count; i++) {
        if (strcmp(csv->header.fields[i].text, name) == 0) {
            return i;
        }
    }
    return JSON_NONE;
}

uint32_t scenario_csv_named(const scenario_csv *csv, scenario_place place, const char *name) {
    const uint32_t found = scenario_csv_column(csv, name);
    if (found == JSON_NONE) {
        char meant[96];
        scenario_suggest suggest = scenario_suggest_for(name);
        for (uint32_t i = 0; i < csv->header.count; i++) {
            scenario_suggest_offer(&suggest, csv->header.fields[i].text);
        }
        scenario_complain(csv->loader->complaints, place, "\"%s\" has no column \"%s\"%s",
                          csv->path, name, scenario_suggest_text(&suggest, meant, sizeof meant));
    }
    return found;
}

const char *scenario_csv_unit(const scenario_option *option, const char *name, size_t *length_out) {
    const char *bar = strrchr(name, '_');
    const char *unit = bar != NULL && bar[1] != '\0' && option->type == TYPE_NUMBER
                           ? scenario_number_unit(option->number, bar + 1)
                           : NULL;
    *length_out = unit != NULL ? (size_t)(bar - name) : strlen(name);
    return unit;
}

bool scenario_csv_value(const scenario_csv *csv, uint32_t column, const scenario_option *option,
                        const char *unit, int64_t *number_out) {
    const char *text = csv->row.fields[column].text;
    const scenario_place place = scenario_csv_at(csv, column);
    const char *key = scenario_option_key(option);
    if (text[0] == '\0') {
        scenario_complain(csv->loader->complaints, place, "there is no value");
        return false;
    }
    if (option->type != TYPE_NUMBER) {
        return scenario_read_fixed(csv->loader, option,
                                   (scenario_source){.place = place, .raw = text}, number_out);
    }
    const char *why = NULL;
    if (!scenario_number_measured(option->number, text, unit, number_out, &why)) {
        scenario_complain(csv->loader->complaints, place, "\"%s\" %s; \"%s\" is %s%s%s", text, why,
                          key, scenario_number_allowed(option->number),
                          unit != NULL ? ", here a plain number of " : "",
                          unit != NULL ? unit : "");
        return false;
    }
    int64_t low;
    int64_t high;
    scenario_option_range(option, &low, &high);
    if (*number_out < low || *number_out > high) {
        scenario_complain(csv->loader->complaints, place,
                          "%s%s is out of range; \"%s\" may be %s .. %s", text,
                          unit != NULL ? unit : "", key, option->low, option->high);
        return false;
    }
    return true;
}

bool scenario_csv_weight(const scenario_csv *csv, uint32_t column, scenario_weight *weight_out) {
    const char *text = csv->row.fields[column].text;
    const char *why = NULL;
    if (scenario_weight_read(text, weight_out, &why)) {
        return true;
    }
    scenario_complain(csv->loader->complaints, scenario_csv_at(csv, column),
                      "\"%s\" %s; here stands how often the row was seen, or its part of all", text,
                      why);
    return false;
}
