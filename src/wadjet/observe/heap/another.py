"""Asks another process for a snapshot of itself.

Since Python 3.14 an interpreter runs a file for us (PEP 768); the same interpreter that
the process runs is started to ask it. An older one must have imported ``wadjet.agent``,
which waits at a socket.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from wadjet.errors import NoInputError, OutputError, UnsupportedError
from wadjet.observe.heap.waiting import address, ask

PATIENCE = 60.0
"""Seconds to wait for the process to come to a point where it can answer."""

_CAN = "import sys; sys.exit(not hasattr(sys, 'remote_exec'))"
_ASK = "import sys; sys.remote_exec(int(sys.argv[1]), sys.argv[2])"
_SCRIPT = """\
def _wadjet_snapshot():
    import json, os, sys
    report = {report!r}
    sys.path.append({root!r})
    try:
        from wadjet.observe.heap.taking import write_to
        from pathlib import Path
        word = {{"pause": write_to(Path({path!r}), fork={fork!r})}}
    except BaseException as error:
        word = {{"error": str(error) or type(error).__name__}}
    finally:
        sys.path.remove({root!r})
    with open(report + ".part", "w") as file:
        json.dump(word, file)
    os.replace(report + ".part", report)
_wadjet_snapshot()
del _wadjet_snapshot
"""


def request(pid: int, path: Path, *, fork: bool = False) -> None:
    """Have process ``pid`` write a snapshot of itself to ``path``.

    Raises NoInputError if there is no such process, UnsupportedError if it cannot be asked,
    OutputError if it does not answer, or cannot write.
    """
    _require_process(pid)
    if _has_agent(pid):
        _take(ask(pid, str(path), fork=fork, patience=PATIENCE), pid)
        return
    executable = f"/proc/{pid}/exe"
    if not _runs(executable, _CAN):
        raise UnsupportedError(
            f"process {pid} cannot be asked for a snapshot",
            "it needs Python 3.14, `wadjet run --heap`, or `import wadjet.agent` in the program",
        )
    _inject(pid, executable, path, fork=fork)


def _require_process(pid: int) -> None:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        raise NoInputError(f"there is no process {pid}", "see `ps`") from None
    except PermissionError:
        raise NoInputError(f"process {pid} is not yours", "ask as its user") from None


def _has_agent(pid: int) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
        return probe.connect_ex(address(pid)) == 0


def _runs(executable: str, code: str, *arguments: str) -> bool:
    command = [executable, "-I", "-c", code, *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _inject(pid: int, executable: str, path: Path, *, fork: bool) -> None:
    root = Path(__file__).parents[3]
    with tempfile.TemporaryDirectory(prefix="wadjet-") as folder:
        report = Path(folder) / "report"
        script = Path(folder) / "snapshot.py"
        script.write_text(
            _SCRIPT.format(report=str(report), root=str(root), path=str(path.absolute()), fork=fork)
        )
        if not _runs(executable, _ASK, str(pid), str(script)):
            raise UnsupportedError(
                f"process {pid} may not be asked for a snapshot",
                "ask as its user or as root; it must not run with PYTHON_DISABLE_REMOTE_DEBUG",
            )
        _take(_await(report), pid)


def _await(report: Path) -> dict[str, object]:
    end = time.monotonic() + PATIENCE
    while not report.exists():
        if time.monotonic() > end:
            return {}
        time.sleep(0.005)
    word = json.loads(report.read_text())
    return word if isinstance(word, dict) else {}


def _take(word: dict[str, object], pid: int) -> None:
    if "error" in word:
        raise OutputError(f"process {pid} took no snapshot ({word['error']})")
    if "pause" not in word:
        raise OutputError(
            f"process {pid} did not answer within {PATIENCE:.0f} s",
            "its main thread may wait in C code; wake it and try again",
        )
