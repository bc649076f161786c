/* The walk over all objects of the interpreter: what is inside, for the files that do
 * it.
 *
 * While it lasts no object is made, no count changes that is not set back, and no code
 * of the program runs but tp_traverse. Objects get numbers as they are met: 0 is the
 * process, then the interpreter, its threads and their frames, which are no objects and
 * have none of an object's fields; then what the collector tracks, then what those lead
 * to.
 */
#ifndef WJ_HEAP_WALK_H
#define WJ_HEAP_WALK_H

#include "compat_heap.h"

#include "graph.h"

/* How the references of an object are found. */
enum wj_way {
    WJ_WAY_NONE,
    WJ_WAY_TRAVERSE, /* by tp_traverse */
    WJ_WAY_TUPLE,
    WJ_WAY_LIST,
    WJ_WAY_DICT,
    WJ_WAY_DEFAULTDICT,
    WJ_WAY_ORDEREDDICT,
    WJ_WAY_DEQUE,
    WJ_WAY_FUNCTION,
    WJ_WAY_METHOD,
    WJ_WAY_CELL,
    WJ_WAY_MODULE,
    WJ_WAY_CODE,
    WJ_WAY_TRACEBACK,
    WJ_WAY_FRAME,
    WJ_WAY_GENERATOR,
    WJ_WAY_EXCEPTION,
    WJ_WAY_TYPE,
    WJ_WAY_ARRAY, /* of NumPy */
    WJ_WAYS,
};

/* How the size of an object is found. */
enum wj_sizing {
    WJ_SIZE_PLAIN, /* tp_basicsize and items */
    WJ_SIZE_INT,
    WJ_SIZE_STR,
    WJ_SIZE_LIST,
    WJ_SIZE_DICT,
    WJ_SIZE_SET,
    WJ_SIZE_BYTEARRAY,
    WJ_SIZE_TYPE,
    WJ_SIZE_ASK, /* call __sizeof__, after the walk */
};

struct wj_kind {
    PyTypeObject
        *type; /* Borrowed: its instances are alive; NULL for what is no object */
    traverseproc traverse;
    uint8_t way, sizing, tracked, instance;
    uint32_t slots, first_slot; /* offsets of members, in ``walk->offsets`` */
    uint32_t names;             /* attributes whose values lie in the instance */
    size_t before;              /* bytes before the object */
};

#define WJ_BATCH 128
#define WJ_RECENT 4096

struct wj_walk {
    struct wj_graph *graph;
    struct wj_column refs;    /* u32: each object's count; UINT32_MAX: immortal */
    struct wj_column table;   /* u32: address -> object, open addressing */
    int shift;                /* 64 less the bits of the table's size */
    struct wj_column kinds;   /* struct wj_kind, by type number */
    struct wj_column kind_of; /* u32: type -> number + 1, open addressing */
    struct wj_column offsets; /* u32 */
    struct wj_column asked;   /* u32: objects whose __sizeof__ is to be called */
    PyObject *pending[WJ_BATCH];
    size_t waiting;
    traverseproc plain; /* tp_traverse of every class that a statement made */
    traverseproc defaultdict, deque; /* those of collections */
    PyObject *sizeof_name;           /* Borrowed */
    PyObject
        *sizeofs[10]; /* Borrowed: __sizeof__ of object and others, see sizing_of */
    int failed;
    int alone; /* in a forked child: there are no other threads, and no lock is sure */
};

/* Add a reference from the object that is looked at; NULL for an empty slot. 0, or 1 to
   stop where there is no memory. Fits as a visitproc. */
int wj_emit(PyObject *target, void *walk);

/* The number of the object at an address, new if it was not met; 0 without memory. */
uint32_t wj_intern(struct wj_walk *walk, const void *address);

/* Give numbers to all pending references; 0, or -1. */
int wj_settle(struct wj_walk *walk);

/* The number of a type, whose kind is worked out when it is met; UINT32_MAX without
 * memory. */
uint32_t wj_kind_number(struct wj_walk *walk, PyTypeObject *type);

/* Add a kind for what is no object, with its names; UINT32_MAX without memory. */
uint32_t wj_kind_unreal(struct wj_walk *walk, const char *name,
                        const char *const *fields, size_t count, enum wj_tail tail);

static inline const struct wj_kind *
wj_kind(const struct wj_walk *walk, uint32_t number)
{
    return (const struct wj_kind *)walk->kinds.data + number;
}

/* Add all references of an object. */
void wj_references(struct wj_walk *walk, PyObject *object, const struct wj_kind *kind);

/* Add those of a frame: its fields, its locals, and its stack where that is known. */
void wj_frame_references(struct wj_walk *walk, const wj_frame *frame);

/* True for NumPy's arrays, and for classes that are built on them. */
int wj_is_array(const PyTypeObject *type);

/* Add those of an array: what it is a view of, its dtype, the objects in it. */
void wj_array_references(struct wj_walk *walk, PyObject *object);

/* The names of the references that a way adds, and what follows them. */
extern const char *const *const wj_way_fields[WJ_WAYS];
extern const uint8_t wj_way_tail[WJ_WAYS];

/* Bytes of the object and what it alone owns outside of other objects. */
size_t wj_size_of(PyObject *object, const struct wj_kind *kind);

/* Call __sizeof__ where it is needed. Code of the program may run. 0, or -1. */
int wj_ask_sizes(struct wj_walk *walk);

/* Begin the references of the next object; 0, or -1. */
int wj_begin_object(struct wj_walk *walk);

/* Note the rest of what the columns keep of it; 0, or -1. */
int wj_record(struct wj_walk *walk, uint32_t type, size_t size, uint32_t refs,
              uint8_t flags);

/* Number the interpreter, its threads and frames; 0, or -1. */
int wj_walk_meet_roots(struct wj_walk *walk, PyInterpreterState *interpreter);

/* Add what they refer to, and what they are; 0, or -1. */
int wj_walk_look_at_roots(struct wj_walk *walk, PyInterpreterState *interpreter);

/* Keep the texts that name things: keys, attributes, functions, files; 0, or -1. */
int wj_walk_texts(struct wj_walk *walk);

/* Find equal strings, bytes and tuples; 0, or -1. */
int wj_walk_twins(struct wj_walk *walk);

/* Walk everything. 0, or -1 without memory. */
int wj_walk_all(struct wj_walk *walk);

void wj_walk_free(struct wj_walk *walk);

#endif
