"""The tools that write C code for others, and where each says what its callables take.

Their functions are called in ways of their own, so machine code says little; but the tools keep
what the author declared. ``maker`` tells whose an object is, ``told`` what it says.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from wadjet.native.signatures.makers import cython, nanobind, numpy, pybind11
from wadjet.native.signatures.makers.told import Told

_KINDS = {
    "cython_function_or_method": "cython",
    "instancemethod": "pybind11",
    "nb_func": "nanobind",
    "nb_method": "nanobind",
    "ufunc": "numpy",
}
_RECORDS = ("PyCapsule", "pybind11_detail_function_record")
_READERS: dict[str, Callable[..., Told | None]] = {
    "cython": cython.told,
    "pybind11": pybind11.told,
    "nanobind": nanobind.told,
    "numpy": numpy.told,
}
KNOWN = {"cython": "cython code", "numpy": "ufunc"}
"""Where ``inspect`` has a signature from, if the maker is not one that writes text signatures."""


def maker(value: object) -> str:
    """Return the tool that made a callable or a type; empty for one that is written by hand."""
    if isinstance(value, types.BuiltinFunctionType):
        record = type(getattr(value, "__self__", None)).__name__
        return "pybind11" if record.startswith(_RECORDS) else ""
    if isinstance(value, type):
        meta = type(value).__name__
        if meta == "pybind11_type":
            return "pybind11"
        return "nanobind" if meta.startswith("nb_type") else ""
    return _KINDS.get(type(value).__name__, "")


def has_constructor(kind: type) -> bool:
    """Whether a type of pybind11 or nanobind can be called: not if nothing was declared."""
    return any(maker(getattr(kind, each, None)) for each in ("__init__", "__new__"))


def told(value: Any, made_by: str, *, bound: bool) -> Told | None:
    """Return what the maker of a callable says of it; ``bound`` if its first is an object."""
    reader = _READERS.get(made_by)
    if reader is None:
        return None
    if isinstance(value, type) and made_by in ("pybind11", "nanobind"):
        value, bound = value.__init__, True  # type: ignore[misc]
    try:
        return reader(value, bound=bound)
    except Exception:  # attributes of others, which may be anything
        return None
