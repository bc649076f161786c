/* The call tree of a recording. Knows no Python, no ring and no clock. */
#include "tree.h"

#include <stdio.h>
#include <string.h>

/* Two 64-bit hashes stand for a text: for n texts two of them are mistaken for each
   other with a chance of about n^2 / 2^129. */
static void
digest(uint64_t digests[2], const char *text, size_t size)
{
    uint64_t a = digests[0], b = digests[1];
    for (size_t i = 0; i < size; i++) {
        a = (a ^ (unsigned char)text[i]) * 0x100000001B3ull;
        b = (b + (unsigned char)text[i] + 1) * 0x9E3779B97F4A7C15ull;
        b ^= b >> 29;
    }
    digests[0] = (a ^ size) * 0x100000001B3ull;
    digests[1] = b;
}

static int
intern(struct wj_map *map, const uint64_t digests[2], uint32_t *id)
{
    return wj_map_intern(map, digests[0], digests[1], id);
}

/* Append a text and the zero that ends it, which the text itself may hold. */
static int
add_text(struct wj_bytes *bytes, const char *text, size_t size)
{
    return wj_bytes_add(bytes, text, strnlen(text, size)) || wj_bytes_add(bytes, "", 1);
}

int32_t
wj_tree_function(struct wj_tree *tree, const char *file, size_t file_size,
                 const char *name, size_t name_size, int line)
{
    uint64_t digests[2] = {0xCBF29CE484222325ull, (uint64_t)(uint32_t)line + 1};
    char number[16];
    uint32_t id;
    digest(digests, file, file_size);
    digest(digests, name, name_size);
    int known = intern(&tree->function_ids, digests, &id);
    if (known == 1) {
        int size = snprintf(number, sizeof number, "%d", line);
        if (add_text(&tree->functions, file, file_size)
            || add_text(&tree->functions, name, name_size)
            || wj_bytes_add(&tree->functions, number, (size_t)size + 1)) {
            return -1;
        }
    }
    return known < 0 ? -1 : (int32_t)id;
}

int32_t
wj_tree_library(struct wj_tree *tree, const char *path, size_t size)
{
    uint64_t digests[2] = {0x84222325CBF29CE4ull, 0};
    uint32_t id;
    digest(digests, path, size);
    int known = intern(&tree->library_ids, digests, &id);
    if (known < 0 || (known == 1 && add_text(&tree->libraries, path, size) != 0)) {
        return -1;
    }
    return (int32_t)id;
}

int32_t
wj_tree_frame(struct wj_tree *tree, enum wj_frame_kind kind, int32_t a, int64_t b)
{
    struct wj_frame_row row = {(int32_t)kind, a, b};
    uint32_t id;
    int known = wj_map_intern(&tree->frames, (uint64_t)kind << 32 | (uint32_t)a,
                              (uint64_t)b, &id);
    if (known < 0
        || (known == 1 && wj_bytes_add(&tree->frame_rows, &row, sizeof row) != 0)) {
        return -1;
    }
    return (int32_t)id;
}

int32_t
wj_tree_node(struct wj_tree *tree, int32_t parent, int32_t frame)
{
    struct wj_node_row row = {parent, frame};
    uint32_t id;
    int known =
        wj_map_intern(&tree->nodes, (uint64_t)(uint32_t)parent, (uint64_t)frame, &id);
    if (known < 0
        || (known == 1 && wj_bytes_add(&tree->node_rows, &row, sizeof row) != 0)) {
        return -1;
    }
    return (int32_t)id;
}

int
wj_tree_sample(struct wj_tree *tree, const struct wj_sample_row *row)
{
    return wj_bytes_add(&tree->sample_rows, row, sizeof *row);
}

void
wj_tree_free(struct wj_tree *tree)
{
    wj_map_free(&tree->function_ids);
    wj_map_free(&tree->library_ids);
    wj_map_free(&tree->frames);
    wj_map_free(&tree->nodes);
    wj_bytes_free(&tree->functions);
    wj_bytes_free(&tree->libraries);
    wj_bytes_free(&tree->frame_rows);
    wj_bytes_free(&tree->node_rows);
    wj_bytes_free(&tree->sample_rows);
}
