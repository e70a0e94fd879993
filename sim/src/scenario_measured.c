/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a scenario says about measures: quantities in their units, and whether a measure says
 * anything in a cell at all. Quantities are read as exactly as all numbers and become doubles only
 * here, because they are compared with estimates and never with worlds.
 */
#include "scenario_internal.h"

/* What may be written for a measure of one unit: as a value of its own, or as a difference. */
typedef struct {
    scenario_number_type type;
    double base; /* base units of the type in what is shown */
    const char *value_low;
    const char *high;
    const char *difference_low;
} quantity_row;

/* Chosen: as long as the longest trial ("limit", "hold"), and more packets than any call sends. */
static const quantity_row rows[] = {
    [SIM_UNIT_SHARE] = {NUMBER_RATIO, 1e12, "0%", "100%", "-100%"},
    [SIM_UNIT_SECONDS] = {NUMBER_DURATION, 1e6, "0s", "720h", "-720h"},
    [SIM_UNIT_COUNT] = {NUMBER_MULTIPLIER, 1e3, "0", "1000000000", "-1000000000"},
};
static const quantity_row ratio_row = {NUMBER_RATIO, 1e12, "0", "1000000", "0"};

bool scenario_read_quantity(scenario_loader *loader, const scenario_option *named,
                            scenario_quantity kind, const sim_measure *measure,
                            scenario_source source, double *shown_out) {
    const quantity_row *row = kind == QUANTITY_RATIO ? &ratio_row : &rows[measure->unit];
    const scenario_option option = {.name = named->name,
                                    .type = TYPE_NUMBER,
                                    .number = row->type,
                                    .low = kind == QUANTITY_DIFFERENCE ? row->difference_low
                                                                       : row->value_low,
                                    .high = row->high};
    int64_t number;
    if (!scenario_read_fixed(loader, &option, source, &number)) {
        return false;
    }
    *shown_out = (double)number / row->base;
    return true;
}

/* Does the timeline of a cell crash peers, or do what one recovers from? */
static bool happens(const scenario_cell *cell, bool crash) {
    for (uint32_t i = 0; i < cell->scenario->fault_count; i++) {
        scenario_fault fault = cell->scenario->defaults.fault;
        scenario_cell_apply(cell, cell->scenario->fault_first + i, STREAM_TIMELINE + i, &fault);
        const bool is_crash = fault.action == SIM_FAULT_PEER_CRASH;
        const bool is_fault = fault.action == SIM_FAULT_PEER_WAKE ||
                              fault.action == SIM_FAULT_NAT_REBOOT ||
                              fault.action == SIM_FAULT_NAT_RENUMBER;
        if (fault.happens && (crash ? is_crash : is_fault)) {
            return true;
        }
    }
    return false;
}

static bool has_radio(const scenario_cell *cell) {
    scenario_peer a = cell->scenario->defaults.peer;
    scenario_peer b = cell->scenario->defaults.peer;
    scenario_cell_apply(cell, OBJECT_PEER_A, STREAM_A, &a);
    scenario_cell_apply(cell, OBJECT_PEER_B, STREAM_B, &b);
    return a.radio_kind != SIM_RADIO_NONE || b.radio_kind != SIM_RADIO_NONE;
}

/* What is missing in a world that holds. */
static const char *needed_of_hold(const scenario_cell *cell, sim_measure_where where) {
    switch (where) {
    case SIM_MEASURED_ALWAYS:
    case SIM_MEASURED_HOLDING:
    case SIM_MEASURED_MESSAGES:
    case SIM_MEASURED_ROOM:
        break;
    case SIM_MEASURED_CRASHES:
        return happens(cell, true) ? NULL : "a \"peer-crash\" in \"timeline\"";
    case SIM_MEASURED_FAULTS:
        return happens(cell, false)
                   ? NULL
                   : "a \"nat-reboot\", \"nat-renumber\" or \"peer-wake\" in \"timeline\"";
    case SIM_MEASURED_RADIO:
        return has_radio(cell) ? NULL : "a \"radio\" in \"peers\"";
    }
    return NULL;
}

bool scenario_check_measured(scenario_loader *loader, scenario_place place,
                             const sim_measure *measure, uint32_t cell) {
    const scenario_cell at = scenario_cell_at(loader->scenario, cell, 0);
    scenario_root root = loader->scenario->defaults.root;
    scenario_call call = loader->scenario->defaults.call;
    const char *needed = NULL;
    scenario_cell_apply(&at, OBJECT_ROOT, STREAM_WORLD, &root);
    scenario_cell_apply(&at, OBJECT_CALL, STREAM_WORLD, &call);
    switch (measure->where) {
    case SIM_MEASURED_ALWAYS:
    case SIM_MEASURED_ROOM:
        break;
    case SIM_MEASURED_HOLDING:
    case SIM_MEASURED_CRASHES:
    case SIM_MEASURED_FAULTS:
    case SIM_MEASURED_RADIO:
        needed = root.hold_us > 0 ? needed_of_hold(&at, measure->where) : "\"hold\" above 0s";
        break;
    case SIM_MEASURED_MESSAGES:
        needed = call.message_count > 0 ? NULL : "\"messages\" in \"call\"";
        break;
    }
    if (needed != NULL) {
        char in_cell[512];
        scenario_complain(loader->complaints, place, "\"%s\" needs %s; there is none%s",
                          measure->name, needed, scenario_cell_text(&at, in_cell, sizeof in_cell));
    }
    return needed == NULL;
}
