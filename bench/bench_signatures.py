"""Which signatures of C functions are found, how many are right, and what it costs to give them."""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
from typing import Any

from bench.outcome import Outcome, Table
from bench.peers import PYTHON
from bench.rig import WORKLOADS, Rig

PACKAGES = (
    *("bitarray", "brotli", "cffi", "google._upb", "greenlet", "kiwisolver", "lz4"),
    *("markupsafe", "multidict", "PIL", "psutil", "psycopg2", "pygit2", "rapidjson", "regex"),
    *("setproctitle", "simplejson", "tornado", "ujson", "xxhash", "zope.interface", "zstandard"),
)
HELD_OUT = (
    *("ahocorasick", "apsw", "ciso8601", "hiredis", "immutables", "lru", "mmh3"),
    *("msgspec", "posix_ipc", "pycurl"),
)
"""Packages that nobody has looked at while the reading of machine code was written.

They say what is to be expected of any other. When one has been used to mend the reading, another
must take its place.
"""
MADE = (
    *("contourpy", "cytoolz", "lxml", "msgpack", "pikepdf", "pydantic_core", "rpds"),
    *("tiktoken", "yaml"),
)
"""Packages whose C code was written by Cython, pybind11, nanobind or PyO3."""
_NOTE = """\
Types that cannot be called are left out. Exact: the same calls are accepted by place and by name. \
Refuted: the text signature says that a type can be called with nothing, and the type says no, \
or it lacks a name that the function says it takes. \
Finer: it says `**kwargs`, where the code names them. Unsure: so it is called, and it differs. \
Told by a stub or a documentation, and left out: the code said nothing."""
_KINDS = ("functions", "methods", "types")
_STUBS = (
    *("sure, not the stub", "sure, as the stub", "sure, stub refused"),
    *("unsure, as the stub", "unsure, stub refused", "unsure, not the stub"),
)
_VERDICTS = ("exact", "finer", "unsure", "wrong", "refuted", "told")


def signatures(rig: Rig) -> Outcome:
    """Read the standard library and packages, compare with what is known, and time the sidecar."""
    rig.tell("signatures of the standard library")
    library = _read(["stdlib"])
    rig.tell("signatures of packages written in C")
    packages = _read(list(PACKAGES))
    held_out = _read(["--stubs", *HELD_OUT])
    made = _read(list(MADE))
    rig.tell("signatures from the sidecar")
    sidecar = _sidecar()
    counts = library["counts"]
    compared = sum(counts.get(each, 0) for each in _VERDICTS[:4])
    figures = {
        "signatures-stdlib": _share(counts, _KINDS, "either"),
        "signatures-hand": _share(packages["counts"], _KINDS[:2], "either"),
        "signatures-held-out": _share(held_out["counts"], _KINDS[:2], "either"),
        "signatures-held-out-wrong": _not_the_stub(held_out["counts"]),
        "signatures-made": _share(made["counts"], _KINDS, "either"),
        "signatures-exact": 100 * (counts["exact"] + counts.get("finer", 0)) / compared,
        "signatures-wrong": 100 * counts.get("wrong", 0) / compared,
        "signatures-sidecar": statistics.median(sidecar["us"]),
    }
    read = {
        "standard library": library,
        "22 packages": packages,
        "10 packages held out": held_out,
        "9 packages whose code tools wrote": made,
    }
    raw: dict[str, object] = {**read, "sidecar": sidecar}
    tables = (_coverage(read), _stubs(held_out["counts"]), _verdicts(counts, sidecar))
    return Outcome(tables, figures, raw)


def _read(names: list[str]) -> dict[str, Any]:
    command = [PYTHON, str(WORKLOADS / "signatures.py"), *names]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _sidecar() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as cache:
        command = [PYTHON, str(WORKLOADS / "sidecar.py"), cache]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)  # finds them
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _share(counts: dict[str, int], kinds: tuple[str, ...], word: str) -> float:
    return 100 * sum(counts[f"{each} {word}"] for each in kinds) / sum(counts[e] for e in kinds)


def _not_the_stub(counts: dict[str, int]) -> float:
    """Return the share of those that are called sure and are neither a stub's nor its mistake."""
    wrong = counts.get(_STUBS[0], 0)
    return 100 * wrong / sum(counts.get(each, 0) for each in _STUBS[:3])


def _stubs(counts: dict[str, int]) -> Table:
    rows = tuple((each, str(counts.get(each, 0))) for each in _STUBS)
    title = "Signatures of the packages held out, where a stub has one"
    return Table(title, ("verdict", "number"), rows)


def _coverage(read: dict[str, dict[str, Any]]) -> Table:
    rows = []
    for title, found in read.items():
        for kind in _KINDS:
            counts = found["counts"]
            before, after = (_share(counts, (kind,), word) for word in ("known", "either"))
            rows.append(
                (f"{title}: {kind}", str(counts[kind]), f"{before:.1f} %", f"{after:.1f} %")
            )
    columns = ("C callables", "number", "inspect alone", "given what was found")
    return Table("Signatures of C callables", columns, tuple(rows), _NOTE)


def _verdicts(counts: dict[str, int], sidecar: dict[str, Any]) -> Table:
    rows = [(each, str(counts.get(each, 0))) for each in _VERDICTS]
    rows.append(("a call after, over before", f"{sidecar['call']:.3f}"))
    return Table(
        "Signatures read again where inspect knows them", ("verdict", "number"), tuple(rows)
    )
