/* The walk: numbers objects, and collects their references, types, sizes and counts.
 *
 * Memory is the cost: every object is a cache miss, and every reference two. So the
 * references of several objects are gathered first, with their places in the table
 * asked for ahead of time, and looked up in a batch.
 */
#include "walk.h"

#define FIRST_BITS 17
#define MOST_FIRST_BITS 26
#define AHEAD 6

static inline size_t
slot_of(const struct wj_walk *walk, const void *address)
{
    return (size_t)(((uint64_t)(uintptr_t)address >> 3) * 0x9E3779B97F4A7C15u
                    >> walk->shift);
}

/* How many objects there are at least, as a rule: every other block of Python's
 * allocator is one. Too few only make the table grow later. */
static size_t
expected(void)
{
    PyObject *count = PySys_GetObject("getallocatedblocks"); /* Borrowed */
    PyObject *blocks = count != NULL ? PyObject_CallNoArgs(count) : NULL;
    Py_ssize_t number = blocks != NULL ? PyLong_AsSsize_t(blocks) : 0;
    Py_XDECREF(blocks);
    PyErr_Clear();
    return number > 0 ? (size_t)number / 2 : 0;
}

static int
first_bits(void)
{
    size_t wanted = expected();
    int bits = FIRST_BITS;
    while (bits < MOST_FIRST_BITS && ((size_t)1 << bits) / 10 * 7 < wanted) {
        bits++;
    }
    return bits;
}

static int
grow_table(struct wj_walk *walk)
{
    struct wj_column bigger = {0};
    int shift = walk->table.data == NULL ? 64 - first_bits() : walk->shift - 1;
    size_t mask = ((size_t)1 << (64 - shift)) - 1;
    if (wj_column_resize(&bigger, 4, mask + 1) != 0) {
        return -1;
    }
    const uint64_t *address = wj_u64(&walk->graph->address);
    uint32_t *table = wj_u32(&bigger);
    walk->shift = shift;
    for (uint32_t object = 1; object < walk->graph->address.count; object++) {
        size_t slot = slot_of(walk, (const void *)address[object]);
        while (table[slot] != 0) {
            slot = (slot + 1) & mask;
        }
        table[slot] = object;
    }
    wj_column_free(&walk->table);
    walk->table = bigger;
    return 0;
}

uint32_t
wj_intern(struct wj_walk *walk, const void *address)
{
    struct wj_column *addresses = &walk->graph->address;
    size_t mask = walk->table.count - 1, slot = slot_of(walk, address);
    const uint32_t *table = wj_u32(&walk->table);
    uint64_t wanted = (uint64_t)(uintptr_t)address;
    for (uint32_t found; (found = table[slot]) != 0; slot = (slot + 1) & mask) {
        if (wj_u64(addresses)[found] == wanted) {
            return found;
        }
    }
    uint32_t made = (uint32_t)addresses->count;
    if (addresses->count >= UINT32_MAX - 1 || wj_push_u64(addresses, wanted) != 0) {
        return 0;
    }
    wj_u32(&walk->table)[slot] = made;
    if (addresses->count > walk->table.count / 10 * 7 && grow_table(walk) != 0) {
        return 0;
    }
    return made;
}

int
wj_settle(struct wj_walk *walk)
{
    struct wj_column *edges = &walk->graph->edge;
    const uint64_t *address = wj_u64(&walk->graph->address);
    if (edges->count + walk->waiting > UINT32_MAX - 1
        || wj_column_reserve(edges, edges->count + walk->waiting) != 0) {
        return -1;
    }
    for (size_t at = 0; at < walk->waiting; at++) {
        uint32_t found = wj_u32(&walk->table)[slot_of(walk, walk->pending[at])];
        __builtin_prefetch(&address[found]);
    }
    for (size_t at = 0; at < walk->waiting; at++) {
        uint32_t target = 0;
        if (walk->pending[at] != NULL) {
            target = wj_intern(walk, walk->pending[at]);
            if (target == 0) {
                return -1;
            }
        }
        wj_u32(edges)[edges->count++] = target;
    }
    walk->waiting = 0;
    return 0;
}

int
wj_emit(PyObject *target, void *context)
{
    struct wj_walk *walk = context;
    walk->pending[walk->waiting++] = target;
    __builtin_prefetch(&wj_u32(&walk->table)[slot_of(walk, target)]);
    if (walk->waiting == WJ_BATCH && wj_settle(walk) != 0) {
        walk->waiting = 0;
        walk->failed = 1;
    }
    return walk->failed;
}

static int
meet_tracked(PyObject *object, void *context)
{
    struct wj_walk *walk = context;
    if (wj_intern(walk, object) == 0) {
        walk->failed = 1;
    }
    return !walk->failed;
}

static uint32_t
count_of(PyObject *object)
{
    if (wj_is_immortal(object)) {
        return UINT32_MAX;
    }
    Py_ssize_t count = Py_REFCNT(object);
    return count >= UINT32_MAX ? UINT32_MAX - 1 : (uint32_t)count;
}

int
wj_record(struct wj_walk *walk, uint32_t type, size_t size, uint32_t refs,
          uint8_t flags)
{
    struct wj_graph *graph = walk->graph;
    if (size >= UINT32_MAX) {
        uint64_t pair[] = {graph->size.count, size};
        if (wj_column_append(&graph->huge, pair, 2) != 0) {
            return -1;
        }
        size = UINT32_MAX;
    }
    return wj_push_u32(&graph->type, type) | wj_push_u32(&graph->size, (uint32_t)size)
           | wj_push_u32(&walk->refs, refs) | wj_push_u8(&graph->flags, flags);
}

int
wj_begin_object(struct wj_walk *walk)
{
    uint32_t start = (uint32_t)(walk->graph->edge.count + walk->waiting);
    return wj_push_u32(&walk->graph->first, start);
}

static int
look_at(struct wj_walk *walk, uint32_t number, uint32_t tracked_end)
{
    PyObject *object = (PyObject *)wj_u64(&walk->graph->address)[number];
    uint32_t type = wj_kind_number(walk, Py_TYPE(object));
    if (type == UINT32_MAX || wj_begin_object(walk) != 0) {
        return -1;
    }
    struct wj_kind kind = *wj_kind(walk, type); /* a copy: looking may add kinds */
    uint8_t flags = number < tracked_end ? WJ_TRACKED : 0;
    if (kind.way == WJ_WAY_TYPE || kind.way == WJ_WAY_MODULE
        || kind.way == WJ_WAY_CODE) {
        flags |= WJ_SCAFFOLD;
    }
    if (kind.sizing == WJ_SIZE_ASK && wj_column_append(&walk->asked, &number, 1) != 0) {
        return -1;
    }
    if (wj_record(walk, type, wj_size_of(object, &kind), count_of(object), flags)
        != 0) {
        return -1;
    }
    wj_references(walk, object, &kind);
    return walk->failed ? -1 : 0;
}

static int
look_at_all(struct wj_walk *walk, uint32_t start, uint32_t tracked_end)
{
    struct wj_column *addresses = &walk->graph->address;
    for (uint32_t number = start;; number++) {
        if (number == addresses->count
            && (wj_settle(walk) != 0 || number == addresses->count)) {
            return number == addresses->count ? wj_begin_object(walk) : -1;
        }
        if (number + AHEAD < addresses->count) {
            __builtin_prefetch((const void *)wj_u64(addresses)[number + AHEAD]);
        }
        if (look_at(walk, number, tracked_end) != 0) {
            return -1;
        }
    }
}

/* Compare each object's count with the references that were seen: the rest is C's. */
static int
find_held(struct wj_walk *walk)
{
    struct wj_graph *graph = walk->graph;
    size_t objects = graph->address.count;
    struct wj_column incoming = {0};
    if (wj_column_resize(&incoming, 4, objects) != 0
        || wj_column_resize(&graph->held, 1, objects) != 0) {
        wj_column_free(&incoming);
        return -1;
    }
    uint32_t *seen = wj_u32(&incoming);
    const uint32_t *refs = wj_u32(&walk->refs);
    for (size_t each = 0; each < graph->edge.count; each++) {
        seen[wj_u32(&graph->edge)[each]]++;
    }
    for (size_t object = 1; object < objects; object++) {
        if (refs[object] == UINT32_MAX) {
            wj_u8(&graph->flags)[object] |= WJ_IMMORTAL;
        } else if (refs[object] > seen[object]) {
            uint32_t more = refs[object] - seen[object];
            wj_u8(&graph->held)[object] = (uint8_t)(more > 255 ? 255 : more);
            wj_u8(&graph->flags)[object] |= WJ_HELD;
        }
    }
    wj_column_free(&incoming);
    return 0;
}

static void
prepare(struct wj_walk *walk)
{
    struct wj_graph *graph = walk->graph;
    graph->address.width = graph->huge.width = 8;
    graph->first.width = graph->edge.width = graph->type.width = graph->size.width = 4;
    graph->text_object.width = graph->text_first.width = 4;
    graph->type_fields.width = graph->type_object.width = graph->type_first.width = 4;
    graph->type_basic.width = graph->twin.width = graph->twin_of.width = 4;
    graph->flags.width = graph->text.width = graph->words.width = 1;
    graph->type_flags.width = graph->type_tail.width = 1;
    walk->refs.width = walk->offsets.width = walk->asked.width = 4;
    walk->kinds.width = sizeof(struct wj_kind);
}

/* The names of modules, and whatever else functions have as their globals: they join
   all that a program is made of. */
static void
find_namespaces(struct wj_walk *walk)
{
    struct wj_graph *graph = walk->graph;
    const uint32_t *first = wj_u32(&graph->first), *edge = wj_u32(&graph->edge);
    for (uint32_t number = 1; number < graph->flags.count; number++) {
        const struct wj_kind *kind = wj_kind(walk, wj_u32(&graph->type)[number]);
        if (kind->way == WJ_WAY_FUNCTION) {
            wj_u8(&graph->flags)[edge[first[number] + 1]] |= WJ_SCAFFOLD;
        }
        uint32_t end = kind->way == WJ_WAY_MODULE ? first[number + 1] : 0;
        for (uint32_t each = first[number]; each < end; each++) {
            uint32_t type = wj_u32(&graph->type)[edge[each]];
            if (wj_kind(walk, type)->type == &PyDict_Type) {
                wj_u8(&graph->flags)[edge[each]] |= WJ_SCAFFOLD;
            }
        }
    }
    wj_u8(&graph->flags)[0] &= (uint8_t)~WJ_SCAFFOLD;
}

/* Which types are objects of the graph themselves. */
static int
find_types(struct wj_walk *walk)
{
    struct wj_graph *graph = walk->graph;
    for (uint32_t type = 0; type < walk->kinds.count; type++) {
        const void *address = wj_kind(walk, type)->type;
        size_t mask = walk->table.count - 1;
        uint32_t found = 0;
        for (size_t slot = slot_of(walk, address); address != NULL;
             slot = (slot + 1) & mask) {
            found = wj_u32(&walk->table)[slot];
            if (found == 0
                || wj_u64(&graph->address)[found] == (uint64_t)(uintptr_t)address) {
                break;
            }
        }
        if (wj_column_append(&graph->type_object, &found, 1) != 0) {
            return -1;
        }
    }
    return 0;
}

int
wj_walk_all(struct wj_walk *walk)
{
    PyInterpreterState *interpreter = PyThreadState_Get()->interp;
    uint64_t nothing = 0;
    prepare(walk);
    if (wj_column_append(&walk->graph->address, &nothing, 1) != 0
        || grow_table(walk) != 0 || wj_walk_meet_roots(walk, interpreter) != 0) {
        return -1;
    }
    uint32_t start = (uint32_t)walk->graph->address.count;
    wj_visit_tracked(interpreter, meet_tracked, walk);
    uint32_t tracked_end = (uint32_t)walk->graph->address.count;
    if (walk->failed || wj_walk_look_at_roots(walk, interpreter) != 0
        || look_at_all(walk, start, tracked_end) != 0 || find_types(walk) != 0) {
        return -1;
    }
    find_namespaces(walk);
    return find_held(walk);
}

void
wj_walk_free(struct wj_walk *walk)
{
    struct wj_column *all[] = {&walk->refs,    &walk->table,   &walk->kinds,
                               &walk->kind_of, &walk->offsets, &walk->asked};
    for (size_t at = 0; at < sizeof all / sizeof *all; at++) {
        wj_column_free(all[at]);
    }
}
