"""What the ledger of references finds of planted mistakes, and what it says of mended twins."""

from __future__ import annotations

from collections import Counter

from bench.outcome import Outcome, Table
from bench.refs_corpus import verdicts
from bench.rig import Rig

_NOTE = """\
Each mistake has a twin without it, from the same text; both are built with the ledger and driven \
four times, each pair in a process of its own. Found is a finding of the expected rule, with the \
expected file and line."""


def corpus(rig: Rig) -> Outcome:
    """Build the planted pairs, and count what is found and what is false."""
    rig.tell("planted mistakes with references")
    judged = verdicts(rig.folder / "refs")
    planted = Counter(each.case.wanted[0][1] for each in judged)
    found = Counter(each.case.wanted[0][1] for each in judged if each.found)
    false = Counter(each.case.wanted[0][1] for each in judged if each.false)
    rows = tuple(
        (rule, str(number), str(found[rule]), str(false[rule]))
        for rule, number in sorted(planted.items())
    )
    table = Table(
        "Mistakes with references", ("rule", "planted", "found", "false on twins"), rows, _NOTE
    )
    return Outcome(
        (table,),
        {
            "refs-planted": float(len(judged)),
            "refs-found": 100 * found.total() / len(judged),
            "refs-false": 100 * false.total() / len(judged),
        },
    )
