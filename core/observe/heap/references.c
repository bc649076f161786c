/* The references of one object, each type of the interpreter's own in its own way.
 *
 * tp_traverse shows what may be in a cycle, and nothing else: not the keys of a dict
 * that has only strings, not what code objects hold, and nothing by name. So the types
 * that most of a heap is made of are read here, empty slots included, in the order in
 * which
 * ``wj_way_fields`` names them.
 */
#include "walk.h"

#define FIELDS(...)                                                                    \
    (const char *const[])                                                              \
    {                                                                                  \
        __VA_ARGS__, NULL                                                              \
    }

const char *const *const wj_way_fields[WJ_WAYS] = {
    [WJ_WAY_FUNCTION] =
        FIELDS("__code__", "__globals__", "__defaults__", "__kwdefaults__",
               "__closure__", "__dict__", "__doc__", "__name__", "__qualname__",
               "__module__", "__annotations__", "builtins"),
    [WJ_WAY_DEFAULTDICT] = FIELDS("default_factory"),
    [WJ_WAY_ORDEREDDICT] = FIELDS("__dict__"),
    [WJ_WAY_METHOD] = FIELDS("__func__", "__self__"),
    [WJ_WAY_CELL] = FIELDS("cell_contents"),
    [WJ_WAY_MODULE] = FIELDS("__name__"),
    [WJ_WAY_CODE] = FIELDS("co_qualname", "co_filename", "co_localsplusnames",
                           "co_consts", "co_names", "co_name", "co_linetable",
                           "co_exceptiontable", "co_localspluskinds"),
    [WJ_WAY_TRACEBACK] = FIELDS("tb_next", "tb_frame"),
    [WJ_WAY_FRAME] =
        FIELDS("f_back", "f_trace", "code", "function", "f_locals", "frame"),
    [WJ_WAY_GENERATOR] = FIELDS("__name__", "__qualname__", "origin", "exception",
                                "code", "function", "f_locals", "frame"),
    [WJ_WAY_EXCEPTION] = FIELDS("__dict__", "args", "__notes__", "__traceback__",
                                "__context__", "__cause__"),
    [WJ_WAY_TYPE] =
        FIELDS("__dict__", "__bases__", "__mro__", "__base__", "cache",
               "__subclasses__", "__name__", "__qualname__", "module", "__class__"),
    [WJ_WAY_ARRAY] = FIELDS("base", "dtype"),
};

const uint8_t wj_way_tail[WJ_WAYS] = {
    [WJ_WAY_TUPLE] = WJ_TAIL_SEQUENCE,      [WJ_WAY_LIST] = WJ_TAIL_SEQUENCE,
    [WJ_WAY_DICT] = WJ_TAIL_MAPPING,        [WJ_WAY_FRAME] = WJ_TAIL_FRAME,
    [WJ_WAY_DEFAULTDICT] = WJ_TAIL_MAPPING, [WJ_WAY_ORDEREDDICT] = WJ_TAIL_MAPPING,
    [WJ_WAY_DEQUE] = WJ_TAIL_SEQUENCE,      [WJ_WAY_GENERATOR] = WJ_TAIL_FRAME,
    [WJ_WAY_ARRAY] = WJ_TAIL_SEQUENCE,
};

static void
emit(struct wj_walk *walk, void *object)
{
    wj_emit(object, walk);
}

static int
visit(PyObject *object, void *walk)
{
    return object == NULL ? 0 : wj_emit(object, walk); /* a traverse may be careless */
}

static void
items(struct wj_walk *walk, PyObject **item, Py_ssize_t count)
{
    for (Py_ssize_t at = 0; at < count; at++) {
        emit(walk, item[at]);
    }
}

static void
dict_items(struct wj_walk *walk, PyDictObject *dict)
{
    Py_ssize_t entries = wj_dict_entries(dict);
    for (Py_ssize_t at = 0; at < entries; at++) {
        PyObject *key, *value;
        if (wj_dict_entry(dict, at, &key, &value)) {
            emit(walk, key);
            emit(walk, value);
        }
    }
}

/* Its list of nodes has a reference to each key, too. */
static void
ordered_items(struct wj_walk *walk, PyObject *object)
{
    PyDictObject *dict = (PyDictObject *)object;
    emit(walk, wj_instance_dict(object, &PyODict_Type));
    dict_items(walk, dict);
    Py_ssize_t entries = wj_dict_entries(dict);
    for (Py_ssize_t at = 0; at < entries; at++) {
        PyObject *key, *value;
        if (wj_dict_entry(dict, at, &key, &value)) {
            emit(walk, key);
            emit(walk, NULL);
        }
    }
}

static void
function_fields(struct wj_walk *walk, PyFunctionObject *self)
{
    PyObject *fields[] = {
        self->func_code,       self->func_globals,     self->func_defaults,
        self->func_kwdefaults, self->func_closure,     self->func_dict,
        self->func_doc,        self->func_name,        self->func_qualname,
        self->func_module,     self->func_annotations, self->func_builtins,
    };
    items(walk, fields, sizeof fields / sizeof *fields);
    PyObject *more[2];
    int count = wj_function_more(self, more);
    items(walk, more, count);
}

static void
code_fields(struct wj_walk *walk, PyCodeObject *self)
{
    PyObject *fields[] = {
        self->co_qualname,  self->co_filename,       self->co_localsplusnames,
        self->co_consts,    self->co_names,          self->co_name,
        self->co_linetable, self->co_exceptiontable, self->co_localspluskinds,
    };
    items(walk, fields, sizeof fields / sizeof *fields);
}

void
wj_frame_references(struct wj_walk *walk, const wj_frame *frame)
{
    PyCodeObject *code = wj_frame_code(frame);
    if (code == NULL) {
        return;
    }
    emit(walk, code);
    emit(walk, wj_frame_function(frame));
    emit(walk, frame->f_locals);
    emit(walk, frame->frame_obj);
    Py_ssize_t slots = wj_frame_slots(frame, code);
    for (Py_ssize_t at = 0; at < slots; at++) {
        emit(walk, wj_owned(frame->localsplus[at]));
    }
}

static void
frame_fields(struct wj_walk *walk, PyFrameObject *self)
{
    emit(walk, self->f_back);
    emit(walk, self->f_trace);
    if (self->f_frame->owner == FRAME_OWNED_BY_FRAME_OBJECT) {
        wj_frame_references(walk, self->f_frame);
    } else { /* the thread or the generator has it */
        PyObject *none[] = {NULL, NULL, NULL, NULL};
        items(walk, none, 4);
    }
}

static void
generator_fields(struct wj_walk *walk, PyObject *object)
{
    PyGenObject *self = (PyGenObject *)object;
    emit(walk, self->gi_name);
    emit(walk, self->gi_qualname);
    int plain = PyGen_CheckExact(object); /* never sets its origin, not even to NULL */
    emit(walk, plain ? NULL : self->gi_origin_or_finalizer);
    emit(walk, self->gi_exc_state.exc_value);
    const wj_frame *frame = wj_generator_frame(object);
    if (frame != NULL) {
        wj_frame_references(walk, frame);
    }
}

static void
exception_fields(struct wj_walk *walk, PyBaseExceptionObject *self)
{
    PyObject *fields[] = {self->dict,      self->args,    self->notes,
                          self->traceback, self->context, self->cause};
    items(walk, fields, sizeof fields / sizeof *fields);
}

static void
type_fields(struct wj_walk *walk, PyTypeObject *self)
{
    int heap = (self->tp_flags & Py_TPFLAGS_HEAPTYPE) != 0;
    PyHeapTypeObject *more = (PyHeapTypeObject *)self;
    PyObject *dict = wj_type_dict(self);
    PyTypeObject *metaclass = Py_TYPE(self);
    emit(walk, dict);
    Py_XDECREF(dict); /* the type has it: it stays */
    emit(walk, self->tp_bases);
    emit(walk, self->tp_mro);
    emit(walk, self->tp_base);
    emit(walk, self->tp_cache);
    emit(walk, heap ? (PyObject *)self->tp_subclasses : NULL);
    emit(walk, heap ? more->ht_name : NULL);
    emit(walk, heap ? more->ht_qualname : NULL);
    emit(walk, heap ? more->ht_module : NULL);
    emit(walk,
         metaclass->tp_flags & Py_TPFLAGS_HEAPTYPE ? (PyObject *)metaclass : NULL);
    for (size_t at = 0; at < wj_shared_names(self); at++) {
        emit(walk, wj_shared_name(self, at));
    }
}

/* What an instance of a class holds before what the class is built on holds. */
static void
instance_fields(struct wj_walk *walk, PyObject *object, const struct wj_kind *kind)
{
    const uint32_t *offset = wj_u32(&walk->offsets) + kind->first_slot;
    for (uint32_t at = 0; at < kind->slots; at++) {
        emit(walk, *(PyObject **)((char *)object + offset[at]));
    }
    size_t ignored = 0;
    PyObject **values = wj_instance_values(object, kind->type, &ignored);
    for (uint32_t at = 0; at < kind->names; at++) {
        emit(walk, values == NULL ? NULL : values[at]);
    }
    emit(walk, wj_instance_dict(object, kind->type));
    int heap = (kind->type->tp_flags & Py_TPFLAGS_HEAPTYPE) != 0;
    emit(walk, heap ? (PyObject *)kind->type : NULL);
}

/* tp_traverse, and what it leaves out of a dict: keys that are strings. */
static void
traverse(struct wj_walk *walk, PyObject *object, const struct wj_kind *kind)
{
    kind->traverse(object, visit, walk);
    PyDictObject *dict = (PyDictObject *)object;
    if (PyDict_Check(object) && DK_IS_UNICODE(dict->ma_keys)
        && dict->ma_values == NULL) {
        Py_ssize_t entries = wj_dict_entries(dict);
        for (Py_ssize_t at = 0; at < entries; at++) {
            PyObject *key, *value;
            if (wj_dict_entry(dict, at, &key, &value)) {
                emit(walk, key);
            }
        }
    }
}

void
wj_references(struct wj_walk *walk, PyObject *object, const struct wj_kind *kind)
{
    if (kind->instance) {
        instance_fields(walk, object, kind);
    }
    switch ((enum wj_way)kind->way) {
    case WJ_WAY_NONE:
    case WJ_WAYS:
        return;
    case WJ_WAY_TUPLE:
        items(walk, ((PyTupleObject *)object)->ob_item, Py_SIZE(object));
        return;
    case WJ_WAY_LIST:
        items(walk, ((PyListObject *)object)->ob_item, Py_SIZE(object));
        return;
    case WJ_WAY_DICT:
        dict_items(walk, (PyDictObject *)object);
        return;
    case WJ_WAY_DEFAULTDICT: /* a dict, then the factory */
        emit(walk, *(PyObject **)((char *)object + sizeof(PyDictObject)));
        dict_items(walk, (PyDictObject *)object);
        return;
    case WJ_WAY_ORDEREDDICT:
        ordered_items(walk, object);
        return;
    case WJ_WAY_FUNCTION:
        function_fields(walk, (PyFunctionObject *)object);
        return;
    case WJ_WAY_METHOD:
        emit(walk, ((PyMethodObject *)object)->im_func);
        emit(walk, ((PyMethodObject *)object)->im_self);
        return;
    case WJ_WAY_CELL:
        emit(walk, PyCell_GET(object));
        return;
    case WJ_WAY_CODE:
        code_fields(walk, (PyCodeObject *)object);
        return;
    case WJ_WAY_TRACEBACK:
        emit(walk, ((PyTracebackObject *)object)->tb_next);
        emit(walk, ((PyTracebackObject *)object)->tb_frame);
        return;
    case WJ_WAY_FRAME:
        frame_fields(walk, (PyFrameObject *)object);
        return;
    case WJ_WAY_GENERATOR:
        generator_fields(walk, object);
        return;
    case WJ_WAY_EXCEPTION:
        exception_fields(walk, (PyBaseExceptionObject *)object);
        return;
    case WJ_WAY_TYPE:
        type_fields(walk, (PyTypeObject *)object);
        return;
    case WJ_WAY_ARRAY:
        wj_array_references(walk, object);
        return;
    case WJ_WAY_MODULE:
        emit(walk, ((PyModuleObject *)object)->md_name);
        break;
    case WJ_WAY_DEQUE:
    case WJ_WAY_TRAVERSE:
        break;
    }
    if (kind->traverse != NULL && PyObject_IS_GC(object)) {
        traverse(walk, object, kind);
    }
}
