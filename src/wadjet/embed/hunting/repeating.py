"""``pytest --wadjet-refs``: each test is repeated, and what it leaves behind each time is named.

A test that passes is run again: twice to warm up, then in rounds of two runs, so that what
leaks every second run shows as well. After each round there is a census. If some number grew in
the third round, and in the sixth, there are twenty; what has grown in each of the last eight is
a leak (``wadjet.model.growth`` says why). Only then the test is run with memory watched, to say
what is left and who has it. Growth that begins late is growth too: C's ``malloc`` first lends
what it has kept for the calling thread, up to seven blocks of a size, and counts that as lent.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from wadjet.embed.hunting.census import BLOCKS, MALLOC, REFERENCES, Census
from wadjet.embed.hunting.counts import taken
from wadjet.embed.hunting.remains import TURNS, Repeat, remains
from wadjet.errors import WadjetError
from wadjet.model.finding import Finding, Level, Place
from wadjet.model.growth import Growth
from wadjet.native.refs.findings import append, load

WARM_UP = 2
FIRST, LASTING, MOST = 3, 8, 20
"""Round in which a number must grow for there to be more, rounds in which a leak must, and all."""


def begin(config: pytest.Config) -> Hunter:
    """Return what hunts in this process, and writes to where the first one says."""
    worker = getattr(config, "workerinput", {}).get("wadjet-refs")
    asked = config.known_args_namespace.wadjet_refs_output
    if worker or asked:
        append(Path(worker or asked), [])  # who asked sees that we are here
        return Hunter(Path(worker or asked), tells=False)
    number, path = tempfile.mkstemp(prefix="wadjet-refs-", suffix=".jsonl")
    os.close(number)
    config.add_cleanup(lambda: Path(path).unlink(missing_ok=True))
    return Hunter(Path(path), tells=True)


class Hunter:
    """Repeats the tests of this process, and writes what it finds to a file.

    Processes of xdist write to the same.
    """

    def __init__(self, file: Path, *, tells: bool) -> None:
        self._file = file
        self._tells = tells

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """Run the test as usual, then again and again; fixtures of its module stay."""
        hook = item.ihook
        hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        reports = runtestprotocol(item, nextitem=item.parent)  # type: ignore[arg-type]
        if all(each.passed for each in reports):
            self._hunt(item)
        _leave(item, nextitem)
        hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _hunt(self, item: pytest.Item) -> None:
        def again() -> bool:
            return _repeat(item)

        grown = _grown(again)
        if grown:
            append(self._file, list(_named(item, grown, again)))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a process of xdist where to write."""
        node.workerinput["wadjet-refs"] = str(self._file)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Let the run fail where something leaks."""
        self._tells = self._tells and session.testscollected > 0
        if session.exitstatus == pytest.ExitCode.OK and load(self._file):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show what was found, unless `wadjet refs hunt` does."""
        if not self._tells:
            return
        from wadjet.render.text.findings import show

        found = load(self._file)
        terminalreporter.section("wadjet: what tests leave behind")
        show(found, terminalreporter._tw)  # noqa: SLF001 - it writes where pytest does
        if not found:
            terminalreporter.write_line("Nothing grows with each run of a test.")


def _grown(repeat: Repeat) -> dict[str, float]:
    """Return what grows steadily as a test is repeated, and by how much each run."""
    for _ in range(WARM_UP):
        if not repeat():
            return {}
    census = Census()
    try:
        growth = _growth(census, repeat)
    finally:
        census.close()
    return {key: amount / TURNS for key, amount in growth.rising(LASTING).items()}


def _growth(census: Census, repeat: Repeat) -> Growth[str]:
    growth = Growth[str]()
    growth.look(census.read())  # what is kept for that is there from now on
    growth.begin_again()
    growth.look(census.read())
    for number in range(1, MOST + 1):
        if not all(repeat() for _ in range(TURNS)):
            return Growth()
        growth.look(census.read())
        if number in (FIRST, 2 * FIRST) and not growth.rising(1):
            break
    return growth


def _named(item: pytest.Item, grown: dict[str, float], repeat: Repeat) -> Iterator[Finding]:
    """Yield findings about what has grown: the lines that made it, if memory tells."""
    test = Place(str(item.path), (item.location[1] or 0) + 1, item.name)
    try:
        left = remains(test, repeat)
    except WadjetError as error:
        yield Finding("refs-objects", Level.ERROR, f"{_totals(item, grown)}; {error}", test)
        return
    yield from left.findings
    if left.is_explained:
        return
    found = taken(test, repeat) if REFERENCES in grown else []
    yield from found
    if not found and MALLOC in grown and BLOCKS not in grown and not left.sees_c:
        amount = f"{item.name} has C's malloc lend at least {grown[MALLOC]:,.0f} bytes more"
        cure = "`wadjet refs hunt` says which function asks for them"
        yield Finding("refs-memory", Level.ERROR, f"{amount} each time it runs; {cure}", test)


def _totals(item: pytest.Item, grown: dict[str, float]) -> str:
    amounts = ", ".join(f"{amount:,.1f} {name}" for name, amount in sorted(grown.items()))
    return f"{item.name} grows with each run by {amounts}"


def _repeat(item: pytest.Item) -> bool:
    """Run a test once more, unseen; False if it does not pass again."""
    with _forgotten(item), warnings.catch_warnings(record=True):
        parent: Any = item.parent  # that what belongs to it stays
        reports = runtestprotocol(item, log=False, nextitem=parent)
    return all(each.passed for each in reports)


@contextmanager
def _forgotten(item: pytest.Item) -> Iterator[None]:
    """Let pytest forget of a run what it collects for its reports, and to take down fixtures."""
    lists: list[list[Any]] = [item._report_sections, item.user_properties]  # noqa: SLF001
    fixtures = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    lists += [each._finalizers for all_ in fixtures.values() for each in all_]  # noqa: SLF001
    before = [len(each) for each in lists]
    yield
    for each, length in zip(lists, before, strict=True):
        del each[length:]


def _leave(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Take down the fixtures that the next test does not need; an error is the test's."""
    call = pytest.CallInfo.from_call(
        lambda: item.session._setupstate.teardown_exact(nextitem),  # noqa: SLF001
        when="teardown",
        reraise=(KeyboardInterrupt, pytest.exit.Exception),
    )
    if call.excinfo is not None:
        report = item.ihook.pytest_runtest_makereport(item=item, call=call)
        item.ihook.pytest_runtest_logreport(report=report)
