"""Run a program whose extension was built for the ledger."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wadjet.errors import NoInputError, OutputError

REPORTS = "reports"
NAME = "report"
VARIABLE = "WADJET_REFS_REPORT"
"""Where the ledger writes, process by process: a path that a dot and the number end."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the program ended: as subprocess tells it; ``process`` is its number."""

    code: int
    process: int

    @property
    def exit_code(self) -> int:
        """The exit code as a shell gives it."""
        return self.code if self.code >= 0 else 128 - self.code

    @property
    def signal(self) -> str:
        """The name of the signal that ended it, or nothing."""
        return signal.Signals(-self.code).name if self.code < 0 else ""


def run(
    command: Sequence[str], site: Path, reports: Path, settings: Mapping[str, str] | None = None
) -> Ended:
    """Run ``command`` with what is in ``site`` first on its path; old reports are removed.

    ``settings`` are more variables of its environment.
    Raises NoInputError for a command that there is not, OutputError where nothing can be
    written.
    """
    try:
        shutil.rmtree(reports, ignore_errors=True)
        reports.mkdir(parents=True)
    except OSError as error:
        raise OutputError(f"cannot write to {reports} ({error.strerror})") from None
    environment = dict(os.environ) | dict(settings or {})
    environment[VARIABLE] = str((reports / NAME).resolve())
    path = [str(site.resolve()), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(each for each in path if each)
    return start(command, environment)


def start(command: Sequence[str], environment: Mapping[str, str]) -> Ended:
    """Run ``command`` to its end; raises NoInputError for one that there is not."""
    try:
        with subprocess.Popen(list(command), env=environment) as process:
            process.wait()
            return Ended(process.returncode, process.pid)
    except OSError as error:
        raise NoInputError(f"cannot run {command[0]} ({error.strerror})") from None
