"""What is read off C source: mistakes with their lines, and idioms that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from wadjet.errors import NoInputError
from wadjet.native.refs.checking import check

HEAD = "static PyObject *f(PyObject *self, PyObject *args)\n{\n"
TAIL = '\n}\nstatic PyMethodDef methods[] = {{"f", f, METH_VARARGS}, {0}};\n'


def found(folder: Path, body: str, name: str = "module.c") -> list[str]:
    """Return rule and line of what is found in a method's body, whose first line is 1."""
    path = folder / name
    path.write_text(HEAD + body.strip("\n") + TAIL)
    return [f"{each.rule} {each.place.line - 2}" for each in check([path]).findings if each.place]


MISTAKES = {
    "released after it was given away": (
        """
PyObject *list = PyList_New(1), *x = PyLong_FromLong(1000);
if (list == NULL || x == NULL) return NULL;
if (PyList_SetItem(list, 0, x) < 0) {
    Py_DECREF(x);
    return NULL;
}
return list;""",
        "refs-over-decref 4",
    ),
    "an item is returned as it is": ("return PyTuple_GET_ITEM(args, 0);", "refs-returned 1"),
    "a member is returned as it is": (
        """
if (((Thing *)self)->name == NULL) Py_RETURN_NONE;
return ((Thing *)self)->name;""",
        "refs-returned 2",
    ),
    "what a format lends is given away": (
        """
PyObject *x;
if (!PyArg_ParseTuple(args, "O", &x)) return NULL;
return Py_BuildValue("(iN)", 1, x);""",
        "refs-stolen 3",
    ),
    "looked into after its last reference": (
        """
PyObject *x = PyList_New(0);
if (!x) return NULL;
Py_DECREF(x);
Py_RETURN_IF(((PyListObject *)x)->allocated);
return NULL;""",
        "refs-use-after-decref 4",
    ),
    "released on every path, and again": (
        """
PyObject *x = PyDict_New();
if (x == NULL) return NULL;
if (flag) { Py_DECREF(x); } else { Py_DECREF(x); return NULL; }
Py_DECREF(x);
return NULL;""",
        "refs-over-decref 4",
    ),
    "memory looked into unchecked": (
        """
char *room = PyMem_Malloc(10);
room[0] = 0;
PyMem_Free(room);
Py_RETURN_NONE;""",
        "refs-null 2",
    ),
    "a check of the other": (
        """
PyObject *x = PyUnicode_FromString("a"), *y;
if (x == NULL) return NULL;
y = PyUnicode_FromString("b");
if (x == NULL) return NULL;
if (PyDict_SetItem(args, x, y) < 0) return NULL;
Py_RETURN_NONE;""",
        "refs-null 5",
    ),
    "freed by another allocator": (
        """
char *room = PyMem_Malloc(10);
if (room == NULL) return PyErr_NoMemory();
free(room);
Py_RETURN_NONE;""",
        "refs-allocator 3",
    ),
    "a target too few": (
        'PyObject *x;\nif (!PyArg_ParseTuple(args, "OI", &x)) return NULL;\nPy_RETURN_NONE;',
        "refs-format 2",
    ),
    "a length in an int": (
        """
const char *text; int size;
if (!PyArg_ParseTuple(args, "s" "#", &text, &size)) return NULL;
Py_RETURN_NONE;""",
        "refs-format 2",
    ),
    "keywords without an end": (
        """
static char *names[] = {"a", "b"};
int a, b;
if (!PyArg_ParseTupleAndKeywords(args, NULL, "ii", names, &a, &b)) return NULL;
Py_RETURN_NONE;""",
        "refs-keywords 3",
    ),
    "a letter that no format has": (
        'int x;\nif (!PyArg_ParseTuple(args, "i_name", &x)) return NULL;\nPy_RETURN_NONE;',
        "refs-format 2",
    ),
}


@pytest.mark.parametrize(("body", "expected"), MISTAKES.values(), ids=MISTAKES)
@pytest.mark.parametrize("name", ["module.c", "module.cpp"])
def test_a_mistake_is_found_in_its_line(
    body: str, expected: str, name: str, tmp_path: Path
) -> None:
    assert found(tmp_path, body, name) == [expected]


IDIOMS = {
    "a macro takes a reference of a member": """
TAKE(((Thing *)self)->name);
return ((Thing *)self)->name;""",
    "a member is made anew": """
((Thing *)self)->name = PyList_New(0);
return ((Thing *)self)->name;""",
    "a member of a writer is handed over": """
struct writer *it = made(self);
return it->result;""",
    "given away, and increfed behind": """
PyObject *tuple = PyTuple_New(1);
if (tuple == NULL) return NULL;
PyTuple_SET_ITEM(tuple, 0, args);
Py_INCREF(args);
return tuple;""",
    "one path owns, the other does too": """
PyObject *x = PyDict_GetItemString(self, "x");
if (x == NULL) { x = PyLong_FromLong(1000); } else { Py_INCREF(x); }
return x;""",
    "NULL is returned as it came": """
PyObject *x = PyDict_GetItemString(self, "x");
if (x == NULL) return x;
return Py_NewRef(x);""",
    "an item is taken out of a tuple, and released": """
PyObject *old = PyTuple_GET_ITEM(args, 0);
PyTuple_SET_ITEM(args, 0, Py_NewRef(self));
Py_DECREF(old);
Py_RETURN_NONE;""",
    "an item is released, and another put in its place": """
PyObject *old = PyList_GET_ITEM(args, 0);
Py_DECREF(old);
PyList_SET_ITEM(args, 0, Py_NewRef(self));
Py_RETURN_NONE;""",
    "a slot has another content for a while": """
PyObject *old = PyTuple_GET_ITEM(args, 1);
PyTuple_SET_ITEM(args, 1, self);
PyObject *made = PyObject_CallObject(self, args);
PyTuple_SET_ITEM(args, 1, old);
return made;""",
    "increfed where it is read": """
Py_INCREF(PyTuple_GET_ITEM(args, 0));
return PyTuple_GET_ITEM(args, 0);""",
    "the container keeps it": """
PyObject *x = PyList_New(0);
if (x == NULL || PyDict_SetItemString(self, "x", x) < 0) return NULL;
Py_DECREF(x);
return PyLong_FromSsize_t(PyList_Size(x));""",
    "a helper may have taken it over": """
PyObject *x = PyList_New(0);
if (x == NULL) return NULL;
consume(x);
Py_DECREF(x);
Py_RETURN_NONE;""",
    "an own macro may return": """
PyObject *x = PyList_New(0);
CHECKED(x);
PyList_SET_ITEM(x, 0, Py_None);
return x;""",
    "initialized, which tells NULL": """
PyObject *x = PyObject_Malloc(64);
if (PyObject_Init(x, type) == NULL) return NULL;
Py_SET_SIZE(x, 3);
return x;""",
    "checked by way of an error": """
PyObject *x = PyObject_GetAttrString(self, "x");
Py_ssize_t size = PyObject_Length(x);
if (size < 0) return NULL;
return PyLong_FromSsize_t(size + PyList_GET_SIZE(x));""",
    "all errors are asked for at once": """
PyObject *x = PyObject_GetAttrString(self, "x"), *y = PyObject_GetAttrString(self, "y");
if (PyErr_Occurred()) return NULL;
return PyTuple_Pack(2, x, y);""",
    "released in a loop, set anew": """
PyObject *item, *it = PyObject_GetIter(args);
if (it == NULL) return NULL;
while ((item = PyIter_Next(it))) { Py_DECREF(item); }
Py_DECREF(it);
Py_RETURN_NONE;""",
    "released on one way, under a condition": """
PyObject *x = PyList_New(0);
if (x == NULL) return NULL;
if (done) Py_CLEAR(x);
if (!done) Py_DECREF(x);
Py_RETURN_NONE;""",
    "cleanup behind a label": """
PyObject *x = PyList_New(0);
if (x == NULL || fill(self) < 0) goto error;
Py_DECREF(x);
x = NULL;
error:
Py_XDECREF(x);
return NULL;""",
    "one of two versions": """
PyObject *x = PyList_New(0);
if (x == NULL) return NULL;
#if PY_VERSION_HEX < 0x030D0000
Py_DECREF(x);
#else
consume(x);
#endif
Py_DECREF(x);
Py_RETURN_NONE;""",
    "without the GIL": """
PyObject *x = PyList_New(0);
if (x == NULL) return NULL;
Py_BEGIN_ALLOW_THREADS
work();
Py_END_ALLOW_THREADS
return x;""",
    "a type that nobody knows here": """
my_size size; my_flag flag;
if (!PyArg_ParseTuple(args, "ni", &size, &flag)) return NULL;
Py_RETURN_NONE;""",
    "values in parentheses": """
int a, b, c; static char *names[] = {"point", "z", NULL};
if (!PyArg_ParseTupleAndKeywords(args, NULL, "(ii)i:f", names, &a, &b, &c)) return NULL;
return Py_BuildValue("{s:(ii),s:i}", "point", a, b, "z", c);""",
    "sizeof looks into nothing": """
struct thing *x = PyMem_Malloc(sizeof(*x));
size_t size = sizeof(*x) + sizeof(x->next);
if (x == NULL) return PyErr_NoMemory();
PyMem_Free(x);
return PyLong_FromSize_t(size);""",
    "small numbers are always there": """
PyDict_SetItemString(self, "x", PyLong_FromLong(1));
return PyBool_FromLong(1);""",
}


@pytest.mark.parametrize("body", IDIOMS.values(), ids=IDIOMS)
@pytest.mark.parametrize("name", ["module.c", "module.cpp"])
def test_an_idiom_is_left_in_peace(body: str, name: str, tmp_path: Path) -> None:
    assert found(tmp_path, body, name) == []


def test_both_ends_are_named(tmp_path: Path) -> None:
    found(tmp_path, "PyObject *x = PyList_New(0);\nif (!x) return x;\nPy_DECREF(x);\nreturn x;")
    (finding,) = check([tmp_path]).findings
    assert [(each.line - 2, each.label) for each in finding.related] == [
        (1, "from PyList_New"),
        (3, "released here"),
    ]


def test_a_function_that_is_no_method_may_lend_its_result(tmp_path: Path) -> None:
    path = tmp_path / "lender.c"
    path.write_text("PyObject *first(PyObject *list) { return PyList_GET_ITEM(list, 0); }\n")
    assert check([path]).findings == []


def test_a_macro_of_another_file_is_known_as_one(tmp_path: Path) -> None:
    (tmp_path / "own.h").write_text("#define checked(x) if (!(x)) return NULL\n")
    assert found(tmp_path, "char *x = malloc(3);\nchecked(x);\nx[0] = 1;\nreturn NULL;") == [
        "refs-null 3"
    ]
    assert check([tmp_path]).findings == []


def test_a_function_that_cannot_be_read_is_counted_and_left(tmp_path: Path) -> None:
    path = tmp_path / "odd.c"
    path.write_text("int f(void) { if (a { }\n#endif )) }\nint g(void) { return 1; }\n")
    checked = check([path])
    assert (checked.findings, checked.unread) == ([], 1)


def test_an_expression_without_end_is_counted_and_left(tmp_path: Path) -> None:
    terms = " + ".join(["x"] * 5000)
    path = tmp_path / "long.c"
    path.write_text(f"int f(int x) {{ return {terms}; }}\nint g(void) {{ return 1; }}\n")
    checked = check([path])
    assert (checked.findings, checked.functions, checked.unread) == ([], 1, 1)


def test_bytes_that_are_no_text_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "odd.c"
    path.write_bytes(bytes(range(256)) * 20)
    assert check([path]).findings == []


def test_what_cython_made_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "made.c").write_text("/* Generated by Cython 3 */\nint f(void) { return 1; }\n")
    with pytest.raises(NoInputError, match="no C source"):
        check([tmp_path])


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match="there is no"):
        check([tmp_path / "nowhere"])
