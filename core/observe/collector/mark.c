/* Finds cyclic garbage in a snapshot.
 *
 * The interpreter's own way: an object with more references than those that tracked
 * objects hold is held from elsewhere, and lives with all it reaches. What is left is
 * garbage. The counts and marks lie in tables of ours, beside the objects, so that no
 * page of the heap is written and copied for it.
 */
#define _GNU_SOURCE
#include "mark.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"

#define NONE UINT32_MAX
#define MANY (1 << 30) /* references that no subtraction uses up: immortal objects */

struct graph {
    PyObject **objects; /* Borrowed: the tracked ones, the youngest generation first */
    uint32_t *slots;    /* 1 + index of the object, by hash of its address */
    int32_t *outside;   /* references from elsewhere; of garbage: its group */
    uint32_t *pending;  /* indices, as a stack */
    uint8_t *lives;
    uint64_t mask;
    uint32_t count;
    uint32_t old; /* index of the first object of the oldest generation */
    uint32_t waiting;
    uint32_t current; /* whose references are visited */
};

static void *
reserve(size_t size)
{
    long memory = syscall(SYS_mmap, NULL, size + 1, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == -1 ? NULL : (void *)memory;
}

static uint64_t
slot_of(const struct graph *graph, const PyObject *object)
{
    return ((uint64_t)(uintptr_t)object >> 4) * 0x9E3779B97F4A7C15ull >> 20
           & graph->mask;
}

static uint32_t
find(const struct graph *graph, const PyObject *object)
{
    uint32_t index;
    for (uint64_t slot = slot_of(graph, object); (index = graph->slots[slot]) != 0;
         slot = (slot + 1) & graph->mask) {
        if (graph->objects[index - 1] == object) {
            return index - 1;
        }
    }
    return NONE;
}

/* The index of a tracked object, NONE for any other. */
static uint32_t
tracked(const struct graph *graph, PyObject *object)
{
    return PyObject_IS_GC(object) ? find(graph, object) : NONE;
}

/* ---- reading the heap ----------------------------------------------------------- */

static uint64_t
count_objects(PyInterpreterState *interpreter)
{
    uint64_t count = 0;
    for (int i = 0; i < 3; i++) {
        const PyGC_Head *list = &wj_gc_generation(interpreter, i)->head;
        for (const PyGC_Head *each = wj_gc_next(list); each != list;
             each = wj_gc_next(each)) {
            count++;
        }
    }
    return count;
}

/* 0, or -1 where there is not the memory for it. */
static int
make_tables(struct graph *graph, uint64_t count)
{
    uint64_t slots = 1024;
    while (slots < 2 * count) {
        slots *= 2;
    }
    graph->mask = slots - 1;
    graph->objects = reserve(count * sizeof *graph->objects);
    graph->slots = reserve(slots * sizeof *graph->slots);
    graph->outside = reserve(count * sizeof *graph->outside);
    graph->pending = reserve(count * sizeof *graph->pending);
    graph->lives = reserve(count);
    return graph->objects == NULL || graph->slots == NULL || graph->outside == NULL
                   || graph->pending == NULL || graph->lives == NULL
               ? -1
               : 0;
}

static void
add(struct graph *graph, PyObject *object)
{
    Py_ssize_t references = Py_REFCNT(object);
    uint64_t slot = slot_of(graph, object);
    while (graph->slots[slot] != 0) {
        slot = (slot + 1) & graph->mask;
    }
    graph->objects[graph->count] = object;
    graph->outside[graph->count] = references < MANY ? (int32_t)references : MANY;
    graph->slots[slot] = ++graph->count;
}

static void
read_objects(struct graph *graph, PyInterpreterState *interpreter)
{
    for (int i = 0; i < 3; i++) {
        const PyGC_Head *list = &wj_gc_generation(interpreter, i)->head;
        graph->old = graph->count;
        for (const PyGC_Head *each = wj_gc_next(list); each != list;
             each = wj_gc_next(each)) {
            add(graph, wj_gc_object(each));
        }
    }
}

static void
traverse(struct graph *graph, uint32_t index, visitproc visit)
{
    PyObject *object = graph->objects[index];
    traverseproc visit_all = Py_TYPE(object)->tp_traverse;
    graph->current = index;
    if (visit_all != NULL) {
        visit_all(object, visit, graph);
    }
}

/* ---- marking -------------------------------------------------------------------- */

static int
visit_inner(PyObject *object, void *context)
{
    struct graph *graph = context;
    uint32_t index = tracked(graph, object);
    if (index != NONE && graph->outside[index] < MANY) {
        graph->outside[index]--;
    }
    return 0;
}

static int
visit_live(PyObject *object, void *context)
{
    struct graph *graph = context;
    uint32_t index = tracked(graph, object);
    if (index != NONE && !graph->lives[index]) {
        graph->lives[index] = 1;
        graph->pending[graph->waiting++] = index;
    }
    return 0;
}

static void
mark_waiting(struct graph *graph)
{
    while (graph->waiting > 0) {
        traverse(graph, graph->pending[--graph->waiting], visit_live);
    }
}

static void
mark_live(struct graph *graph, wj_keeper_function keep)
{
    for (uint32_t i = 0; i < graph->count; i++) {
        traverse(graph, i, visit_inner);
    }
    for (uint32_t i = 0; i < graph->count; i++) {
        if (graph->outside[i] > 0) {
            visit_live(graph->objects[i], graph);
            mark_waiting(graph);
        }
    }
    if (keep != NULL) {
        keep(visit_live, graph);
        mark_waiting(graph);
    }
}

/* ---- grouping the garbage ------------------------------------------------------- */

/* A group is named by one of its objects: the one whose ``outside`` is its own index.
 */
static uint32_t
group_of(struct graph *graph, uint32_t index)
{
    int32_t *up = graph->outside;
    while ((uint32_t)up[index] != index) {
        up[index] = up[up[index]];
        index = (uint32_t)up[index];
    }
    return index;
}

static int
visit_joined(PyObject *object, void *context)
{
    struct graph *graph = context;
    uint32_t index = tracked(graph, object);
    if (index != NONE && !graph->lives[index]) {
        uint32_t a = group_of(graph, index), b = group_of(graph, graph->current);
        /* The older object names the group, so the name tells if one is old. */
        graph->outside[a < b ? a : b] = (int32_t)(a < b ? b : a);
    }
    return 0;
}

static uint64_t
join_garbage(struct graph *graph)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < graph->count; i++) {
        if (!graph->lives[i]) {
            graph->outside[i] = (int32_t)i;
            count++;
        }
    }
    for (uint32_t i = 0; i < graph->count; i++) {
        if (!graph->lives[i]) {
            traverse(graph, i, visit_joined);
        }
    }
    return count;
}

/* Put the garbage out group by group: ``pending`` counts the objects of each group,
   then holds where its next one goes. */
static void
publish(struct graph *graph, struct wj_verdict *verdict)
{
    uint64_t end = 0;
    for (uint32_t i = 0; i < graph->count; i++) {
        graph->pending[i] = 0;
    }
    for (uint32_t i = 0; i < graph->count; i++) {
        graph->pending[graph->lives[i] ? i : group_of(graph, i)] += !graph->lives[i];
    }
    for (uint32_t i = graph->old; i < graph->count; i++) {
        uint32_t size = graph->pending[i];
        graph->pending[i] = NONE;
        if (size > 0 && end + size <= verdict->room) {
            graph->pending[i] = (uint32_t)end;
            end += size;
            verdict->suspects[end - 1].last = 1;
        }
    }
    for (uint32_t i = 0; i < graph->count; i++) {
        uint32_t group = graph->lives[i] ? 0 : group_of(graph, i);
        if (!graph->lives[i] && group >= graph->old && graph->pending[group] != NONE) {
            struct wj_suspect *suspect = &verdict->suspects[graph->pending[group]++];
            suspect->object = graph->objects[i];
            suspect->type = Py_TYPE(graph->objects[i]);
            suspect->references = Py_REFCNT(graph->objects[i]);
        }
    }
    verdict->found = end;
}

void
wj_mark(PyInterpreterState *interpreter, wj_keeper_function keep,
        struct wj_verdict *verdict)
{
    struct graph graph = {0};
    int64_t start = wj_now();
    uint64_t count = count_objects(interpreter);
    if (count >= MANY || make_tables(&graph, count) != 0) {
        verdict->state = WJ_MARK_NO_MEMORY;
        return;
    }
    read_objects(&graph, interpreter);
    mark_live(&graph, keep);
    verdict->garbage = join_garbage(&graph);
    publish(&graph, verdict);
    verdict->tracked = graph.count;
    verdict->old = graph.count - graph.old;
    verdict->elapsed = (uint64_t)(wj_now() - start);
    __atomic_store_n(&verdict->state, WJ_MARKED, __ATOMIC_RELEASE);
}
