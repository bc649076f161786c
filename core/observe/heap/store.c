/* See store.h; src/wadjet/model/graphfile.py reads what this writes. */
#include "store.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define ALIGNMENT 64
#define MOST_COLUMNS 40
#define VERSION 1

struct header {
    char magic[8];
    uint32_t version;
    uint32_t columns;
    uint64_t bytes;
    char unused[40];
};

struct entry {
    char name[24];
    uint64_t width;
    uint64_t count;
    uint64_t offset;
};

static int
write_all(int file, const void *data, size_t bytes, uint64_t offset)
{
    const char *at = data;
    while (bytes > 0) {
        ssize_t written = pwrite(file, at, bytes, (off_t)offset);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return -1;
        }
        at += written;
        offset += (uint64_t)written;
        bytes -= (size_t)written;
    }
    return 0;
}

struct directory {
    struct entry entry[MOST_COLUMNS];
    struct wj_column *column[MOST_COLUMNS]; /* Borrowed */
    uint32_t count;
    uint64_t end;
};

static void
add(struct directory *directory, const char *name, struct wj_column *column)
{
    struct entry *entry = &directory->entry[directory->count];
    size_t length = strlen(name);
    memset(entry, 0, sizeof *entry);
    memcpy(entry->name, name, length < sizeof entry->name ? length : 23);
    entry->width = column->width ? column->width : 1;
    entry->count = column->count;
    entry->offset = directory->end;
    directory->column[directory->count++] = column;
    directory->end += entry->width * entry->count;
    directory->end = (directory->end + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static void
add_all(struct directory *directory, struct wj_graph *graph, struct wj_column *about)
{
    add(directory, "about", about);
    add(directory, "address", &graph->address);
    add(directory, "first", &graph->first);
    add(directory, "edge", &graph->edge);
    add(directory, "type", &graph->type);
    add(directory, "size", &graph->size);
    add(directory, "flags", &graph->flags);
    add(directory, "held", &graph->held);
    add(directory, "dominator", &graph->dominator);
    add(directory, "retained", &graph->retained);
    add(directory, "up", &graph->up);
    add(directory, "cycle_first", &graph->cycle_first);
    add(directory, "cycle_member", &graph->cycle_member);
    add(directory, "huge", &graph->huge);
    add(directory, "text_object", &graph->text_object);
    add(directory, "text_first", &graph->text_first);
    add(directory, "text", &graph->text);
    add(directory, "type_flags", &graph->type_flags);
    add(directory, "type_tail", &graph->type_tail);
    add(directory, "type_fields", &graph->type_fields);
    add(directory, "type_object", &graph->type_object);
    add(directory, "type_basic", &graph->type_basic);
    add(directory, "type_first", &graph->type_first);
    add(directory, "words", &graph->words);
    add(directory, "twin", &graph->twin);
    add(directory, "twin_of", &graph->twin_of);
}

int
wj_graph_write(struct wj_graph *graph, int file, const char *about, size_t length)
{
    struct directory directory = {.end = sizeof(struct header)
                                         + MOST_COLUMNS * sizeof(struct entry)};
    struct wj_column text = {(void *)about, length, length, 1};
    directory.end = (directory.end + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    add_all(&directory, graph, &text);
    struct header header = {"WADJHEAP", VERSION, directory.count, directory.end, {0}};
    wj_columns_release();
    if (ftruncate(file, (off_t)directory.end) != 0) {
        return -1;
    }
    for (uint32_t at = 0; at < directory.count; at++) {
        const struct entry *entry = &directory.entry[at];
        struct wj_column *column = directory.column[at];
        if (write_all(file, column->data, entry->width * entry->count, entry->offset)
            != 0) {
            return -1;
        }
        if (column != &text) { /* its pages are the file's next ones */
            wj_column_free(column);
            wj_columns_release();
        }
    }
    if (write_all(file, directory.entry, directory.count * sizeof(struct entry),
                  sizeof header)
        != 0) {
        return -1;
    }
    return write_all(file, &header, sizeof header, 0);
}
