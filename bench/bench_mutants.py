"""How many faults in the importer its tests notice: each of them run against mutants."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from bench.mutants import mutants
from bench.outcome import Outcome, Table
from bench.peers import PYTHON
from bench.rig import Rig

_MUTATED = ("machinery.py", "takeover.py", "hook.py", "edits.py", "times.py", "records.py")
_TESTS = "tests/pipeline/importer"
_LONGEST = 180  # seconds: a mutant that never ends was noticed
_ROOT = Path(__file__).parent.parent


def importer(rig: Rig) -> Outcome:
    """Run the importer's tests against mutants of it, drawn by chance."""
    package = _copied(rig.folder / "mutated")
    folder = package / "pipeline" / "importer"
    every = [
        (folder / name, each)
        for name in _MUTATED
        for each in mutants((folder / name).read_text(encoding="utf-8"))
    ]
    if not _passes(package):
        raise RuntimeError(f"{_TESTS} fails without any mutant")
    drawn = rig.rng.sample(every, min(len(every), rig.turns(10) * 10))
    missed = []
    for number, (path, mutant) in enumerate(drawn):
        rig.tell(f"mutant {number + 1} of {len(drawn)}: {path.name}:{mutant.line}")
        text = path.read_text(encoding="utf-8")
        path.write_text(mutant.text, encoding="utf-8")
        if _passes(package):
            missed.append((f"{path.name}:{mutant.line}", mutant.now.partition("\n")[0]))
        path.write_text(text, encoding="utf-8")
    killed = 100 * (1 - len(missed) / len(drawn))
    note = f"{len(drawn)} of {len(every)} mutants of the importer; these no test noticed."
    table = Table("Mutants of the importer", ("place", "now"), tuple(missed), note)
    return Outcome((table,), {"importer-mutants": killed})


def _copied(folder: Path) -> Path:
    """Copy the installed package, whose place in the path the copy takes."""
    spec = find_spec("wadjet")
    if spec is None or spec.origin is None:
        raise RuntimeError("wadjet is not installed")
    shutil.copytree(Path(spec.origin).parent, folder / "wadjet", dirs_exist_ok=True)
    return folder / "wadjet"


def _passes(package: Path) -> bool:
    """Say whether the tests find nothing wrong with a package."""
    for each in package.rglob("__pycache__"):  # of what was there a moment ago
        shutil.rmtree(each)
    command = [PYTHON, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", _TESTS]
    try:
        done = subprocess.run(
            command,
            cwd=_ROOT,
            env={**os.environ, "PYTHONPATH": str(package.parent)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
