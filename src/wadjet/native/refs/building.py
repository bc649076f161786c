"""Build an extension for the ledger: its own build, with another compiler."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from wadjet.errors import ExtensionError, NoInputError, UnsupportedError
from wadjet.native.refs.compiling import SHIM, Compiled, read_log
from wadjet.native.refs.shim import shim
from wadjet.target.behavior import FREE_THREADED

FOLDER = Path("build") / "wadjet-refs"
SITE = "site"
COPY = "source"
_SCRIPT = """\
import sys
sys.path[:0] = [{package!r}]
from wadjet.native.refs.compiling import main
sys.exit(main({compiler!r}, {folder!r}, {ledger!r}, {source!r}, sys.argv[1:]))
"""


@dataclass(frozen=True, slots=True)
class Build:
    """A finished build: ``site`` is the folder to import it from."""

    site: Path
    compiled: tuple[Compiled, ...]

    @property
    def unshimmed(self) -> list[Compiled]:
        """Files that had to be compiled without the shim."""
        return [each for each in self.compiled if not each.shimmed]


def ledger() -> Path:
    """Return the library of the ledger; raises UnsupportedError where there is none."""
    if FREE_THREADED:
        raise UnsupportedError(
            "free-threaded builds of Python have no ledger", "use an ordinary build, python3"
        )
    spec = find_spec("wadjet.native.refs._ledger")
    if spec is None or spec.origin is None:
        raise UnsupportedError(
            "this installation of Wadjet has no C core", "install it on Linux, with a C compiler"
        )
    return Path(spec.origin)


def prepare(folder: Path, source: Path) -> dict[str, str]:
    """Write the shim and the compilers into ``folder``; return what to build ``source`` in.

    Raises UnsupportedError where there is no compiler, no Python.h or no ledger.
    """
    library = ledger()
    compilers = {"CC": _compiler("CC", "cc"), "CXX": _compiler("CXX", "c++")}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SHIM).write_text(shim(tuple(compilers["CC"])), encoding="utf-8")
    environment = dict(os.environ)
    for name, compiler in compilers.items():
        script = folder / name.lower()
        text = _SCRIPT.format(
            package=str(Path(__file__).parents[3]),
            compiler=compiler,
            folder=str(folder.resolve()),
            ledger=str(library),
            source=str(source.resolve()),
        )
        module = folder / f"{name.lower()}.py"
        module.write_text(text, encoding="utf-8")
        words = shlex.join([sys.executable, "-I", str(module.resolve())])
        script.write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
        environment[name] = str(script.resolve())
    environment.pop("LDSHARED", None)
    return environment


def build(source: Path, folder: Path | None = None, options: tuple[str, ...] = ()) -> Build:
    """Build and install the project in ``source`` into ``folder``, by way of pip.

    ``options`` go to pip. Raises NoInputError for what is no project, ExtensionError where
    its build fails, and UnsupportedError as ``prepare`` does.
    """
    if not any((source / each).exists() for each in ("pyproject.toml", "setup.py")):
        raise NoInputError(
            f"{source} has no pyproject.toml and no setup.py", "name the folder of a project"
        )
    folder = (folder or source / FOLDER).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    environment = prepare(folder, source)
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-cache-dir"]
    command += ["--force-reinstall", "--upgrade", "--disable-pip-version-check", "--quiet"]
    command += [*options, "--target", str(folder / SITE), str(_copied(source, folder))]
    log = folder / "build.log"
    with log.open("wb") as out:
        code = subprocess.run(
            command, env=environment, stdout=out, stderr=subprocess.STDOUT, check=False
        ).returncode
    if code:
        raise ExtensionError(f"{source} does not build", f"see {log}")
    compiled = tuple(read_log(folder))
    if not compiled:
        raise ExtensionError(
            f"{source} was built without compiling anything that includes Python.h",
            f"see {log}: extensions may be optional there",
        )
    return Build(folder / SITE, compiled)


def _copied(source: Path, folder: Path) -> Path:
    """Copy a project without what an earlier build has left, which a build would use."""
    copy = folder / COPY
    left_out = shutil.ignore_patterns("*.o", "*.so", "__pycache__", ".venv", ".tox")
    top = source.resolve()

    def ignored(place: str, names: list[str]) -> set[str]:
        here = Path(place).resolve()
        ours = {each for each in names if here / each == folder}
        return {*left_out(place, names), *ours, *({"build"} if here == top else ())}

    shutil.copytree(source, copy, ignore=ignored, symlinks=True)
    return copy


def _compiler(name: str, default: str) -> list[str]:
    words = shlex.split(os.environ.get(name) or sysconfig.get_config_var(name) or default)
    if shutil.which(words[0]) is None:
        words = [default]
    return words
