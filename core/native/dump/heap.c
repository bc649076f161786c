/* The collector's state, and what it tracks, type by type. */
#include <string.h>

#include "dump.h"
#include "peek.h"

enum { TYPES = 1 << 12, SHOWN = 20, GENERATIONS = 3 };
enum { MOST_OBJECTS = 50 * 1000 * 1000 };

struct kind {
    const PyTypeObject *type; /* Borrowed: an address, not to be followed */
    const char *name;         /* Borrowed, likewise */
    Py_ssize_t basic, item;
    long long count, bytes;
};

static struct kind kinds[TYPES];
static long long objects, bytes;

int
wj_dump_collector(int fd)
{
    if (wj_text_begin(fd) != 0) {
        return -1;
    }
    PyInterpreterState *each = wj_first_interpreter();
    for (; each != NULL; each = wj_next_interpreter(each)) {
        wj_put("Collector: ");
        wj_put(wj_gc_is_enabled(each) ? "enabled" : "disabled");
        wj_put(wj_gc_is_collecting(each) ? ", collecting\n" : ", not collecting\n");
        for (int i = 0; i < GENERATIONS; i++) {
            const struct gc_generation *generation = wj_gc_generation(each, i);
            wj_put("  generation ");
            wj_put_number(i);
            wj_put(": ");
            wj_put_number(generation->count);
            wj_put(" of ");
            wj_put_number(generation->threshold);
            wj_put("\n");
        }
    }
    return wj_text_end();
}

/* The row of a type; the last one, which has no type, where there are too many. */
static struct kind *
kind_of(const PyTypeObject *type)
{
    size_t at = ((uintptr_t)type >> 4) % (TYPES - 1);
    for (size_t i = 0; i < TYPES - 1; i++) {
        struct kind *kind = &kinds[(at + i) % (TYPES - 1)];
        if (kind->type == type) {
            return kind;
        }
        if (kind->type == NULL) {
            PyTypeObject copy;
            kind->type = type;
            if (wj_peek(&copy, type, offsetof(PyTypeObject, tp_dealloc)) == 0) {
                kind->name = copy.tp_name;
                kind->basic = copy.tp_basicsize;
                kind->item = copy.tp_itemsize;
            }
            return kind;
        }
    }
    return &kinds[TYPES - 1];
}

/* Bytes of an object's items; only objects that have some have a number of them. */
static long long
size_of_items(const struct kind *kind, const PyObject *object)
{
    Py_ssize_t items;
    const PyVarObject *sized = (const PyVarObject *)object;
    if (kind->item <= 0 || wj_peek(&items, &sized->ob_size, sizeof items) != 0) {
        return 0;
    }
    items = items < 0 ? -items : items;
    return items < (Py_ssize_t)1 << 32 ? (long long)kind->item * items : 0;
}

static void
count_object(const PyObject *object, const PyObject *copy)
{
    struct kind *kind = kind_of(copy->ob_type);
    long long size = kind->basic + size_of_items(kind, object);
    kind->count++;
    kind->bytes += size;
    objects++;
    bytes += size;
}

/* Go along a list until it ends where it began, or leads nowhere. */
static void
count_list(const PyGC_Head *list)
{
    struct {
        PyGC_Head head;
        PyObject object;
    } copy;
    if (wj_peek(&copy.head, list, sizeof copy.head) != 0) {
        return;
    }
    const PyGC_Head *at = wj_gc_next(&copy.head);
    while (at != NULL && at != list && objects < MOST_OBJECTS) {
        if (wj_peek(&copy, at, sizeof copy) != 0) {
            wj_put("A list of objects changed meanwhile; these are not all.\n");
            return;
        }
        count_object(wj_gc_object(at), &copy.object);
        at = wj_gc_next(&copy.head);
    }
}

static void
put_largest(void)
{
    for (int shown = 0; shown < SHOWN; shown++) {
        struct kind *largest = &kinds[0];
        for (int i = 1; i < TYPES; i++) {
            if (kinds[i].bytes > largest->bytes) {
                largest = &kinds[i];
            }
        }
        if (largest->count == 0) {
            return;
        }
        wj_put_column(largest->count, 12);
        wj_put_column(largest->bytes, 15);
        wj_put("  ");
        wj_put_text_at(largest->name);
        wj_put("\n");
        largest->count = largest->bytes = 0;
    }
}

int
wj_dump_heap(int fd)
{
    if (wj_text_begin(fd) != 0) {
        return -1;
    }
    memset(kinds, 0, sizeof kinds);
    objects = bytes = 0;
    PyInterpreterState *each = wj_first_interpreter();
    for (; each != NULL; each = wj_next_interpreter(each)) {
        for (int i = 0; i < GENERATIONS; i++) {
            count_list(&wj_gc_generation(each, i)->head);
        }
        count_list(&each->gc.permanent_generation.head);
    }
    wj_put("Heap: ");
    wj_put_number(objects);
    wj_put(" objects that the collector tracks, of ");
    wj_put_number(bytes);
    wj_put(" bytes without what they point to\n       count          bytes  type\n");
    put_largest();
    return wj_text_end();
}
