"""What a callable takes: its parameters, as every kind of evidence tells of them.

>>> shape = Shape((Parameter("path", Kind.EITHER), Parameter("mode", Kind.EITHER, "...")))
>>> shape.text()
'path, mode=...'
>>> shape.arity
(1, 2)
"""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

UNKNOWN = "..."
"""The default of a parameter that may be left out, where nobody can say what it then is."""


class Kind(IntEnum):
    """How a parameter is passed; the order is that of a signature."""

    PLACE = 0  # by its place only
    EITHER = 1
    REST = 2  # *args
    NAME = 3  # by its name only
    NAMES = 4  # **kwargs


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; ``default`` is empty where it must be given. A name may be empty."""

    name: str
    kind: Kind
    default: str = ""

    @property
    def required(self) -> bool:
        """Whether a call without it fails."""
        return not self.default and self.kind not in (Kind.REST, Kind.NAMES)


@dataclass(frozen=True, slots=True)
class Shape:
    """The parameters of a callable, without the object that it is bound to."""

    parameters: tuple[Parameter, ...] = ()

    def of(self, *kinds: Kind) -> tuple[Parameter, ...]:
        """Return the parameters of some kinds."""
        return tuple(each for each in self.parameters if each.kind in kinds)

    @property
    def placed(self) -> tuple[Parameter, ...]:
        """What can be given by place, without ``*args``."""
        return self.of(Kind.PLACE, Kind.EITHER)

    @property
    def arity(self) -> tuple[int, int | None]:
        """How few and how many may be given by place; None for any number."""
        least = sum(each.required for each in self.placed)
        return least, None if self.of(Kind.REST) else len(self.placed)

    @property
    def keywords(self) -> frozenset[str]:
        """What can be given by name; ``**`` stands for anything."""
        named = frozenset(each.name for each in self.of(Kind.EITHER, Kind.NAME))
        return named | {"**"} if self.of(Kind.NAMES) else named

    @property
    def key(self) -> tuple[object, ...]:
        """What two signatures that accept the same calls have in common."""
        must = frozenset(each.name for each in self.of(Kind.NAME) if each.required)
        return (*self.arity, self.keywords, must)

    @property
    def named(self) -> bool:
        """Whether every parameter has a name."""
        return all(each.name for each in self.parameters)

    def text(self) -> str:
        """Return the parameters as they stand between the brackets of a ``def``."""
        words: list[str] = []
        shown = legal(self.parameters)
        for at, each in enumerate(shown):
            after = shown[at + 1].kind if at + 1 < len(shown) else Kind.NAMES
            if each.kind is Kind.NAME and not any("*" in word for word in words):
                words.append("*")
            star = {Kind.REST: "*", Kind.NAMES: "**"}.get(each.kind, "")
            words.append(f"{star}{each.name}{'=' if each.default else ''}{each.default}")
            if each.kind is Kind.PLACE and after is not Kind.PLACE:
                words.append("/")
        return ", ".join(words)


def legal(parameters: Iterable[Parameter]) -> tuple[Parameter, ...]:
    """Return parameters that a ``def`` could have.

    Those without a name are numbered, and made to be given by place only. A keyword that no
    ``def`` can have (such as ``async``) is numbered as well, and ``**kwargs`` stands for it.
    What follows an optional one by place is optional.
    """
    made: list[Parameter] = []
    used: set[str] = set()
    foreign = optional = False
    for number, each in enumerate(parameters, 1):
        name, kind = each.name, each.kind
        if not is_name(name):
            foreign |= bool(name) and kind in (Kind.EITHER, Kind.NAME)
            if kind is Kind.NAME:
                continue
            kind = kind if name or kind is not Kind.EITHER else Kind.PLACE
            name = {Kind.REST: "args", Kind.NAMES: "kwargs"}.get(kind, f"arg{number}")
        while name in used:
            name += "_"
        used.add(name)
        optional |= bool(each.default) and kind <= Kind.EITHER
        default = each.default or (UNKNOWN if optional and kind <= Kind.EITHER else "")
        made.append(replace(each, name=name, kind=kind, default=default))
    last = max((at for at, each in enumerate(made) if each.kind is Kind.PLACE), default=-1)
    made[: last + 1] = [replace(each, kind=Kind.PLACE) for each in made[: last + 1]]
    if foreign and not any(each.kind is Kind.NAMES for each in made):
        made.append(Parameter("kwargs", Kind.NAMES))
    return tuple(made)


def is_name(text: str) -> bool:
    """Whether a parameter of a ``def`` may be called so."""
    return text.isidentifier() and not keyword.iskeyword(text)


def of_signature(signature: inspect.Signature, *, bound: bool = False) -> Shape:
    """Return what an ``inspect.Signature`` says; ``bound`` leaves out its first parameter."""
    kinds = {
        inspect.Parameter.POSITIONAL_ONLY: Kind.PLACE,
        inspect.Parameter.POSITIONAL_OR_KEYWORD: Kind.EITHER,
        inspect.Parameter.VAR_POSITIONAL: Kind.REST,
        inspect.Parameter.KEYWORD_ONLY: Kind.NAME,
        inspect.Parameter.VAR_KEYWORD: Kind.NAMES,
    }
    every = list(signature.parameters.values())[1 if bound else 0 :]
    return Shape(
        tuple(Parameter(each.name, kinds[each.kind], _default(each.default)) for each in every)
    )


def _default(value: object) -> str:
    if value is inspect.Parameter.empty:
        return ""
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return repr(value)
    return UNKNOWN


def by_place(least: int, most: int | None) -> Shape:
    """Return a shape of nothing but nameless parameters, ``*args`` where ``most`` is None.

    >>> by_place(1, 2).text()
    'arg1, arg2=..., /'
    """
    count = least if most is None else most
    made = [Parameter("", Kind.PLACE, "" if at < least else UNKNOWN) for at in range(count)]
    if most is None:
        made.append(Parameter("args", Kind.REST))
    return Shape(tuple(made))
