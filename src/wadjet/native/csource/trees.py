"""C and C++ source as trees, by way of tree-sitter.

>>> root = parse(b"int f(void) { Py_BEGIN_ALLOW_THREADS g(1); Py_END_ALLOW_THREADS }")
>>> [called(each) for each in walk(root) if each.type == "call_expression"]
['g']
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from wadjet.errors import MissingExtraError, NoInputError

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

HEADERS = (".h", ".hh", ".hpp", ".hxx")
SUFFIXES = (".c", ".cc", ".cpp", ".cxx", *HEADERS)

_BLOCKS = re.compile(
    rb"\bPy_(?:(?:BEGIN|END)_ALLOW_THREADS|(?:UN)?BLOCK_THREADS|END_CRITICAL_SECTION2?\(\)"
    rb"|BEGIN_CRITICAL_SECTION2?\([^()]*\))(?![ \t]*\w*\\)"
)
"""Macros that are statements without a semicolon: the grammar takes them for types."""


def files(path: Path) -> list[Path]:
    """Return the C and C++ files of a folder, or the one file that is named."""
    if not path.exists():
        raise NoInputError(f"there is no {path}", "name C source or a folder of it")
    if path.is_file():
        return [path]
    return sorted(each for each in path.rglob("*") if each.suffix in SUFFIXES and each.is_file())


def parse(source: bytes, *, plus: bool = False) -> Node:
    """Return the root of a source; ``plus`` is for C++. Places are those in the source."""
    blank = _BLOCKS.sub(lambda match: b";".ljust(len(match[0])), source)
    return _parser(plus=plus).parse(blank).root_node


@cache
def _parser(*, plus: bool) -> Parser:
    try:
        import tree_sitter
        import tree_sitter_c
        import tree_sitter_cpp
    except ImportError:
        raise MissingExtraError(
            "tree-sitter is needed to read C source", 'run: pip install "wadjet[native]"'
        ) from None
    grammar = tree_sitter_cpp if plus else tree_sitter_c
    return tree_sitter.Parser(tree_sitter.Language(grammar.language()))


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it, in the order of the text."""
    todo = [node]
    while todo:
        each = todo.pop()
        yield each
        todo += reversed(each.children)


def text(node: Node) -> str:
    """Return the text of a node."""
    return (node.text or b"").decode(errors="replace")


def line(node: Node) -> int:
    """Return the line where a node begins, from 1."""
    return node.start_point[0] + 1


def part(node: Node, field: str) -> Node:
    """Return the child that the grammar requires to be there."""
    child = node.child_by_field_name(field)
    assert child is not None, f"{node.type} has no {field}"
    return child


def bare(node: Node) -> Node:
    """Return an expression without the parentheses and casts around it."""
    while True:
        if node.type == "parenthesized_expression" and node.named_child_count == 1:
            node = node.named_children[0]
        elif node.type == "cast_expression":
            node = part(node, "value")
        elif node.type == "call_expression" and _is_cast(node):
            node = arguments(node)[0]
        else:
            return node


def _is_cast(call: Node) -> bool:
    """Tell ``static_cast<T>(x)`` and ``_PyObject_CAST(x)`` from calls."""
    function = part(call, "function")
    named = text(function)
    cast = named.startswith(("static_cast<", "reinterpret_cast<", "const_cast<"))
    return (cast or named in ("_PyObject_CAST", "_Py_CAST")) and len(arguments(call)) == 1


def variable(node: Node) -> str:
    """Return the name that an expression is, apart from casts; empty where it is none."""
    node = bare(node)
    return text(node) if node.type == "identifier" else ""


def called(call: Node) -> str:
    """Return the name of the function that a call expression calls; empty for an expression."""
    function = part(call, "function")
    return text(function) if function.type == "identifier" else ""


def arguments(call: Node) -> list[Node]:
    """Return the arguments of a call expression, without comments."""
    inside = part(call, "arguments").named_children
    return [each for each in inside if each.type != "comment"]


def literal(node: Node) -> str | None:
    """Return the text of string literals side by side; None where part of it is no literal."""
    node = bare(node)
    parts = node.named_children if node.type == "concatenated_string" else [node]
    if any(each.type not in ("string_literal", "comment") for each in parts):
        return None
    inner = [text(each) for each in parts if each.type == "string_literal"]
    return "".join(each[each.index('"') + 1 : -1] for each in inner)
