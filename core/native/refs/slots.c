/* Tables of functions: where the extension tells the interpreter what to call. Each
 * function of the extension is replaced in them by a trampoline.
 *
 * Tables are copied first: they may be constant.
 */
#include "state.h"

#include <stdlib.h>
#include <string.h>

#include "pointers.h"

enum { TYPE = 1, NUMBER, SEQUENCE, MAPPING, ASYNC, BUFFER };

struct slot {
    int id; /* of a PyType_Slot */
    int group;
    size_t offset;
    const char *name;
    const char *shape;
};

#define IN(group, type, field, shape)                                                  \
    {Py_##field, group, offsetof(type, field), #field, shape}
#define T(field, shape) IN(TYPE, PyTypeObject, field, shape)
#define N(field, shape) IN(NUMBER, PyNumberMethods, field, shape)
#define S(field, shape) IN(SEQUENCE, PySequenceMethods, field, shape)
#define M(field, shape) IN(MAPPING, PyMappingMethods, field, shape)
#define A(field, shape) IN(ASYNC, PyAsyncMethods, field, shape)
#define B(field, shape) IN(BUFFER, PyBufferProcs, field, shape)

#ifdef Py_tp_vectorcall
#define TYPE_VECTORCALL T(tp_vectorcall, "oop")
#else /* no slot of a PyType_Spec yet */
#define TYPE_VECTORCALL                                                                \
    {0, TYPE, offsetof(PyTypeObject, tp_vectorcall), "tp_vectorcall", "oop"}
#endif

static const struct slot slots[] = {
    T(tp_dealloc, "do"),
    T(tp_getattr, "ooi"),
    T(tp_setattr, "ioio"),
    T(tp_repr, "oo"),
    T(tp_hash, "lo"),
    T(tp_call, "ooto"),
    T(tp_str, "oo"),
    T(tp_getattro, "ooo"),
    T(tp_setattro, "iooo"),
    T(tp_clear, "co"),
    T(tp_richcompare, "oooi"),
    T(tp_iter, "oo"),
    T(tp_iternext, "no"),
    T(tp_descr_get, "oooo"),
    T(tp_descr_set, "iooo"),
    T(tp_init, "ioto"),
    T(tp_new, "ooto"),
    T(tp_finalize, "vo"),
    TYPE_VECTORCALL,
    N(nb_add, "ooo"),
    N(nb_subtract, "ooo"),
    N(nb_multiply, "ooo"),
    N(nb_remainder, "ooo"),
    N(nb_divmod, "ooo"),
    N(nb_power, "oooo"),
    N(nb_negative, "oo"),
    N(nb_positive, "oo"),
    N(nb_absolute, "oo"),
    N(nb_bool, "io"),
    N(nb_invert, "oo"),
    N(nb_lshift, "ooo"),
    N(nb_rshift, "ooo"),
    N(nb_and, "ooo"),
    N(nb_xor, "ooo"),
    N(nb_or, "ooo"),
    N(nb_int, "oo"),
    N(nb_float, "oo"),
    N(nb_index, "oo"),
    N(nb_floor_divide, "ooo"),
    N(nb_true_divide, "ooo"),
    N(nb_matrix_multiply, "ooo"),
    N(nb_inplace_add, "ooo"),
    N(nb_inplace_subtract, "ooo"),
    N(nb_inplace_multiply, "ooo"),
    N(nb_inplace_remainder, "ooo"),
    N(nb_inplace_power, "oooo"),
    N(nb_inplace_lshift, "ooo"),
    N(nb_inplace_rshift, "ooo"),
    N(nb_inplace_and, "ooo"),
    N(nb_inplace_xor, "ooo"),
    N(nb_inplace_or, "ooo"),
    N(nb_inplace_floor_divide, "ooo"),
    N(nb_inplace_true_divide, "ooo"),
    N(nb_inplace_matrix_multiply, "ooo"),
    S(sq_length, "lo"),
    S(sq_concat, "ooo"),
    S(sq_repeat, "ooi"),
    S(sq_item, "ooi"),
    S(sq_ass_item, "ioio"),
    S(sq_contains, "ioo"),
    S(sq_inplace_concat, "ooo"),
    S(sq_inplace_repeat, "ooi"),
    M(mp_length, "lo"),
    M(mp_subscript, "ooo"),
    M(mp_ass_subscript, "iooo"),
    A(am_await, "oo"),
    A(am_aiter, "oo"),
    A(am_anext, "oo"),
    B(bf_getbuffer, "boii"),
    B(bf_releasebuffer, "voi"),
};

int
wj_is_ours(const void *target)
{
    return target != NULL && (wj_in_libraries(target) || wj_is_trampoline(target));
}

static void *
copied(const void *table, size_t size)
{
    void *copy = malloc(size);
    return copy == NULL ? NULL : memcpy(copy, table, size);
}

PyMethodDef *
wjr_methods(PyMethodDef *table)
{
    int count = 0, changed = 0;
    while (table != NULL && table[count].ml_name != NULL) {
        changed |= wj_in_libraries((const void *)(uintptr_t)table[count].ml_meth);
        count++;
    }
    if (count == 0 || !changed) {
        wj_library_of(table);
        if (count == 0 || !wj_in_libraries((void *)(uintptr_t)table[0].ml_meth)) {
            return table;
        }
    }
    PyMethodDef *copy = copied(table, (size_t)(count + 1) * sizeof *table);
    for (int i = 0; copy != NULL && i < count; i++) {
        void *function = (void *)(uintptr_t)copy[i].ml_meth;
        function = wj_trampoline(function, copy[i].ml_name, NULL,
                                 copy[i].ml_flags
                                     & (METH_VARARGS | METH_KEYWORDS | METH_NOARGS
                                        | METH_O | METH_FASTCALL | METH_METHOD));
        copy[i].ml_meth = (PyCFunction)(uintptr_t)function;
    }
    return copy == NULL ? table : copy;
}

static PyGetSetDef *
properties(PyGetSetDef *table)
{
    int count = 0;
    while (table != NULL && table[count].name != NULL) {
        count++;
    }
    PyGetSetDef *copy =
        count == 0 ? NULL : copied(table, (size_t)(count + 1) * sizeof *table);
    for (int i = 0; copy != NULL && i < count; i++) {
        copy[i].get = (getter)(uintptr_t)wj_trampoline((void *)(uintptr_t)copy[i].get,
                                                       copy[i].name, "ooi", 0);
        copy[i].set = (setter)(uintptr_t)wj_trampoline((void *)(uintptr_t)copy[i].set,
                                                       copy[i].name, "iooi", 0);
    }
    return copy == NULL ? table : copy;
}

/* ---- static types ---- */

static char *
group_of(PyTypeObject *type, int group, int copy)
{
    struct part {
        void **place;
        size_t size;
    } parts[] = {
        [NUMBER] = {(void **)&type->tp_as_number, sizeof(PyNumberMethods)},
        [SEQUENCE] = {(void **)&type->tp_as_sequence, sizeof(PySequenceMethods)},
        [MAPPING] = {(void **)&type->tp_as_mapping, sizeof(PyMappingMethods)},
        [ASYNC] = {(void **)&type->tp_as_async, sizeof(PyAsyncMethods)},
        [BUFFER] = {(void **)&type->tp_as_buffer, sizeof(PyBufferProcs)},
    };
    if (group == TYPE) {
        return (char *)type;
    }
    if (copy && *parts[group].place != NULL) {
        void *mine = copied(*parts[group].place, parts[group].size);
        *parts[group].place = mine == NULL ? *parts[group].place : mine;
    }
    return *parts[group].place;
}

/* The name of a slot of a type: "Type.tp_repr". Never freed: tables live for ever. */
static const char *
named(const char *type, const char *name)
{
    const char *last = strrchr(type, '.');
    char text[200];
    PyOS_snprintf(text, sizeof text, "%.100s.%.60s", last ? last + 1 : type, name);
    char *copy = copied(text, strlen(text) + 1);
    return copy == NULL ? name : copy;
}

void
wjr_type(PyTypeObject *type)
{
    int copy[BUFFER + 1] = {0};
    if (type->tp_flags & Py_TPFLAGS_READY) {
        return;
    }
    wj_library_of(type);
    for (int i = NUMBER; i <= BUFFER; i++) {
        copy[i] = 1;
    }
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
        const struct slot *slot = &slots[i];
        char *base = group_of(type, slot->group, copy[slot->group]);
        copy[slot->group] = 0;
        if (base == NULL) {
            continue;
        }
        void **place = (void **)(void *)(base + slot->offset);
        if (*place != NULL && wj_in_libraries(*place)) {
            *place =
                wj_trampoline(*place, named(type->tp_name, slot->name), slot->shape, 0);
        }
    }
    type->tp_methods = wjr_methods(type->tp_methods);
    type->tp_getset = properties(type->tp_getset);
}

/* ---- modules and specs ---- */

void
wjr_module(struct PyModuleDef *def)
{
    static struct wj_pointers known;
    void **place = wj_pointers_at(&known, def);
    if (place == NULL || *place != NULL) {
        return;
    }
    *place = def;
    wj_library_of(def);
    def->m_methods = wjr_methods(def->m_methods);
    int count = 0;
    while (def->m_slots != NULL && def->m_slots[count].slot != 0) {
        count++;
    }
    PyModuleDef_Slot *copy =
        count ? copied(def->m_slots, (size_t)(count + 1) * sizeof *copy) : NULL;
    for (int i = 0; copy != NULL && i < count; i++) {
        if (copy[i].slot == Py_mod_exec) {
            copy[i].value =
                wj_trampoline(copy[i].value, named(def->m_name, "exec"), "io", 0);
        } else if (copy[i].slot == Py_mod_create) {
            copy[i].value =
                wj_trampoline(copy[i].value, named(def->m_name, "create"), "ooi", 0);
        }
    }
    def->m_slots = copy == NULL ? def->m_slots : copy;
}

static void
spec_slot(const PyType_Spec *spec, PyType_Slot *slot)
{
    if (slot->slot == Py_tp_methods) {
        slot->pfunc = wjr_methods(slot->pfunc);
    } else if (slot->slot == Py_tp_getset) {
        slot->pfunc = properties(slot->pfunc);
    }
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
        if (slots[i].id == slot->slot) {
            slot->pfunc = wj_trampoline(slot->pfunc, named(spec->name, slots[i].name),
                                        slots[i].shape, 0);
        }
    }
}

PyType_Spec *
wjr_spec(PyType_Spec *spec)
{
    int count = 0;
    wj_library_of(spec->slots);
    while (spec->slots[count].slot != 0) {
        count++;
    }
    PyType_Spec *copy = copied(spec, sizeof *spec);
    PyType_Slot *table = copied(spec->slots, (size_t)(count + 1) * sizeof *table);
    if (copy == NULL || table == NULL) {
        free(copy);
        free(table);
        return spec;
    }
    copy->slots = table;
    for (int i = 0; i < count; i++) {
        spec_slot(spec, &table[i]);
    }
    return copy; /* for ever: types may refer to what is in it */
}

void *
wjr_destructor(void *function)
{
    wj_library_of(function);
    return wj_trampoline(function, "destructor", "vo", 0);
}

/* ---- instances ---- */

/* Whether we are told when an instance of the type goes. */
static int
tells(PyTypeObject *type)
{
    for (; type != NULL; type = type->tp_base) {
        if (wj_is_trampoline((const void *)(uintptr_t)type->tp_dealloc)) {
            return 1;
        }
    }
    return 0;
}

/* A new instance, perhaps of a type of the extension: know it, and its vectorcall. */
void
wj_adopt(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    if (!wj_is_instance(object) && !PyType_Check(object) && tells(type)) {
        wj_instance_add(object);
    }
    if ((type->tp_flags & Py_TPFLAGS_HAVE_VECTORCALL) && !PyType_Check(object)
        && type->tp_vectorcall_offset > 0) {
        void **place = (void **)(void *)((char *)object + type->tp_vectorcall_offset);
        if (!wj_is_trampoline(*place) && wj_in_libraries(*place)) {
            *place =
                wj_trampoline(*place, named(type->tp_name, "vectorcall"), "oop", 0);
        }
    }
}

/* Have calls of a type come by us: some set tp_vectorcall when the type is ready. */
static void
divert_calls(PyTypeObject *type)
{
    void **place = (void **)(void *)&type->tp_vectorcall;
    if (*place != NULL && !wj_is_trampoline(*place) && wj_in_libraries(*place)) {
        *place = wj_trampoline(*place, named(type->tp_name, "tp_vectorcall"), "oop", 0);
    }
}

static PyObject *
alloc(PyTypeObject *type, Py_ssize_t items)
{
    PyObject *object = PyType_GenericAlloc(type, items);
    if (object != NULL && tells(type)) {
        divert_calls(type);
        wj_account_forget(object);
        wj_instance_add(object);
    }
    wj_made(object);
    return object;
}

/* Have what a type allocates come by us. */
static void
divert(PyTypeObject *type)
{
    divert_calls(type);
    if (type->tp_alloc == PyType_GenericAlloc) {
        type->tp_alloc = alloc;
    }
}

int
wjr_ready(struct wjr_site *site, PyTypeObject *type)
{
    wjr_before(site);
    wjr_type(type);
    int status = PyType_Ready(type);
    divert(type);
    return status;
}

PyObject *
wjr_heap_type(struct wjr_site *site, PyObject *type)
{
    if (type != NULL) {
        divert((PyTypeObject *)type);
    }
    return wjr_new(site, type);
}

/* Before ``type->tp_alloc(type, n)``: have it come to us. */
PyTypeObject *
wjr_alloc(struct wjr_site *site, PyTypeObject *type)
{
    int ours = type->tp_alloc == alloc;
    divert(type); /* the caller may have read it before */
    if (!ours) {
        wjr_before(site);
        return type;
    }
    wjr_maker(site);
    return type;
}

/* An object was made by PyObject_New and its like. */
PyObject *
wjr_made(struct wjr_site *site, void *object)
{
    if (object != NULL && tells(Py_TYPE((PyObject *)object))) {
        divert_calls(Py_TYPE((PyObject *)object));
        wj_account_forget(object);
        wj_instance_add(object);
    }
    return wjr_new(site, object);
}
