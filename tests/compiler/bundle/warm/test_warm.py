"""Programs that a warm server runs do what they do by plain python; the server keeps to itself."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.compiler.bundle.programs import CASES, HERE, environment, ran, under_terminal

from wadjet.compiler.bundle.warm import control
from wadjet.compiler.bundle.warm.place import folder, is_private, name
from wadjet.compiler.bundle.warm.protocol import Peer, receive_signal

SCRIPT = str(HERE / "app.py")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for sockets of this module's own, where a server is."""
    made = tmp_path_factory.mktemp("warm")
    with pytest.MonkeyPatch.context() as patch:
        for each in os.environ.keys() - environment().keys():
            patch.delenv(each)
        patch.setenv("XDG_RUNTIME_DIR", str(made))
        assert control.start((), 600)
        yield made
        for known in control.servers():
            control.stop(known)


@pytest.fixture(scope="module")
def py(place: Path) -> str:
    path = place / "py"
    path.write_bytes(control.client(name(())))
    path.chmod(0o755)
    return str(path)


def both(py: str, *words: str, **options: object) -> None:
    expected = ran([sys.executable, *words], **options)  # type: ignore[arg-type]
    assert ran([py, *words], **options) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("case", CASES)
def test_a_program_does_what_it_does_by_python(py: str, case: str) -> None:
    both(py, SCRIPT, case)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_closed_streams_are_none(py: str, number: int) -> None:
    def close() -> None:
        os.close(number)

    both(py, SCRIPT, "exit_number", preexec_fn=close)
    both(py, SCRIPT, "echo", preexec_fn=close)


@pytest.mark.parametrize("number", [3, 9])
def test_a_file_that_came_along_is_read(py: str, number: int, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("one")
    code = f"import os; print(os.read({number}, 9))"
    for program in (sys.executable, py):
        command = f'exec "{program}" -c "{code}" {number}<{tmp_path}/text'
        assert ran(["sh", "-c", command]) == (0, b"b'one'\n", b"")


def test_the_server_ran_it(py: str, place: Path) -> None:
    [known] = control.servers()
    code, said, _ = ran([py, "-c", "import os; print(os.getppid())"])
    assert (code, int(said)) == (0, known.pid)


def test_a_line_of_code_and_a_module_too(py: str) -> None:
    for words in (
        ("-c", "import sys; print(sys.argv, sys.path, sys.orig_argv[1:]); 1/0", "a", ""),
        ("-c", "1 +"),
        ("-c", "print(sorted(globals())); import os; print(os.getcwd())"),
        ("-m", "json.tool", "--help"),
        ("-m", "json.nothing"),
        ("-m", "timeit", "-n1", "-r1", "-q"),
    ):
        both(py, *words)


def test_what_is_no_program_of_its_own_is_left_to_python(py: str, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("def f(:\n")
    (tmp_path / "latin.py").write_bytes(b"# coding: latin-1\nprint('\xe4')\n")
    (tmp_path / "__main__.py").write_text("print('folder')")
    for words in (
        ("--version",),
        ("-O", SCRIPT, "state"),
        ("/nowhere.py",),
        (str(tmp_path),),
        (str(tmp_path / "bad.py"),),
        (str(tmp_path / "latin.py"),),
        ("-",),
        ("-c",),
    ):
        both(py, *words)


def test_the_place_of_its_client_is_the_program_s(py: str, tmp_path: Path) -> None:
    code = (
        "import os, resource, signal, sys; old = os.umask(0); print(old, os.getcwd());"
        "print([resource.getrlimit(each) for each in range(16)]);"
        "print([signal.getsignal(each) for each in range(1, 65)], signal.pthread_sigmask(0, []));"
        "print(sorted(os.environ.items())); print(sorted(os.listdir('/proc/self/fd'))[:3])"
    )

    def prepare() -> None:
        import resource

        os.umask(0o027)
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 128))
        resource.setrlimit(resource.RLIMIT_CPU, (100, 200))
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])

    given = {"ODD": "a=b\udcff", "EMPTY": "", "LARGE": "x" * 100_000, "PWD": "?"}
    both(py, "-c", code, given=given, cwd=tmp_path, preexec_fn=prepare)


def test_signals_reach_it(py: str) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGQUIT):
        ends = []
        for command in (sys.executable, py):
            process = subprocess.Popen(
                [command, SCRIPT, "waiting"], stdout=-1, stderr=-1, env=environment()
            )
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            process.send_signal(number)
            _, said = process.communicate(timeout=30)
            ends.append((process.returncode, said.splitlines()[-1:]))
        assert ends[0] == ends[1]


def test_a_terminal_is_one(py: str) -> None:
    for words, ready, keys in ((["state"], b"", b""), (["waiting"], b"ready", b"\x03")):
        expected = under_terminal([sys.executable, SCRIPT, *words], ready, keys)
        code, said = under_terminal([py, SCRIPT, *words], ready, keys)
        assert (code, said[-20:]) == (expected[0], expected[1][-20:])
        assert keys or said == expected[1]


def open_files(process: Path) -> tuple[list[str], list[str]]:
    """Return what a server has open for its clients, with the socket it listens at, and the rest.

    Each is a path, or the kind of what has none.
    """
    found = []
    for each in (process / "fd").iterdir():
        with suppress(FileNotFoundError):
            found.append(re.sub(r":\[\d+\]$", "", str(each.readlink())))
    theirs = [each for each in found if each in ("socket", "anon_inode:[pidfd]")]
    return theirs, sorted(each for each in found if each not in theirs)


def test_what_is_no_request_does_no_harm_and_leaves_nothing(py: str) -> None:
    [known] = control.servers()
    process = Path("/proc", str(known.pid))
    assert ran([py, "-c", "pass"])[0] == 0
    _, before = open_files(process)
    for data in (b"", b"x", b"\xff" * 16, b"\0" * 16, b"\x10\0\0\0" * 4 + b"few", b"y" * 100_000):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(known.path)
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(30)
            try:
                assert connection.recv(4) in (b"", b"\1\0\0\0", b"\2\0\0\0")
            except ConnectionResetError:
                continue
    assert ran([py, "-c", "print(1)"]) == (0, b"1\n", b"")
    assert soon(lambda: open_files(process) == (["socket"], before))
    assert soon(lambda: (process / "task" / str(known.pid) / "children").read_text() == "")
    assert known.pid


@settings(deadline=None)
@given(st.binary(max_size=8))
def test_a_signal_is_one_or_none(data: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        number = receive_signal(ours)
    assert number == 0 or (number in signal.valid_signals() and len(data) >= 4)


def soon(holds: Callable[[], bool]) -> bool:
    """Wait until something holds, for half a minute at most."""
    for _ in range(600):
        if holds():
            return True
        time.sleep(0.05)
    return False


def gone(pid: int) -> bool:
    """Wait for the end of a process that is nobody's here."""

    def ended() -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True

    return soon(ended)


def test_a_client_that_is_killed_takes_it_along(py: str) -> None:
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    process = subprocess.Popen([py, "-c", code], stdout=-1, env=environment())
    assert process.stdout is not None
    program = int(process.stdout.readline())
    process.kill()
    process.communicate()
    assert gone(program)


def test_each_has_chances_of_its_own(py: str) -> None:
    code = "import random, os; print(random.random(), os.urandom(4).hex())"
    said = {ran([py, "-c", code])[1] for _ in range(3)}
    assert len(said) == 3


def test_many_at_once(py: str) -> None:
    code = "import sys; print(sys.stdin.read(), sys.argv[1])"
    running = [
        subprocess.Popen([py, "-c", code, str(each)], stdin=-1, stdout=-1, env=environment())
        for each in range(20)
    ]
    for number, each in enumerate(running):
        said, _ = each.communicate(b"in", timeout=60)
        assert said == f"in {number}\n".encode()


def test_a_second_server_is_not_started(place: Path) -> None:
    command = [sys.executable, "-m", "wadjet", "warm", "start", "--preload", "csv"]
    running = [
        subprocess.Popen(command, stdout=-1, env=environment() | {"XDG_RUNTIME_DIR": str(place)})
        for _ in range(3)
    ]
    said = sorted(each.communicate(timeout=60)[0].split()[0] for each in running)
    assert said == [b"a", b"a", b"ready"]
    [known] = [each for each in control.servers() if each.preload == ("csv",)]
    pid = known.pid
    control.stop(known)
    assert gone(pid)


def test_nobody_else_may_use_it(place: Path) -> None:
    assert Peer(1, os.getuid(), 0).may_run(os.getuid())
    assert not Peer(1, os.getuid() + 1, 0).may_run(os.getuid())
    assert not Peer(0, os.getuid(), 0).may_run(os.getuid())
    [known] = control.servers()
    assert Path(known.path).stat().st_mode & 0o777 == 0o600
    assert folder().stat().st_mode & 0o777 == 0o700
    for mode in (0o755, 0o710, 0o701):
        folder_of(place).chmod(mode)
        assert not is_private(folder_stat(place), os.getuid())
        folder_of(place).chmod(0o700)
    assert is_private(folder_stat(place), os.getuid())
    assert not is_private(folder_stat(place), os.getuid() + 1)


def folder_of(place: Path) -> Path:
    return place / "wadjet"


def folder_stat(place: Path) -> os.stat_result:
    return folder_of(place).lstat()


@pytest.mark.skipif(os.getuid() != 0, reason="takes another user to try it as")
def test_another_user_cannot_connect(py: str, place: Path) -> None:
    [known] = control.servers()
    code = f"import socket; socket.socket(1).connect({known.path!r})"

    def other() -> None:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)

    done = subprocess.run(
        ["/usr/bin/env", "python3", "-c", code], stderr=-1, preexec_fn=other, check=False
    )
    assert done.returncode != 0


def test_where_a_file_has_changed_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for each in os.environ.keys() - environment().keys():
        monkeypatch.delenv(each)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    module = tmp_path / "changing.py"
    module.write_text("value = 1\n")
    assert control.start(("changing",), 600)
    client = control.kept_client(name(("changing",)))
    given = {"PYTHONPATH": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    code = "import changing, sys; print(changing.value, 'wadjet' in sys.modules)"
    assert ran([str(client), "-c", code], given) == (0, b"1 False\n", b"")
    module.write_text("value = 22  # of another size: a .pyc goes by that, and by seconds\n")
    [known] = control.servers()
    pid = known.pid
    status, said, told = ran([str(client), "-c", code], given)
    assert (status, said) == (0, b"22 False\n")
    assert told == f"{client}: {module} has changed since the warm server started\n".encode()
    assert gone(pid)
    assert ran([str(client), "-c", code], given) == (0, b"22 False\n", b"")


def test_a_server_that_was_killed_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert control.start((), 600)
    [known] = control.servers()
    pid = known.pid
    os.kill(pid, signal.SIGKILL)
    assert gone(pid)
    client = control.kept_client(name(()))
    given = {"XDG_RUNTIME_DIR": str(tmp_path)}
    assert ran([str(client), "-c", "print(1)"], given) == (0, b"1\n", b"")
    assert control.servers() == []
    assert control.start((), 600)
    [known] = control.servers()
    pid = known.pid
    control.stop(known)
    assert gone(pid)


def test_after_a_change_it_hears_of_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    module = tmp_path / "changing.py"
    module.write_text("value = 1\n")
    assert control.start(("changing",), 600)
    [known] = control.servers()
    pid = known.pid
    module.write_text("value = 2\n")
    for each in (tmp_path / "wadjet").glob("*.sock"):
        each.unlink()
    assert gone(pid)


def test_it_ends_when_it_is_idle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert control.start((), 0.05)
    known = control.here(())
    assert known is None or gone(known.pid)
