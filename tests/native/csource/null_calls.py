"""Calls functions of the C API with NULL for one argument, each in a child; prints whom it ends.

Run as a script, for the test of the table: a line ``NAME NUMBER`` for each call that a signal
ended. What the other arguments are stands in CALLS, a word each.
"""

from __future__ import annotations

import ctypes
import os
import resource
from typing import Any

OTHERS: dict[str, Any] = {
    "list": [1, 2, 3],
    "tuple": (1, 2, 3),
    "dict": {"a": 1},
    "str": "text",
    "bytes": b"bytes",
    "int": 5,
    "set": {1},
    "object": object(),
    "type": int,
    "function": len,
    "module": os,
    "error": ValueError(),
    "iterator": iter([1]),
}
CALLS = """\
PyList_Size list|PyList_GetItem list 0|PyList_SetItem list 0 object|PyList_Append list object
PyList_Insert list 0 object|PyList_GetSlice list 0 0|PyTuple_Size tuple|PyTuple_GetItem tuple 0
PyDict_GetItem dict str|PyDict_GetItemWithError dict str|PyDict_SetItem dict str object
PyDict_SetItemString dict char object|PyDict_DelItem dict str|PyDict_Contains dict str
PyDict_GetItemString dict char|PySet_Add set int|PySet_Contains set int|PySet_Size set
PyUnicode_AsUTF8 str|PyUnicode_AsUTF8String str|PyUnicode_GetLength str|PyUnicode_Concat str str
PyUnicode_Compare str str|PyUnicode_Contains str str|PyUnicode_Replace str str str 0
PyBytes_Size bytes|PyBytes_AsString bytes|PyObject_GetAttr object str
PyObject_GetAttrString object char|PyObject_SetAttr object str object
PyObject_SetAttrString object char object|PyObject_HasAttr object str|PyObject_Call function tuple 0
PyObject_CallObject function tuple|PyObject_CallNoArgs type|PyObject_Hash str
PyObject_IsTrue object|PyObject_IsInstance object type|PyObject_GetIter list|PyIter_Next iterator
PyNumber_Add int int|PyNumber_Multiply int int|PySequence_Contains list int
PyModule_GetDict module|PyModule_AddIntConstant module char 0|PyModule_AddObjectRef module char int
PyException_GetCause error|PyWeakref_NewRef type 0|PyMemoryView_FromObject bytes
PyObject_Size list|PyObject_Repr object|PyLong_AsLong int|PySequence_GetItem list 0
PyList_AsTuple list|PyDict_Size dict|PyDict_Keys dict|PyObject_GetItem dict str
"""


def is_ended(name: str, words: list[str], number: int) -> bool:
    """Say whether NULL as argument ``number`` ends a child that makes the call; 0 for none."""
    child = os.fork()
    if not child:
        given = [argument(word) for word in words]
        if number:
            given[number - 1] = None
        try:
            getattr(ctypes.pythonapi, name)(*given)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def argument(word: str) -> Any:
    if word == "char":
        return ctypes.c_char_p(b"a")
    return ctypes.py_object(OTHERS[word]) if word in OTHERS else ctypes.c_ssize_t(0)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for row in CALLS.replace("\n", "|").split("|"):
        name, *words = row.split() or [""]
        if not name or is_ended(name, words, 0):
            continue
        print(name, 0)
        for number, word in enumerate(words, 1):
            if word in OTHERS and is_ended(name, words, number):
                print(name, number)
