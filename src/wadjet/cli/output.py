"""Where a command's result goes: a file that is whole or not there, or standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from wadjet.errors import OutputError

if TYPE_CHECKING:
    from wadjet.model.finding import Finding

STANDARD = "-"
"""The --output that means standard output."""


@contextmanager
def output(path: Path, *, overwrite: bool = False) -> Iterator[BinaryIO]:
    """Open ``path`` for a result; it gets its name only when all of it is written.

    A file that was there keeps its contents until then, and for good unless ``overwrite``.
    Raises OutputError for whatever the path or the disk refuses.
    """
    if str(path) == STANDARD:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    elif path.exists() and not path.is_file() and not path.is_dir():
        with _named(path), path.open("wb") as file:  # a device or a pipe
            yield file
    else:
        with _named(path):
            yield from _renamed(path, overwrite)


def write_sarif(findings: Iterable[Finding], path: Path, *, overwrite: bool) -> None:
    """Write findings for code hosts; raises OutputError as ``output`` does."""
    from wadjet.render import sarif

    with output(path, overwrite=overwrite) as out:
        text = TextIOWrapper(out, encoding="utf-8", write_through=True)
        sarif.render(findings, text)
        text.detach()


def _renamed(path: Path, overwrite: bool) -> Iterator[BinaryIO]:
    if path.is_dir():
        raise OutputError(f"{path} is a directory", "name a file in it with --output")
    if path.exists() and not overwrite:
        raise OutputError(f"{path} exists", "choose another --output or pass --overwrite")
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with partial.open("xb") as file:
            yield file
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        cure = "free some space or choose another --output"
        raise OutputError(f"cannot write {path} ({error.strerror})", cure) from None
