"""How many faults in the importer its tests notice: each of them run against mutants."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from bench.mutants import Mutant, mutants
from bench.outcome import Outcome, Table
from bench.peers import PYTHON
from bench.rig import Rig

_ROOT = Path(__file__).parent.parent
_TESTS = Path("tests/pipeline/importer")
_MUTATED = {
    "machinery.py": "test_importer.py",
    "takeover.py": "test_importer.py",
    "hook.py": "test_importer.py",
    "edits.py": "test_importer.py",
    "times.py": "test_times.py",
    "records.py": "test_times.py",
    "script.py": "test_script.py",
}
"""What is mutated, and the tests that are run first: they will notice soonest."""

_PATIENCE = 10
"""A mutant that takes so many times what the original does never ends: it was noticed."""

_LIMITED = """
import resource, sys, pytest
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))  # for mutants that grow without end
sys.exit(pytest.main(sys.argv[1:]))
"""


@dataclass(frozen=True, slots=True)
class Suite:
    """The importer's tests, run with a copy of the package: where it is, and seconds to wait."""

    package: Path
    patience: float = 600.0

    @property
    def folder(self) -> Path:
        """Where the modules of the importer are."""
        return self.package / "pipeline" / "importer"

    def notices(self, path: Path, mutant: Mutant) -> bool:
        """Say whether a test fails, or never ends, with a mutant in the place of its module."""
        text = path.read_text(encoding="utf-8")
        path.write_text(mutant.text, encoding="utf-8")
        try:
            return not self.passes(_MUTATED[path.name])
        finally:
            path.write_text(text, encoding="utf-8")

    def passes(self, first: str) -> bool:
        """Say whether the tests find nothing wrong; ``first`` is the file to begin with."""
        shutil.rmtree(self.folder / "__pycache__", ignore_errors=True)  # of another mutant
        files = sorted(path.name for path in (_ROOT / _TESTS).glob("test_*.py"))
        files.sort(key=lambda name: name != first)
        paths = [str(_TESTS / name) for name in files]
        process = subprocess.Popen(
            [PYTHON, "-c", _LIMITED, "-x", "-q", "-p", "no:cacheprovider", *paths],
            cwd=_ROOT,
            env={**os.environ, "PYTHONPATH": str(self.package.parent)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return process.wait(self.patience) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            _end(process)


def importer(rig: Rig) -> Outcome:
    """Run the importer's tests against mutants of it, drawn by chance."""
    suite = _ready(rig.folder / "mutated")
    every = [*_every(suite.folder)]
    drawn = rig.rng.sample(every, min(len(every), rig.turns(10) * 10))
    missed = []
    for number, (path, mutant) in enumerate(drawn):
        rig.tell(f"mutant {number + 1} of {len(drawn)}: {path.name}:{mutant.line}")
        if not suite.notices(path, mutant):
            missed.append((f"{path.name}:{mutant.line}", mutant.now.partition("\n")[0]))
    killed = 100 * (1 - len(missed) / len(drawn))
    note = f"{len(drawn)} of {len(every)} mutants of the importer; these no test noticed."
    table = Table("Mutants of the importer", ("place", "now"), tuple(missed), note)
    return Outcome((table,), {"importer-mutants": killed})


def _every(folder: Path) -> Iterable[tuple[Path, Mutant]]:
    for name in _MUTATED:
        path = folder / name
        for mutant in mutants(path.read_text(encoding="utf-8")):
            yield path, mutant


def _ready(folder: Path) -> Suite:
    """Copy the installed package, whose place in the path the copy takes, and try the tests."""
    spec = find_spec("wadjet")
    if spec is None or spec.origin is None:
        raise RuntimeError("wadjet is not installed")
    suite = Suite(folder / "wadjet")
    shutil.copytree(Path(spec.origin).parent, suite.package, dirs_exist_ok=True)
    for _ in range(2):  # once more, with the code of the rest compiled
        begun = time.perf_counter()
        if not suite.passes(""):
            raise RuntimeError(f"{_TESTS} fails without any mutant")
    return Suite(suite.package, _PATIENCE * (time.perf_counter() - begun))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the tests with all that they have started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
