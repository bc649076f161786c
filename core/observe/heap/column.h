/* A column: an array that grows in place.
 *
 * Lies in anonymous memory of its own and never in malloc's, so that a forked child may
 * grow one whatever lock some other thread held; room that was never written costs
 * nothing, so that growing by doubling wastes no memory.
 */
#ifndef WJ_HEAP_COLUMN_H
#define WJ_HEAP_COLUMN_H

#include <stddef.h>
#include <stdint.h>

struct wj_column {
    void *data; /* Owned */
    size_t count;
    size_t room;
    size_t width; /* bytes of an element */
};

/* Have room for ``wanted`` elements of the column's width; 0, or -1 with errno. */
int wj_column_reserve(struct wj_column *column, size_t wanted);

/* Have exactly ``count`` elements, those beyond the old ones zero; 0, or -1. */
int wj_column_resize(struct wj_column *column, size_t width, size_t count);

/* Append ``count`` elements; 0, or -1. */
int wj_column_append(struct wj_column *column, const void *elements, size_t count);

/* Free a column; its memory may be kept for this thread's next ones. */
void wj_column_free(struct wj_column *column);

/* Give back what is kept. */
void wj_columns_release(void);

static inline uint8_t *
wj_u8(const struct wj_column *column)
{
    return column->data;
}

static inline uint32_t *
wj_u32(const struct wj_column *column)
{
    return column->data;
}

static inline uint64_t *
wj_u64(const struct wj_column *column)
{
    return column->data;
}

/* Append one number to a column of that width; 0, or -1. */
static inline int
wj_push_u8(struct wj_column *column, uint8_t number)
{
    if (column->count == column->room
        && wj_column_reserve(column, column->count + 1) != 0) {
        return -1;
    }
    wj_u8(column)[column->count++] = number;
    return 0;
}

static inline int
wj_push_u32(struct wj_column *column, uint32_t number)
{
    if (column->count == column->room
        && wj_column_reserve(column, column->count + 1) != 0) {
        return -1;
    }
    wj_u32(column)[column->count++] = number;
    return 0;
}

static inline int
wj_push_u64(struct wj_column *column, uint64_t number)
{
    if (column->count == column->room
        && wj_column_reserve(column, column->count + 1) != 0) {
        return -1;
    }
    wj_u64(column)[column->count++] = number;
    return 0;
}

#endif
