/* The object graph as columns, one element an object, and what is worked out from them.
 *
 * Object 0 stands for the process: it is the root of everything, and its references are
 * those that no object accounts for. A reference to object 0 is an empty slot, kept
 * where its position tells the name of those after it. Once ordered (wj_graph_order)
 * objects are numbered in the order in which a depth-first search finds them, so that
 * an object's dominator always has the smaller number.
 */
#ifndef WJ_HEAP_GRAPH_H
#define WJ_HEAP_GRAPH_H

#include "column.h"

/* What ``flags`` says of an object. */
enum wj_object_flag {
    WJ_HELD = 1,     /* from C: more references than objects account for */
    WJ_IMMORTAL = 2, /* never freed */
    WJ_TRACKED = 4,  /* by the collector */
    WJ_GARBAGE = 8,  /* reachable from nothing: waits for the collector */
    WJ_SCAFFOLD =
        16,       /* a type, a module, its dict, code: joins all cycles of a program */
    WJ_ROOT = 32, /* the interpreter, a thread */
};

/* How the references beyond an object's named fields are laid out. */
enum wj_tail {
    WJ_TAIL_OPAQUE,
    WJ_TAIL_SEQUENCE,
    WJ_TAIL_MAPPING, /* key, value, key, value ... */
    WJ_TAIL_FRAME,   /* locals of its code, then the evaluation stack */
};

/* What ``type_flags`` says of a type. */
enum wj_type_flag {
    WJ_TYPE_FINALIZER = 1,
    WJ_TYPE_PYTHON = 2,     /* made by a class statement */
    WJ_TYPE_DICT = 4,       /* its instances may have a dict */
    WJ_TYPE_LIES = 8,       /* __sizeof__ raised, or gave what cannot be */
    WJ_TYPE_IN_PYTHON = 32, /* __sizeof__ is Python code */
};

struct wj_graph {
    struct wj_column address;   /* u64 */
    struct wj_column first;     /* u32, one more than objects: where references begin */
    struct wj_column edge;      /* u32 */
    struct wj_column type;      /* u32 */
    struct wj_column size;      /* u32, saturated; the sizes of the huge are below */
    struct wj_column flags;     /* u8 */
    struct wj_column held;      /* u8: references from C, saturated */
    struct wj_column dominator; /* u32 */
    struct wj_column retained;  /* u64 */
    struct wj_column up;        /* u32: next on a shortest way to a root */
    struct wj_column cycle_first, cycle_member; /* u32: each cycle's objects */
    struct wj_column huge;                      /* u64 pairs: object, size */
    struct wj_column text_object, text_first;   /* u32: names, by object */
    struct wj_column text;                      /* u8: UTF-8 */
    struct wj_column type_flags;                /* u8 */
    struct wj_column type_tail;                 /* u8 */
    struct wj_column type_fields;               /* u32: how many named fields */
    struct wj_column type_object;               /* u32: the type as an object */
    struct wj_column type_basic;                /* u32: bytes of an instance */
    struct wj_column type_first;                /* u32: where its words begin */
    struct wj_column
        words; /* u8: module, name and fields of each type, each with a 0 */
    struct wj_column twin, twin_of; /* u32: an object, and the one equal to it */
};

/* Free every column. */
void wj_graph_free(struct wj_graph *graph);

/* Number the objects anew: object 0, then depth first from the roots (flags HELD,
   IMMORTAL, ROOT), then what is reachable from none, marked GARBAGE. ``parent`` gets
   the tree of the search. 0, or -1 without memory. */
int wj_graph_order(struct wj_graph *graph, struct wj_column *parent);

/* Work out ``dominator`` and ``retained``; consumes ``parent``. 0, or -1. */
int wj_graph_dominate(struct wj_graph *graph, struct wj_column *parent);

/* Work out ``up``: the shortest way to a root, if possible to one with a name. */
int wj_graph_paths(struct wj_graph *graph);

/* Work out the cycles: strongly connected objects, without those that are SCAFFOLD. */
int wj_graph_cycles(struct wj_graph *graph);

/* All of the above, in order. */
int wj_graph_analyze(struct wj_graph *graph);

#endif
