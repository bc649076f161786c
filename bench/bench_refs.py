"""What is found of planted mistakes with references, and what is said of mended twins."""

from __future__ import annotations

from collections import Counter

from bench.outcome import Outcome, Table
from bench.refs_corpus import verdicts
from bench.refs_hunt import hunts
from bench.refs_source import verdicts as read_off
from bench.rig import Rig

_NOTE = """\
Each mistake has a twin without it, from the same text; both are built with the ledger and driven \
four times, each pair in a process of its own. Found is a finding of the expected rule, with the \
expected file and line. The last column is what `wadjet refs check` finds in the source alone."""


def corpus(rig: Rig) -> Outcome:
    """Build the planted pairs, and count what is found and what is false."""
    rig.tell("planted mistakes with references")
    judged = verdicts(rig.folder / "refs")
    planted = Counter(each.case.wanted[0][1] for each in judged)
    found = Counter(each.case.wanted[0][1] for each in judged if each.found)
    false = Counter(each.case.wanted[0][1] for each in judged if each.false)
    source = read_off(rig.folder / "refs-source")
    in_source = Counter(each.case.wanted[0][1] for each in source if each.found)
    rows = tuple(
        (rule, *(str(counts[rule]) for counts in (planted, found, false, in_source)))
        for rule in sorted(planted)
    )
    columns = ("rule", "planted", "found", "false on twins", "found in the source")
    table = Table("Mistakes with references", columns, rows, _NOTE)
    return Outcome(
        (table,),
        {
            "refs-planted": float(len(judged)),
            "refs-found": 100 * found.total() / len(judged),
            "refs-false": 100 * false.total() / len(judged),
            "refs-source-found": 100 * in_source.total() / len(source),
            "refs-source-false": float(sum(bool(each.false) for each in source)),
        },
    )


_HUNT_NOTE = """\
Those of the pairs whose mistake keeps something alive, and the mended twins of all, built as \
usual and run as tests by `wadjet refs hunt`."""


def hunt(rig: Rig) -> Outcome:
    """Build the pairs as usual, and count which leaks are found and what is false."""
    rig.tell("planted leaks without the ledger")
    judged = hunts(rig.folder / "hunt")
    planted = [each for each in judged if each.leaks]
    found = sum(bool(each.found) for each in planted)
    false = sum(bool(each.false) for each in judged)
    row = (str(len(planted)), str(found), str(len(judged)), str(false))
    heads = ("planted", "found", "mended twins", "accused")
    return Outcome(
        (Table("Leaks without the ledger", heads, (row,), _HUNT_NOTE),),
        {
            "refs-hunt-planted": float(len(planted)),
            "refs-hunt-found": 100 * found / len(planted),
            "refs-hunt-false": 100 * false / len(judged),
        },
    )
