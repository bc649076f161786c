"""The times of a start: all of it is accounted for, each step by its name."""

from __future__ import annotations

import os
import sys
from io import BytesIO
from pathlib import Path

import pytest
from tests.observe.startup.starts import plain, recorded, spent

from wadjet.model.imports import STAGE
from wadjet.model.startup import COLLECTION, LINKING, METRICS, RUNNING, modules, stacks
from wadjet.observe.startup import timing
from wadjet.observe.startup.recording import record

SPIN = """
import time
end = time.thread_time() + {}
while time.thread_time() < end: pass
"""


def test_the_main_thread_s_times_add_up_to_the_whole() -> None:
    profile = record(["-c", "import json, decimal"], calls=False).profile
    own = profile.samples.values[0]
    assert sum(own) == profile.duration


def test_a_module_has_the_time_of_its_own_statements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = recorded(
        tmp_path,
        monkeypatch,
        "-c",
        "import outer",
        outer="import inner\n" + SPIN.format(0.06),
        inner=SPIN.format(0.03),
    ).profile
    costs = {each.name: each for each in modules(profile)}
    assert costs["inner"].time >= 30e6
    assert costs["outer"].time >= costs["inner"].time + 60e6
    files = {each.name: each.file for each in profile.tree.functions if each.file != STAGE}
    assert files["inner"] == str(tmp_path / "inner.py")


def test_stages_are_below_the_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    words = ["-c", "import plain_one, _decimal"]
    profile = recorded(tmp_path, monkeypatch, *words, plain_one="a = 1").profile
    for stage in ("find", "read", "compile"):
        assert spent(profile, RUNNING, "plain_one", stage)[0] > 0
    assert spent(profile, RUNNING, "_decimal", "load extension")[0] > 0


def test_runs_of_the_collector_are_told_of() -> None:
    profile = record(["-c", "import gc; gc.collect()"], calls=False).profile
    assert spent(profile, RUNNING, COLLECTION)[0] > 0


def test_page_faults_are_those_of_the_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = """
        import mmap
        rows = mmap.mmap(-1, 1 << 24)
        rows.madvise(mmap.MADV_NOHUGEPAGE)
        for at in range(0, 1 << 24, 4096): rows[at] = 1
    """
    profile = recorded(tmp_path, monkeypatch, "-c", "import large", large=large).profile
    assert 4096 <= spent(profile, RUNNING, "large")[3] < 4096 + 500
    assert spent(profile, LINKING)[3] > 20


def test_imports_of_a_thread_are_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import threading; t = threading.Thread(target=__import__, args=['a']); t.start(); t.join()"
    )
    profile = recorded(tmp_path, monkeypatch, "-c", code, a=SPIN.format(0.02)).profile
    assert spent(profile, "a")[0] >= 20e6
    assert (
        sum(
            value
            for value, thread in zip(profile.samples.values[0], profile.samples.thread, strict=True)
            if thread == 0
        )
        == profile.duration
    )


def test_a_program_that_is_killed_has_told_what_there_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kills = "import decimal, os; os.kill(os.getpid(), 9)"
    start = recorded(tmp_path, monkeypatch, "-c", "import kills", kills=kills)
    assert start.status == -9
    assert spent(start.profile, RUNNING, "kills", "decimal")[0] > 0
    assert sum(start.profile.samples.values[0]) == start.profile.duration


def test_nothing_of_ours_is_left_for_the_program(
    capfd: pytest.CaptureFixture[str],
) -> None:
    code = "import os; print(sorted(name for name in os.environ if name != '_'))"
    timing.run([sys.executable, "-c", code], plain())
    assert capfd.readouterr().out == f"{sorted(plain())}\n"
    theirs = f"{os.environ.get('LD_PRELOAD', '')} /nowhere.so".strip()
    code = "import os; print(os.environ['LD_PRELOAD'])"
    timing.run([sys.executable, "-c", code], {**plain(), "LD_PRELOAD": theirs})
    assert capfd.readouterr().out == f"{theirs}\n"


def test_what_is_written_in_part_is_read_as_far_as_it_is_whole() -> None:
    whole = timing._RECORD.pack(5, 0, 1, 0, 0, 4) + b"json\0\0\0\0"
    for data in (b"", whole[:9], whole + bytes(24), whole + whole[:10]):
        file = BytesIO(timing._HEAD.pack(len(data) + 99) + data)
        assert len(list(timing._steps(file))) == int(len(data) > 24)


def test_a_program_without_python_s_imports_says_nothing() -> None:
    from wadjet.errors import UnsupportedError
    from wadjet.observe.startup.rows import Rows

    timed = timing.run(["/bin/true"], os.environ)
    with pytest.raises(UnsupportedError, match="did not say"):
        timing.add_times(Rows(), timed)


def test_a_tree_has_phases_at_its_roots() -> None:
    profile = record(["-c", "import json"]).profile
    assert all(stack[-1].file == STAGE for stack in stacks(profile.tree))
    assert profile.metrics == METRICS
