/* Equal objects that need not be two: strings and bytes by content, tuples by items.
 *
 * Only exact types, which nothing but ``is`` can tell apart.
 */
#include "walk.h"

#include <string.h>

struct twins {
    struct wj_walk *walk;
    struct wj_column table; /* u32: content -> the first object that has it */
    struct wj_column first; /* u32: object -> the first equal one, 0 for itself */
};

static uint64_t
hash_bytes(const unsigned char *data, size_t bytes, uint64_t hash)
{
    while (bytes >= 8) {
        uint64_t word;
        memcpy(&word, data, 8);
        hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
        hash ^= hash >> 29;
        data += 8;
        bytes -= 8;
    }
    uint64_t word = 0;
    memcpy(&word, data, bytes);
    hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 32;
}

/* Where an object's content lies, and what must be equal beside it. */
static const unsigned char *
content(PyObject *object, size_t *bytes, uint64_t *shape)
{
    if (PyUnicode_CheckExact(object)) {
        *shape = (uint64_t)PyUnicode_KIND(object) | 16;
        *bytes = (size_t)PyUnicode_GET_LENGTH(object) * (size_t)PyUnicode_KIND(object);
        return PyUnicode_DATA(object);
    }
    *shape = 0;
    *bytes = (size_t)PyBytes_GET_SIZE(object);
    return (const unsigned char *)PyBytes_AS_STRING(object);
}

static PyObject *
object_at(const struct twins *twins, uint32_t number)
{
    return (PyObject *)wj_u64(&twins->walk->graph->address)[number];
}

static uint32_t
first_of(const struct twins *twins, uint32_t number)
{
    uint32_t first = wj_u32(&twins->first)[number];
    return first == 0 ? number : first;
}

static int
equal_content(const struct twins *twins, uint32_t one, uint32_t other)
{
    PyObject *left = object_at(twins, one), *right = object_at(twins, other);
    size_t bytes, others;
    uint64_t shape, another;
    if (Py_TYPE(left) != Py_TYPE(right)) {
        return 0;
    }
    const unsigned char *data = content(left, &bytes, &shape);
    const unsigned char *more = content(right, &others, &another);
    return bytes == others && shape == another && memcmp(data, more, bytes) == 0;
}

static int
equal_items(const struct twins *twins, uint32_t one, uint32_t other)
{
    const struct wj_graph *graph = twins->walk->graph;
    const uint32_t *first = wj_u32(&graph->first), *edge = wj_u32(&graph->edge);
    uint32_t count = first[one + 1] - first[one];
    if (!PyTuple_CheckExact(object_at(twins, other))
        || count != first[other + 1] - first[other]) {
        return 0;
    }
    for (uint32_t at = 0; at < count; at++) {
        if (first_of(twins, edge[first[one] + at])
            != first_of(twins, edge[first[other] + at])) {
            return 0;
        }
    }
    return 1;
}

static int
place(struct twins *twins, uint32_t number, uint64_t hash,
      int (*equal)(const struct twins *, uint32_t, uint32_t))
{
    size_t mask = twins->table.count - 1, slot = (size_t)(hash >> 7) & mask;
    struct wj_graph *graph = twins->walk->graph;
    for (uint32_t found; (found = wj_u32(&twins->table)[slot]) != 0;
         slot = (slot + 1) & mask) {
        if (equal(twins, found, number)) {
            wj_u32(&twins->first)[number] = found;
            return wj_column_append(&graph->twin, &number, 1)
                   | wj_column_append(&graph->twin_of, &found, 1);
        }
    }
    wj_u32(&twins->table)[slot] = number;
    return 0;
}

static int
place_texts(struct twins *twins)
{
    struct wj_graph *graph = twins->walk->graph;
    for (uint32_t number = 1; number < graph->flags.count; number++) {
        PyTypeObject *type = wj_kind(twins->walk, wj_u32(&graph->type)[number])->type;
        if (type != &PyUnicode_Type && type != &PyBytes_Type) {
            continue;
        }
        size_t bytes;
        uint64_t shape;
        const unsigned char *data = content(object_at(twins, number), &bytes, &shape);
        uint64_t hash = hash_bytes(data, bytes, shape + bytes * 64);
        if (place(twins, number, hash, equal_content) != 0) {
            return -1;
        }
    }
    return 0;
}

static int
place_tuples(struct twins *twins)
{
    struct wj_graph *graph = twins->walk->graph;
    const uint32_t *first = wj_u32(&graph->first);
    for (uint32_t number = 1; number < graph->flags.count; number++) {
        PyTypeObject *type = wj_kind(twins->walk, wj_u32(&graph->type)[number])->type;
        if (type != &PyTuple_Type || first[number] == first[number + 1]) {
            continue;
        }
        uint64_t hash = first[number + 1] - first[number];
        for (uint32_t at = first[number]; at < first[number + 1]; at++) {
            hash ^= first_of(twins, wj_u32(&graph->edge)[at]);
            hash *= 0x9E3779B97F4A7C15u;
            hash ^= hash >> 31;
        }
        if (place(twins, number, hash, equal_items) != 0) {
            return -1;
        }
    }
    return 0;
}

int
wj_walk_twins(struct wj_walk *walk)
{
    struct wj_graph *graph = walk->graph;
    struct twins twins = {walk, {0}, {0}};
    size_t room = 1024, texts = 0, tuples = 0;
    for (uint32_t number = 1; number < graph->flags.count; number++) {
        PyTypeObject *type = wj_kind(walk, wj_u32(&graph->type)[number])->type;
        texts += type == &PyUnicode_Type || type == &PyBytes_Type;
        tuples += type == &PyTuple_Type;
    }
    while (room < 2 * (texts > tuples ? texts : tuples)) {
        room *= 2;
    }
    int result = wj_column_resize(&twins.table, 4, room)
                 | wj_column_resize(&twins.first, 4, graph->flags.count);
    if (result == 0) {
        result = place_texts(&twins);
        wj_column_free(&twins.table);
        result |= wj_column_resize(&twins.table, 4, room);
    }
    if (result == 0) {
        result = place_tuples(&twins);
    }
    wj_column_free(&twins.table);
    wj_column_free(&twins.first);
    return result;
}
