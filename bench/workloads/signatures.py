"""Which signatures are found in C modules, and how many are right; prints a line of JSON.

    signatures.py [--stubs] stdlib|MODULE ...

Where inspect knows a signature, machine code is read as if it did not, and the two are compared.
A type whose text signature says that it can be called with nothing is asked: it may be wrong. So
is what takes more by name than its text signature says, together with a name that nobody takes.
With --stubs what is read is compared with stubs, and names that only these have are tried in that
way: it takes objects that were made without being initialized, which not every package survives.
"""

from __future__ import annotations

import collections
import importlib
import json
import sys
import time
from typing import Any

from wadjet.native.signatures import liars
from wadjet.native.signatures.census import Callable, callables
from wadjet.native.signatures.machine import Process
from wadjet.native.signatures.modules import extensions
from wadjet.native.signatures.recover import Confidence, Signature, found_for, recovered, told_by
from wadjet.native.signatures.shape import Shape, of_signature


def read(names: list[str], *, stubs: bool = False) -> dict[str, Any]:
    """Return counts for all modules, and by name what is missing or not right."""
    process, seen = Process(), set[int]()
    counts: collections.Counter[str] = collections.Counter()
    listed: dict[str, list[str]] = collections.defaultdict(list)
    begun = time.perf_counter()
    for name in names:
        try:
            module = importlib.import_module(name)
        except ImportError as error:
            listed["not imported"].append(f"{name}: {error}")
            continue
        for each in callables(module, seen):
            found = _count(each, process, counts, listed)
            if stubs and each.signature() is None:
                _compare_with_stub(each, found, counts, listed)
    counts["ms"] = round(1000 * (time.perf_counter() - begun))
    return {"counts": counts, **listed}


def _count(
    each: Callable,
    process: Process,
    counts: collections.Counter[str],
    listed: dict[str, list[str]],
) -> Signature:
    known = each.signature()
    blank = Signature(each.name, each.kind, None, "", Confidence.NONE, bound=each.bound)
    found = recovered(each, process) if each.maker else found_for(each, process, blank)
    counts[f"{each.kind}s"] += 1
    counts[f"{each.kind}s known"] += known is not None
    counts[f"{each.kind}s either"] += known is not None or found.shape is not None
    if known is None:
        counts[f"by {found.evidence or 'nothing'}"] += 1
        counts[f"confidence {found.confidence.name.lower()}"] += 1
        if found.shape is None:
            listed["missing"].append(each.name)
    elif found.shape is None:
        counts["unread"] += 1
    else:
        truth = of_signature(known, bound=each.kind == "method" and bool(each.bound))
        verdict = _verdict(each, truth, found)
        counts[verdict] += 1
        if verdict != "exact":
            listed[verdict].append(f"{each.name}: ({truth.text()}), read {found.text}")
    return found


def _compare_with_stub(
    each: Callable,
    found: Signature,
    counts: collections.Counter[str],
    listed: dict[str, list[str]],
) -> None:
    """Compare what was read with what a stub says, if it has one signature for it.

    A stub is not always right: names that the interpreter refuses are the stub's mistake.
    """
    told = [shape for source, shape in told_by(each) if source == "stub"]
    if len(told) != 1 or found.shape is None or found.confidence is Confidence.LOW:
        return
    [stub] = told
    more = stub.keywords - found.shape.keywords
    if stub.key == found.shape.key:
        verdict = "as the stub"
    elif stub.arity == found.shape.arity and more and all(liars.refuses(each, n) for n in more):
        verdict = "stub refused"
    else:
        verdict = "not the stub"
    sure = "sure" if found.confidence is Confidence.HIGH else "unsure"
    counts[f"{sure}, {verdict}"] += 1
    if verdict == "not the stub":
        listed[f"{sure}, {verdict}"].append(f"{each.name}: stub ({stub.text()}), read {found.text}")


def _verdict(each: Callable, truth: Shape, found: Signature) -> str:
    """Return exact, finer (the text says ``**``), refuted (the text is wrong), unsure or wrong.

    Told is what was not read, but taken from a stub or a documentation.
    """
    assert found.shape is not None
    if found.confidence is Confidence.LOW:
        return "told"
    if found.shape.key == truth.key:
        return "exact"
    if "**" in truth.keywords and "**" not in found.shape.keywords:
        return "finer" if truth.arity[0] == found.shape.arity[0] else "wrong"
    if each.kind == "type" and truth.arity[0] == 0 < found.shape.arity[0] and _refuses(each):
        return "refuted"
    more = found.shape.keywords - truth.keywords - {"**"}
    if more and all(liars.knows(each, name) for name in more):
        return "refuted"
    return "wrong" if found.confidence is Confidence.HIGH else "unsure"


def _refuses(each: Callable) -> bool:
    try:
        each.object()
    except TypeError as error:
        return "missing required argument" in str(error) or "at least" in str(error)
    return False


if __name__ == "__main__":
    named = [name for name in sys.argv[1:] if name != "--stubs"]
    words = [module for name in named for module in extensions(name)]
    print(json.dumps(read(words, stubs="--stubs" in sys.argv)))
