"""The first start of an image shows which pages all of them write, and does nothing else."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

from elftools.elf.elffile import ELFFile
from hypothesis import given
from hypothesis import strategies as st
from tests.compiler.snapshot.images import call, environment, frozen

from wadjet.compiler.snapshot import pages

PROGRAM = """\
import atexit, os, weakref
from wadjet import snapshot
def tell(name, write=os.write, open=os.open, flags=os.O_CREAT | os.O_APPEND | os.O_WRONLY):
    write(open(NOTES, flags), name.encode() + b"\\n")
class Told:
    def __del__(self, tell=tell): tell("object")
atexit.register(tell, "at exit")
snapshot.on_restore(lambda: tell("hook"))
told, finalized = Told(), type("Other", (), {})()
weakref.finalize(finalized, tell, "finalizer")
snapshot.ready()
tell("program")
"""


def test_nothing_of_the_program_runs_before_it_is_started(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    (tmp_path / "app.py").write_text(PROGRAM.replace("NOTES", repr(str(notes))))
    made = frozen(tmp_path / "app", "app.py")
    assert not notes.exists()
    ended = call([made], cwd=tmp_path)
    assert (ended.status, ended.err) == (0, "")
    assert sorted(notes.read_text().split("\n")) == sorted(
        ["hook", "program", "at exit", "finalizer", "object", ""]
    )


def test_what_a_start_writes_is_memory_that_can_be_written(interpreter: Path) -> None:
    found = pages.needed(interpreter, environment())
    with interpreter.open("rb") as file:
        parts = [each.header for each in ELFFile(file).iter_segments("PT_LOAD")]
    assert 10 < sum(size for _, size in found) // 4096 < 2000
    written = [page for start, size in found for page in range(start, start + size, 4096)]
    writable = [each for each in parts if each.p_flags & 2]
    for page in written:
        assert any(each.p_vaddr <= page < each.p_vaddr + each.p_memsz for each in writable)


def test_a_first_start_is_never_cold(interpreter: Path) -> None:
    ended = call(
        [interpreter, "-c", "print(1)"],
        cwd=interpreter.parent,
        WADJET_SNAPSHOT_TRIAL="1",
        LC_ALL="POSIX",
    )
    assert (ended.status, ended.out, ended.err) == (127, "", "")


def test_a_start_that_cannot_be_seen_tells_nothing(tmp_path: Path) -> None:
    for name, text in (("fails", "#!/bin/sh\nexit 1\n"), ("empty", "")):
        path = tmp_path / name
        path.write_text(text)
        path.chmod(0o755)
    assert pages.needed(tmp_path / "fails", dict(os.environ)) == []
    assert pages.needed(tmp_path / "empty", dict(os.environ)) == []


@given(st.sets(st.integers(1, 5000)))
def test_runs_are_the_pages(numbers: set[int]) -> None:
    found = pages.runs(4096 * each for each in sorted(numbers))
    covered = {page for start, size in found for page in range(start, start + size, 4096)}
    assert covered <= {4096 * each for each in numbers}
    assert len(found) <= 1024
    assert len(covered) == len(numbers) or len(found) == 1024
    assert all(sum(one) < other[0] for one, other in itertools.pairwise(found))
