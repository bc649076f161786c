/* Columns: arithmetic on whole columns of integers.
 *
 * Plain memory in, plain memory out: it knows neither the interpreter nor what the
 * numbers mean. An input is never written to, and no number is lost in silence: what
 * does not fit ends the call.
 */
#ifndef WJ_MODEL_COLUMNS_H
#define WJ_MODEL_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wj_numbers {
    void *data; /* Borrowed */
    size_t count;
    int width; /* bytes of a number: 1, 2, 4 or 8 */
    bool is_signed;
};

enum wj_trouble {
    WJ_FINE,
    WJ_TOO_LARGE,   /* a number does not fit its column */
    WJ_NO_SUCH_ROW, /* an index points nowhere */
    WJ_NO_TREE,     /* a node comes before its parent */
    WJ_NO_MEMORY,
};

/* Differences from number to number, the negative ones made odd; ``out`` is unsigned
 * and has 8 bytes. And back. */
enum wj_trouble wj_differences(const struct wj_numbers *column, struct wj_numbers *out);
enum wj_trouble wj_accumulate(const struct wj_numbers *steps, struct wj_numbers *out);

/* The least and the largest number of a column that is not empty. */
void wj_extremes(const struct wj_numbers *column, int64_t *low, int64_t *high);

/* How many numbers are not 0. */
size_t wj_tally(const struct wj_numbers *column);

/* Rows whose number is less than the one above; returns how many, ``out`` has room. */
size_t wj_falls(const struct wj_numbers *column, struct wj_numbers *out);

/* The numbers whose mark is not 0, for all of which ``out`` has room. */
void wj_pick(const struct wj_numbers *column, const struct wj_numbers *marks,
             struct wj_numbers *out);

/* out[i] = table[index[i]], or ``other`` where the index is negative. */
enum wj_trouble wj_gather(const struct wj_numbers *table,
                          const struct wj_numbers *index, int64_t other,
                          struct wj_numbers *out);

/* out[index[i]] += values[i], but where the index is negative. */
enum wj_trouble wj_scatter(const struct wj_numbers *index,
                           const struct wj_numbers *values, struct wj_numbers *out);

/* out[i] = left[i] * factor + right[i] */
enum wj_trouble wj_fuse(const struct wj_numbers *left, int64_t factor,
                        const struct wj_numbers *right, struct wj_numbers *out);

/* out[i] = column[i] / by, downwards; ``by`` is above 0. */
enum wj_trouble wj_divide(const struct wj_numbers *column, int64_t by,
                          struct wj_numbers *out);

/* The distinct keys in the order in which they come, and the sum of the values of each;
 * rows of value 0 count for nothing. The columns out have 8 bytes, and room for
 * ``room`` rows, which is how many have a value. */
enum wj_trouble wj_group(const struct wj_numbers *keys, const struct wj_numbers *values,
                         int64_t *out_keys, int64_t *out_sums, size_t room,
                         size_t *count);

/* Of each distinct key, in the order in which they come, the row that has it first; of
 * each row which of them it has. The columns out have 4 bytes, and room for all. */
enum wj_trouble wj_rank(const struct wj_numbers *keys, int32_t *firsts, int32_t *ranks,
                        size_t *count);

/* Sort rows by their keys, none of which is negative; rows of equal keys stay as they
 * came. */
enum wj_trouble wj_sort(int64_t *keys, int64_t *values, size_t count);

/* Trees are columns of parents, -1 for none, each less than its child. */
bool wj_is_tree(const struct wj_numbers *parents);

/* Add to each number those of all nodes below it. */
enum wj_trouble wj_descend(const struct wj_numbers *parents, struct wj_numbers *totals);

/* Nodes with each before its descendants, and where those of each end. */
enum wj_trouble wj_preorder(const struct wj_numbers *parents, struct wj_numbers *order,
                            struct wj_numbers *ends);

/* For each node the nearest one up that is marked, itself included; -1 for none. */
enum wj_trouble wj_nearest(const struct wj_numbers *parents,
                           const struct wj_numbers *marks, struct wj_numbers *out);

/* The lowest bytes of all numbers, then the second lowest, ...: ``width`` of each. */
void wj_planes(const struct wj_numbers *column, int width, uint8_t *out);

static inline int64_t
wj_number(const struct wj_numbers *column, size_t row)
{
    switch (column->width) {
    case 1:
        return column->is_signed ? ((const int8_t *)column->data)[row]
                                 : ((const uint8_t *)column->data)[row];
    case 2:
        return column->is_signed ? ((const int16_t *)column->data)[row]
                                 : ((const uint16_t *)column->data)[row];
    case 4:
        return column->is_signed ? ((const int32_t *)column->data)[row]
                                 : (int64_t)((const uint32_t *)column->data)[row];
    default:
        return ((const int64_t *)column->data)[row];
    }
}

#endif
