"""``%%wadjet`` records a cell, and shows it as who wrote the notebook sees it."""

from __future__ import annotations

import asyncio
import io
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from IPython.core.formatters import DisplayFormatter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import wadjet
from wadjet.model import memory, store
from wadjet.model.charge import by_line
from wadjet.model.profile import Builder, Metric, Profile
from wadjet.model.totals import by_stack

SPIN = """\
import time
def spin(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(1000))
"""

Run = Callable[[str], str]


def formatter(shell: InteractiveShell) -> DisplayFormatter:
    assert shell.display_formatter is not None
    return shell.display_formatter


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    config = Config(
        {"HistoryManager": {"enabled": False}, "InteractiveShell": {"colors": "nocolor"}}
    )
    made = InteractiveShell.instance(config=config, user_module=types.ModuleType("notebook"))
    formatter(made).active_types = ["text/plain", "text/html"]
    yield made
    InteractiveShell.clear_instance()
    made.configurables.clear()


@pytest.fixture
def run(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a cell and return what it prints."""

    def run_cell(code: str) -> str:
        capsys.readouterr()
        shell.run_cell(code, store_history=True)  # type: ignore[no-untyped-call]
        said = capsys.readouterr()
        return said.out + said.err

    assert run_cell("%load_ext wadjet") == ""
    assert run_cell(SPIN) == ""
    return run_cell


def recorded(shell: InteractiveShell) -> wadjet.Session:
    """What the last cell returned."""
    session = shell.user_ns["_"]
    assert isinstance(session, wadjet.Session)
    return session


def stacks(profile: Profile) -> list[str]:
    sums = by_stack(profile, "cpu")
    return sorted(sums, key=lambda stack: -sums[stack])


def test_a_cell_is_recorded_from_its_own_first_line(shell: InteractiveShell, run: Run) -> None:
    said = run("%%wadjet\nfor i in range(2):\n    spin(0.1)\n17 * 4")
    assert "68" in said
    assert "spin" in said
    profile = recorded(shell).profile
    assert stacks(profile)[0] == "<module> (In[3]:3) > spin (In[2]:5)"


def test_the_text_of_the_cells_is_kept_with_the_magic_line_where_it_stood(
    shell: InteractiveShell, run: Run
) -> None:
    run("%%wadjet --rate 500\nspin(0.05)")
    sources = recorded(shell).profile.sources
    assert sources["In[2]"] == SPIN
    assert sources["In[3]"] == "# %%wadjet --rate 500\nspin(0.05)\n"


def test_only_threads_that_run_the_notebooks_code_are_shown(
    shell: InteractiveShell, run: Run
) -> None:
    run("from threading import Thread\nwork = Thread(target=spin, args=(0.05,), name='work')")
    run("%%wadjet\nwork.start()\nwork.join()\nspin(0.02)")
    assert {thread.name for thread in recorded(shell).profile.threads} == {"MainThread", "work"}


def test_a_page_shows_the_summary_and_the_report_in_a_frame(
    shell: InteractiveShell, run: Run
) -> None:
    run("%%wadjet\nspin(0.05)")
    data, _ = formatter(shell).format(recorded(shell))  # type: ignore[no-untyped-call]
    assert data["text/plain"].startswith("cell 3")
    page = data["text/html"]
    before, _, after = page.partition("<iframe")
    assert "cell 3" in before
    assert "\x1b" not in page
    srcdoc = after.split('srcdoc="')[1].split('"')[0]
    assert srcdoc.startswith("&lt;!DOCTYPE html&gt;")
    assert "Content-Security-Policy" in srcdoc


def test_the_report_is_left_out_when_asked(shell: InteractiveShell, run: Run) -> None:
    run("%%wadjet --no-report\nspin(0.02)")
    data, _ = formatter(shell).format(recorded(shell))  # type: ignore[no-untyped-call]
    assert "<pre" in data["text/html"]
    assert "iframe" not in data["text/html"]


def test_a_statement_is_recorded_as_it_is_written(shell: InteractiveShell, run: Run) -> None:
    run('recording = %wadjet --rate 2000 said = "it\'s  {so}"; spin(0.05)')
    assert shell.user_ns["said"] == "it's  {so}"
    session = shell.user_ns["recording"]
    assert stacks(session.profile)[0].endswith("spin (In[2]:5)")


def test_a_file_keeps_what_is_shown(shell: InteractiveShell, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a file.wadjet"
    run(f"%%wadjet -o '{path}'\nspin(0.05)")
    kept = store.load(path)
    assert stacks(kept) == stacks(recorded(shell).profile)
    assert stacks(kept)[0].startswith("<module> (In[3]:2)")
    assert list(tmp_path.iterdir()) == [path]
    assert "exists" in run(f"%%wadjet -o '{path}'\nspin(0.05)")
    assert "exists" not in run(f"%%wadjet --overwrite -o '{path}'\nspin(0.05)")


def test_a_cell_that_fails_shows_its_traceback_and_its_recording(
    shell: InteractiveShell, run: Run
) -> None:
    said = run("%%wadjet\nspin(0.05)\n1 / 0")
    assert "ZeroDivisionError" in said
    assert stacks(recorded(shell).profile)[0].startswith("<module> (In[3]:2) > spin")


def test_another_magic_may_follow(shell: InteractiveShell, run: Run) -> None:
    assert "Wall time" in run("%%wadjet\n%%time\nspin(0.05)")
    assert "spin" in stacks(recorded(shell).profile)[0]


@pytest.mark.parametrize(
    ("cell", "complaint"),
    [
        ("%wadjet", "there is nothing to record"),
        ("%%wadjet\n  ", "there is nothing to record"),
        ("%wadjet --fast spin(1)", "unrecognized arguments: --fast"),
        ("%%wadjet spin(1)\nspin(1)", "'spin(1)' is no option"),
        ("%%wadjet --rate 1000000000\nspin(1)", "--rate 1000000000 is out of range"),
        ("%%wadjet -o none/a.wadjet\nspin(1)", "cannot write"),
        ("with wadjet.sample():\n    get_ipython().run_cell('%wadjet spin(1)')", "already"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(run: Run, cell: str, complaint: str) -> None:
    run("import wadjet")
    said = run(cell)
    assert complaint in said
    assert len(said.strip().splitlines()) == 1, said


def test_a_cell_that_awaits_in_a_running_loop_is_told_what_to_do(run: Run) -> None:
    async def kernel() -> str:
        return run("%%wadjet\nimport asyncio\nawait asyncio.sleep(0)")

    assert "put `with wadjet.sample() as recording:` into it" in asyncio.run(kernel())


def test_a_cell_that_awaits_is_recorded_where_no_loop_runs(
    shell: InteractiveShell, run: Run
) -> None:
    run("%%wadjet\nimport asyncio\nawait asyncio.sleep(0)\nspin(0.05)")
    assert "spin (In[2]:5)" in stacks(recorded(shell).profile)[0]


def test_a_block_in_a_cell_is_shown_as_the_cell_sees_it(shell: InteractiveShell, run: Run) -> None:
    said = run(
        "import wadjet\nwith wadjet.sample() as recording:\n    spin(0.05)\nrecording.show()"
    )
    assert "In[2]:5" in said
    assert stacks(shell.user_ns["recording"].profile)[0] == ("<module> (In[3]:3) > spin (In[2]:5)")


def test_help_has_examples(shell: InteractiveShell, run: Run) -> None:
    found = shell.object_inspect("%wadjet")  # type: ignore[no-untyped-call]
    assert "%%wadjet --native" in found["docstring"]


def test_a_recording_is_shown_in_colour_on_a_terminal(
    shell: InteractiveShell, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    run("%%wadjet\nspin(0.02)")
    session = recorded(shell)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b" not in session._repr_mimebundle_()["text/plain"]
    monkeypatch.setattr(sys, "stdout", Screen())
    assert "\x1b" in session._repr_mimebundle_()["text/plain"]


def test_a_thread_that_only_serves_is_left_out_unless_nobody_else_worked() -> None:
    from wadjet.embed.cells import without_servants

    made = Builder([Metric("cpu", "ns", "CPU time")])
    made = made.sample(["poll /usr/lib/python3.11/selectors.py:1"], thread="server", cpu=1)
    assert [thread.name for thread in without_servants(made.build()).threads] == ["server"]
    made = made.sample(["f In[1]:1"], thread="MainThread", cpu=1)
    assert [thread.name for thread in without_servants(made.build()).threads] == ["MainThread"]


@pytest.mark.parametrize(("flag", "exact"), [("--memory", False), ("--memory=exact", True)])
def test_a_cell_s_memory_can_be_recorded(
    shell: InteractiveShell, run: Run, flag: str, exact: bool
) -> None:
    run(f"%%wadjet {flag}\nheld = [bytearray(1_000_000) for _ in range(40)]")
    profile = recorded(shell).profile
    assert memory.is_exact(profile) is exact
    places = dict(by_line(profile, "live"))
    kept = sum(value for place, value in places.items() if place.file.startswith("In["))
    assert abs(kept - 40_000_000) < (100_000 if exact else 21_000_000)
