"""The shim header: macros that lead each call of the C API to the ledger.

It is made for the Python at hand, from the facts about the C API and the declarations in
that Python's headers, so that it wraps what is declared there and nothing else.
"""

from __future__ import annotations

import re
import sysconfig
from collections.abc import Iterator, Mapping
from importlib.resources import files

from wadjet.native.csource.api import Fact, facts
from wadjet.native.csource.declarations import Declaration, of_python
from wadjet.target.behavior import RELEASE

_MADE = frozenset({"PyObject_Init", "PyType_GenericAlloc", "PyType_GenericNew"})
_LEFT_ALONE = frozenset(
    {
        "PyErr_Occurred",  # asked for everywhere, and harmless
        "PyObject_ClearWeakRefs",  # of objects that have no reference left
        "PyObject_CallFinalizer",
        "PyObject_CallFinalizerFromDealloc",
        "PyObject_SelfIter",
        "PyType_GetDict",
        "Py_ReprEnter",
        "Py_ReprLeave",
    }
)
_OBJECT = re.compile(r"PyObject ?\*")
_RESULT = re.compile(r"Py(Object|TypeObject|CodeObject|FrameObject) ?\*")
_HEAD = """\
/* Made by wadjet refs build: everything that the extension is compiled with. */
#ifndef WADJET_REFS_SHIM
#define WADJET_REFS_SHIM
#ifndef PY_SSIZE_T_CLEAN
#define PY_SSIZE_T_CLEAN
#endif
#include <Python.h>
"""


def shim(compiler: tuple[str, ...]) -> str:
    """Return the header for the Python that runs this; raises UnsupportedError."""
    paths = sysconfig.get_paths()
    declared = of_python(compiler, (paths["include"], paths["platinclude"]))
    folder = files("wadjet.native.refs")
    by_hand = (folder / "shim.h").read_text(encoding="utf-8")
    border = (folder / "ledger.h").read_text(encoding="utf-8")
    skip = _LEFT_ALONE | frozenset(re.findall(r"^#define (\w+)\(", by_hand, re.MULTILINE))
    return "\n".join((_HEAD, border, by_hand, *_wrappers(declared, skip), "#endif", ""))


def _wrappers(declared: Mapping[str, Declaration], skip: frozenset[str]) -> Iterator[str]:
    for fact in facts().values():
        declaration = declared.get(fact.name)
        if declaration is None or fact.name in skip or not fact.known_to(RELEASE):
            continue
        if not declaration.variadic:
            yield _function(fact, declaration)
            yield _macro(fact, declaration)
        elif fact.result == "new":
            site = f'WJR_AT("{fact.name}", {_traits(fact)})'
            call = f"WJR_OBJECT_AT({site}, ({fact.name})(__VA_ARGS__))"
            yield f"#undef {fact.name}\n#define {fact.name}(...) {call}"


def _traits(fact: Fact) -> str:
    return "WJR_RUNS" if "runs" in fact.traits else "0"


def _macro(fact: Fact, declaration: Declaration) -> str:
    site = f'WJR_AT("{fact.name}", {_traits(fact)})'
    if declaration.parameters:
        made = f"(...) wjr_{fact.name}({site}, __VA_ARGS__)"
    else:
        made = f"() wjr_{fact.name}({site})"
    return f"#undef {fact.name}\n#define {fact.name}{made}"


def _function(fact: Fact, declaration: Declaration) -> str:
    """Return the function that stands for one of the API."""
    parameters = ["struct wjr_site *s"]
    parameters += [f"{type_} a{n}" for n, type_ in enumerate(declaration.parameters, 1)]
    arguments = ", ".join(f"a{n}" for n in range(1, len(parameters)))
    call = f"({fact.name})({arguments})"
    has_result = declaration.result != "void"
    body = ["wjr_before(s);", *_before(fact, declaration)]
    body.append(f"{declaration.result} r = {call};" if has_result else f"{call};")
    body += _after(fact)
    if has_result:
        body.append(f"return {_result(fact, declaration)};")
    lines = "".join(f"    {line}\n" for line in body)
    return (
        f"WJR_INLINE {declaration.result}\nwjr_{fact.name}({', '.join(parameters)})\n{{\n{lines}}}"
    )


def _before(fact: Fact, declaration: Declaration) -> Iterator[str]:
    for n, type_ in enumerate(declaration.parameters, 1):
        effects = fact.arguments.get(n, frozenset())
        if _OBJECT.fullmatch(type_):
            yield f"wjr_use(s, a{n}, {n}, {int('null' in effects)});"
        elif type_ == "const char *":
            yield f"wjr_text(s, a{n}, {n});"
        if effects & {"steals", "steals-on-success"}:
            yield f"wjr_steal(s, a{n});"
        if "replaces" in effects:
            yield f"wjr_hand_in(s, a{n});"


def _after(fact: Fact) -> Iterator[str]:
    for n in fact.among("steals-on-success"):
        yield f"if (r != 0) wjr_keep(s, a{n});"
    for n in fact.among("replaces") + fact.among("gives"):
        yield f"if (a{n} != NULL && *a{n} != NULL) wjr_new(s, *a{n});"
    for n in fact.among("lends"):
        yield f"if (r && a{n} != NULL) wjr_borrow(s, *a{n}, a1);"
    if "inner" in fact.traits:
        yield "wjr_inner(s, a1, r);"


def _result(fact: Fact, declaration: Declaration) -> str:
    cast = f"({declaration.result})"
    if not _RESULT.fullmatch(declaration.result.replace("const ", "")):
        return "r"
    if fact.name in _MADE:
        return f"{cast}wjr_made(s, (void *)r)"
    if fact.result == "new":
        return f"{cast}wjr_new(s, (void *)r)"
    if fact.result == "borrowed":
        owner = f"(void *)a{fact.owner}" if fact.owner else "NULL"
        return f"{cast}wjr_borrow(s, (void *)r, {owner})"
    return "r"
