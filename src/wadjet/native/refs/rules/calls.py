"""Calls as the rules see them: who is called, and what the table says of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wadjet.native.csource.api import Fact, facts
from wadjet.native.csource.formats import FormatError, built, parsed
from wadjet.native.csource.trees import arguments, called, line, literal

if TYPE_CHECKING:
    from tree_sitter import Node

_MACROS = re.compile(
    r"Py_(?:TYPE|SIZE|REFCNT|IS_TYPE|Is|IsNone|IsTrue|IsFalse|SET_SIZE|VISIT)"
    r"|_?Py[A-Z][A-Za-z]*_(?:Check|CheckExact|GET_\w+|AS_\w+|READ|WRITE|DATA|KIND|IS_\w+|MAX_CHAR_VALUE"
    r"|[124]BYTE_DATA|CHECK_\w+)|PySequence_Fast_(?:GET_SIZE|ITEMS|GET_ITEM)|PyObject_TypeCheck"
    r"|PyCallable_Check|PyIndex_Check"
)
"""Macros and functions of Python.h that look at an object, and are not in the table."""

_UNCHECKED = re.compile(
    r"(?!Py(?:Callable|Number|Mapping)_Check)(?:Py_(?:TYPE|SIZE|REFCNT|SET_SIZE)"
    r"|Py[A-Z][A-Za-z]*_(?:Check|CheckExact|GET_(?!REASON)\w+|SET_ITEM|AS_STRING|AS_DOUBLE|READ|DATA|KIND"
    r"|[124]BYTE_DATA)|PySequence_Fast_(?:GET_SIZE|ITEMS|GET_ITEM))"
)
"""Those that read their first argument without a look whether it is NULL."""

BUILDERS = {"Py_BuildValue": 1, "PyObject_CallFunction": 2, "PyObject_CallMethod": 3}
"""Functions with a format like Py_BuildValue's, and which argument it is, from 1."""

PARSERS = {
    "PyArg_Parse": 2,
    "PyArg_ParseTuple": 2,
    "PyArg_ParseTupleAndKeywords": 3,
    "_PyArg_Parse_SizeT": 2,
    "_PyArg_ParseTuple_SizeT": 2,
    "_PyArg_ParseTupleAndKeywords_SizeT": 3,
}
"""Functions with a format like PyArg_ParseTuple's, and which argument it is, from 1."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call: ``arguments`` are numbered from 0 here, and from 1 in the table's facts."""

    name: str
    arguments: tuple[Node, ...]
    node: Node
    fact: Fact | None
    is_macro: bool

    @property
    def line(self) -> int:
        """The line where the call begins."""
        return line(self.node)

    @property
    def is_known(self) -> bool:
        """Whether it is of the C API, and does nothing but what the table says."""
        return self.fact is not None or _MACROS.fullmatch(self.name) is not None

    def does(self, number: int) -> frozenset[str]:
        """Return the effects on the argument ``number``, from 0."""
        if self.name in BUILDERS and number >= BUILDERS[self.name]:
            return self._built(number - BUILDERS[self.name])
        if self.name in PARSERS and number >= self.first_target:
            return self._parsed(number - self.first_target)
        if self.fact is None:
            return frozenset()
        return self.fact.arguments.get(number + 1, frozenset())

    def needs(self, number: int) -> bool:
        """Whether NULL as the argument ``number``, from 0, crashes."""
        unchecked = number == 0 and _UNCHECKED.fullmatch(self.name) is not None
        unchecked = unchecked or (number > 0 and self.name == "PyTuple_Pack")
        return unchecked or "needs" in self.does(number)

    @property
    def first_target(self) -> int:
        """The argument, from 0, that a format for PyArg_* begins with."""
        return PARSERS[self.name] + ("AndKeywords" in self.name)

    @property
    def format(self) -> str | None:
        """The format that is given, None where it is not written there."""
        place = PARSERS.get(self.name) or BUILDERS.get(self.name)
        if place is None or place > len(self.arguments):
            return None
        return literal(self.arguments[place - 1])

    def _parsed(self, number: int) -> frozenset[str]:
        """Return what a format leaves in a target: a borrowed object, or nothing."""
        try:
            wants = [want for unit in parsed(self.format or "") for want in unit.wants]
        except FormatError:
            wants = []
        return frozenset({"lends"} if wants[number : number + 1] == ["object"] else {"unknown"})

    def bears(self, number: int) -> bool:
        """Whether NULL as the argument ``number``, from 0, ends in an error that is told."""
        effects = self.does(number) & {"increfs", "decrefs", "null", "needs"}
        return self.fact is not None and not effects and not self.needs(number)

    def _built(self, number: int) -> frozenset[str]:
        """Return what a format does with a value; all that may be where it is not known."""
        try:
            units = built(self.format or "")
        except FormatError:
            units = []
        unit = units[number] if number < len(units) else "unknown"
        return frozenset({unit} & {"steals", "unknown", "anything"})


def read(node: Node, macros: frozenset[str]) -> Call:
    """Return what a call expression calls; ``macros`` are those that the source defines."""
    name = called(node)
    fact = facts().get(name)
    own = fact is None and (name in macros or (name.isupper() and len(name) > 1))
    return Call(name, tuple(arguments(node)), node, fact, own)
