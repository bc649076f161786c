/* Numbers the objects in the order of a depth-first search, and moves the columns
 * along.
 *
 * Every later pass then runs over memory more or less in order, and needs no table from
 * one numbering to the other.
 */
#include "graph.h"

#include <string.h>

struct search {
    uint32_t *number; /* old -> new, 0 while not found */
    uint32_t *old;    /* new -> old */
    uint32_t *parent; /* of new, as new */
    uint64_t *stack;  /* new number << 32 | next reference */
    uint32_t found;   /* the last number given */
    size_t roots;
};

static void
descend(struct wj_graph *graph, struct search *search, uint32_t root)
{
    const uint32_t *first = wj_u32(&graph->first), *edge = wj_u32(&graph->edge);
    uint64_t *top = search->stack;
    uint32_t at = ++search->found, next = first[root];
    search->number[root] = at;
    search->old[at] = root;
    search->parent[at] = 0;
    uint32_t end = first[root + 1];
    for (;;) {
        if (next == end) {
            if (top == search->stack) {
                return;
            }
            top--;
            at = (uint32_t)(*top >> 32);
            next = (uint32_t)*top;
            end = first[search->old[at] + 1];
            continue;
        }
        uint32_t target = edge[next++];
        if (search->number[target] != 0) {
            continue;
        }
        *top++ = (uint64_t)at << 32 | next;
        uint32_t made = ++search->found;
        search->number[target] = made;
        search->old[made] = target;
        search->parent[made] = at;
        at = made;
        next = first[target];
        end = first[target + 1];
    }
}

static void
search_all(struct wj_graph *graph, struct search *search, size_t objects)
{
    uint8_t *flags = wj_u8(&graph->flags);
    static const uint8_t passes[] = {WJ_ROOT, WJ_HELD | WJ_IMMORTAL};
    search->number[0] = UINT32_MAX; /* an empty slot leads nowhere */
    for (size_t pass = 0; pass < sizeof passes; pass++) {
        for (uint32_t old = 1; old < objects; old++) {
            if ((flags[old] & passes[pass]) && search->number[old] == 0) {
                descend(graph, search, old);
            }
        }
    }
    uint32_t reachable = search->found;
    for (uint32_t old = 1; old < objects; old++) {
        if (search->number[old] == 0) {
            descend(graph, search, old);
        }
        if (search->number[old] > reachable) {
            flags[old] |= WJ_GARBAGE;
        }
    }
    search->number[0] = 0;
}

/* True where object 0 refers to the object, by its new number. */
static int
is_root(uint8_t flags, const struct search *search, uint32_t at)
{
    return (flags & (WJ_HELD | WJ_IMMORTAL | WJ_ROOT)) || search->parent[at] == 0;
}

static int
move_edges(struct wj_graph *graph, const struct search *search, size_t objects)
{
    const uint32_t *first = wj_u32(&graph->first), *edge = wj_u32(&graph->edge);
    const uint8_t *flags = wj_u8(&graph->flags);
    struct wj_column new_first = {0}, new_edge = {0};
    uint32_t roots = 0, end = 0;
    for (uint32_t at = 1; at < objects; at++) {
        roots += (uint32_t)is_root(flags[search->old[at]], search, at);
    }
    if (graph->edge.count + roots > UINT32_MAX - 1
        || wj_column_resize(&new_first, 4, objects + 1) != 0
        || wj_column_resize(&new_edge, 4, graph->edge.count + roots + 1) != 0) {
        wj_column_free(&new_first);
        return -1;
    }
    uint32_t *starts = wj_u32(&new_first), *targets = wj_u32(&new_edge);
    for (uint32_t at = 1; at < objects; at++) {
        if (is_root(flags[search->old[at]], search, at)) {
            targets[end++] = at;
        }
    }
    for (uint32_t at = 1; at < objects; at++) {
        uint32_t old = search->old[at];
        starts[at] = end;
        for (uint32_t each = first[old]; each < first[old + 1]; each++) {
            targets[end++] = search->number[edge[each]];
        }
    }
    starts[objects] = end;
    new_edge.count = end;
    wj_column_free(&graph->first);
    wj_column_free(&graph->edge);
    graph->first = new_first;
    graph->edge = new_edge;
    return 0;
}

static int
move(struct wj_column *column, const uint32_t *old, size_t objects)
{
    struct wj_column moved = {0};
    if (wj_column_resize(&moved, column->width, objects) != 0) {
        return -1;
    }
    for (size_t at = 0; at < objects; at++) {
        if (column->width == 8) {
            wj_u64(&moved)[at] = wj_u64(column)[old[at]];
        } else if (column->width == 4) {
            wj_u32(&moved)[at] = wj_u32(column)[old[at]];
        } else {
            wj_u8(&moved)[at] = wj_u8(column)[old[at]];
        }
    }
    wj_column_free(column);
    *column = moved;
    return 0;
}

/* Put the names in the order of their objects' new numbers. */
static int
move_texts(struct wj_graph *graph, const uint32_t *number, size_t objects)
{
    struct wj_column entry = {0}, first = {0};
    size_t count = graph->text_object.count, end = 0;
    if (count == 0) {
        return 0;
    }
    if (wj_column_resize(&entry, 4, objects) != 0
        || wj_column_resize(&first, 4, count) != 0) {
        wj_column_free(&entry);
        return -1;
    }
    uint32_t *named = wj_u32(&graph->text_object);
    for (size_t at = 0; at < count; at++) {
        wj_u32(&entry)[number[named[at]]] = (uint32_t)at + 1;
    }
    for (uint32_t at = 0; at < objects; at++) {
        uint32_t from = wj_u32(&entry)[at];
        if (from != 0) {
            wj_u32(&first)[end] = wj_u32(&graph->text_first)[from - 1];
            named[end++] = at;
        }
    }
    graph->text_object.count = first.count = end;
    wj_column_free(&entry);
    wj_column_free(&graph->text_first);
    graph->text_first = first;
    return 0;
}

static void
renumber(struct wj_column *column, const uint32_t *number)
{
    for (size_t at = 0; at < column->count; at++) {
        wj_u32(column)[at] = number[wj_u32(column)[at]];
    }
}

static int
move_all(struct wj_graph *graph, const struct search *search, size_t objects)
{
    struct wj_column *columns[] = {&graph->address, &graph->type, &graph->size,
                                   &graph->flags, &graph->held};
    if (move_edges(graph, search, objects) != 0
        || move_texts(graph, search->number, objects) != 0) {
        return -1;
    }
    for (size_t at = 0; at < sizeof columns / sizeof *columns; at++) {
        if (columns[at]->count != 0 && move(columns[at], search->old, objects) != 0) {
            return -1;
        }
    }
    for (size_t at = 0; at + 1 < graph->huge.count; at += 2) {
        wj_u64(&graph->huge)[at] = search->number[wj_u64(&graph->huge)[at]];
    }
    renumber(&graph->type_object, search->number);
    renumber(&graph->twin, search->number);
    renumber(&graph->twin_of, search->number);
    return 0;
}

int
wj_graph_order(struct wj_graph *graph, struct wj_column *parent)
{
    size_t objects = graph->flags.count;
    struct wj_column number = {0}, old = {0}, stack = {0};
    int result = -1;
    if (wj_column_resize(&number, 4, objects) == 0
        && wj_column_resize(&old, 4, objects) == 0
        && wj_column_resize(parent, 4, objects) == 0
        && wj_column_resize(&stack, 8, objects) == 0) {
        struct search search = {
            wj_u32(&number), wj_u32(&old), wj_u32(parent), wj_u64(&stack), 0, 0};
        search_all(graph, &search, objects);
        wj_column_free(&stack);
        result = move_all(graph, &search, objects);
    }
    wj_column_free(&number);
    wj_column_free(&old);
    wj_column_free(&stack);
    return result;
}
