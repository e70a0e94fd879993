/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report_pareto.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "memory.h"

/* Parts of an axis that what is 0 on a logarithmic one, and what is never, stands apart. Chosen. */
#define APART 0.08

/* Values further apart than this are drawn on a logarithmic axis. Chosen: what doubles shows. */
#define LINEAR_MAX 5.0

void pareto_short_label(const char *label, char text[PARETO_TEXT_CAP]) {
    uint32_t letters = 0;
    size_t bytes = 0;
    while (label[bytes] != '\0' && letters < PARETO_LETTERS_MAX && bytes < PARETO_TEXT_CAP - 8) {
        bytes++;
        while (((unsigned char)label[bytes] & 0xc0u) == 0x80u && bytes < PARETO_TEXT_CAP - 8) {
            bytes++;
        }
        letters++;
    }
    memcpy(text, label, bytes);
    memcpy(text + bytes, label[bytes] == '\0' ? "" : "...", label[bytes] == '\0' ? 1 : 4);
}

/* --- scales */

/* Values this many times smaller than all others, and no more of them than one in so many, are as
 * good as 0 on a logarithmic scale: else they would press the others together. Chosen. */
#define NEXT_TO_NOTHING 100.0
#define FEW 4u

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The least value that a logarithmic scale shows as itself; infinite when none is positive. Sorts
 * the values. */
static double least_shown(double *values, size_t count) {
    size_t first = 0;
    qsort(values, count, sizeof *values, ascending);
    while (first < count && !(values[first] > 0.0)) {
        first++;
    }
    if (first == count) {
        return INFINITY;
    }
    for (size_t i = first + 1; i < count && (i - first) * FEW <= count; i++) {
        if (isfinite(values[i]) && values[i] > NEXT_TO_NOTHING * values[i - 1]) {
            return values[i];
        }
    }
    return values[first];
}

/* --- axes */

/* The values of one measure that are drawn. */
typedef struct {
    double least; /* above 0, and not next to nothing */
    double most;
    double lowest; /* finite */
    bool zero;     /* or next to it */
    bool never;
} extent;

static void note(extent *of, double value) {
    of->never = of->never || value == (double)INFINITY;
    of->zero = of->zero || value < of->least;
    if (isfinite(value)) {
        of->lowest = fmin(of->lowest, value);
        of->most = fmax(of->most, value);
    }
}

/* Ends of intervals are left out when they are infinite, and the lower end of a mean's, which may
 * be below 0 where no value is. */
static extent extent_of(const tradeoff *of, const tradeoff_table *table, tradeoff_side side,
                        double scale) {
    extent made = {INFINITY, -INFINITY, INFINITY, false, false};
    double *values = memory_zeroed(of->level_count, sizeof *values);
    size_t count = 0;
    for (uint32_t r = 0; r < of->level_count; r++) {
        if (table->rows[r].estimates[side].n > 0) {
            values[count++] = table->rows[r].estimates[side].value * scale;
        }
    }
    made.least = least_shown(values, count);
    for (size_t i = 0; i < count; i++) {
        note(&made, values[i]);
    }
    free(values);
    for (uint32_t r = 0; r < of->level_count; r++) {
        const stats_estimate *e = &table->rows[r].estimates[side];
        if (e->n > 0 && isfinite(e->hi)) {
            made.most = fmax(made.most, e->hi * scale);
        }
        if (e->n > 0 && e->lo > 0.0) {
            made.lowest = fmin(made.lowest, e->lo * scale);
        }
    }
    if (!isfinite(made.most)) { /* all is never */
        made.lowest = 0.0;
        made.most = 1.0;
    }
    return made;
}

static void add_tick(pareto_axis *axis, double at, const char *text) {
    if (axis->tick_count < PARETO_TICKS_MAX) {
        pareto_tick *tick = &axis->ticks[axis->tick_count++];
        tick->at = at;
        (void)snprintf(tick->text, sizeof tick->text, "%s", text);
    }
}

/* A drawn value's place; what is not finite, and 0 on a logarithmic axis, has the end's. */
static double place(const pareto_axis *axis, double drawn) {
    const double low = axis->has_zero ? APART : 0.0;
    const double high = axis->has_never ? 1.0 - APART : 1.0;
    if (!isfinite(drawn)) {
        return drawn > 0.0 ? 1.0 : 0.0;
    }
    if (axis->logarithmic && (drawn <= 0.0 || (axis->has_zero && log10(drawn) < axis->begin))) {
        return 0.0;
    }
    const double value = axis->logarithmic ? log10(drawn) : drawn;
    const double part = (value - axis->begin) / (axis->end - axis->begin);
    return low + fmin(fmax(part, 0.0), 1.0) * (high - low);
}

/* A tick of each decade, on axes of fewer decades than these. */
typedef struct {
    double number;
    double span_max;
} pareto_step;

/* Decades, with numbers between where they are few. Chosen, so that labels have room. */
static void tick_decades(pareto_axis *axis) {
    static const pareto_step steps[] = {{1.0, (double)INFINITY},
                                        {1.5, 1.1},
                                        {2.0, 2.5},
                                        {3.0, 1.1},
                                        {4.0, 1.1},
                                        {5.0, 2.5},
                                        {7.0, 1.1}};
    const double span = axis->end - axis->begin;
    for (int power = (int)floor(axis->begin); power <= (int)ceil(axis->end); power++) {
        for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++) {
            char text[PARETO_TEXT_CAP];
            const double value = steps[k].number * pow(10.0, power);
            const double logarithm = log10(value);
            if (span < steps[k].span_max && logarithm >= axis->begin - 1e-9 &&
                logarithm <= axis->end + 1e-9) {
                (void)snprintf(text, sizeof text, "%.6g", value);
                add_tick(axis, place(axis, value), text);
            }
        }
    }
}

/* 1, 2 or 5 times a power of ten, so that there are four to nine of it. */
static double step_of(double span) {
    const double power = pow(10.0, floor(log10(span / 4.0)));
    const double part = span / 4.0 / power;
    return power * (part >= 5.0 ? 5.0 : part >= 2.0 ? 2.0 : 1.0);
}

/* Up to so much; all with as many decimals as the step has. */
static void tick_steps(pareto_axis *axis, double most) {
    const double step = step_of(axis->end - axis->begin);
    const int decimals = (int)fmax(0.0, -floor(log10(step) + 1e-9));
    const int first = (int)ceil(axis->begin / step - 1e-9);
    const int last = (int)floor(fmin(axis->end, most) / step + 1e-9);
    for (int n = first; n <= last; n++) {
        char text[PARETO_TEXT_CAP];
        (void)snprintf(text, sizeof text, "%.*f", decimals, n == 0 ? 0.0 : n * step);
        add_tick(axis, place(axis, n * step), text);
    }
}

static pareto_axis axis_of(const tradeoff *of, const tradeoff_table *table, tradeoff_side side) {
    const sim_measure *measure = tradeoff_measure(&of->about->tradeoff, side);
    const bool share = measure->unit == SIM_UNIT_SHARE;
    pareto_axis axis = {.scale = share ? 100.0 : 1.0};
    const extent seen = extent_of(of, table, side, axis.scale);
    (void)snprintf(axis.title, sizeof axis.title, "%s: %.80s%s (%s is better)",
                   side == TRADEOFF_COST ? "cost" : "harm", measure->label, share ? ", %" : "",
                   measure->sense == SIM_LESS_IS_BETTER ? "less" : "more");
    axis.has_never = seen.never;
    axis.logarithmic =
        (!share || measure->sense == SIM_LESS_IS_BETTER) && seen.most > LINEAR_MAX * seen.least;
    axis.has_zero = axis.logarithmic && seen.zero;
    if (axis.logarithmic) {
        const double margin = 0.06 * (log10(seen.most) - log10(seen.least));
        axis.begin = log10(seen.least) - margin;
        axis.end = log10(seen.most) + margin;
    } else {
        const double span = seen.most - seen.lowest;
        const double margin = span > 0.0 ? span * 0.08 : fmax(fabs(seen.most) * 0.05, 0.5);
        axis.begin = seen.lowest >= 0.0 ? fmax(seen.lowest - margin, 0.0) : seen.lowest - margin;
        axis.end = seen.most + margin;
    }
    if (axis.has_zero) {
        add_tick(&axis, 0.0, "about 0");
    }
    if (axis.logarithmic) {
        tick_decades(&axis);
    } else {
        tick_steps(&axis, share ? 100.0 : INFINITY);
    }
    if (axis.has_never) {
        add_tick(&axis, 1.0, "never");
    }
    return axis;
}

/* --- marks and the frontier */

static void place_marks(pareto *made, const tradeoff *of, const tradeoff_table *table) {
    const sim_tradeoff *rules = &of->about->tradeoff;
    made->marks = memory_zeroed(of->level_count, sizeof *made->marks);
    for (uint32_t r = 0; r < of->level_count; r++) {
        const tradeoff_row *row = &table->rows[r];
        if (row->estimates[TRADEOFF_COST].n == 0 || row->estimates[TRADEOFF_HARM].n == 0) {
            continue;
        }
        pareto_mark *mark = &made->marks[made->mark_count++];
        char name[PARETO_TEXT_CAP];
        mark->row = row;
        pareto_short_label(of->about->factors[rules->factor].levels[row->level], name);
        (void)snprintf(mark->label, sizeof mark->label, "%.110s%s", name,
                       row->level == rules->baseline ? " (baseline)" : "");
        for (uint32_t side = 0; side < TRADEOFF_SIDES; side++) {
            const pareto_axis *axis = &made->axes[side];
            const stats_estimate *e = &row->estimates[side];
            mark->at[side] = place(axis, e->value * axis->scale);
            mark->lo[side] = place(axis, e->lo * axis->scale);
            mark->hi[side] = place(axis, e->hi * axis->scale);
        }
    }
}

/* Marks are sorted by cost. What is on the frontier by what is shown may by its values alone be
 * behind others: the steps go through those that are not. */
static void step_frontier(pareto *made) {
    made->corners = memory_zeroed(2 * (size_t)made->mark_count + 1, sizeof *made->corners);
    double least = INFINITY;
    for (uint32_t m = 0; m < made->mark_count; m++) {
        const pareto_mark *mark = &made->marks[m];
        const double harm = made->better_is_up ? -mark->at[TRADEOFF_HARM] : mark->at[TRADEOFF_HARM];
        if (!mark->row->frontier || !(harm < least)) {
            continue;
        }
        if (made->corner_count > 0) {
            double *corner = made->corners[made->corner_count];
            corner[TRADEOFF_COST] = mark->at[TRADEOFF_COST];
            corner[TRADEOFF_HARM] = made->corners[made->corner_count - 1][TRADEOFF_HARM];
            made->corner_count++;
        }
        memcpy(made->corners[made->corner_count++], mark->at, sizeof mark->at);
        least = harm;
    }
}

/* --- labels */

typedef struct {
    double left;
    double right;
    double below;
    double above;
} box;

static double overlap(const box *a, const box *b) {
    const double wide = fmin(a->right, b->right) - fmax(a->left, b->left);
    const double high = fmin(a->above, b->above) - fmax(a->below, b->below);
    return wide > 0.0 && high > 0.0 ? wide * high : 0.0;
}

static size_t letters_of(const char *text) {
    size_t letters = 0;
    for (; *text != '\0'; text++) {
        letters += ((unsigned char)*text & 0xc0u) != 0x80u ? 1 : 0;
    }
    return letters;
}

/* A place a label may have: in which direction from its mark, and how far, in lines. */
typedef struct {
    int across;
    int up;
    double far;
} spot;

static box box_of(const pareto_mark *mark, const spot *at, const pareto_size *size) {
    const double wide = (double)letters_of(mark->label) * size->letter;
    const double off = at->far * size->line;
    const double x = mark->at[TRADEOFF_COST] * size->width + at->across * off;
    const double y = mark->at[TRADEOFF_HARM] * size->height + at->up * off;
    box made = {x - wide / 2.0, x + wide / 2.0, y - size->line / 2.0, y + size->line / 2.0};
    if (at->across != 0) {
        made.left = at->across > 0 ? x : x - wide;
        made.right = at->across > 0 ? x + wide : x;
    }
    return made;
}

/* How much of the frontier's steps a box hides: each is level or upright. */
static double hides_steps(const pareto *of, const pareto_size *size, const box *at) {
    double sum = 0.0;
    for (uint32_t c = 1; c < of->corner_count; c++) {
        const double *from = of->corners[c - 1];
        const double *to = of->corners[c];
        const box step = {fmin(from[TRADEOFF_COST], to[TRADEOFF_COST]) * size->width - 2.0,
                          fmax(from[TRADEOFF_COST], to[TRADEOFF_COST]) * size->width + 2.0,
                          fmin(from[TRADEOFF_HARM], to[TRADEOFF_HARM]) * size->height - 2.0,
                          fmax(from[TRADEOFF_HARM], to[TRADEOFF_HARM]) * size->height + 2.0};
        sum += overlap(at, &step);
    }
    return sum;
}

/* How much a box hides, in letters: other labels weigh more than marks, these more than intervals;
 * to be outside of the plot is worst. */
static double hides(const pareto *of, const pareto_size *size, const box *boxes, uint32_t own,
                    const box *at) {
    const double line = size->line;
    double sum = 40.0 *
                 (fmax(0.0, -at->left) + fmax(0.0, at->right - size->width - size->room) +
                  fmax(0.0, -at->below) + fmax(0.0, at->above - size->height)) *
                 line;
    sum += 2.0 * hides_steps(of, size, at);
    for (uint32_t m = 0; m < of->mark_count; m++) {
        const pareto_mark *mark = &of->marks[m];
        const double x = mark->at[TRADEOFF_COST] * size->width;
        const double y = mark->at[TRADEOFF_HARM] * size->height;
        const box dot = {x - line / 2.0, x + line / 2.0, y - line / 2.0, y + line / 2.0};
        const box across = {mark->lo[TRADEOFF_COST] * size->width,
                            mark->hi[TRADEOFF_COST] * size->width, y - 2.0, y + 2.0};
        const box upright = {x - 2.0, x + 2.0, mark->lo[TRADEOFF_HARM] * size->height,
                             mark->hi[TRADEOFF_HARM] * size->height};
        sum += 6.0 * overlap(at, &dot) + 2.0 * (overlap(at, &across) + overlap(at, &upright));
        sum += m == own ? 0.0 : 20.0 * overlap(at, &boxes[m]);
    }
    return sum;
}

/* How many distances are tried. Chosen: to eight lines away. */
#define RINGS 24u

/* The spot that hides least; the nearest of equals. */
static box best_spot(const pareto *of, const pareto_size *size, const box *boxes, uint32_t own,
                     spot *out) {
    static const int directions[][2] = {{1, 0},  {-1, 0},  {0, 1},  {0, -1}, {1, 1},  {-1, 1},
                                        {1, -1}, {-1, -1}, {1, 2},  {-1, 2}, {1, -2}, {-1, -2},
                                        {3, 1},  {-3, 1},  {3, -1}, {-3, -1}};
    double least = INFINITY;
    box chosen = {0};
    for (uint32_t ring = 0; ring < RINGS; ring++) {
        const double far = 0.8 + 0.3 * ring;
        for (size_t d = 0; d < sizeof directions / sizeof directions[0]; d++) {
            const spot at = {directions[d][0], directions[d][1], far};
            const box here = box_of(&of->marks[own], &at, size);
            /* a label far from its mark costs a little, too */
            const double cost =
                hides(of, size, boxes, own, &here) + far * size->line * size->letter * 0.5;
            if (cost < least) {
                least = cost;
                chosen = here;
                *out = at;
            }
        }
    }
    return chosen;
}

static void take_spot(pareto_mark *mark, const spot *at, const box *taken,
                      const pareto_size *size) {
    const double x = at->across == 0  ? (taken->left + taken->right) / 2.0
                     : at->across > 0 ? taken->left
                                      : taken->right;
    mark->label_at[TRADEOFF_COST] = x / size->width;
    mark->label_at[TRADEOFF_HARM] = (taken->below + taken->above) / 2.0 / size->height;
    mark->anchor = at->across == 0 ? PARETO_MIDDLE : at->across > 0 ? PARETO_LEFT : PARETO_RIGHT;
    mark->led = at->far * fmax(abs(at->across), abs(at->up)) > 1.3;
}

/* Each label in turn takes its best place among the others, until none moves; a few rounds do. */
static void place_labels(pareto *of, const pareto_size *size) {
    box *boxes = memory_zeroed(of->mark_count, sizeof *boxes);
    bool moved = true;
    for (uint32_t round = 0; moved && round < 8; round++) {
        moved = false;
        for (uint32_t m = 0; m < of->mark_count; m++) {
            spot at = {1, 0, 1.0};
            const box taken = best_spot(of, size, boxes, m, &at);
            moved = moved || taken.left != boxes[m].left || taken.below != boxes[m].below;
            boxes[m] = taken;
            take_spot(&of->marks[m], &at, &taken, size);
        }
    }
    free(boxes);
}

pareto pareto_of(const tradeoff *of, const tradeoff_table *table, const pareto_size *size) {
    const sim_tradeoff *rules = &of->about->tradeoff;
    pareto made = {
        .better_is_up = tradeoff_measure(rules, TRADEOFF_HARM)->sense == SIM_MORE_IS_BETTER,
        .better_is_right = tradeoff_measure(rules, TRADEOFF_COST)->sense == SIM_MORE_IS_BETTER};
    for (tradeoff_side side = TRADEOFF_COST; side <= TRADEOFF_HARM; side++) {
        made.axes[side] = axis_of(of, table, side);
    }
    place_marks(&made, of, table);
    step_frontier(&made);
    place_labels(&made, size);
    return made;
}

void pareto_free(pareto *made) {
    free(made->marks);
    free(made->corners);
    memset(made, 0, sizeof *made);
}

/* --- the map */

static const stats_estimate *tile(const tradeoff *of, tradeoff_side side, uint32_t level,
                                  uint32_t treated) {
    return &of->map.estimates[side][level * of->level_count + treated];
}

/* From 0, the least, to 1, the most. On a logarithmic scale what is next to nothing is 0, and the
 * rest begins a little above. */
static double part_of(const tradeoff *of, tradeoff_side side, double value) {
    const size_t tiles = (size_t)of->map.level_count * of->level_count;
    double *values = memory_zeroed(tiles, sizeof *values);
    size_t count = 0;
    for (size_t i = 0; i < tiles; i++) {
        const stats_estimate *e = &of->map.estimates[side][i];
        if (e->n > 0 && isfinite(e->value)) {
            values[count++] = e->value;
        }
    }
    const double least = least_shown(values, count);
    const double lowest = count > 0 ? values[0] : 0.0;
    const double most = count > 0 ? values[count - 1] : 0.0;
    free(values);
    if (!isfinite(value) || most <= lowest) {
        return isfinite(value) ? 0.0 : 1.0;
    }
    if (!(most > LINEAR_MAX * least)) {
        return (value - lowest) / (most - lowest);
    }
    const double begin = lowest < least ? 0.1 : 0.0;
    return value < least ? 0.0 : begin + (1.0 - begin) * log(value / least) / log(most / least);
}

double pareto_tile_badness(const tradeoff *of, tradeoff_side side, uint32_t level,
                           uint32_t treated) {
    const stats_estimate *e = tile(of, side, level, treated);
    if (e->n == 0) {
        return -1.0;
    }
    const double part = part_of(of, side, e->value);
    switch (tradeoff_measure(&of->about->tradeoff, side)->sense) {
    case SIM_LESS_IS_BETTER:
        break;
    case SIM_MORE_IS_BETTER:
        return 1.0 - part;
    }
    return part;
}

char *pareto_tile_words(const tradeoff *of, tradeoff_side side, uint32_t level, uint32_t treated,
                        char text[PARETO_TEXT_CAP]) {
    const stats_estimate *e = tile(of, side, level, treated);
    char number[FORMAT_TEXT_CAP];
    if (e->n == 0) {
        (void)snprintf(text, PARETO_TEXT_CAP, "-");
    } else if (isinf(e->value)) {
        (void)snprintf(text, PARETO_TEXT_CAP, "never");
    } else if (tradeoff_measure(&of->about->tradeoff, side)->unit == SIM_UNIT_SHARE) {
        (void)snprintf(text, PARETO_TEXT_CAP, "%s", format_percent(e->value, number));
    } else {
        /* about three digits */
        const int digits = e->value >= 100.0 || e->value == 0.0 ? 0 : e->value >= 10.0 ? 1 : 2;
        (void)snprintf(text, PARETO_TEXT_CAP, e->value > 0.0 && e->value < 1.0 ? "%#.*g" : "%.*f",
                       digits, e->value);
    }
    return text;
}
