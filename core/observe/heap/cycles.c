/* Cycles: strongly connected components of more than one object, and objects that refer
 * to themselves; Tarjan's algorithm without recursion.
 *
 * References to scaffolding are not followed. An instance refers to its class, the
 * class to its methods, those to the module's names, and one of these to the instance:
 * with that, most of a program would be one cycle that no one can act on.
 */
#include "graph.h"

#define DONE UINT32_MAX

struct tarjan {
    const uint32_t *first, *edge;
    const uint8_t *flags;
    uint32_t *low;    /* 0: not seen; DONE: its component is complete */
    uint64_t *stack;  /* object << 32 | next reference */
    uint32_t *open;   /* seen, not in a complete component yet */
    uint32_t *number; /* the order in which objects were seen */
    uint32_t opened, seen;
    struct wj_column *starts, *members;
};

static int
refers_to_itself(const struct tarjan *self, uint32_t object)
{
    for (uint32_t each = self->first[object]; each < self->first[object + 1]; each++) {
        if (self->edge[each] == object) {
            return 1;
        }
    }
    return 0;
}

/* Take a complete component, of which ``object`` was seen first, off the open ones. */
static int
close_component(struct tarjan *self, uint32_t object)
{
    uint32_t end = self->opened, at = end;
    do {
        self->low[self->open[--at]] = DONE;
    } while (self->open[at] != object);
    self->opened = at;
    if (end - at < 2 && !refers_to_itself(self, object)) {
        return 0;
    }
    uint32_t start = (uint32_t)self->members->count;
    return wj_column_append(self->starts, &start, 1)
           | wj_column_append(self->members, self->open + at, end - at);
}

static void
open_object(struct tarjan *self, uint32_t object)
{
    self->low[object] = self->number[object] = ++self->seen;
    self->open[self->opened++] = object;
}

static int
search_from(struct tarjan *self, uint32_t root)
{
    uint64_t *top = self->stack;
    uint32_t at = root, next = self->first[root];
    open_object(self, root);
    for (;;) {
        if (next < self->first[at + 1]) {
            uint32_t target = self->edge[next++];
            if (self->low[target] == 0 && !(self->flags[target] & WJ_SCAFFOLD)) {
                *top++ = (uint64_t)at << 32 | next;
                at = target;
                next = self->first[at];
                open_object(self, at);
            } else if (self->low[target] != 0 && self->low[target] < self->low[at]) {
                self->low[at] = self->low[target];
            }
            continue;
        }
        uint32_t low = self->low[at];
        if (low == self->number[at] && close_component(self, at) != 0) {
            return -1;
        }
        if (top == self->stack) {
            return 0;
        }
        top--;
        at = (uint32_t)(*top >> 32);
        next = (uint32_t)*top;
        if (low < self->low[at]) {
            self->low[at] = low;
        }
    }
}

static int
search(struct wj_graph *graph, struct tarjan *self)
{
    size_t objects = graph->flags.count;
    self->low[0] = DONE;
    for (uint32_t at = 1; at < objects; at++) {
        if (self->low[at] == 0 && !(self->flags[at] & WJ_SCAFFOLD)
            && search_from(self, at) != 0) {
            return -1;
        }
    }
    uint32_t end = (uint32_t)graph->cycle_member.count;
    return wj_column_append(&graph->cycle_first, &end, 1);
}

int
wj_graph_cycles(struct wj_graph *graph)
{
    size_t objects = graph->flags.count;
    struct wj_column low = {0}, stack = {0}, open = {0}, number = {0};
    int result = -1;
    graph->cycle_first.width = graph->cycle_member.width = 4;
    if (wj_column_resize(&low, 4, objects) == 0
        && wj_column_resize(&stack, 8, objects) == 0
        && wj_column_resize(&open, 4, objects) == 0
        && wj_column_resize(&number, 4, objects) == 0) {
        struct tarjan self = {
            wj_u32(&graph->first),
            wj_u32(&graph->edge),
            wj_u8(&graph->flags),
            wj_u32(&low),
            wj_u64(&stack),
            wj_u32(&open),
            wj_u32(&number),
            0,
            0,
            &graph->cycle_first,
            &graph->cycle_member,
        };
        result = search(graph, &self);
    }
    wj_column_free(&low);
    wj_column_free(&stack);
    wj_column_free(&open);
    wj_column_free(&number);
    return result;
}

int
wj_graph_analyze(struct wj_graph *graph)
{
    struct wj_column parent = {0};
    int result = 0;
    if (wj_graph_order(graph, &parent) != 0 || wj_graph_dominate(graph, &parent) != 0
        || wj_graph_paths(graph) != 0 || wj_graph_cycles(graph) != 0) {
        result = -1;
    }
    wj_column_free(&parent);
    return result;
}
