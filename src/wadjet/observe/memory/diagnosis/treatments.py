"""What helps against memory, by what the line says and what it calls.

Add a row to teach Wadjet another.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Treatment:
    """``words`` help where the line's text matches ``code``, or it calls a function of ``files``.

    ``files`` are beginnings of file names, as ``origin.shown`` gives them.
    """

    words: str
    code: str = ""
    files: tuple[str, ...] = ()


LINES = (
    Treatment(
        "What a module holds stays: import it where it is needed, if few runs need it, or use a "
        "smaller one.",
        r"^(import|from)\s",
    ),
    Treatment(
        "Read it in pieces (`chunksize=`), only the columns you need (`usecols=`), in small types "
        "(`dtype=`; text that repeats as `category`).",
        r"\bread_(csv|table|json|excel|sql|parquet|feather)\b",
        ("pandas/io/",),
    ),
    Treatment(
        "Do not hold the whole document: read one object a line, or stream it (`ijson`, "
        "`json.JSONDecoder.raw_decode` over pieces).",
        r"\bjson\.loads?\(",
        ("json/",),
    ),
    Treatment(
        "Go through it as it is read: `iterparse` and `element.clear()` keep one element.",
        r"\betree\.(parse|fromstring|XML)\(",
        ("lxml/", "xml/etree/"),
    ),
    Treatment(
        "Iterate over the file in place of reading all of it; `mmap` leaves it to the system.",
        r"\.(readlines|read|read_text|read_bytes)\(\)",
    ),
    Treatment(
        "Fetch rows as they are needed: iterate over the cursor, or `fetchmany`; an ORM has "
        "`iterator()` or `yield_per`.",
        r"\.(fetchall|all)\(\)",
        ("sqlalchemy/", "django/db/"),
    ),
    Treatment(
        "Use a smaller type (`float32`), work in place (`out=`, `+=`) and on views; `np.memmap` "
        "leaves the data on disk.",
        r"\bnp\.|\bnumpy\.",
        ("numpy/",),
    ),
    Treatment(
        "Share what does not change, or copy only what does: `copy.copy`, `dataclasses.replace`.",
        r"\bdeepcopy\(",
        ("copy.py",),
    ),
    Treatment(
        "If it is gone through once, a generator in place of the list holds one item at a time.",
        r"[\[(=]\s*\[.+\bfor\b.+\bin\b|\blist\(|=\s*\{.+\bfor\b|^return \[.+\bfor\b|\bsorted\(",
    ),
)
"""Earlier rows win."""

LIBRARIES = (
    Treatment(
        "Use smaller types, work in place (`out=`), and let go of base arrays: a small view keeps "
        "all of the array that it is of; `.copy()` does not.",
        files=("numpy",),
    ),
    Treatment(
        "Text in columns is what weighs: `category` or `dtype_backend='pyarrow'`; numbers in the "
        "smallest type that holds them.",
        files=("pandas",),
    ),
    Treatment(
        "`iterparse` with `element.clear()` keeps one element; XPath results keep their document.",
        files=("lxml", "libxml2"),
    ),
    Treatment(
        "Memory-map files (`pyarrow.memory_map`), read batches, and call `release_unused()` of "
        "the pool.",
        files=("pyarrow", "libarrow"),
    ),
    Treatment("Bound the identity map: `yield_per`, or `session.expunge_all()`.", files=("sqlal",)),
)

_OTHER = (
    "`wadjet show --tree --metric peak FILE` shows what it is for; hold less of it at a time, or "
    "let go of it sooner (`del`, a smaller scope)."
)


def for_line(code: str, called: Sequence[tuple[str, str]]) -> str:
    """Return what helps at a line of text ``code``, which calls functions (file, name).

    >>> for_line("rows = handle.readlines()", [])
    'Iterate over the file in place of reading all of it; `mmap` leaves it to the system.'
    """
    for row in LINES:
        if row.code and re.search(row.code, code):
            return row.words
    for row in LINES:
        if row.files and any(file.startswith(row.files) for file, _ in called[:1]):
            return row.words
    return _OTHER


def for_library(name: str) -> str:
    """Return what helps against what a library holds."""
    return next((row.words for row in LIBRARIES if name.startswith(row.files)), _OTHER)
