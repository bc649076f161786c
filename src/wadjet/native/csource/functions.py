"""The functions of a C source: their variables, and whether Python calls them.

>>> source = read(b"static PyObject *f(PyObject *m, PyObject *o) { long x[2]; return o; } "
...               b'static PyMethodDef table[] = {{"f", f, METH_O}, {0}};')
>>> [(each.name, each.result, each.is_slot, each.types) for each in source.functions]
[('f', 'PyObject *', True, {'m': 'PyObject *', 'o': 'PyObject *', 'x': 'long []'})]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wadjet.native.csource.trees import bare, parse, part, text, walk

if TYPE_CHECKING:
    from tree_sitter import Node

_TABLES = frozenset(
    {
        "PyMethodDef",
        "PyGetSetDef",
        "PyType_Slot",
        "PyModuleDef_Slot",
        "PyTypeObject",
        "PyNumberMethods",
        "PySequenceMethods",
        "PyMappingMethods",
        "PyAsyncMethods",
        "PyBufferProcs",
    }
)
_DECLARATORS = (
    "pointer_declarator",
    "array_declarator",
    "init_declarator",
    "parenthesized_declarator",
    "reference_declarator",
    "attributed_declarator",
)


@dataclass(frozen=True, slots=True)
class Function:
    """A definition. ``types`` has its parameters and variables; static ones are left out.

    ``is_slot`` says that a table of methods or slots has it, so that Python calls it.
    """

    name: str
    result: str
    parameters: tuple[str, ...]
    types: dict[str, str]
    body: Node
    is_slot: bool


@dataclass(frozen=True, slots=True)
class Source:
    """What a file defines. ``unread`` counts functions that the grammar does not follow."""

    functions: tuple[Function, ...]
    macros: frozenset[str]
    arrays: dict[str, Node]
    unread: int


def read(source: bytes, *, plus: bool = False) -> Source:
    """Return what a source defines; ``arrays`` has the initializers of those at its top."""
    root = parse(source, plus=plus)
    nodes = list(walk(root))
    slots = {name for each in nodes if each.type == "declaration" for name in _named_in(each)}
    definitions = [
        each
        for each in nodes
        if each.type == "function_definition" and each.child_by_field_name("body") is not None
    ]
    whole = [each for each in definitions if not part(each, "body").has_error]
    made = (_function(each, slots) for each in whole)
    return Source(
        tuple(each for each in made if each is not None),
        frozenset(_macros(nodes)),
        dict(each for node in nodes if node.type == "declaration" for each in _arrays(node)),
        len(definitions) - len(whole),
    )


def _named_in(declaration: Node) -> Iterator[str]:
    """Yield the functions that a table names."""
    kind = declaration.child_by_field_name("type")
    if kind is None or text(kind).removeprefix("struct ").strip() not in _TABLES:
        return
    for each in declaration.children_by_field_name("declarator"):
        value = each.child_by_field_name("value")
        if value is not None:
            yield from (text(node) for node in walk(value) if node.type == "identifier")


def _macros(nodes: list[Node]) -> Iterator[str]:
    for each in nodes:
        if each.type in ("preproc_def", "preproc_function_def"):
            yield text(part(each, "name"))


def _arrays(declaration: Node) -> Iterator[tuple[str, Node]]:
    for each in declaration.children_by_field_name("declarator"):
        value = each.child_by_field_name("value")
        if value is not None and value.type == "initializer_list":
            yield _declared(each)[0], value


def _function(node: Node, slots: set[str]) -> Function | None:
    declarator = node.child_by_field_name("declarator")
    pointers = ""
    while declarator is not None and declarator.type == "pointer_declarator":
        declarator, pointers = declarator.child_by_field_name("declarator"), pointers + "*"
    kind = node.child_by_field_name("type")
    if declarator is None or kind is None or declarator.type != "function_declarator":
        return None
    name = text(bare(part(declarator, "declarator")))
    given = dict(_variables(part(declarator, "parameters")))
    body = part(node, "body")
    types = given | {name: each for name, each in _variables(body) if name not in given}
    result = f"{text(kind)} {pointers}".strip()
    return Function(name, result, tuple(given), types, body, name in slots)


def _variables(inside: Node) -> Iterator[tuple[str, str]]:
    """Yield the names and types of variables, but for static ones."""
    for node in walk(inside):
        if node.type not in ("declaration", "parameter_declaration"):
            continue
        kind = node.child_by_field_name("type")
        words = {text(each) for each in node.children if each.type == "storage_class_specifier"}
        if kind is None or words & {"static", "extern"}:
            continue
        for each in node.children_by_field_name("declarator"):
            name, shape = _declared(each)
            if name:
                yield name, f"{text(kind)} {shape}".strip()


def _declared(declarator: Node) -> tuple[str, str]:
    """Return the name that a declarator declares, and the stars and brackets around it."""
    shape = ""
    while declarator.type in _DECLARATORS:
        shape += {"pointer_declarator": "*", "array_declarator": "[]"}.get(declarator.type, "")
        inner = declarator.child_by_field_name("declarator")
        named = (each for each in declarator.named_children if each.type == "identifier")
        inner = inner if inner is not None else next(named, None)
        if inner is None:
            return "", shape
        declarator = inner
    return (text(declarator), shape) if declarator.type == "identifier" else ("", shape)
