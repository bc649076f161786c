"""What rules are told of on the way through a function, in the order in which it happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from wadjet.model.finding import Finding
from wadjet.native.csource.functions import Function
from wadjet.native.refs.rules.calls import Call
from wadjet.native.refs.rules.known import Known

if TYPE_CHECKING:
    from tree_sitter import Node

Report = Callable[[Finding], None]


class Use(Enum):
    """What is done with a variable where its name stands."""

    READ = auto()
    POINTER = auto()
    ALIAS = auto()
    ADDRESS = auto()


@dataclass(frozen=True, slots=True)
class Setting:
    """A variable gets a value: that of a call, or None for one that nobody knows.

    ``tested`` says that it stands within a condition, or another expression.
    """

    name: str
    value: Call | None
    tested: bool


@dataclass(frozen=True, slots=True)
class Usage:
    """A variable is used, other than as an argument by itself."""

    name: str
    use: Use
    node: Node


@dataclass(frozen=True, slots=True)
class Return:
    """The function returns ``value``, which may be a call's."""

    value: Node | None
    call: Call | None
    node: Node


class Rule:
    """Somebody who is told; ``report`` gets the findings about ``file``."""

    def __init__(self, file: str, report: Report) -> None:
        self._file = file
        self._report = report

    def starts(self, function: Function, known: Known) -> None:
        """A function begins."""

    def sets(self, setting: Setting, known: Known) -> None:
        """A variable gets a value."""

    def calls(self, call: Call, known: Known) -> None:
        """A call is made; its arguments have been gone through."""

    def uses(self, usage: Usage, known: Known) -> None:
        """A variable is used."""

    def returns(self, end: Return, known: Known) -> None:
        """The function returns."""

    def leaves(self, names: set[str], known: Known) -> None:
        """Variables go out of scope."""
