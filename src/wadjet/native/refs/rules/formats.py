"""Formats of ``PyArg_*`` and ``Py_BuildValue`` against the C variables and the keywords.

>>> agree("Py_ssize_t", "int"), agree("unsigned char", "char"), agree("int", "my_int")
(False, True, True)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from wadjet.model.finding import Finding, Level, Place
from wadjet.native.csource.formats import FormatError, Unit, built, parsed, values
from wadjet.native.csource.functions import Function
from wadjet.native.csource.trees import bare, line, literal, part, text, variable, walk
from wadjet.native.refs.rules.calls import BUILDERS, PARSERS, Call, read

if TYPE_CHECKING:
    from tree_sitter import Node

_KINDS = {
    "char": "1 byte",
    "signed char": "1 byte",
    "unsigned char": "1 byte",
    "uint8_t": "1 byte",
    "int8_t": "1 byte",
    "bool": "1 byte",
    "_Bool": "1 byte",
    "short": "2 bytes",
    "short int": "2 bytes",
    "unsigned short": "2 bytes",
    "uint16_t": "2 bytes",
    "int16_t": "2 bytes",
    "int": "4 bytes",
    "unsigned": "4 bytes",
    "unsigned int": "4 bytes",
    "uint32_t": "4 bytes",
    "int32_t": "4 bytes",
    "Py_UCS4": "4 bytes",
    "long": "8 bytes",
    "long int": "8 bytes",
    "unsigned long": "8 bytes",
    "unsigned long int": "8 bytes",
    "long long": "8 bytes",
    "unsigned long long": "8 bytes",
    "PY_LONG_LONG": "8 bytes",
    "int64_t": "8 bytes",
    "uint64_t": "8 bytes",
    "Py_ssize_t": "8 bytes",
    "Py_hash_t": "8 bytes",
    "size_t": "8 bytes",
    "ssize_t": "8 bytes",
    "float": "a float",
    "double": "a double",
    "Py_complex": "a Py_complex",
    "Py_buffer": "a Py_buffer",
}
"""What types are where a pointer has 8 bytes; those of one kind pass for one another."""

_WANTED = {
    "text": "a pointer",
    "object": "a pointer",
    "size": "8 bytes",
    "buffer": "a Py_buffer",
}
_UNTYPED = frozenset({"type", "encoding", "converter", "anything"})


def check(
    file: str, function: Function, macros: frozenset[str], arrays: Mapping[str, Node]
) -> Iterator[Finding]:
    """Yield the calls of a function whose format does not agree; ``arrays`` are the file's."""
    known = dict(arrays) | dict(_arrays(function.body))
    for node in walk(function.body):
        if node.type != "call_expression":
            continue
        call = read(node, macros)
        if call.format is not None and not any("preproc" in each.type for each in call.arguments):
            for rule, message in _call(call, function, known):
                yield Finding(rule, Level.ERROR, message, Place(file, call.line))


def _call(call: Call, function: Function, arrays: Mapping[str, Node]) -> Iterator[tuple[str, str]]:
    try:
        if call.name in BUILDERS:
            yield from _number(call, built(call.format or ""), BUILDERS[call.name])
            return
        units = parsed(call.format or "")
    except FormatError:
        yield "refs-format", f'"{call.format}" is no format for {call.name}'
        return
    wants = [(unit, want) for unit in units for want in unit.wants]
    mistakes = list(_number(call, wants, call.first_target))
    yield from mistakes
    if not mistakes:
        targets = call.arguments[call.first_target :]
        for (unit, want), target in zip(wants, targets, strict=True):
            yield from _target(unit, want, target, function)
    if call.first_target > PARSERS[call.name]:
        yield from _keywords(call, arrays.get(variable(call.arguments[PARSERS[call.name]])))


def _number(call: Call, wants: Sequence[object], first: int) -> Iterator[tuple[str, str]]:
    given = len(call.arguments) - first
    spread = any(each.type in ("parameter_pack_expansion", "ERROR") for each in call.arguments)
    if given != len(wants) and not spread:
        there = f"{given} {'is' if given == 1 else 'are'} given"
        yield "refs-format", f'"{call.format}" takes {len(wants)} C arguments, and {there}'


def _target(unit: Unit, want: str, target: Node, function: Function) -> Iterator[tuple[str, str]]:
    """Yield where a target, such as ``&x``, points to something of another kind."""
    shown = _pointed(target, function)
    if want in _UNTYPED or shown is None or agree(want, shown):
        return
    name = variable(bare(target).named_children[-1])
    wanted = {"text": "char *", "object": "PyObject *", "size": "Py_ssize_t"}.get(want, want)
    wanted = "Py_buffer" if want == "buffer" else wanted
    yield "refs-format", f"`{unit.code}` writes a {wanted}, and `{name}` is a {shown}"


def _pointed(target: Node, function: Function) -> str | None:
    """Return the type of the variable that ``&x`` points to, None where it is not known."""
    if target.type != "pointer_expression" or not text(target).startswith("&"):
        return None
    declared = function.types.get(variable(target.named_children[-1]))
    if declared is None or "[]" in declared:
        return None
    words = declared.replace("*", " * ").split()
    return " ".join(each for each in words if each not in ("const", "volatile", "register"))


def agree(want: str, declared: str) -> bool:
    """Say whether a C type is of the kind that is wanted; what is not known agrees."""
    kind = "a pointer" if declared.endswith("*") else _KINDS.get(declared)
    wanted = _WANTED.get(want) or _KINDS[want]
    return kind is None or kind == wanted


def _keywords(call: Call, names: Node | None) -> Iterator[tuple[str, str]]:
    """Yield where a list of keywords has another length than the format, or no end."""
    if names is None:
        return
    entries = [each for each in names.named_children if each.type != "comment"]
    if any("preproc" in each.type for each in entries):
        return
    words = [each for each in entries if literal(each) is not None]
    rest = entries[len(words) :]
    if entries[: len(words)] != words or any(text(bare(each)) not in _ENDS for each in rest):
        return
    if not rest:
        yield "refs-keywords", f"the list of keywords in line {line(names)} has no NULL at its end"
        return
    count = values(call.format or "")
    if count != len(words):
        told = f'"{call.format}" takes {count} values'
        yield "refs-keywords", f"{told}, and the list of keywords has {len(words)}"


_ENDS = frozenset({"NULL", "0", "nullptr"})


def _arrays(body: Node) -> Iterator[tuple[str, Node]]:
    for node in walk(body):
        if node.type == "init_declarator":
            value = part(node, "value")
            if value.type == "initializer_list":
                name = next(each for each in walk(node) if each.type == "identifier")
                yield text(name), value
