#include "columns.h"

#include <stdlib.h>
#include <string.h>

/* Write a number; false if the column, of 1, 4 or 8 bytes, is too narrow for it. */
static inline bool
put(struct wj_numbers *column, size_t row, int64_t number)
{
    if (column->width == 1) {
        ((int8_t *)column->data)[row] = (int8_t)number;
        return number == (int8_t)number;
    }
    if (column->width == 4) {
        ((int32_t *)column->data)[row] = (int32_t)number;
        return number == (int32_t)number;
    }
    ((int64_t *)column->data)[row] = number;
    return true;
}

enum wj_trouble
wj_differences(const struct wj_numbers *column, struct wj_numbers *out)
{
    int64_t last = 0;
    uint64_t *steps = out->data;
    for (size_t i = 0; i < column->count; i++) {
        int64_t now = wj_number(column, i), step;
        if (__builtin_sub_overflow(now, last, &step)) {
            return WJ_TOO_LARGE;
        }
        steps[i] = (uint64_t)step << 1 ^ (uint64_t)(step >> 63);
        last = now;
    }
    return WJ_FINE;
}

enum wj_trouble
wj_accumulate(const struct wj_numbers *steps, struct wj_numbers *out)
{
    int64_t sum = 0;
    const uint64_t *from = steps->data;
    for (size_t i = 0; i < steps->count; i++) {
        int64_t step = (int64_t)(from[i] >> 1 ^ -(from[i] & 1));
        if (__builtin_add_overflow(sum, step, &sum) || !put(out, i, sum)) {
            return WJ_TOO_LARGE;
        }
    }
    return WJ_FINE;
}

void
wj_extremes(const struct wj_numbers *column, int64_t *low, int64_t *high)
{
    *low = *high = wj_number(column, 0);
    for (size_t i = 1; i < column->count; i++) {
        int64_t now = wj_number(column, i);
        *low = now < *low ? now : *low;
        *high = now > *high ? now : *high;
    }
}

size_t
wj_tally(const struct wj_numbers *column)
{
    size_t found = 0;
    for (size_t i = 0; i < column->count; i++) {
        found += wj_number(column, i) != 0;
    }
    return found;
}

size_t
wj_falls(const struct wj_numbers *column, struct wj_numbers *out)
{
    size_t found = 0;
    for (size_t i = 1; i < column->count; i++) {
        if (wj_number(column, i) < wj_number(column, i - 1)) {
            put(out, found++, (int64_t)i);
        }
    }
    return found;
}

void
wj_pick(const struct wj_numbers *column, const struct wj_numbers *marks,
        struct wj_numbers *out)
{
    size_t found = 0;
    for (size_t i = 0; i < column->count; i++) {
        if (wj_number(marks, i) != 0) {
            put(out, found++, wj_number(column, i));
        }
    }
}

enum wj_trouble
wj_gather(const struct wj_numbers *table, const struct wj_numbers *index, int64_t other,
          struct wj_numbers *out)
{
    for (size_t i = 0; i < index->count; i++) {
        int64_t at = wj_number(index, i);
        if (at >= 0 && (size_t)at >= table->count) {
            return WJ_NO_SUCH_ROW;
        }
        if (!put(out, i, at < 0 ? other : wj_number(table, (size_t)at))) {
            return WJ_TOO_LARGE;
        }
    }
    return WJ_FINE;
}

enum wj_trouble
wj_scatter(const struct wj_numbers *index, const struct wj_numbers *values,
           struct wj_numbers *out)
{
    int64_t *sums = out->data;
    for (size_t i = 0; i < index->count; i++) {
        int64_t at = wj_number(index, i);
        if (at < 0) {
            continue;
        }
        if ((size_t)at >= out->count) {
            return WJ_NO_SUCH_ROW;
        }
        if (__builtin_add_overflow(sums[at], wj_number(values, i), &sums[at])) {
            return WJ_TOO_LARGE;
        }
    }
    return WJ_FINE;
}

enum wj_trouble
wj_fuse(const struct wj_numbers *left, int64_t factor, const struct wj_numbers *right,
        struct wj_numbers *out)
{
    int64_t *fused = out->data;
    for (size_t i = 0; i < left->count; i++) {
        int64_t product;
        if (__builtin_mul_overflow(wj_number(left, i), factor, &product)
            || __builtin_add_overflow(product, wj_number(right, i), &fused[i])) {
            return WJ_TOO_LARGE;
        }
    }
    return WJ_FINE;
}

enum wj_trouble
wj_divide(const struct wj_numbers *column, int64_t by, struct wj_numbers *out)
{
    for (size_t i = 0; i < column->count; i++) {
        int64_t number = wj_number(column, i), quotient = number / by;
        if (!put(out, i, quotient - (number % by < 0))) {
            return WJ_TOO_LARGE;
        }
    }
    return WJ_FINE;
}

/* ---- sums by key ---------------------------------------------------------------- */

/* Which row of the distinct keys a key has: open addressing, never more than half full.
 */
struct places {
    uint32_t *rows; /* Owned: 1 + a row, 0 for none */
    size_t mask;
};

static bool
make_places(struct places *places, size_t room)
{
    size_t size = 64;
    while (size < 2 * room) {
        size *= 2;
    }
    places->mask = size - 1;
    places->rows = room < INT32_MAX ? calloc(size, sizeof *places->rows) : NULL;
    return places->rows != NULL;
}

static size_t
scramble(int64_t key)
{
    uint64_t mixed = (uint64_t)key * 0x9E3779B97F4A7C15u;
    return (size_t)(mixed ^ mixed >> 32);
}

enum wj_trouble
wj_group(const struct wj_numbers *keys, const struct wj_numbers *values,
         int64_t *out_keys, int64_t *out_sums, size_t room, size_t *count)
{
    struct places places;
    enum wj_trouble trouble = WJ_FINE;
    size_t found = 0;
    if (!make_places(&places, room)) {
        return WJ_NO_MEMORY;
    }
    for (size_t i = 0; i < keys->count && trouble == WJ_FINE; i++) {
        int64_t key = wj_number(keys, i), value = wj_number(values, i);
        if (value == 0) {
            continue;
        }
        size_t at = scramble(key) & places.mask;
        while (places.rows[at] != 0 && out_keys[places.rows[at] - 1] != key) {
            at = (at + 1) & places.mask;
        }
        if (places.rows[at] == 0) {
            out_keys[found] = key;
            out_sums[found] = value;
            places.rows[at] = (uint32_t)++found;
        } else {
            int64_t *sum = &out_sums[places.rows[at] - 1];
            trouble = __builtin_add_overflow(*sum, value, sum) ? WJ_TOO_LARGE : WJ_FINE;
        }
    }
    free(places.rows);
    *count = found;
    return trouble;
}

enum wj_trouble
wj_rank(const struct wj_numbers *keys, int32_t *firsts, int32_t *ranks, size_t *count)
{
    struct places places;
    size_t found = 0;
    if (!make_places(&places, keys->count)) {
        return WJ_NO_MEMORY;
    }
    for (size_t i = 0; i < keys->count; i++) {
        int64_t key = wj_number(keys, i);
        size_t at = scramble(key) & places.mask;
        while (places.rows[at] != 0
               && wj_number(keys, (size_t)firsts[places.rows[at] - 1]) != key) {
            at = (at + 1) & places.mask;
        }
        if (places.rows[at] == 0) {
            firsts[found] = (int32_t)i;
            places.rows[at] = (uint32_t)++found;
        }
        ranks[i] = (int32_t)places.rows[at] - 1;
    }
    free(places.rows);
    *count = found;
    return WJ_FINE;
}

enum { DIGIT = 11, DIGITS = 1 << DIGIT };

struct row {
    int64_t key, value;
};

/* One pass: by one digit of the key, rows that agree in it as they came. */
static void
sort_by_digit(const struct row *from, struct row *to, size_t count, int shift)
{
    size_t starts[DIGITS] = {0}, sum = 0;
    for (size_t i = 0; i < count; i++) {
        starts[from[i].key >> shift & (DIGITS - 1)]++;
    }
    for (size_t digit = 0; digit < DIGITS; digit++) {
        size_t here = starts[digit];
        starts[digit] = sum;
        sum += here;
    }
    for (size_t i = 0; i < count; i++) {
        to[starts[from[i].key >> shift & (DIGITS - 1)]++] = from[i];
    }
}

enum wj_trouble
wj_sort(int64_t *keys, int64_t *values, size_t count)
{
    struct row *rows = malloc((count + 1) * 2 * sizeof *rows); /* Owned */
    if (rows == NULL) {
        return WJ_NO_MEMORY;
    }
    struct row *now = rows, *next = rows + count;
    int64_t bits = 0;
    for (size_t i = 0; i < count; i++) {
        now[i] = (struct row){keys[i], values[i]};
        bits |= keys[i];
    }
    for (int shift = 0; shift < 63 && bits >> shift != 0; shift += DIGIT) {
        sort_by_digit(now, next, count, shift);
        struct row *sorted = next;
        next = now;
        now = sorted;
    }
    for (size_t i = 0; i < count; i++) {
        keys[i] = now[i].key;
        values[i] = now[i].value;
    }
    free(rows);
    return WJ_FINE;
}

/* ---- trees ---------------------------------------------------------------------- */

bool
wj_is_tree(const struct wj_numbers *parents)
{
    for (size_t node = 0; node < parents->count; node++) {
        int64_t parent = wj_number(parents, node);
        if (parent < -1 || parent >= (int64_t)node) {
            return false;
        }
    }
    return true;
}

enum wj_trouble
wj_descend(const struct wj_numbers *parents, struct wj_numbers *totals)
{
    int64_t *sums = totals->data;
    if (!wj_is_tree(parents)) {
        return WJ_NO_TREE;
    }
    for (size_t node = parents->count; node-- > 0;) {
        int64_t parent = wj_number(parents, node);
        if (parent >= 0
            && __builtin_add_overflow(sums[parent], sums[node], &sums[parent])) {
            return WJ_TOO_LARGE;
        }
    }
    return WJ_FINE;
}

enum wj_trouble
wj_preorder(const struct wj_numbers *parents, struct wj_numbers *order,
            struct wj_numbers *ends)
{
    size_t count = parents->count;
    if (!wj_is_tree(parents)) {
        return WJ_NO_TREE;
    }
    int32_t *size = calloc(2 * (count + 1), sizeof *size); /* Owned */
    if (size == NULL) {
        return WJ_NO_MEMORY;
    }
    int32_t *place = size + count + 1; /* where the next child goes; the roots' first */
    for (size_t node = count; node-- > 0;) {
        size[node]++;
        int64_t parent = wj_number(parents, node);
        if (parent >= 0) {
            size[parent] += size[node];
        }
    }
    for (size_t node = 0; node < count; node++) {
        int64_t parent = wj_number(parents, node);
        int32_t here = place[parent + 1];
        place[parent + 1] += size[node];
        place[node + 1] = here + 1;
        put(order, (size_t)here, (int64_t)node);
        put(ends, (size_t)here, here + size[node]);
    }
    free(size);
    return WJ_FINE;
}

enum wj_trouble
wj_nearest(const struct wj_numbers *parents, const struct wj_numbers *marks,
           struct wj_numbers *out)
{
    if (!wj_is_tree(parents)) {
        return WJ_NO_TREE;
    }
    for (size_t node = 0; node < parents->count; node++) {
        int64_t parent = wj_number(parents, node);
        int64_t above = parent >= 0 ? wj_number(out, (size_t)parent) : -1;
        put(out, node, wj_number(marks, node) != 0 ? (int64_t)node : above);
    }
    return WJ_FINE;
}

void
wj_planes(const struct wj_numbers *column, int width, uint8_t *out)
{
    for (size_t i = 0; i < column->count; i++) {
        uint64_t number = (uint64_t)wj_number(column, i);
        for (int plane = 0; plane < width; plane++) {
            out[(size_t)plane * column->count + i] = (uint8_t)(number >> 8 * plane);
        }
    }
}
