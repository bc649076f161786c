/* wadjet.model._columns: the border to Python.
 *
 * Columns come as buffers of integers, such as arrays, and go as new arrays. What each
 * function means is told by its twin in vectors.py, which is used where this is not
 * built.
 */
#include "compat.h"

#include <limits.h>
#include <string.h>

#include "columns.h"

struct state {
    PyObject *array; /* Owned: the type array.array */
};

struct column {
    PyObject *object; /* Owned where we made it, else Borrowed */
    Py_buffer view;   /* Owned once taken */
    struct wj_numbers numbers;
};

/* ---- columns in and out ---------------------------------------------------------- */

static int
take(struct column *column, PyObject *object, int flags)
{
    column->object = object;
    if (PyObject_GetBuffer(object, &column->view,
                           PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | flags)
        != 0) {
        return -1;
    }
    const char *format = column->view.format;
    if (format == NULL || strlen(format) != 1
        || strchr("bBhHiIlLqQ", *format) == NULL) {
        PyBuffer_Release(&column->view);
        PyErr_SetString(PyExc_TypeError, "a column is an array of integers");
        return -1;
    }
    column->numbers = (struct wj_numbers){
        .data = column->view.buf,
        .count = (size_t)(column->view.len / column->view.itemsize),
        .width = (int)column->view.itemsize,
        .is_signed = strchr("bhilq", *format) != NULL,
    };
    return 0;
}

static void
let_go(struct column *column)
{
    if (column->view.obj != NULL) {
        PyBuffer_Release(&column->view);
    }
}

/* Take some columns; 0, or -1 with none taken and an exception. */
static int
take_all(struct column *columns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (take(&columns[i], columns[i].object, 0) != 0) {
            while (i-- > 0) {
                let_go(&columns[i]);
            }
            return -1;
        }
    }
    return 0;
}

/* Make an array of zeros, of ``code`` b, i, q or Q. */
static int
make(PyObject *module, struct column *column, char code, size_t count)
{
    struct state *state = PyModule_GetState(module);
    PyObject *zero = PyObject_CallFunction(state->array, "C(i)", code, 0);
    PyObject *made = zero == NULL ? NULL : PySequence_Repeat(zero, (Py_ssize_t)count);
    Py_XDECREF(zero);
    if (made == NULL) {
        return -1;
    }
    if (take(column, made, PyBUF_WRITABLE) != 0) {
        Py_DECREF(made);
        return -1;
    }
    return 0;
}

/* What a column of such numbers is made of. */
static char
code_of(const struct wj_numbers *numbers)
{
    return numbers->width == 8                         ? 'q'
           : numbers->width == 1 && numbers->is_signed ? 'b'
                                                       : 'i';
}

/* Raise what went wrong, if anything did; 0, or -1 with an exception. */
static int
told(enum wj_trouble trouble)
{
    switch (trouble) {
    case WJ_FINE:
        return 0;
    case WJ_TOO_LARGE:
        PyErr_SetString(PyExc_OverflowError, "a number is too large for its column");
        return -1;
    case WJ_NO_SUCH_ROW:
        PyErr_SetString(PyExc_IndexError, "a row that is not there");
        return -1;
    case WJ_NO_TREE:
        PyErr_SetString(PyExc_ValueError, "a node comes before its parent");
        return -1;
    default:
        PyErr_NoMemory();
        return -1;
    }
}

/* Return what we made, or NULL with the exception that says why not. */
static PyObject *
give(struct column *made, enum wj_trouble trouble)
{
    let_go(made);
    if (told(trouble) != 0) {
        Py_CLEAR(made->object);
    }
    return made->object;
}

/* Make two columns; 0, or -1 with none made and an exception. */
static int
make_both(PyObject *module, struct column *first, struct column *second, char code,
          size_t count)
{
    if (make(module, first, code, count) != 0) {
        return -1;
    }
    if (make(module, second, code, count) != 0) {
        let_go(first);
        Py_DECREF(first->object);
        return -1;
    }
    return 0;
}

/* Cut a column that we made to its first rows; steals the reference. */
static PyObject *
first_rows(struct column *column, size_t count)
{
    let_go(column);
    if (column->numbers.count == count) {
        return column->object;
    }
    PyObject *rows = PySequence_GetSlice(column->object, 0, (Py_ssize_t)count);
    Py_DECREF(column->object);
    return rows;
}

/* Return the first rows of two columns that we made; NULL where there is ``trouble``.
 */
static PyObject *
give_rows(struct column *one, struct column *other, int trouble, size_t of_one,
          size_t of_other)
{
    PyObject *first = first_rows(one, of_one), *second = first_rows(other, of_other);
    if (trouble == 0 && first != NULL && second != NULL) {
        return Py_BuildValue("NN", first, second);
    }
    Py_XDECREF(first);
    Py_XDECREF(second);
    return NULL;
}

static int
same_length(const struct column *one, const struct column *other)
{
    if (one->numbers.count != other->numbers.count) {
        PyErr_SetString(PyExc_ValueError, "columns of different lengths");
        return -1;
    }
    return 0;
}

/* ---- functions ------------------------------------------------------------------- */

static PyObject *
differences(PyObject *module, PyObject *object)
{
    struct column column, out;
    PyObject *result = NULL;
    if (take(&column, object, 0) != 0) {
        return NULL;
    }
    if (make(module, &out, 'Q', column.numbers.count) == 0) {
        result = give(&out, wj_differences(&column.numbers, &out.numbers));
    }
    let_go(&column);
    return result;
}

static PyObject *
accumulated(PyObject *module, PyObject *args)
{
    struct column steps, out;
    PyObject *result = NULL;
    int code;
    if (!PyArg_ParseTuple(args, "CO:accumulated", &code, &steps.object)
        || take(&steps, steps.object, 0) != 0) {
        return NULL;
    }
    if ((code != 'i' && code != 'q') || steps.numbers.width != 8) {
        PyErr_SetString(PyExc_TypeError, "steps of 8 bytes, and a column of i or q");
    } else if (make(module, &out, (char)code, steps.numbers.count) == 0) {
        result = give(&out, wj_accumulate(&steps.numbers, &out.numbers));
    }
    let_go(&steps);
    return result;
}

static PyObject *
extremes(PyObject *module, PyObject *object)
{
    struct column column;
    PyObject *result = NULL;
    int64_t low, high;
    (void)module;
    if (take(&column, object, 0) != 0) {
        return NULL;
    }
    if (column.numbers.count == 0) {
        PyErr_SetString(PyExc_ValueError, "an empty column has no extremes");
    } else {
        wj_extremes(&column.numbers, &low, &high);
        bool is_beyond = low < 0 && !column.numbers.is_signed;
        if (told(is_beyond ? WJ_TOO_LARGE : WJ_FINE) == 0) {
            result = Py_BuildValue("LL", (long long)low, (long long)high);
        }
    }
    let_go(&column);
    return result;
}

static PyObject *
tally(PyObject *module, PyObject *object)
{
    struct column column;
    (void)module;
    if (take(&column, object, 0) != 0) {
        return NULL;
    }
    size_t found = wj_tally(&column.numbers);
    let_go(&column);
    return PyLong_FromSize_t(found);
}

static PyObject *
falls(PyObject *module, PyObject *object)
{
    struct column column, out;
    PyObject *result = NULL;
    if (take(&column, object, 0) != 0) {
        return NULL;
    }
    if (make(module, &out, 'q', column.numbers.count) == 0) {
        size_t found = wj_falls(&column.numbers, &out.numbers);
        result = first_rows(&out, found);
    }
    let_go(&column);
    return result;
}

static PyObject *
pick(PyObject *module, PyObject *args)
{
    struct column columns[2], out;
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(args, "OO:pick", &columns[0].object, &columns[1].object)
        || take_all(columns, 2) != 0) {
        return NULL;
    }
    char code = code_of(&columns[0].numbers);
    if (same_length(&columns[0], &columns[1]) == 0
        && make(module, &out, code, wj_tally(&columns[1].numbers)) == 0) {
        wj_pick(&columns[0].numbers, &columns[1].numbers, &out.numbers);
        result = give(&out, WJ_FINE);
    }
    let_go(&columns[0]);
    let_go(&columns[1]);
    return result;
}

static PyObject *
gather(PyObject *module, PyObject *args)
{
    struct column columns[2], out;
    PyObject *result = NULL;
    long long other;
    if (!PyArg_ParseTuple(args, "OOL:gather", &columns[0].object, &columns[1].object,
                          &other)
        || take_all(columns, 2) != 0) {
        return NULL;
    }
    char code = code_of(&columns[0].numbers);
    if (make(module, &out, code, columns[1].numbers.count) == 0) {
        result = give(&out, wj_gather(&columns[0].numbers, &columns[1].numbers, other,
                                      &out.numbers));
    }
    let_go(&columns[0]);
    let_go(&columns[1]);
    return result;
}

static PyObject *
scatter(PyObject *module, PyObject *args)
{
    struct column columns[2], sums;
    int result = -1;
    (void)module;
    if (!PyArg_ParseTuple(args, "OOO:scatter", &sums.object, &columns[0].object,
                          &columns[1].object)
        || take(&sums, sums.object, PyBUF_WRITABLE) != 0) {
        return NULL;
    }
    if (sums.numbers.width != 8) {
        PyErr_SetString(PyExc_TypeError, "sums are of 8 bytes");
    } else if (take_all(columns, 2) == 0) {
        result = same_length(&columns[0], &columns[1]);
        if (result == 0) {
            result = told(
                wj_scatter(&columns[0].numbers, &columns[1].numbers, &sums.numbers));
        }
        let_go(&columns[0]);
        let_go(&columns[1]);
    }
    let_go(&sums);
    return result == 0 ? Py_NewRef(Py_None) : NULL;
}

static PyObject *
fuse(PyObject *module, PyObject *args)
{
    struct column columns[2], out;
    PyObject *result = NULL;
    long long factor;
    if (!PyArg_ParseTuple(args, "OLO:fuse", &columns[0].object, &factor,
                          &columns[1].object)
        || take_all(columns, 2) != 0) {
        return NULL;
    }
    if (same_length(&columns[0], &columns[1]) == 0
        && make(module, &out, 'q', columns[0].numbers.count) == 0) {
        result = give(&out, wj_fuse(&columns[0].numbers, factor, &columns[1].numbers,
                                    &out.numbers));
    }
    let_go(&columns[0]);
    let_go(&columns[1]);
    return result;
}

static PyObject *
divide(PyObject *module, PyObject *args)
{
    struct column column, out;
    PyObject *result = NULL;
    long long by;
    if (!PyArg_ParseTuple(args, "OL:divide", &column.object, &by)
        || take(&column, column.object, 0) != 0) {
        return NULL;
    }
    if (by <= 0) {
        PyErr_SetString(PyExc_ValueError, "a divisor is above 0");
    } else if (make(module, &out, 'q', column.numbers.count) == 0) {
        result = give(&out, wj_divide(&column.numbers, by, &out.numbers));
    }
    let_go(&column);
    return result;
}

static PyObject *
group_rows(PyObject *module, const struct column *keys, const struct column *values)
{
    struct column found, sums;
    size_t count = 0, room = wj_tally(&values->numbers);
    if (make_both(module, &found, &sums, 'q', room) != 0) {
        return NULL;
    }
    int trouble = told(wj_group(&keys->numbers, &values->numbers, found.view.buf,
                                sums.view.buf, room, &count));
    return give_rows(&found, &sums, trouble, count, count);
}

static PyObject *
group(PyObject *module, PyObject *args)
{
    struct column columns[2];
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(args, "OO:group", &columns[0].object, &columns[1].object)
        || take_all(columns, 2) != 0) {
        return NULL;
    }
    if (same_length(&columns[0], &columns[1]) == 0) {
        result = group_rows(module, &columns[0], &columns[1]);
    }
    let_go(&columns[0]);
    let_go(&columns[1]);
    return result;
}

static PyObject *
rank(PyObject *module, PyObject *object)
{
    struct column keys, firsts, ranks;
    PyObject *result = NULL;
    size_t count;
    if (take(&keys, object, 0) != 0) {
        return NULL;
    }
    if (make_both(module, &firsts, &ranks, 'i', keys.numbers.count) == 0) {
        int trouble =
            told(wj_rank(&keys.numbers, firsts.view.buf, ranks.view.buf, &count));
        result = give_rows(&firsts, &ranks, trouble, count, keys.numbers.count);
    }
    let_go(&keys);
    return result;
}

/* Sort two columns of 8 bytes that are writable. */
static int
sort_rows(struct column *keys, struct column *values)
{
    int64_t low = 0, high;
    if (same_length(keys, values) != 0) {
        return -1;
    }
    if (keys->numbers.width != 8 || values->numbers.width != 8) {
        PyErr_SetString(PyExc_TypeError, "keys and values are of 8 bytes");
        return -1;
    }
    if (keys->numbers.count != 0) {
        wj_extremes(&keys->numbers, &low, &high);
    }
    if (low < 0) {
        PyErr_SetString(PyExc_ValueError, "a key is negative");
        return -1;
    }
    return told(wj_sort(keys->view.buf, values->view.buf, keys->numbers.count));
}

static PyObject *
sort(PyObject *module, PyObject *args)
{
    struct column keys, values;
    int result = -1;
    (void)module;
    if (!PyArg_ParseTuple(args, "OO:sort", &keys.object, &values.object)
        || take(&keys, keys.object, PyBUF_WRITABLE) != 0) {
        return NULL;
    }
    if (take(&values, values.object, PyBUF_WRITABLE) == 0) {
        result = sort_rows(&keys, &values);
        let_go(&values);
    }
    let_go(&keys);
    return result == 0 ? Py_NewRef(Py_None) : NULL;
}

/* ---- trees ----------------------------------------------------------------------- */

static PyObject *
is_tree(PyObject *module, PyObject *object)
{
    struct column parents;
    (void)module;
    if (take(&parents, object, 0) != 0) {
        return NULL;
    }
    bool is_one = wj_is_tree(&parents.numbers);
    let_go(&parents);
    return PyBool_FromLong(is_one);
}

static PyObject *
descend(PyObject *module, PyObject *args)
{
    struct column parents, totals;
    int result = -1;
    (void)module;
    if (!PyArg_ParseTuple(args, "OO:descend", &parents.object, &totals.object)
        || take(&parents, parents.object, 0) != 0) {
        return NULL;
    }
    if (take(&totals, totals.object, PyBUF_WRITABLE) == 0) {
        if (totals.numbers.width != 8) {
            PyErr_SetString(PyExc_TypeError, "sums are of 8 bytes");
        } else if (same_length(&parents, &totals) == 0) {
            result = told(wj_descend(&parents.numbers, &totals.numbers));
        }
        let_go(&totals);
    }
    let_go(&parents);
    return result == 0 ? Py_NewRef(Py_None) : NULL;
}

static PyObject *
preorder(PyObject *module, PyObject *object)
{
    struct column parents, order, ends;
    PyObject *result = NULL;
    if (take(&parents, object, 0) != 0) {
        return NULL;
    }
    size_t count = parents.numbers.count;
    if (count >= INT32_MAX) {
        PyErr_SetString(PyExc_OverflowError, "too many nodes");
    } else if (make_both(module, &order, &ends, 'i', count) == 0) {
        int trouble =
            told(wj_preorder(&parents.numbers, &order.numbers, &ends.numbers));
        result = give_rows(&order, &ends, trouble, count, count);
    }
    let_go(&parents);
    return result;
}

static PyObject *
nearest(PyObject *module, PyObject *args)
{
    struct column columns[2], out;
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(args, "OO:nearest", &columns[0].object, &columns[1].object)
        || take_all(columns, 2) != 0) {
        return NULL;
    }
    if (same_length(&columns[0], &columns[1]) == 0
        && make(module, &out, 'i', columns[0].numbers.count) == 0) {
        result = give(
            &out, wj_nearest(&columns[0].numbers, &columns[1].numbers, &out.numbers));
    }
    let_go(&columns[0]);
    let_go(&columns[1]);
    return result;
}

static PyObject *
planes(PyObject *module, PyObject *args)
{
    struct column column;
    PyObject *result = NULL;
    int width;
    (void)module;
    if (!PyArg_ParseTuple(args, "Oi:planes", &column.object, &width)
        || take(&column, column.object, 0) != 0) {
        return NULL;
    }
    if (width < 1 || width > column.numbers.width) {
        PyErr_SetString(PyExc_ValueError, "a number has not so many bytes");
    } else {
        result =
            PyBytes_FromStringAndSize(NULL, (Py_ssize_t)column.numbers.count * width);
        if (result != NULL) {
            wj_planes(&column.numbers, width, (uint8_t *)PyBytes_AS_STRING(result));
        }
    }
    let_go(&column);
    return result;
}

/* ---- the module ------------------------------------------------------------------ */

static PyMethodDef methods[] = {
    {"differences", differences, METH_O, NULL},
    {"accumulated", accumulated, METH_VARARGS, NULL},
    {"extremes", extremes, METH_O, NULL},
    {"tally", tally, METH_O, NULL},
    {"falls", falls, METH_O, NULL},
    {"pick", pick, METH_VARARGS, NULL},
    {"gather", gather, METH_VARARGS, NULL},
    {"scatter", scatter, METH_VARARGS, NULL},
    {"fuse", fuse, METH_VARARGS, NULL},
    {"divide", divide, METH_VARARGS, NULL},
    {"group", group, METH_VARARGS, NULL},
    {"rank", rank, METH_O, NULL},
    {"sort", sort, METH_VARARGS, NULL},
    {"is_tree", is_tree, METH_O, NULL},
    {"descend", descend, METH_VARARGS, NULL},
    {"preorder", preorder, METH_O, NULL},
    {"nearest", nearest, METH_VARARGS, NULL},
    {"planes", planes, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static int
prepare_module(PyObject *module)
{
    struct state *state = PyModule_GetState(module);
    PyObject *home = PyImport_ImportModule("array");
    state->array = home == NULL ? NULL : PyObject_GetAttrString(home, "array");
    Py_XDECREF(home);
    return state->array == NULL ? -1 : 0;
}

static int
clear_module(PyObject *module)
{
    struct state *state = PyModule_GetState(module);
    Py_CLEAR(state->array);
    return 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, prepare_module},
    WJ_MODULE_SLOTS
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "wadjet.model._columns",
    .m_doc = "Arithmetic on whole columns of integers.",
    .m_size = sizeof(struct state),
    .m_methods = methods,
    .m_slots = slots,
    .m_clear = clear_module,
};

PyMODINIT_FUNC PyInit__columns(void);

PyMODINIT_FUNC
PyInit__columns(void)
{
    return PyModuleDef_Init(&definition);
}
