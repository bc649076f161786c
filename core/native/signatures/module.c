/* wadjet.native.signatures._signatures: the border to Python.
 *
 * Tells where the C code of a callable is, and writes text signatures. Texts are never
 * freed: whoever asked for a documentation may still be reading the old one.
 */
#include "compat.h"

#include <stdlib.h>
#include <string.h>

#include "patch.h"

/* ---- what a callable is made of ---------------------------------------------------
 */

/* Borrowed: the definition of a C function or method, NULL for anything else. What
   pybind11 makes a method of is a function, in a wrapper. */
static PyMethodDef *
definition_of(PyObject *object)
{
    if (PyInstanceMethod_Check(object)) {
        object = PyInstanceMethod_GET_FUNCTION(object);
    }
    if (PyCFunction_Check(object)) {
        return ((PyCFunctionObject *)object)->m_ml;
    }
    if (Py_IS_TYPE(object, &PyMethodDescr_Type)
        || Py_IS_TYPE(object, &PyClassMethodDescr_Type)) {
        return ((PyMethodDescrObject *)object)->d_method;
    }
    return NULL;
}

PyDoc_STRVAR(method_doc, "method($module, thing, /)\n--\n\n"
                         "Return where a C callable is defined, or None for another.\n\n"
                         "A tuple: the address of its PyMethodDef, that of its code, its "
                         "flags, its name.");

static PyObject *
method(PyObject *module, PyObject *object)
{
    (void)module;
    const PyMethodDef *found = definition_of(object);
    if (found == NULL) {
        Py_RETURN_NONE;
    }
    return Py_BuildValue("KKis", (unsigned long long)(uintptr_t)found,
                         (unsigned long long)(uintptr_t)found->ml_meth, found->ml_flags,
                         found->ml_name);
}

PyDoc_STRVAR(slots_doc, "slots($module, kind, /)\n--\n\n"
                        "Return what of a type is called when the type is.\n\n"
                        "A tuple: the addresses of tp_new, tp_init and tp_vectorcall (0 for "
                        "none), whether it is a heap type, and its full name.");

static PyObject *
slots(PyObject *module, PyObject *object)
{
    (void)module;
    if (!PyType_Check(object)) {
        PyErr_SetString(PyExc_TypeError, "slots() takes a type");
        return NULL;
    }
    const PyTypeObject *type = (PyTypeObject *)object;
    return Py_BuildValue("KKKNs", (unsigned long long)(uintptr_t)type->tp_new,
                         (unsigned long long)(uintptr_t)type->tp_init,
                         (unsigned long long)(uintptr_t)type->tp_vectorcall,
                         PyBool_FromLong(type->tp_flags & Py_TPFLAGS_HEAPTYPE),
                         type->tp_name);
}

/* ---- images -----------------------------------------------------------------------
 */

static int
append_image(void *context, const char *path, uintptr_t base, uintptr_t end,
             const unsigned char *id, size_t id_size)
{
    PyObject *name = PyUnicode_DecodeFSDefault(path);
    PyObject *row =
        name == NULL
            ? NULL
            : Py_BuildValue("NKKy#", name, (unsigned long long)base,
                            (unsigned long long)end, id == NULL ? "" : (const char *)id,
                            (Py_ssize_t)id_size);
    int result = row == NULL ? -1 : PyList_Append(context, row);
    Py_XDECREF(row);
    return result;
}

PyDoc_STRVAR(images_doc, "images($module, /)\n--\n\n"
                         "Return the ELF images of this process.\n\n"
                         "Of each its path (empty for the program), the address that it is "
                         "loaded at, where it ends, its build id.");

static PyObject *
images(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    PyObject *list = PyList_New(0);
    if (list != NULL && wj_patch_images(append_image, list) != 0) {
        Py_CLEAR(list);
    }
    return list;
}

/* The image that has an address. */
struct home {
    uintptr_t address;
    PyObject *row; /* Owned: path, base and build id; NULL before it is found */
};

static int
find_home(void *context, const char *path, uintptr_t base, uintptr_t end,
          const unsigned char *id, size_t id_size)
{
    struct home *home = context;
    if (home->address < base || home->address >= end) {
        return 0;
    }
    PyObject *name = PyUnicode_DecodeFSDefault(path);
    home->row = name == NULL ? NULL
                             : Py_BuildValue("NKy#", name, (unsigned long long)base,
                                             id == NULL ? "" : (const char *)id,
                                             (Py_ssize_t)id_size);
    return 1;
}

PyDoc_STRVAR(home_doc, "home($module, extension, /)\n--\n\n"
                       "Return where a module of C is from: path, base, build id.\n\n"
                       "None for a module of Python, or one that no image defines.");

static PyObject *
home_of(PyObject *module, PyObject *extension)
{
    (void)module;
    struct home home = {0, NULL};
    if (PyModule_Check(extension)) {
        home.address = (uintptr_t)PyModule_GetDef(extension);
    }
    if (home.address == 0 || wj_patch_images(find_home, &home) == 0) {
        Py_RETURN_NONE;
    }
    return home.row;
}

/* ---- writing ----------------------------------------------------------------------
 */

/* Put ``text`` before the documentation at ``doc``. ``room`` is where, NULL to allocate
   as documentation of heap types is, since the type frees it. 0 or -1. */
static int
put(const char **doc, const char *name, const char *text, size_t length, char *room,
    struct wj_pages *pages)
{
    char *made = room;
    if (made == NULL) {
        made = WJ_DOC_MALLOC(wj_patch_room(length, *doc, name));
        if (made == NULL) {
            PyErr_NoMemory();
            return -1;
        }
    }
    wj_patch_text(made, text, length, *doc, name);
    if (wj_patch_pointer(pages, (void **)doc, made) != 0) {
        PyErr_SetFromErrno(PyExc_OSError);
        return -1;
    }
    return 0;
}

/* Put ``text`` before the documentation at ``doc``, in memory that nobody frees but
   pybind11: it does so by free(), when a function that it made goes. */
static int
put_forever(const char **doc, const char *name, const char *text, size_t length,
            struct wj_pages *pages)
{
    char *room = malloc(wj_patch_room(length, *doc, name));
    if (room == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    return put(doc, name, text, length, room, pages);
}

static int
write_one(PyObject *object, PyObject *text, struct wj_pages *pages)
{
    Py_ssize_t length;
    const char *utf8 = PyUnicode_AsUTF8AndSize(text, &length);
    if (utf8 == NULL) {
        return -1;
    }
    if (PyType_Check(object)) {
        PyTypeObject *type = (PyTypeObject *)object;
        int is_heap = (type->tp_flags & Py_TPFLAGS_HEAPTYPE) != 0;
        int result = is_heap ? put(&type->tp_doc, type->tp_name, utf8, (size_t)length,
                                   NULL, pages)
                             : put_forever(&type->tp_doc, type->tp_name, utf8,
                                           (size_t)length, pages);
        PyType_Modified(type);
        return result;
    }
    PyMethodDef *found = definition_of(object);
    if (found == NULL) {
        PyErr_Format(PyExc_TypeError, "%R is no C callable", object);
        return -1;
    }
    return put_forever(&found->ml_doc, found->ml_name, utf8, (size_t)length, pages);
}

PyDoc_STRVAR(write_doc, "write($module, rows, /)\n--\n\n"
                        "Give callables text signatures: pairs of callable and text.\n\n"
                        "A text is like ``name($self, a, b=...)``. Raises TypeError for what "
                        "is no C callable, OSError where memory cannot be written.");

static PyObject *
write_all(PyObject *module, PyObject *rows)
{
    (void)module;
    PyObject *fast = PySequence_Fast(rows, "write() takes a sequence of pairs");
    if (fast == NULL) {
        return NULL;
    }
    struct wj_pages pages = {0, 0, 0, 0};
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(fast); i++) {
        PyObject *object, *text;
        PyObject *row = PySequence_Fast_GET_ITEM(fast, i);
        if (!PyArg_ParseTuple(row, "OU", &object, &text)
            || write_one(object, text, &pages) != 0) {
            wj_patch_close(&pages);
            Py_DECREF(fast);
            return NULL;
        }
    }
    wj_patch_close(&pages);
    Py_DECREF(fast);
    Py_RETURN_NONE;
}

/* ---- a whole image at once --------------------------------------------------------
 */

/* A row of a sidecar; the text follows, without an end mark. */
struct row {
    uint64_t place; /* of a PyMethodDef or PyTypeObject, from the image's base */
    uint32_t kind;  /* 0 a PyMethodDef, 1 a PyTypeObject */
    uint32_t length;
};

/* The name and the documentation that a row is about; NULL unless the name is the one
   that the text begins with, so that a wrong sidecar writes nothing. */
static const char **
target(uintptr_t base, const struct row *row, const char *text, const char **name)
{
    uintptr_t place = base + row->place;
    const char **doc;
    if (row->kind == 0) {
        PyMethodDef *found = (PyMethodDef *)place;
        *name = found->ml_name;
        doc = &found->ml_doc;
    } else {
        PyTypeObject *found = (PyTypeObject *)place;
        *name = found->tp_name;
        doc = &found->tp_doc;
    }
    if (*name == NULL) {
        return NULL;
    }
    const char *dot = strrchr(*name, '.');
    const char *last = dot == NULL ? *name : dot + 1;
    size_t length = strlen(last);
    int same =
        length < row->length && memcmp(text, last, length) == 0 && text[length] == '(';
    return same ? doc : NULL;
}

/* A row that is read: what it is about, and the text for it. */
struct entry {
    const char **doc; /* Borrowed: what is to be replaced, NULL for nothing */
    const char *name; /* Borrowed */
    const char *text; /* Borrowed */
    size_t length;
};

/* Read the row at ``at``; where the next one is, NULL at the end. */
static const char *
read_row(uintptr_t base, const char *at, const char *end, struct entry *entry)
{
    struct row row;
    if ((size_t)(end - at) < sizeof(row)) {
        return NULL;
    }
    memcpy(&row, at, sizeof(row));
    at += sizeof(row);
    if (row.length > (size_t)(end - at)) {
        return NULL;
    }
    entry->doc = target(base, &row, at, &entry->name);
    entry->text = at;
    entry->length = row.length;
    return at + row.length;
}

/* Write all rows into memory taken at once. How many were written, or -1. */
static Py_ssize_t
write_rows(uintptr_t base, const char *rows, const char *end)
{
    struct entry entry;
    size_t room = 0;
    for (const char *at = rows; (at = read_row(base, at, end, &entry)) != NULL;) {
        room +=
            entry.doc == NULL ? 0 : wj_patch_room(entry.length, *entry.doc, entry.name);
    }
    char *made = room == 0 ? NULL : PyMem_RawMalloc(room);
    if (made == NULL && room != 0) {
        PyErr_NoMemory();
        return -1;
    }
    struct wj_pages pages = {0, 0, 0, 0};
    Py_ssize_t written = 0;
    for (const char *at = rows; (at = read_row(base, at, end, &entry)) != NULL;) {
        if (entry.doc == NULL) {
            continue;
        }
        size_t taken = wj_patch_room(entry.length, *entry.doc, entry.name);
        if (put(entry.doc, entry.name, entry.text, entry.length, made, &pages) != 0) {
            written = -1;
            break;
        }
        made += taken;
        written++;
    }
    wj_patch_close(&pages);
    return written;
}

PyDoc_STRVAR(apply_doc, "apply($module, base, rows, /)\n--\n\n"
                        "Give the static callables of an image text signatures.\n\n"
                        "``rows`` is as sidecar.py packs them. Returns how many were "
                        "written.");

static PyObject *
apply(PyObject *module, PyObject *args)
{
    (void)module;
    unsigned long long base;
    Py_buffer rows;
    if (!PyArg_ParseTuple(args, "Ky*:apply", &base, &rows)) {
        return NULL;
    }
    const char *start = rows.buf;
    Py_ssize_t written = write_rows((uintptr_t)base, start, start + rows.len);
    PyBuffer_Release(&rows);
    return written < 0 ? NULL : PyLong_FromSsize_t(written);
}

/* ---- the module -------------------------------------------------------------------
 */

static PyMethodDef methods[] = {
    {"method", method, METH_O, method_doc},
    {"slots", slots, METH_O, slots_doc},
    {"images", images, METH_NOARGS, images_doc},
    {"home", home_of, METH_O, home_doc},
    {"write", write_all, METH_O, write_doc},
    {"apply", apply, METH_VARARGS, apply_doc},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot module_slots[] = {
    WJ_MODULE_SLOTS
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_signatures",
    .m_doc = "Where the C code of callables is, and text signatures for them.",
    .m_methods = methods,
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__signatures(void);

PyMODINIT_FUNC
PyInit__signatures(void)
{
    return PyModuleDef_Init(&definition);
}
