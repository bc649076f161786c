/* Types: how to walk their instances, how to size them, and what their references are
 * called. Worked out once a type, when the walk meets its first instance.
 */
#include "walk.h"

#include <string.h>

#include <structmember.h>

#define FIRST_ROOM 1024

static size_t
hash_of(const PyTypeObject *type)
{
    return (size_t)(((uint64_t)(uintptr_t)type >> 4) * 0x9E3779B97F4A7C15u >> 20);
}

static enum wj_way
way_of(const struct wj_walk *walk, traverseproc traverse)
{
    static PyTypeObject *const types[WJ_WAYS] = {
        [WJ_WAY_TUPLE] = &PyTuple_Type,   [WJ_WAY_LIST] = &PyList_Type,
        [WJ_WAY_DICT] = &PyDict_Type,     [WJ_WAY_FUNCTION] = &PyFunction_Type,
        [WJ_WAY_METHOD] = &PyMethod_Type, [WJ_WAY_CELL] = &PyCell_Type,
        [WJ_WAY_MODULE] = &PyModule_Type, [WJ_WAY_TRACEBACK] = &PyTraceBack_Type,
        [WJ_WAY_FRAME] = &PyFrame_Type,   [WJ_WAY_GENERATOR] = &PyGen_Type,
        [WJ_WAY_TYPE] = &PyType_Type,     [WJ_WAY_ORDEREDDICT] = &PyODict_Type,
    };
    if (traverse == NULL) {
        return WJ_WAY_NONE;
    }
    for (int way = 0; way < WJ_WAYS; way++) {
        if (types[way] != NULL && types[way]->tp_traverse == traverse) {
            return way;
        }
    }
    if (traverse == PyAsyncGen_Type.tp_traverse
        || traverse == PyCoro_Type.tp_traverse) {
        return WJ_WAY_GENERATOR;
    }
    if (traverse == ((PyTypeObject *)PyExc_BaseException)->tp_traverse) {
        return WJ_WAY_EXCEPTION;
    }
    return traverse == walk->defaultdict ? WJ_WAY_DEFAULTDICT
           : traverse == walk->deque     ? WJ_WAY_DEQUE
                                         : WJ_WAY_TRAVERSE;
}

static int
add_word(struct wj_walk *walk, const char *word)
{
    return wj_column_append(&walk->graph->words, word, strlen(word) + 1);
}

/* The members in ``__slots__`` of a class and those it comes from. */
static int
add_slots(struct wj_walk *walk, struct wj_kind *kind)
{
    kind->first_slot = (uint32_t)walk->offsets.count;
    PyTypeObject *type = kind->type;
    for (; type != NULL && type->tp_traverse == walk->plain; type = type->tp_base) {
        const PyMemberDef *member =
            (PyMemberDef *)((char *)type + Py_TYPE(type)->tp_basicsize);
        for (Py_ssize_t at = 0; at < Py_SIZE(type); at++) {
            uint32_t offset = (uint32_t)member[at].offset;
            if (member[at].type != T_OBJECT_EX) {
                continue;
            }
            if (wj_column_append(&walk->offsets, &offset, 1) != 0
                || add_word(walk, member[at].name) != 0) {
                return -1;
            }
            kind->slots++;
        }
    }
    kind->traverse = type == NULL ? NULL : type->tp_traverse;
    return 0;
}

static int
add_shared_names(struct wj_walk *walk, struct wj_kind *kind)
{
    kind->names = (uint32_t)wj_shared_names(kind->type);
    for (size_t at = 0; at < kind->names; at++) {
        PyObject *name = wj_shared_name(kind->type, at);
        int plain = name != NULL && PyUnicode_IS_COMPACT_ASCII(name);
        if (add_word(walk, plain ? (const char *)PyUnicode_1BYTE_DATA(name) : "?")
            != 0) {
            return -1;
        }
    }
    return 0;
}

static int
has_finalizer(PyTypeObject *type)
{
    int ours = type->tp_finalize == PyGen_Type.tp_finalize;
    return (type->tp_finalize != NULL && !ours) || type->tp_del != NULL;
}

static const char *
module_of(PyTypeObject *type)
{
    const char *dot = strrchr(type->tp_name, '.');
    if (!(type->tp_flags & Py_TPFLAGS_HEAPTYPE)) {
        return dot == NULL ? "builtins" : NULL;
    }
    PyObject *dict = wj_type_dict(type);
    PyObject *module = dict == NULL ? NULL : PyDict_GetItemString(dict, "__module__");
    Py_XDECREF(dict);
    if (module != NULL && PyUnicode_Check(module)
        && PyUnicode_IS_COMPACT_ASCII(module)) {
        return (const char *)PyUnicode_1BYTE_DATA(module);
    }
    return dot == NULL ? "" : NULL;
}

/* The words of a type begin with its module and its name. */
static int
add_name(struct wj_walk *walk, PyTypeObject *type)
{
    const char *module = module_of(type), *name = type->tp_name;
    const char *dot = strrchr(name, '.');
    if (type->tp_flags & Py_TPFLAGS_HEAPTYPE) {
        PyObject *qualified = ((PyHeapTypeObject *)type)->ht_qualname;
        if (qualified != NULL && PyUnicode_IS_COMPACT_ASCII(qualified)) {
            name = (const char *)PyUnicode_1BYTE_DATA(qualified);
            dot = NULL;
        }
    }
    if (module == NULL) {
        const char *last = strrchr(type->tp_name, '.');
        size_t length = last == NULL ? 0 : (size_t)(last - type->tp_name);
        if (wj_column_append(&walk->graph->words, type->tp_name, length) != 0) {
            return -1;
        }
        module = "";
    }
    return add_word(walk, module) | add_word(walk, dot == NULL ? name : dot + 1);
}

static enum wj_sizing
sizing_of(struct wj_walk *walk, PyTypeObject *type, uint8_t *flags)
{
    static const uint8_t sizing[] = {
        WJ_SIZE_PLAIN, WJ_SIZE_INT, WJ_SIZE_STR,       WJ_SIZE_LIST, WJ_SIZE_DICT,
        WJ_SIZE_SET,   WJ_SIZE_SET, WJ_SIZE_BYTEARRAY, WJ_SIZE_TYPE, WJ_SIZE_PLAIN,
    };
    PyObject *method = _PyType_Lookup(type, walk->sizeof_name);
    for (size_t at = 0; at < sizeof sizing; at++) {
        if (method == walk->sizeofs[at]) {
            return sizing[at];
        }
    }
    if (method != NULL && Py_TYPE(method) != &PyMethodDescr_Type) {
        *flags |= WJ_TYPE_IN_PYTHON;
    }
    return WJ_SIZE_ASK;
}

static int
add_fields(struct wj_walk *walk, struct wj_kind *kind, uint32_t *count)
{
    static const char *const own[] = {"__dict__", "__class__"};
    if (kind->instance) {
        if (add_slots(walk, kind) != 0 || add_shared_names(walk, kind) != 0
            || add_word(walk, own[0]) != 0 || add_word(walk, own[1]) != 0) {
            return -1;
        }
        *count = kind->slots + kind->names + 2;
    }
    kind->way = kind->tracked ? way_of(walk, kind->traverse) : WJ_WAY_NONE;
    if (PyType_HasFeature(kind->type, Py_TPFLAGS_TYPE_SUBCLASS)) {
        kind->way = WJ_WAY_TYPE;
    } else if (kind->type == &PyCode_Type) {
        kind->way = WJ_WAY_CODE;
    } else if (wj_is_array(kind->type)) {
        kind->way = WJ_WAY_ARRAY;
    }
    int heap = (kind->type->tp_flags & Py_TPFLAGS_HEAPTYPE) != 0;
    if (kind->way == WJ_WAY_DEQUE && heap && (++*count, add_word(walk, own[1]) != 0)) {
        return -1; /* a type that is made at run time is visited first */
    }
    const char *const *fields = wj_way_fields[kind->way];
    for (; fields != NULL && *fields != NULL; fields++, (*count)++) {
        if (add_word(walk, *fields) != 0) {
            return -1;
        }
    }
    return 0;
}

static int
add_kind(struct wj_walk *walk, const struct wj_kind *kind, uint8_t flags, uint8_t tail,
         uint32_t fields)
{
    struct wj_graph *graph = walk->graph;
    uint32_t basic = kind->type == NULL ? 0 : (uint32_t)kind->type->tp_basicsize;
    return wj_column_append(&walk->kinds, kind, 1)
           | wj_column_append(&graph->type_flags, &flags, 1)
           | wj_column_append(&graph->type_tail, &tail, 1)
           | wj_column_append(&graph->type_fields, &fields, 1)
           | wj_column_append(&graph->type_basic, &basic, 1);
}

static int
work_out(struct wj_walk *walk, PyTypeObject *type)
{
    struct wj_kind kind = {.type = type, .traverse = type->tp_traverse};
    uint32_t start = (uint32_t)walk->graph->words.count, fields = 0;
    uint8_t flags = has_finalizer(type) ? WJ_TYPE_FINALIZER : 0;
    kind.tracked = (type->tp_flags & Py_TPFLAGS_HAVE_GC) != 0;
    kind.instance = kind.tracked && type->tp_traverse == walk->plain
                    && !PyType_HasFeature(type, Py_TPFLAGS_TYPE_SUBCLASS);
    kind.before = wj_bytes_before(type, kind.tracked);
    if (kind.instance) {
        flags |= WJ_TYPE_PYTHON;
    }
    if ((type->tp_flags & Py_TPFLAGS_MANAGED_DICT) || type->tp_dictoffset != 0) {
        flags |= WJ_TYPE_DICT;
    }
    kind.sizing = (uint8_t)sizing_of(walk, type, &flags);
    if (wj_column_append(&walk->graph->type_first, &start, 1) != 0
        || add_name(walk, type) != 0 || add_fields(walk, &kind, &fields) != 0) {
        return -1;
    }
    return add_kind(walk, &kind, flags, wj_way_tail[kind.way], fields);
}

static int
grow(struct wj_walk *walk)
{
    struct wj_column bigger = {0};
    size_t room = walk->kind_of.count ? walk->kind_of.count * 2 : FIRST_ROOM;
    if (wj_column_resize(&bigger, 4, room) != 0) {
        return -1;
    }
    for (uint32_t number = 0; number < walk->kinds.count; number++) {
        size_t slot = hash_of(wj_kind(walk, number)->type) & (room - 1);
        while (wj_u32(&bigger)[slot] != 0) {
            slot = (slot + 1) & (room - 1);
        }
        wj_u32(&bigger)[slot] = number + 1;
    }
    wj_column_free(&walk->kind_of);
    walk->kind_of = bigger;
    return 0;
}

uint32_t
wj_kind_number(struct wj_walk *walk, PyTypeObject *type)
{
    if (walk->kinds.count * 2 >= walk->kind_of.count && grow(walk) != 0) {
        return UINT32_MAX;
    }
    uint32_t *table = wj_u32(&walk->kind_of);
    size_t mask = walk->kind_of.count - 1, slot = hash_of(type) & mask;
    for (; table[slot] != 0; slot = (slot + 1) & mask) {
        if (wj_kind(walk, table[slot] - 1)->type == type) {
            return table[slot] - 1;
        }
    }
    if (work_out(walk, type) != 0) {
        return UINT32_MAX;
    }
    table[slot] = (uint32_t)walk->kinds.count;
    return (uint32_t)walk->kinds.count - 1;
}

uint32_t
wj_kind_unreal(struct wj_walk *walk, const char *name, const char *const *fields,
               size_t count, enum wj_tail tail)
{
    struct wj_kind kind = {.type = NULL};
    uint32_t start = (uint32_t)walk->graph->words.count;
    if (wj_column_append(&walk->graph->type_first, &start, 1) != 0
        || add_word(walk, "") != 0 || add_word(walk, name) != 0
        || add_kind(walk, &kind, 0, (uint8_t)tail, (uint32_t)count) != 0) {
        return UINT32_MAX;
    }
    for (size_t at = 0; at < count; at++) {
        if (add_word(walk, fields[at]) != 0) {
            return UINT32_MAX;
        }
    }
    return (uint32_t)walk->kinds.count - 1;
}
