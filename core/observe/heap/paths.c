/* The shortest way from a root to each object, by a breadth-first search.
 *
 * What says most comes first: the interpreter, whose modules have names, then the
 * threads with their frames. Only what those do not reach is looked for from the
 * objects that C code holds, since that says least.
 */
#include "graph.h"

#define NOT_FOUND UINT32_MAX

struct wave {
    const uint32_t *first, *edge;
    uint32_t *up, *queue;
    size_t head, end;
};

static void
spread(struct wave *wave)
{
    while (wave->head < wave->end) {
        uint32_t at = wave->queue[wave->head++];
        for (uint32_t each = wave->first[at]; each < wave->first[at + 1]; each++) {
            uint32_t target = wave->edge[each];
            if (wave->up[target] == NOT_FOUND) {
                wave->up[target] = at;
                wave->queue[wave->end++] = target;
            }
        }
    }
}

/* Start from those children of object 0 that have one of ``wanted``; 0xff for all. */
static void
start(struct wave *wave, const uint8_t *flags, uint8_t wanted)
{
    for (uint32_t each = wave->first[0]; each < wave->first[1]; each++) {
        uint32_t root = wave->edge[each];
        if (wave->up[root] == NOT_FOUND && (wanted == 0xff || (flags[root] & wanted))) {
            wave->up[root] = 0;
            wave->queue[wave->end++] = root;
        }
    }
    spread(wave);
}

int
wj_graph_paths(struct wj_graph *graph)
{
    size_t objects = graph->flags.count;
    struct wj_column queue = {0};
    if (wj_column_resize(&graph->up, 4, objects) != 0
        || wj_column_resize(&queue, 4, objects) != 0) {
        wj_column_free(&queue);
        return -1;
    }
    struct wave wave = {wj_u32(&graph->first),
                        wj_u32(&graph->edge),
                        wj_u32(&graph->up),
                        wj_u32(&queue),
                        0,
                        0};
    for (size_t at = 1; at < objects; at++) {
        wave.up[at] = NOT_FOUND;
    }
    if (objects > 1 && (wj_u8(&graph->flags)[1] & WJ_ROOT)) { /* the interpreter */
        wave.up[1] = 0;
        wave.queue[wave.end++] = 1;
        spread(&wave);
    }
    start(&wave, wj_u8(&graph->flags), WJ_ROOT);
    start(&wave, wj_u8(&graph->flags), WJ_HELD);
    start(&wave, wj_u8(&graph->flags), 0xff);
    wj_column_free(&queue);
    return 0;
}
