"""What a snapshot's start costs beside perl's, and whether many of them come back."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.outcome import Outcome, Table, between
from bench.peers import PYTHON
from bench.rig import Rig
from bench.stats import spread

_ENVIRONMENT = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
_PERL = ("perl", "-e", "1")
_HEAVY = ("pandas", "django.db", "fastapi")
_STEPS = """
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int count, char **words)
{
    pid_t child = fork();
    int status;
    long steps = 0;
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        execvp(words[1], words + 1);
        _exit(127);
    }
    while (waitpid(child, &status, 0) > 0 && WIFSTOPPED(status)) {
        steps++;
        ptrace(PTRACE_SINGLESTEP, child, 0, 0);
    }
    printf("%ld\\n", steps);
    return count < 2;
}
"""


def starts(rig: Rig) -> Outcome:
    """Count calls, instructions and faults of starts, and take their times in turn with perl's."""
    stepper = _stepper(rig.folder)
    rows: list[tuple[str, ...]] = []
    figures: dict[str, float] = {}
    for name, modules in (("snapshot", ()), ("snapshot-heavy", _importable(_HEAVY))):
        rig.tell(f"freezing an interpreter with {', '.join(modules) or 'nothing'}")
        command = [str(freeze(rig.folder / name, modules)), "-c", "pass"]
        rig.tell("counting and timing its start")
        calls, instructions = _calls(command), _instructions(stepper, command)
        ratio = spread([_time(command) / _time(_PERL) for _ in range(rig.turns(100))])
        size = Path(command[0]).stat().st_blocks / 2048
        rows.append(
            (
                ", ".join(modules) or "nothing",
                str(calls),
                f"{instructions / 1e6:.3f}",
                str(_faults(command)),
                between(ratio, 2),
                f"{size:.0f}",
            )
        )
        figures |= {f"{name}-calls": float(calls), f"{name}-instructions": instructions / 1e6}
        figures |= {f"{name}-time": ratio.median}
    steps = f"{_instructions(stepper, _PERL) / 1e6:.3f}"
    rows.append(("perl -e 1", str(_calls(_PERL)), steps, str(_faults(_PERL)), "1", ""))
    columns = ("imported", "system calls", "instructions, M", "faults", "time / perl's", "MiB")
    note = "`-c pass`, standard streams at /dev/null; instructions in user mode, by single steps."
    return Outcome((Table("Starting from a snapshot", columns, tuple(rows), note),), figures)


def freeze(output: Path, modules: Sequence[str]) -> Path:
    """Make an interpreter that has imported modules."""
    words = ["snapshot", "python", "-q", "--overwrite", "-o", str(output)]
    words += ["--preload", ",".join(modules)]
    subprocess.run([PYTHON, "-m", "wadjet", *words], check=True, env=_ENVIRONMENT)
    return output


def _importable(modules: Sequence[str]) -> tuple[str, ...]:
    def works(module: str) -> bool:
        command = [PYTHON, "-c", f"import {module}"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    return tuple(filter(works, modules))


def _run(command: Sequence[str]) -> None:
    null = subprocess.DEVNULL
    subprocess.run(command, stdin=null, stdout=null, stderr=null, env=_ENVIRONMENT, check=True)


def _calls(command: Sequence[str]) -> int:
    null = subprocess.DEVNULL
    summary = subprocess.run(
        ["strace", "-f", "-c", "-o", "/dev/stdout", *command],
        stdin=null,
        stdout=subprocess.PIPE,
        stderr=null,
        env=_ENVIRONMENT,
        check=True,
        text=True,
    ).stdout
    total = next(line for line in summary.splitlines() if line.endswith("total"))
    return int(total.split()[3])


def _stepper(folder: Path) -> Path:
    source = folder / "steps.c"
    source.write_text(_STEPS)
    subprocess.run(["cc", "-O2", str(source), "-o", str(folder / "steps")], check=True)
    return folder / "steps"


def _instructions(stepper: Path, command: Sequence[str]) -> int:
    done = subprocess.run(
        [stepper, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=_ENVIRONMENT,
        check=True,
    )
    return int(done.stdout.split()[-1])


def _time(command: Sequence[str]) -> float:
    began = time.perf_counter()
    _run(command)
    return time.perf_counter() - began


def _faults(command: Sequence[str]) -> int:
    process = os.posix_spawnp(command[0], list(command), _ENVIRONMENT)
    return os.wait4(process, 0)[2].ru_minflt


def many(count: int, at_once: int, modules: Sequence[str], folder: Path) -> int:
    """Start a snapshot so often, so many at once; return how many did not come back right."""
    made = freeze(folder / "py", modules)
    command = [str(made), "-c", "import sys; print(sum(range(int(sys.argv[1]))))"]

    def wrong(number: int) -> bool:
        words = [*command, str(number)]
        done = subprocess.run(words, capture_output=True, env=_ENVIRONMENT, check=False)
        expected = f"{number * (number - 1) // 2}\n".encode()
        return (done.returncode, done.stdout, done.stderr) != (0, expected, b"")

    with ThreadPoolExecutor(at_once) as pool:
        return sum(pool.map(wrong, range(count)))


def main() -> int:
    """Start a snapshot many times: ``python -m bench.bench_snapshot --count 10000``."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--preload", default="")
    args = parser.parse_args()
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        modules = [each for each in args.preload.split(",") if each]
        failed = many(args.count, args.at_once, modules, Path(folder))
    print(f"{args.count} starts, {args.at_once} at once: {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
