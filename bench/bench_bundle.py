"""What starts by a launcher and by a warm server take: system calls and instructions, exactly."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from bench.outcome import Outcome, Table
from bench.peers import PYTHON
from bench.rig import Rig

_ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8"}
_RUNS = 10


def launcher(rig: Rig) -> Outcome:
    """Compare a launcher of ``pass`` with python and perl, in an environment without packages."""
    python = _clean(rig.folder)
    script, made = rig.folder / "empty.py", rig.folder / "empty"
    script.write_text("pass\n")
    _wadjet(python, "launcher", "-q", "--overwrite", str(script), "-o", str(made))
    commands = {
        "perl -e 1": ["perl", "-e", "1"],
        "python -c pass": [str(python), "-c", "pass"],
        "launcher": [str(made)],
    }
    counts = {}
    for name, command in commands.items():
        rig.tell(f"start: {name}")
        counts[name] = _calls(command), _instructions(command)
    perl = counts["perl -e 1"][1]
    rows = tuple(
        (name, str(calls), f"{made / 1e6:.2f}", f"{made / perl:.1f}")
        for name, (calls, made) in counts.items()
    )
    table = Table(
        "Starting by a launcher",
        ("command", "system calls", "instructions, million", "of perl's"),
        rows,
        "strace -c -f, and valgrind, which counts user instructions; LANG=C.UTF-8.",
    )
    calls, instructions = counts["launcher"]
    figures = {"launcher-calls": float(calls), "launcher-instructions": instructions / perl}
    return Outcome((table,), figures)


def warm(rig: Rig) -> Outcome:
    """Count the system calls of a run: those of the client, of the server and of its child."""
    python = Path(PYTHON)
    given = _ENVIRONMENT | {"XDG_RUNTIME_DIR": str(rig.folder)}
    client = rig.folder / "py"
    _wadjet(python, "warm", "start", "--preload", "json", environment=given)
    _wadjet(python, "warm", "client", "--overwrite", "-o", str(client), environment=given)
    said = _wadjet(python, "warm", "status", environment=given)
    rig.tell("runs by a warm server")
    try:
        together = _attached(int(said.split()[0]), [str(client), "-c", "pass"], given)
    finally:
        _wadjet(python, "warm", "stop", environment=given)
    table = Table(
        "Runs by a warm server",
        ("program", "system calls"),
        (("-c pass", f"{together:.1f}"),),
        "Client, server and child together, with pipes for the streams; strace -f.",
    )
    return Outcome((table,), {"warm-calls": together})


def _clean(folder: Path) -> Path:
    """Make an environment with nothing in it; return its python."""
    place = folder / "clean"
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", "--clear", place], check=True)
    return place / "bin" / "python"


def _wadjet(python: Path, *words: str, environment: dict[str, str] | None = None) -> str:
    """Run a command of ours by the python of an environment that does not have us."""
    paths = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    code = f"import sys; sys.path += {paths!r}; from wadjet.cli.__main__ import main; "
    code += f"sys.exit(main({list(words)!r}))"
    given = environment or _ENVIRONMENT
    done = subprocess.run(
        [python, "-c", code], stdout=subprocess.PIPE, text=True, check=True, env=given
    )
    return done.stdout


def _calls(command: Sequence[str]) -> int:
    done = subprocess.run(
        ["strace", "-c", "-f", *command],
        stdin=subprocess.PIPE,
        capture_output=True,
        text=True,
        check=True,
        env=_ENVIRONMENT,
    )
    return _total(done.stderr)


def _total(summary: str) -> int:
    return int(re.findall(r"^100\.00 +\S+ +\S+ +(\d+).* total$", summary, re.MULTILINE)[-1])


def _instructions(command: Sequence[str]) -> int:
    words = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    done = subprocess.run(
        [*words, *command],
        capture_output=True,
        text=True,
        check=True,
        env=_ENVIRONMENT | {"PYTHONHASHSEED": "0"},
    )
    return int(re.findall(r"I +refs: +([\d,]+)", done.stderr)[-1].replace(",", ""))


def _attached(server: int, command: Sequence[str], environment: dict[str, str]) -> float:
    """Return the calls of one run: those of a server and its children, and of the client."""
    watched = ["strace", "-c", "-f", "-p", str(server)]
    tracer = subprocess.Popen(watched, stderr=subprocess.PIPE, text=True)
    assert tracer.stderr is not None
    tracer.stderr.readline()  # "attached"
    clients = 0
    for _ in range(_RUNS):
        done = subprocess.run(
            ["strace", "-c", *command],
            stdin=subprocess.PIPE,
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
        clients += _total(done.stderr)
    tracer.send_signal(signal.SIGINT)
    return (_total(tracer.communicate()[1]) + clients) / _RUNS
