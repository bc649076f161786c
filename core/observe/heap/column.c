/* Columns: see column.h. Knows nothing of what is in them. */
#define _GNU_SOURCE
#include "column.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define LEAST_BYTES 65536

static int
grow(struct wj_column *column, size_t room)
{
    size_t bytes = room * column->width;
    void *data;
    if (room > SIZE_MAX / 2 / column->width) {
        errno = ENOMEM;
        return -1;
    }
    if (column->data == NULL) {
        data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                    -1, 0);
    } else {
        data =
            mremap(column->data, column->room * column->width, bytes, MREMAP_MAYMOVE);
    }
    if (data == MAP_FAILED) {
        return -1;
    }
    column->data = data;
    column->room = room;
    return 0;
}

int
wj_column_reserve(struct wj_column *column, size_t wanted)
{
    if (wanted <= column->room) {
        return 0;
    }
    size_t room = column->room ? column->room : LEAST_BYTES / column->width;
    while (room < wanted) {
        room *= 2;
    }
    return grow(column, room);
}

int
wj_column_resize(struct wj_column *column, size_t width, size_t count)
{
    column->width = width;
    if (count > column->room && grow(column, count) != 0) {
        return -1;
    }
    column->count = count;
    return 0;
}

int
wj_column_append(struct wj_column *column, const void *elements, size_t count)
{
    if (count == 0) {
        return 0; /* there may be no data yet to append to */
    }
    if (wj_column_reserve(column, column->count + count) != 0) {
        return -1;
    }
    char *end = (char *)column->data + column->count * column->width;
    memcpy(end, elements, count * column->width);
    column->count += count;
    return 0;
}

void
wj_column_free(struct wj_column *column)
{
    if (column->data != NULL) {
        munmap(column->data, column->room * column->width);
    }
    column->data = NULL;
    column->count = column->room = 0;
}
