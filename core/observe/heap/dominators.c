/* Dominators by the algorithm SEMI-NCA (Georgiadis, Tarjan), and retained sizes.
 *
 * Works on the numbers of the depth-first search that ordered the graph: a vertex is
 * linked into the forest as soon as its number is greater than the one that is looked
 * at, so that the forest needs no marks. ``least`` holds semidominators along a path,
 * not the vertices that have them: more is not needed here, and a column less.
 */
#include "graph.h"

/* Who refers to each object: the references turned round, empty slots left out. */
static int
turn_round(const struct wj_graph *graph, struct wj_column *starts,
           struct wj_column *sources)
{
    size_t objects = graph->flags.count;
    const uint32_t *first = wj_u32(&graph->first), *edge = wj_u32(&graph->edge);
    if (wj_column_resize(starts, 4, objects + 2) != 0) {
        return -1;
    }
    uint32_t *at = wj_u32(starts) + 1; /* moved by one, so that filling ends in place */
    for (size_t each = 0; each < graph->edge.count; each++) {
        at[edge[each]]++;
    }
    uint32_t sum = 0;
    at[0] = 0;
    for (size_t object = 0; object <= objects; object++) {
        uint32_t count = at[object];
        at[object] = sum;
        sum += count;
    }
    if (wj_column_resize(sources, 4, (size_t)sum + 1) != 0) {
        return -1;
    }
    uint32_t *source = wj_u32(sources);
    for (uint32_t object = 0; object < objects; object++) {
        for (uint32_t each = first[object]; each < first[object + 1]; each++) {
            if (edge[each] != 0) {
                source[at[edge[each]]++] = object;
            }
        }
    }
    return 0;
}

struct forest {
    uint32_t *above, *least, *stack;
};

/* The least semidominator on the way from ``vertex`` to the root of its tree. */
static inline uint32_t
least_above(const struct forest *forest, uint32_t vertex, uint32_t linked)
{
    uint32_t *above = forest->above, *least = forest->least, *top = forest->stack;
    uint32_t at = vertex;
    while (above[at] > linked) {
        *top++ = at;
        at = above[at];
    }
    while (top != forest->stack) {
        uint32_t below = *--top;
        if (least[at] < least[below]) {
            least[below] = least[at];
        }
        above[below] = above[at];
        at = below;
    }
    return least[vertex];
}

static void
find(uint32_t *dominator, uint32_t *semi, const struct forest *forest,
     const uint32_t *starts, const uint32_t *source, uint32_t objects)
{
    for (uint32_t at = objects - 1; at >= 1; at--) {
        uint32_t lowest = dominator[at];
        for (uint32_t each = starts[at]; each < starts[at + 1]; each++) {
            uint32_t from = source[each];
            uint32_t reach = from <= at ? from : least_above(forest, from, at);
            if (reach < lowest) {
                lowest = reach;
            }
        }
        semi[at] = forest->least[at] = lowest;
    }
    for (uint32_t at = 1; at < objects; at++) {
        uint32_t above = dominator[at];
        while (above > semi[at]) {
            above = dominator[above];
        }
        dominator[at] = above;
    }
}

static int
retain(struct wj_graph *graph)
{
    size_t objects = graph->flags.count;
    if (wj_column_resize(&graph->retained, 8, objects) != 0) {
        return -1;
    }
    uint64_t *retained = wj_u64(&graph->retained);
    const uint32_t *dominator = wj_u32(&graph->dominator), *size = wj_u32(&graph->size);
    for (size_t at = 0; at < objects; at++) {
        retained[at] = size[at];
    }
    for (size_t at = 0; at + 1 < graph->huge.count; at += 2) {
        retained[wj_u64(&graph->huge)[at]] = wj_u64(&graph->huge)[at + 1];
    }
    for (size_t at = objects - 1; at >= 1; at--) {
        retained[dominator[at]] += retained[at];
    }
    return 0;
}

int
wj_graph_dominate(struct wj_graph *graph, struct wj_column *parent)
{
    size_t objects = graph->flags.count;
    struct wj_column starts = {0}, sources = {0}, semi = {0}, least = {0}, above = {0};
    struct wj_column stack = {0};
    int result = -1;
    if (turn_round(graph, &starts, &sources) == 0
        && wj_column_resize(&semi, 4, objects) == 0
        && wj_column_resize(&least, 4, objects) == 0
        && wj_column_resize(&above, 4, objects) == 0
        && wj_column_resize(&stack, 4, objects) == 0) {
        for (size_t at = 0; at < objects; at++) {
            wj_u32(&above)[at] = wj_u32(parent)[at];
        }
        struct forest forest = {wj_u32(&above), wj_u32(&least), wj_u32(&stack)};
        find(wj_u32(parent), wj_u32(&semi), &forest, wj_u32(&starts), wj_u32(&sources),
             (uint32_t)objects);
        wj_column_free(&graph->dominator);
        graph->dominator = *parent;
        *parent = (struct wj_column){0};
        result = 0;
    }
    struct wj_column *all[] = {&starts, &sources, &semi, &least, &above, &stack};
    for (size_t at = 0; at < sizeof all / sizeof *all; at++) {
        wj_column_free(all[at]);
    }
    return result != 0 ? result : retain(graph);
}
