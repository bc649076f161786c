"""A file that is no recording, or cannot be written, is refused with one line."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.profiles import METRICS, realistic

from wadjet.errors import NoInputError, OutputError, RecordingError, WadjetError
from wadjet.model import database, store

FOLDER = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "whole.wadjet"
    store.save(realistic(), path)
    return path


def one_line(error: WadjetError) -> str:
    text = str(error)
    assert "\n" not in text
    assert len(text) > 20
    return text


def test_a_truncated_file_is_refused_with_one_line(recording: Path, tmp_path: Path) -> None:
    whole = recording.read_bytes()
    path = tmp_path / "cut.wadjet"
    for kept in [*range(0, 200, 7), *range(200, len(whole), 997), len(whole) - 1]:
        path.write_bytes(whole[:kept])
        with pytest.raises(RecordingError, match=r"cut\.wadjet (is|cannot)"):
            store.load(path)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_damaged_file_is_refused_or_read_but_never_crashes(
    data: st.DataObject, recording: Path, tmp_path: Path
) -> None:
    octets = bytearray(recording.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(16, len(octets) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.wadjet"
    path.write_bytes(octets)
    with contextlib.suppress(RecordingError):
        store.load(path)


DAMAGE = {
    "a blob that is not compressed": "UPDATE sample_block SET node = x'00112233'",
    "a blob that is too short": "UPDATE node_block SET count = count + 1",
    "a blob that is a number": "UPDATE frame_block SET line = 7",
    "a blob that is missing": "UPDATE sample_block SET thread = NULL",
    "a count that is missing": "UPDATE sample_block SET count = NULL",
    "a count beyond all memory": "UPDATE sample_block SET count = 1 << 60",
    "a negative count": "UPDATE sample_block SET count = -5",
    "fewer functions than frames tell of": "DELETE FROM function WHERE id > 2",
    "no function at all": "DELETE FROM function",
    "fewer frames than nodes tell of": "DELETE FROM frame_block",
    "fewer nodes than samples tell of": "DELETE FROM node_block",
    "fewer threads than samples tell of": "DELETE FROM thread WHERE id > 0",
    "threads of no process": "DELETE FROM process",
    "a function of an unknown kind": "UPDATE function SET kind = 'magic'",
    "a function without a name": "UPDATE function SET name = NULL",
    "a function of a file that is not told of": "DELETE FROM file",
    "a function on no line": "UPDATE function SET line = 'seven'",
    "a thread without a name": "UPDATE thread SET name = x'05'",
    "a thread that starts at a word": "UPDATE thread SET started = 'noon'",
    "a process with a word for a number": "UPDATE process SET pid = 'init'",
    "a metric of an unknown unit": "UPDATE metric SET unit = 'furlong'",
    "facts that are no JSON": "UPDATE about SET value = '{'",
    "a source that is not compressed": "UPDATE source SET text = x'ff'",
    "a missing table": "DROP TABLE value_block",
    "a missing column": "ALTER TABLE thread DROP COLUMN cpu",
}


@pytest.mark.parametrize("statement", DAMAGE.values(), ids=DAMAGE)
def test_contents_that_make_no_sense_are_refused(
    statement: str, recording: Path, tmp_path: Path
) -> None:
    path = tmp_path / "senseless.wadjet"
    shutil.copy(recording, path)
    base = sqlite3.connect(path)
    base.execute(statement)
    base.commit()
    base.close()
    with pytest.raises(RecordingError, match="is damaged") as caught:
        store.load(path)
    one_line(caught.value)


@pytest.mark.parametrize(
    ("column", "worst"), [("node", 10**6), ("thread", 99), ("state", 77), ("holder", -2)]
)
def test_ids_that_point_nowhere_are_refused(column: str, worst: int, tmp_path: Path) -> None:
    profile = deepcopy(realistic())
    getattr(profile.samples, column)[3] = worst
    store.save(profile, tmp_path / "nowhere.wadjet")
    with pytest.raises(RecordingError, match=f"a sample's {column} is out of range"):
        store.load(tmp_path / "nowhere.wadjet")


@pytest.mark.parametrize("parent", [5, 6, -2])
def test_a_node_that_comes_before_its_parent_is_refused(parent: int, tmp_path: Path) -> None:
    profile = deepcopy(realistic())
    profile.tree.node_parent[5] = parent
    store.save(profile, tmp_path / "loop.wadjet")
    with pytest.raises(RecordingError, match="a node comes before its parent"):
        store.load(tmp_path / "loop.wadjet")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match=r"cannot read .*none\.wadjet \(No such file"):
        store.load(tmp_path / "none.wadjet")


def test_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    (tmp_path / "empty.wadjet").touch()
    with pytest.raises(RecordingError, match=r"empty\.wadjet is empty"):
        store.load(tmp_path / "empty.wadjet")


def test_a_text_file_is_not_a_recording(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("SQLite format 3 is a fine format")
    with pytest.raises(RecordingError, match=r"notes\.txt is not a Wadjet recording"):
        store.load(tmp_path / "notes.txt")


def test_another_program_s_database_is_not_a_recording(tmp_path: Path) -> None:
    base = sqlite3.connect(tmp_path / "places.sqlite")
    base.execute("CREATE TABLE process (id INTEGER)")
    base.close()
    with pytest.raises(RecordingError, match="is a database, but not a Wadjet recording"):
        store.load(tmp_path / "places.sqlite")


def test_a_directory_is_called_a_directory(tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match="is a directory"):
        store.load(tmp_path)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wadjet")
    with pytest.raises(NoInputError, match="is not a regular file"):
        store.load(tmp_path / "pipe.wadjet")


def as_nobody(action: Callable[[], object]) -> int:
    """Run ``action`` in a child without root's rights; return its exit status."""
    child = os.fork()
    if child == 0:
        try:
            if os.getuid() == 0:
                os.setgroups([])
                os.setuid(65534)
            action()
            os._exit(0)
        except WadjetError as error:
            os._exit(error.exit_code)
        finally:
            os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_file_that_may_not_be_read_says_so(recording: Path, tmp_path: Path) -> None:
    path = tmp_path / "secret.wadjet"
    shutil.copy(recording, path)
    path.chmod(0)
    assert as_nobody(lambda: store.load(path)) == NoInputError.exit_code


def test_a_recording_in_a_folder_that_may_not_be_written_is_read(
    recording: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "shelf"
    folder.mkdir()
    shutil.copy(recording, folder / "old.wadjet")
    for each in (folder, *folder.parents):
        if each.stat().st_mode & 0o5 != 0o5:  # pytest keeps its folders to itself
            each.chmod(0o755)
    (folder / "old.wadjet").chmod(0o444)
    assert as_nobody(lambda: store.load(folder / "old.wadjet")) == 0


def test_a_file_from_a_newer_wadjet_asks_for_an_upgrade(recording: Path, tmp_path: Path) -> None:
    path = tmp_path / "newer.wadjet"
    shutil.copy(recording, path)
    base = sqlite3.connect(path)
    base.execute(f"PRAGMA user_version = {database.FORMAT + 1}")
    base.close()
    with pytest.raises(RecordingError, match="written by a newer Wadjet") as caught:
        store.load(path)
    assert "pip install -U wadjet" in one_line(caught.value)


def test_a_recording_that_exists_is_not_written_over(recording: Path) -> None:
    before = recording.read_bytes()
    with pytest.raises(OutputError, match=r"whole\.wadjet exists; .* --overwrite"):
        store.save(realistic(seed=2), recording)
    assert recording.read_bytes() == before


def test_overwriting_replaces_the_old_recording_and_what_lay_beside_it(
    recording: Path, tmp_path: Path
) -> None:
    path = tmp_path / "again.wadjet"
    shutil.copy(recording, path)
    journal = tmp_path / "again.wadjet-journal"
    journal.write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(504))
    store.save(realistic(seed=2), path, overwrite=True)
    assert store.load(path) == realistic(seed=2)


@pytest.mark.parametrize("overwrite", [False, True])
def test_two_writers_of_one_path_do_not_meet(overwrite: bool, tmp_path: Path) -> None:
    path = tmp_path / "one.wadjet"
    with store.Writer(path, METRICS) as first:
        with pytest.raises(OutputError, match=r"exists|is just being recorded"):
            store.Writer(path, METRICS, overwrite=overwrite)
        first.about({"writer": "first"})
    assert store.load(path).about == {"writer": "first"}
    store.Writer(path, METRICS, overwrite=True).close()


def test_a_recording_can_be_read_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "live.wadjet"
    with store.Writer(path, METRICS) as writer:
        writer.about({"seen": True})
        writer.commit()
        writer.about({"seen": False})
        assert store.load(path).about == {"seen": True}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (".", "is not a file that can be replaced"),
        ("missing/new.wadjet", "No such file or directory"),
        ("device", "is not a file that can be replaced"),
    ],
)
def test_a_path_that_cannot_be_written_is_named(name: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "device").symlink_to(os.devnull)
    with pytest.raises(OutputError, match=why) as caught:
        store.Writer(tmp_path / name, METRICS, overwrite=True)
    one_line(caught.value)
    assert Path(os.devnull).is_char_device()


WRITE_UNTIL_KILLED = """
import sys
from array import array
from pathlib import Path
from wadjet.model import store
from wadjet.model.profile import Metric, Process, Samples, Thread

writer = store.Writer(Path(sys.argv[1]), [Metric("cpu", "ns", "CPU time")])
writer.process(0, Process(1))
writer.thread(0, Thread("MainThread"))
rows = 1000
for block in range(10**6):
    time = array("q", range(block * rows, (block + 1) * rows))
    zero, none, state = array("i", [0]) * rows, array("i", [-1]) * rows, array("b", [1]) * rows
    writer.samples(Samples(time, zero, none, state, none, (time,)))
    if block % 3 == 0:
        writer.commit()
        print(block + 1, flush=True)
"""


def child(program: str, *words: str, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-c", program, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=FOLDER,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        **options,
    )


@pytest.mark.parametrize("commits", [1, 2, 7])
def test_a_killed_writer_leaves_what_it_had_committed(commits: int, tmp_path: Path) -> None:
    path = tmp_path / "killed.wadjet"
    with child(WRITE_UNTIL_KILLED, str(path)) as writer:
        assert writer.stdout is not None
        blocks = [int(writer.stdout.readline()) for _ in range(commits)][-1]
        writer.send_signal(signal.SIGKILL)
    samples = store.load(path).samples
    assert len(samples) >= blocks * 1000
    assert list(samples.time) == list(range(len(samples)))


WRITE_UNTIL_FULL = """
import os, sys
from pathlib import Path
from array import array
from wadjet.errors import OutputError
from wadjet.model import store
from wadjet.model.profile import Metric, Process, Samples, Thread

writer = store.Writer(Path(sys.argv[1]), [Metric("cpu", "ns", "CPU time")])
writer.process(0, Process(1))
writer.thread(0, Thread("MainThread"))
try:
    for block in range(10**4):
        noise = array("q", os.urandom(8000))
        time = array("q", range(block * 1000, (block + 1) * 1000))
        zero, none, state = array("i", [0]) * 1000, array("i", [-1]) * 1000, array("b", [1]) * 1000
        writer.samples(Samples(time, zero, none, state, none, (noise,)))
        writer.commit()
        print(block + 1, flush=True)
except OutputError as error:
    print(error)
    try:
        writer.close()
    except OutputError as error:
        print(error)
    sys.exit(error.exit_code)
"""


def test_a_full_disk_is_named_and_what_was_written_stays_readable(tmp_path: Path) -> None:
    path = tmp_path / "full.wadjet"
    limit = (300_000, 300_000)
    with child(
        WRITE_UNTIL_FULL,
        str(path),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
    ) as writer:
        said, complained = writer.communicate()
    assert complained == ""
    assert writer.returncode == OutputError.exit_code
    *blocks, refusal = said.splitlines()
    assert refusal.startswith(f"cannot write {path} (")
    assert "free some space" in refusal
    assert int(blocks[-1]) > 5
    assert len(store.load(path).samples) == int(blocks[-1]) * 1000


def test_no_file_is_left_where_none_could_be_begun(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from wadjet.model import store\n"
        "from wadjet.errors import OutputError\n"
        "try: store.Writer(Path(sys.argv[1]), [])\n"
        "except OutputError as error: print(error); sys.exit(error.exit_code)"
    )
    limit = (1000, 1000)
    with child(
        program,
        str(tmp_path / "none.wadjet"),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
    ) as writer:
        said, complained = writer.communicate()
    assert (writer.returncode, complained) == (OutputError.exit_code, "")
    assert said.startswith("cannot write ")
    assert list(tmp_path.iterdir()) == []
