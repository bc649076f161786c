"""A user's own function tells the child what is to live."""

from __future__ import annotations

import ctypes
import gc
import os
import subprocess
import weakref
from pathlib import Path
from typing import Any

import pytest

from wadjet.observe.collector import _collector
from wadjet.observe.collector.concurrent import collect

SOURCE = Path(__file__).parents[2] / "ext" / "keeper.c"

pytestmark = pytest.mark.skipif(_collector.is_incremental(), reason="3.14.0 to 3.14.4")


class Node:
    """Something that can be part of a cycle."""

    self: Any


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    path = tmp_path_factory.mktemp("keeper") / "keeper.so"
    compiler = os.environ.get("CC", "cc")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", path, SOURCE], check=True)
    return ctypes.CDLL(str(path))


def capsule(library: ctypes.CDLL) -> object:
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = (
        ctypes.py_object,
        [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p],
    )
    made: object = new(ctypes.cast(library.keep, ctypes.c_void_p), b"wadjet.collector.keep", None)
    return made


def test_what_the_function_visits_lives_and_the_rest_does_not(library: ctypes.CDLL) -> None:
    gc.collect()
    gc.disable()
    try:
        kept, dropped = Node(), Node()
        kept.self, dropped.self = [kept], [dropped]
        library.keep_this(ctypes.c_void_p(id(kept)))
        refs = weakref.ref(kept), weakref.ref(dropped)
        gc.collect(0)
        gc.collect(1)
        del kept, dropped
        outcome = collect(keep=capsule(library))
        assert outcome.failure == ""
        alive = refs[0]()
        assert alive is not None
        assert alive.self[0] is alive
        assert refs[1]() is None
        assert library.calls_here() == 0, "it was called outside the child"
        del alive
        library.keep_this(None)
        assert collect(keep=capsule(library)).failure == ""
        assert refs[0]() is None
    finally:
        gc.enable()
