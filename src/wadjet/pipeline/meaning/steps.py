"""The steps that code runs in, and the ways between them; ``flow`` finds them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from enum import StrEnum

from wadjet.pipeline.tree import Node, children


class Way(StrEnum):
    """How one goes from a step to another."""

    NEXT = "next"
    TRUE = "true"
    FALSE = "false"
    RAISE = "raise"
    RETURN = "return"
    BREAK = "break"
    CONTINUE = "continue"


class Sort(StrEnum):
    """What a step does."""

    ENTRY = "entry"
    EXIT = "exit"
    RAISED = "raised"
    """Where exceptions go that nobody here catches."""
    STATEMENT = "statement"
    TEST = "test"
    """Of ``if`` and ``while``."""
    ITERATE = "iterate"
    """Of ``for``: evaluate and begin with the iterable."""
    TURN = "turn"
    """Of ``for``: take what is next and bind it."""
    ENTER = "enter"
    BIND = "bind"
    """Of an item of ``with``: bind what entering it returned."""
    LEAVE = "leave"
    SUBJECT = "subject"
    CASE = "case"
    GUARD = "guard"
    TRY = "try"
    EXCEPT = "except"
    """Of a handler: see whether it is meant, and bind the exception."""
    FORGET = "forget"
    """Of a handler: unbind the exception."""
    DONE = "done"
    """The end of a ``finally``."""


class Step:
    """A step; ``node`` is whose it is, ``parts`` what it evaluates or binds, in order."""

    __slots__ = ("after", "awaits", "before", "node", "number", "parts", "sort")

    def __init__(self, number: int, sort: Sort, node: Node, parts: Sequence[Node]) -> None:
        self.number = number
        self.sort = sort
        self.node = node
        self.parts = parts
        self.awaits = isinstance(node, ast.AsyncFor)
        """Whether it awaits something by itself, as ``async with`` does."""
        self.after: list[tuple[Way, Step]] = []
        self.before: list[tuple[Way, Step]] = []

    def __repr__(self) -> str:
        line = getattr(self.node, "lineno", 0)
        return f"{self.sort.value} line {line}" if line else self.sort.value

    @property
    def pauses(self) -> bool:
        """Whether there is a ``yield`` or ``await`` in it, so that other code may run."""
        kinds = (ast.Yield, ast.YieldFrom, ast.Await)
        return self.awaits or any(
            isinstance(node, kinds) or getattr(node, "is_async", 0)
            for part in self.parts
            for node in own(part)
        )


def own(part: Node) -> Iterator[Node]:
    """Yield a node and what runs with it: not the bodies of definitions, lambdas, handlers."""
    stack = [part]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            stack += reversed(evaluated_by_definition(node))
        elif not isinstance(node, ast.ExceptHandler):
            stack += reversed(children(node))


def evaluated_by_definition(node: Node) -> list[Node]:
    """Return what a definition evaluates at once, in order."""
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *node.bases, *node.keywords]
    found: list[Node] = []
    if isinstance(node, ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef):
        arguments = node.args
        found += getattr(node, "decorator_list", ())
        found += [*arguments.defaults, *(each for each in arguments.kw_defaults if each)]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        parameters = [*arguments.posonlyargs, *arguments.args, arguments.vararg]
        parameters += [*arguments.kwonlyargs, arguments.kwarg]
        found += [each.annotation for each in parameters if each and each.annotation]
        found += [node.returns] if node.returns else []
    return found
