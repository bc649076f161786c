"""Stubs that promise keywords which the code does not take; each is tried, without harm.

The trial passes the keyword together with one that nothing takes, so that the arguments are
refused whatever they are and the function's body never runs. Which of the two the message
complains of tells whether the keyword is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wadjet.model.finding import Finding, Level, Place
from wadjet.native.signatures import stubs
from wadjet.native.signatures.census import Callable
from wadjet.native.signatures.machine import Process
from wadjet.native.signatures.recover import homes

RULE = "stub-keyword"
_NOBODYS = "wadjet_takes_no_such_name"


def check(callable_: Callable, process: Process) -> Iterator[Finding]:
    """Yield a Finding for each keyword of a stub that the code and a trial both refuse."""
    found = process.found(callable_)
    if found is None or not found.exact or "**" in found.shape.keywords:
        return
    told = _told(callable_)
    every = set[str]().union(*(shape.keywords for _, _, shape in told)) - {"**"}
    for name in sorted(every - found.shape.keywords):
        if not refuses(callable_, name):
            continue
        path, line = next((path, line) for path, line, shape in told if name in shape.keywords)
        yield Finding(
            RULE,
            Level.ERROR,
            f"{callable_.name} takes no argument called {name!r}: it takes ({found.shape.text()})",
            Place(str(path), line),
            treatment=f"give {name} by place only (a / after it), or by the name that is taken",
        )


def _told(callable_: Callable) -> list[tuple[Any, int, Any]]:
    for module, name in homes(callable_):
        told = stubs.of(module, name, is_type=callable_.kind == "type")
        if told:
            return told
    return []


def refuses(callable_: Callable, name: str) -> bool:
    """Whether the interpreter says that a callable does not take an argument by this name."""
    said = _said(callable_, name)
    if "takes no keyword arguments" in said or "takes no arguments" in said:
        return True
    return _NOBODYS not in said and _complains(said, name)


def knows(callable_: Callable, name: str) -> bool:
    """Whether the interpreter complains of the other argument alone: it takes this one."""
    said = _said(callable_, name)
    return _complains(said, _NOBODYS) and f"'{name}'" not in said


def _complains(said: str, name: str) -> bool:
    """Whether a message is about an argument of this name that is not known."""
    unknown = "unexpected" in said or "invalid keyword" in said
    return f"'{name}'" in said and "argument" in said and unknown


def _said(callable_: Callable, name: str) -> str:
    """Return what is said of an argument by this name and one that nobody takes."""
    first = _instance(callable_)
    if first is None:
        return ""
    try:
        callable_.object(*first, **{name: None, _NOBODYS: None})
    except TypeError as error:
        return str(error)
    except Exception:
        return ""
    return ""


def _instance(callable_: Callable) -> tuple[Any, ...] | None:
    """Return what comes before the arguments: an object for a method, else nothing."""
    if callable_.kind != "method" or callable_.bound != "$self":
        return (callable_.owner,) if callable_.bound == "$type" else ()
    assert callable_.owner is not None
    try:
        owner: Any = callable_.owner
        return (owner.__new__(owner),)
    except Exception:
        return None
