"""A test run that is recorded: which test ran when, and what each cost.

Within its tests the main thread's stacks start at the test, whose frame stands for what
pytest does on its way there.
"""

from __future__ import annotations

import _thread
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from wadjet.embed.session import Session
from wadjet.errors import WadjetError
from wadjet.model import store
from wadjet.model.profile import Fact, Function, Profile
from wadjet.model.spans import Span, under
from wadjet.model.transform import without_lead
from wadjet.model.union import join
from wadjet.observe.diagnosis import diagnose
from wadjet.observe.sampling.settings import Settings

_MACHINERY = (
    r"/(_pytest|pluggy|xdist|execnet)/|/pytest/__(init|main)__\.py:|/bin/(pytest|py\.test):"
    r"|^<frozen runpy>:|/runpy\.py:|^<string>:<module>$"
)


def begin(config: pytest.Config) -> Recorded | Gathered:
    """Start recording this process, or be ready to gather what xdist's workers record."""
    options = config.known_args_namespace
    path = Path(config.invocation_params.dir, options.wadjet_output)
    if hasattr(config, "workerinput"):
        path = Path(config.workerinput["wadjet"])
    elif getattr(options, "numprocesses", None) or getattr(options, "tx", None):
        return Gathered(path)
    words = [str(word) for word in config.invocation_params.args]
    worker = getattr(config, "workerinput", {}).get("workerid", "")
    command = ["pytest", *([worker] if worker else words)]
    settings = Settings(options.wadjet_rate, native=options.wadjet_native)
    return Recorded(settings, path, command)


class Shown:
    """Tells the results in the summary of the terminal."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.profile: Profile | None = None
        self.trouble = ""

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show the slowest tests, and the summary of the recording."""
        from wadjet.embed import slowest

        terminalreporter.section("wadjet")
        if self.trouble:
            terminalreporter.write_line(f"wadjet: {self.trouble}", red=True)
        if self.profile is not None:
            path = _near(self.path)
            slowest.show(terminalreporter, self.profile, diagnose(self.profile), path)


class Recorded(Shown):
    """Records this process."""

    def __init__(self, settings: Settings, path: Path, command: list[str]) -> None:
        super().__init__(path)
        self._spans: list[tuple[Function, int, int, int]] = []
        self._session = Session(
            settings, path, overwrite=True, command=command, view=self._seen
        ).start()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_collection(self) -> Generator[None, Any, None]:
        """Note when the tests are collected, which is when most modules are imported."""
        with self._noted(Function("(collection)", kind="task")):
            yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, Any, None]:
        """Note when a test's fixtures are made."""
        with self._noted(_test(item)):
            yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, None]:
        """Note when a test runs; what pytest reports in between is not the test's."""
        with self._noted(_test(item)):
            yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, Any, None]:
        """Note when a test's fixtures are taken down."""
        with self._noted(_test(item)):
            yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Stop recording, and write what the tests cost."""
        self._stop(int(exitstatus))

    def pytest_unconfigure(self) -> None:
        """Stop recording where no session came about."""
        self._stop(None)

    def _stop(self, status: int | None) -> None:
        if self.profile is None and not self.trouble:
            try:
                self._session.stop(status)
                self.profile = self._session.profile
            except WadjetError as error:
                self.trouble = str(error)

    @contextmanager
    def _noted(self, what: Function) -> Generator[None, None, None]:
        start = time.monotonic_ns()
        try:
            yield
        finally:
            self._spans.append((what, _thread.get_native_id(), start, time.monotonic_ns()))

    def _seen(self, profile: Profile) -> Profile:
        origin = self._session.origin
        spans = [
            Span(what, tid, start - origin, end - origin) for what, tid, start, end in self._spans
        ]
        return under(without_lead(profile, _MACHINERY), spans)


class Gathered(Shown):
    """Gathers what the workers of pytest-xdist record, each in a file of its own."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._parts: dict[str, Path] = {}

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker where to write."""
        worker = node.workerinput["workerid"]
        self._parts[worker] = self.path.with_name(f"{self.path.stem}.{worker}{self.path.suffix}")
        node.workerinput["wadjet"] = str(self._parts[worker])

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Join the files of the workers to one: when xdist has ended them all."""
        found: list[Profile] = []
        for worker, part in self._parts.items():
            try:
                found.append(store.load(part))
            except WadjetError as error:
                self.trouble = f"worker {worker} left no recording ({error})"
        if found:
            self._join(found, int(exitstatus))

    def _join(self, found: list[Profile], status: int) -> None:
        profile = join(found)
        command: list[Fact] = ["pytest", "-n", str(len(found))]
        about: dict[str, Fact] = {**profile.about, "command": command, "exit": status}
        self.profile = replace(profile, about=about)
        try:
            store.save(self.profile, self.path, overwrite=True)
        except WadjetError as error:
            self.trouble = str(error)
            return
        for part in self._parts.values():
            part.unlink(missing_ok=True)


def _test(item: pytest.Item) -> Function:
    line = item.location[1]
    return Function(item.nodeid, str(item.path), 0 if line is None else line + 1, "task")


def _near(path: Path) -> str:
    """Return the path as one would type it here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
