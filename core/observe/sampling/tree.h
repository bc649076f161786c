/* The call tree of a recording, as it grows; several processes may share one. */
#ifndef WJ_TREE_H
#define WJ_TREE_H

#include "map.h"

enum wj_frame_kind { WJ_FRAME_PYTHON, WJ_FRAME_NATIVE, WJ_FRAME_TASK };

#define WJ_ROOT (-1)

/* A frame as columns have it: of Python ``a`` is a function and ``b`` a line; of native
   code ``a`` is a library and ``b`` the address in it; of a task ``a`` is a function of
   its name and ``b`` 0. */
struct wj_frame_row {
    int32_t kind;
    int32_t a;
    int64_t b;
};

struct wj_node_row {
    int32_t parent;
    int32_t frame;
};

struct wj_sample_row {
    int64_t time;
    int64_t weight;
    int32_t thread;
    int32_t node;
    int32_t holder;
    int8_t state;
    int8_t clock;
};

/* Tables that are added to and taken from; ids count from the first row ever. */
struct wj_tree {
    struct wj_map function_ids;
    struct wj_map library_ids;
    struct wj_map frames;
    struct wj_map nodes;
    struct wj_bytes
        functions; /* file \0 name \0 line \0, in order, since the last take */
    struct wj_bytes libraries; /* path \0, likewise */
    struct wj_bytes frame_rows;
    struct wj_bytes node_rows;
    struct wj_bytes sample_rows;
    uint32_t thread_count; /* of all the processes */
};

/* Intern; the id, or -1 for want of memory. Text is not ended by a zero. */
int32_t wj_tree_function(struct wj_tree *tree, const char *file, size_t file_size,
                         const char *name, size_t name_size, int line);
int32_t wj_tree_library(struct wj_tree *tree, const char *path, size_t size);
int32_t wj_tree_frame(struct wj_tree *tree, enum wj_frame_kind kind, int32_t a,
                      int64_t b);
int32_t wj_tree_node(struct wj_tree *tree, int32_t parent, int32_t frame);

/* 0, or -1 for want of memory. */
int wj_tree_sample(struct wj_tree *tree, const struct wj_sample_row *row);

void wj_tree_free(struct wj_tree *tree);

#endif
