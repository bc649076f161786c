"""What is found of planted mistakes with references, and what is said of mended twins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat

from bench import refs_sdists
from bench.outcome import Outcome, Table
from bench.refs_corpus import verdicts
from bench.refs_hunt import hunts
from bench.refs_source import verdicts as read_off
from bench.refs_suites import Judged, judge, suites
from bench.rig import Rig

_NOTE = """\
Each mistake has a twin without it, from the same text; both are built with the ledger and driven \
four times, each pair in a process of its own. Found is a finding of the expected rule, with the \
expected file and line. The last column is what `wadjet refs check` finds in the source alone."""
_MUTANTS = """\
One statement that counts a reference, and that the tests reach, is taken out at a time. Named is \
a mutant whose function a new finding or a crash names; noticed is one that has a new finding. \
False are findings on the package as it is that nobody has confirmed by reading; real ones were."""


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


def sdists(rig: Rig) -> Outcome:
    """Build packages from PyPI, unmodified, and count those that compile with the shim."""
    judged = []
    for each in refs_sdists.verdicts(rig.folder / "sdists"):
        rig.tell(f"{each.package}: {each.shimmed} of {each.files} files")
        judged.append(each)
    rows = tuple(
        (each.package, f"{each.shimmed} of {each.files}", each.complaint) for each in judged
    )
    table = Table("Packages built for the ledger", ("package", "files", "complaint"), rows)
    good = sum(each.good for each in judged)
    return Outcome(
        (table,),
        {"refs-sdists-tried": float(len(judged)), "refs-sdists": 100 * good / len(judged)},
    )


def mutants(rig: Rig) -> Outcome:
    """Run the tests of extensions under the ledger: as they are, and as mutants."""
    rig.tell("tests of extensions, and mutants of them, two at a time")
    folder = rig.folder / "suites"
    with ProcessPoolExecutor(2) as pool:
        number = rig.turns(8) * 2
        judged = [*pool.map(judge, suites(), repeat(folder), repeat(number), repeat(7))]
    return Outcome((_table(judged),), _figures(judged), {"refs-mutants": _raw(judged)})


def _table(judged: Sequence[Judged]) -> Table:
    rows = tuple(
        (
            each.suite.package,
            f"{each.lines:,}",
            f"{each.watched / each.plain:.2f}",
            str(len(each.false)),
            str(len(each.real)),
            str(len(each.tried)),
            str(sum(mutant.named for mutant in each.tried)),
            str(sum(mutant.noticed for mutant in each.tried)),
        )
        for each in judged
    )
    columns = ("package", "lines", "slowdown", "false", "real", "mutants", "named", "noticed")
    return Table("Mutants of extensions", columns, rows, _MUTANTS)


def _figures(judged: Sequence[Judged]) -> dict[str, float]:
    tried = [mutant for each in judged for mutant in each.tried]
    false = sum(len(each.false) for each in judged)
    return {
        "refs-mutants-tried": float(len(tried)),
        "refs-mutants-named": 100 * sum(each.named for each in tried) / len(tried),
        "refs-mutants-noticed": 100 * sum(each.noticed for each in tried) / len(tried),
        "refs-false-lines": 10_000 * false / sum(each.lines for each in judged),
        "refs-slowdown": max(each.watched / each.plain for each in judged),
    }


def _raw(judged: Sequence[Judged]) -> list[dict[str, object]]:
    """Return each mutant, and each finding on the packages as they are."""
    return [
        {
            "package": each.suite.package,
            "false": [f"{finding.rule} {finding.place}" for finding in each.false],
            "mutants": [
                {
                    "place": f"{tried.mutant.site.file}:{tried.mutant.site.line}",
                    "api": tried.mutant.site.api,
                    "named": tried.named,
                    "noticed": tried.noticed,
                }
                for tried in each.tried
            ],
        }
        for each in judged
    ]
