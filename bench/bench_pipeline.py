"""What passes cost: to search, to compile, and to import by way of them."""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sysconfig
import time
from collections.abc import Sequence
from pathlib import Path

from bench.outcome import Outcome, Table, between
from bench.peers import PYTHON, SCRIPTS
from bench.rig import Rig
from bench.stats import spread

_WADJET = str(SCRIPTS / "wadjet")
_PATTERNS = ("for $i in range(len($seq)): $...body", "$x == None")
_MODULES = 300
_NO_SOURCE = ("__pycache__", "config-")
_IMPORTING = """
import sys, time
sys.path.insert(0, sys.argv[1])
if sys.argv[2]:
    from wadjet import importer
    importer.install(sys.argv[2])
names = [f"m{number:03}" for number in range(int(sys.argv[3]))]
begun = time.process_time()
for name in names: __import__(name)
cold = time.process_time() - begun
begun = time.process_time()
for _ in range(200_000): import m000
cached = time.process_time() - begun
import json
print(json.dumps([cold, cached]))
"""


def grep(rig: Rig) -> Outcome:
    """Time the search of the standard library, everything in the page cache."""
    library = str(_copied(rig.folder / "searched", {"site-packages", "lib-dynload"}))
    rows, figures = [], []
    for pattern in _PATTERNS:
        rig.tell(f"wadjet grep {pattern!r}")
        command = [_WADJET, "grep", "-c", pattern, library]
        _cpu(command)
        taken = [_cpu(command)[1] for _ in range(rig.turns(5))]
        figures.append(statistics.median(taken))
        rows.append((pattern, f"{figures[-1]:.2f}"))
    table = Table("wadjet grep over the standard library", ("pattern", "seconds"), tuple(rows))
    return Outcome((table,), {"grep": max(figures)})


def compiling(rig: Rig) -> Outcome:
    """Compare `wadjet compile` with `compileall`, both on one core, by CPU time."""
    unwanted = {"site-packages", "lib-dynload", "lib2to3", "test", "idlelib"}
    library = _copied(rig.folder / "library", unwanted)
    stock = [PYTHON, "-m", "compileall", "-q", "-f", str(library)]
    ways = {
        words: [_WADJET, "compile", "-q", "-f", "-j", "1", "-O", words, str(library)]
        for words in ("safe", "all")
    }
    _cpu(stock)
    ratios: dict[str, list[float]] = {words: [] for words in ways}
    for _ in range(rig.turns(3)):
        for words, command in ways.items():
            rig.tell(f"wadjet compile -O {words}")
            base = _cpu(stock)[0]
            ratios[words].append(_cpu(command)[0] / base)
    rows = tuple((words, between(spread(each), 2)) for words, each in ratios.items())
    table = Table("Compiling the standard library", ("passes", "CPU time of compileall"), rows)
    return Outcome((table,), {"compile": statistics.median(ratios["all"])})


def importing(rig: Rig) -> Outcome:
    """Compare the import of modules by way of the importer with Python's own."""
    folder = rig.folder / "modules"
    folder.mkdir(exist_ok=True)
    for number in range(_MODULES):
        path = folder / f"m{number:03}.py"
        path.write_text(_module(number))
        os.utime(path, (1_500_000_000, 1_500_000_000))  # what is young goes by its hash
    pairs = []
    _imports(folder, ""), _imports(folder, "safe")  # the code is in the cache now
    for _ in range(rig.turns(11)):
        rig.tell(f"import of {_MODULES} modules")
        pairs.append((_imports(folder, ""), _imports(folder, "safe")))
    ratios = [spread([ours[what] / stock[what] for stock, ours in pairs]) for what in range(2)]
    rows = (("compiled before", between(ratios[0])), ("imported before", between(ratios[1])))
    table = Table(f"Importing {_MODULES} modules", ("", "CPU time of Python's own"), rows)
    return Outcome((table,), {"import-cold": ratios[0].median, "import-cached": ratios[1].median})


def _module(number: int) -> str:
    """Return the source of a module of some eighty lines."""
    functions = "\n\n".join(
        f"def f{each}(a, b={each}):\n    '''Do {each}.'''\n    c = a + b\n"
        f"    return [c * x for x in range(b)], {{'a': a, 'b': 'x{number}'}}"
        for each in range(12)
    )
    return f"import os\nimport sys\n\nNAME = 'm{number}'\n\n{functions}\n"


def _imports(folder: Path, passes: str) -> list[float]:
    command = [PYTHON, "-c", _IMPORTING, str(folder), passes, str(_MODULES)]
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True)
    found: list[float] = json.loads(done.stdout)
    return found


def _copied(folder: Path, unwanted: set[str]) -> Path:
    """Copy the source of the standard library, but for some folders."""

    def left_out(_: str, names: list[str]) -> list[str]:
        return [name for name in names if name in unwanted or name.startswith(_NO_SOURCE)]

    library = sysconfig.get_path("stdlib")
    shutil.copytree(library, folder, ignore=left_out, symlinks=True, dirs_exist_ok=True)
    return folder


def _cpu(command: Sequence[str]) -> tuple[float, float]:
    """Return CPU and wall time of a command and its children; its exit code is its own affair."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    taken = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, taken
