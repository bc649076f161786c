/* The bytes of an object: its own block, and buffers that no other object owns.
 *
 * For the interpreter's own types this is known exactly. Others are asked by their
 * __sizeof__, which may be the program's own code, so only once the walk is over; an
 * answer that cannot be, or none, is replaced by what the type's layout says.
 */
#include "walk.h"

#include <fcntl.h>
#include <unistd.h>

static size_t
laid_out(PyObject *object, PyTypeObject *type)
{
    size_t size = (size_t)type->tp_basicsize;
    if (type->tp_itemsize != 0) {
        Py_ssize_t items = Py_SIZE(object);
        size += (size_t)(items < 0 ? -items : items) * (size_t)type->tp_itemsize;
    }
    return size;
}

static size_t
text_size(PyObject *object, PyTypeObject *type)
{
    size_t text =
        (size_t)(PyUnicode_GET_LENGTH(object) + 1) * (size_t)PyUnicode_KIND(object);
    size_t extra = (size_t)(type->tp_basicsize - PyUnicode_Type.tp_basicsize);
    if (PyUnicode_IS_COMPACT_ASCII(object)) {
        return sizeof(PyASCIIObject) + text + extra;
    }
    const PyCompactUnicodeObject *wide = (PyCompactUnicodeObject *)object;
    int compact = PyUnicode_IS_COMPACT(object);
    size_t utf8 = wide->utf8 == NULL ? 0 : (size_t)wide->utf8_length + 1;
    if (!compact && wide->utf8 == PyUnicode_DATA(object)) {
        utf8 = 0;
    }
    size_t head = compact ? sizeof(PyCompactUnicodeObject) : sizeof(PyUnicodeObject);
    return head + text + extra + utf8;
}

static size_t
dict_size(PyObject *object, PyTypeObject *type)
{
    const PyDictObject *dict = (PyDictObject *)object;
    size_t size = (size_t)type->tp_basicsize;
    if (dict->ma_values != NULL) { /* the keys belong to the class */
        return size + wj_dict_values_bytes(dict);
    }
    return size + wj_keys_bytes(dict->ma_keys);
}

static size_t
set_size(PyObject *object, PyTypeObject *type)
{
    const PySetObject *set = (PySetObject *)object;
    size_t size = (size_t)type->tp_basicsize;
    if (set->table != set->smalltable) {
        size += (size_t)(set->mask + 1) * sizeof(setentry);
    }
    return size;
}

static size_t
type_size(PyObject *object, PyTypeObject *type)
{
    const PyTypeObject *self = (PyTypeObject *)object;
    if (!(self->tp_flags & Py_TPFLAGS_HEAPTYPE)) {
        return sizeof(PyTypeObject);
    }
    return laid_out(object, type)
           + wj_keys_bytes(((PyHeapTypeObject *)object)->ht_cached_keys);
}

size_t
wj_size_of(PyObject *object, const struct wj_kind *kind)
{
    PyTypeObject *type = kind->type;
    size_t size = kind->before;
    if (kind->tracked && !(type->tp_flags & Py_TPFLAGS_HEAPTYPE)
        && !PyObject_IS_GC(object)) {
        size = 0; /* a static type has no head */
    }
    if (kind->instance) {
        wj_instance_values(object, type, &size);
    }
    switch ((enum wj_sizing)kind->sizing) {
    case WJ_SIZE_INT: {
        size_t digits = wj_int_digits(object);
        Py_ssize_t head =
            type == &PyBool_Type ? PyLong_Type.tp_basicsize : type->tp_basicsize;
        return size + (size_t)head + (digits ? digits : 1) * sizeof(digit);
    }
    case WJ_SIZE_STR:
        return size + text_size(object, type);
    case WJ_SIZE_LIST:
        return size + (size_t)type->tp_basicsize
               + (size_t)((PyListObject *)object)->allocated * sizeof(PyObject *);
    case WJ_SIZE_DICT:
        return size + dict_size(object, type);
    case WJ_SIZE_SET:
        return size + set_size(object, type);
    case WJ_SIZE_BYTEARRAY:
        return size + (size_t)type->tp_basicsize + wj_bytearray_bytes(object);
    case WJ_SIZE_TYPE:
        return size + type_size(object, type);
    case WJ_SIZE_ASK: /* what follows its head is not known to be a count of items */
        return size + (size_t)type->tp_basicsize;
    case WJ_SIZE_PLAIN:
        break;
    }
    return size + laid_out(object, type);
}

/* Bytes of address space that the process has: no object has more. */
static size_t
memory_mapped(void)
{
    char text[64] = "";
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0) {
        close(file);
    }
    size_t pages = 0;
    for (ssize_t at = 0; at < got && text[at] >= '0' && text[at] <= '9'; at++) {
        pages = pages * 10 + (size_t)(text[at] - '0');
    }
    return pages == 0 ? SIZE_MAX : pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* What __sizeof__ says; -1 where it raises, or says what no size can be. */
static long long
asked(PyObject *object, PyObject *name)
{
    PyObject *method = _PyType_Lookup(Py_TYPE(object), name);
    if (method == NULL) {
        return -1;
    }
    Py_INCREF(method);
    PyObject *answer = PyObject_CallOneArg(method, object);
    Py_DECREF(method);
    long long bytes = -1;
    if (answer != NULL && PyLong_Check(answer)) {
        int overflow;
        bytes = PyLong_AsLongLongAndOverflow(answer, &overflow);
        bytes = overflow || bytes < Py_TYPE(object)->tp_basicsize ? -1 : bytes;
    }
    Py_XDECREF(answer);
    return bytes;
}

static void
take_answer(struct wj_walk *walk, uint32_t number, long long bytes, size_t limit)
{
    struct wj_graph *graph = walk->graph;
    uint32_t type = wj_u32(&graph->type)[number];
    if (bytes < 0 || (size_t)bytes > limit) {
        wj_u8(&graph->type_flags)[type] |= WJ_TYPE_LIES;
        return;
    }
    size_t size = wj_kind(walk, type)->before + (size_t)bytes;
    if (size >= UINT32_MAX) {
        uint64_t pair[] = {number, size};
        if (wj_column_append(&graph->huge, pair, 2) != 0) {
            walk->failed = 1;
        }
        size = UINT32_MAX;
    }
    wj_u32(&graph->size)[number] = (uint32_t)size;
}

int
wj_ask_sizes(struct wj_walk *walk)
{
    const uint32_t *numbers = wj_u32(&walk->asked);
    size_t count = walk->asked.count, limit = memory_mapped();
    PyObject *type, *value, *traceback;
    int interrupted = 0;
    PyErr_Fetch(&type, &value, &traceback);
    for (size_t at = 0; at < count; at++) { /* the first answer may free the second */
        Py_INCREF((PyObject *)wj_u64(&walk->graph->address)[numbers[at]]);
    }
    for (size_t at = 0; at < count; at++) {
        PyObject *object = (PyObject *)wj_u64(&walk->graph->address)[numbers[at]];
        uint32_t kind = wj_u32(&walk->graph->type)[numbers[at]];
        int foreign = wj_u8(&walk->graph->type_flags)[kind] & WJ_TYPE_IN_PYTHON;
        if (interrupted || (walk->alone && foreign)) {
            continue; /* a forked child runs no code of the program */
        }
        long long bytes = asked(object, walk->sizeof_name);
        if (PyErr_Occurred()) {
            interrupted = PyErr_ExceptionMatches(PyExc_KeyboardInterrupt);
            PyErr_Clear();
            bytes = -1;
        }
        take_answer(walk, numbers[at], bytes, limit);
    }
    for (size_t at = 0; at < count; at++) {
        Py_DECREF((PyObject *)wj_u64(&walk->graph->address)[numbers[at]]);
    }
    PyErr_Restore(type, value, traceback);
    if (interrupted) {
        PyErr_SetInterrupt(); /* it was meant for the program */
    }
    return walk->failed ? -1 : 0;
}
