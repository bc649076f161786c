"""Every way to start an application: what it is built with, and the command that starts it.

A mode is given an application and a folder, and returns what it made of them. The program's
arguments go behind the command. What a packager has made is kept, and found there again.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.applications import Application
from bench.environments import PINNED, environment

PACKAGERS = ("pex==2.105.2", "pyinstaller==6.22.3", "setuptools==65.5.0", "shiv==1.0.8")
_PATIENCE = 600
"""Seconds that building may take."""
_CLEAN = {"LANG": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp"}


@dataclass(frozen=True, slots=True)
class Built:
    """How an application is started in a mode.

    ``made`` is what lies on the disk for it, ``variables`` what its environment must have,
    ``stop`` the command that ends what would stay behind.
    """

    command: tuple[str, ...]
    made: tuple[Path, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    stop: tuple[str, ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        """The whole environment of a start: nothing of ours but what the mode asks for."""
        return {**_CLEAN, **self.variables}

    def bytes(self) -> int:
        """Return what it takes on the disk; holes in a file take nothing."""
        return sum(map(_on_disk, self.made))

    def end(self) -> None:
        """End what the mode left running, if anything."""
        if self.stop:
            _run(self.stop, self.variables)


@dataclass(frozen=True, slots=True)
class Mode:
    """A name, how to build an application, and whose work it is.

    ``counted`` tells whether valgrind sees the instructions: it starts a snapshot cold, for it
    asks for a fixed hash seed, and of a warm start it sees the client only.
    """

    name: str
    build: Callable[[Application, Path], Built]
    ours: bool = False
    counted: bool = False


def _on_disk(path: Path) -> int:
    files = [path, *path.rglob("*")] if path.is_dir() else [path]
    return sum(each.lstat().st_blocks * 512 for each in files)


def _run(command: Sequence[str], variables: Mapping[str, str] | None = None, code: int = 0) -> None:
    """Run a command that must end with a code; RuntimeError has its last line."""
    try:
        done = subprocess.run(
            command,
            env={**_CLEAN, **(variables or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE,
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{' '.join(command)}: not done in {_PATIENCE} s") from None
    if done.returncode != code:
        said = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise RuntimeError(f"{Path(command[0]).name}: exit code {done.returncode}: {said}")


def _python() -> str:
    return str(environment("plain") / "bin" / "python")


def _packaged(program: str) -> str:
    return str(environment("packagers", PACKAGERS) / "bin" / program)


def plain(application: Application, folder: Path) -> Built:
    """Start the application as everybody does."""
    return Built((_python(), str(application.script)))


def pex(application: Application, folder: Path) -> Built:
    """Make a PEX that unpacks itself into a virtual environment at its first start."""
    made, root = folder / "app.pex", folder / "root"
    built = Built((str(made),), (made, root), {"PEX_ROOT": str(root)})
    if made.exists():
        return built
    wanted = [*application.requires, "--constraints", str(PINNED), "--venv", "prepend"]
    program = ["--exe", str(application.script), "--python", _packaged("python")]
    _run([_packaged("pex"), *wanted, *program, "--output-file", str(made)])
    return built


def shiv(application: Application, folder: Path) -> Built:
    """Make a zipapp that unpacks itself at its first start."""
    made, root, site = folder / "app.pyz", folder / "root", folder / "site"
    built = Built((str(made),), (made, root), {"SHIV_ROOT": str(root)})
    if made.exists():
        return built
    _install(site, application)
    shutil.copy(application.script, site)
    python = ["--python", _packaged("python")]
    entry = ["--entry-point", f"{application.name}:main", "--compile-pyc"]
    _run([_packaged("shiv"), "--site-packages", str(site), *entry, *python, "-o", str(made)])
    shutil.rmtree(site)
    return built


def zipapp(application: Application, folder: Path) -> Built:
    """Make a zipapp of all that can be imported from one; what has C code cannot."""
    made, site = folder / "app.pyz", folder / "site"
    built = Built((_python(), "-I", str(made)), (made,))
    if made.exists():
        return built
    _install(site, application)
    shutil.copy(application.script, site / "__main__.py")
    _run([sys.executable, "-m", "compileall", "-qb", str(site)])
    python = ["--python", _python()]
    _run([sys.executable, "-m", "zipapp", str(site), *python, "--output", str(made)])
    shutil.rmtree(site)
    return built


def _install(site: Path, application: Application) -> None:
    """Install what the application needs into a folder."""
    pip = [_python(), "-m", "pip", "--disable-pip-version-check", "install", "--no-compile"]
    _run([*pip, "--target", str(site), "--constraint", str(PINNED), *application.requires])


def pyinstaller(application: Application, folder: Path) -> Built:
    """Make a folder with an executable, the faster of its two forms."""
    made = folder / "dist" / "app"
    built = Built((str(made / "app"),), (made,))
    if made.exists():
        return built
    options = ["--onedir", "--noconfirm", "--log-level=ERROR", "--name=app"]
    places = [f"--{each}path={folder / each}" for each in ("dist", "work", "spec")]
    _run([_packaged("pyinstaller"), *options, *places, str(application.script)])
    shutil.rmtree(folder / "work")
    return built


def code_data_share(application: Application, folder: Path) -> Built:
    """Map an archive of the code objects that a first start has loaded."""
    python = str(environment("cds", ("code-data-share==0.1.0",)) / "bin" / "python")
    modules, archive = folder / "app.lst", folder / "app.img"
    traced = {"PYCDSMODE": "TRACE", "PYCDSLIST": str(modules)}
    _run([python, str(application.script)], traced, code=application.code)
    dump = "import sys, cds.dump; cds.dump.run_dump(*sys.argv[1:])"
    _run([python, "-c", dump, str(modules), str(archive)])
    shared = {"PYCDSMODE": "SHARE", "PYCDSARCHIVE": str(archive)}
    return Built((python, str(application.script)), (archive,), shared)


def fix(application: Application, folder: Path) -> Built:
    """Edit a copy of the application as the measurements of mild treatments say."""
    copied = folder / "fixed"
    shutil.copytree(application.script.parent, copied, ignore=shutil.ignore_patterns("__*"))
    script = copied / application.script.name
    _wadjet("startup", "--fix", "--apply", str(script))
    return Built((_python(), str(script)), (script,))


def lazy(application: Application, folder: Path) -> Built:
    """Have the imports wait that a trial of the program proves can."""
    recording, listed, script = folder / "app.wadjet", folder / "lazy.toml", str(application.script)
    _wadjet("startup", "--quiet", "-o", str(recording), script, code=application.code)
    _wadjet("lazy", str(recording), "--hook", str(listed))
    recording.unlink()
    return Built((_python(), "-m", "wadjet.deferred", str(listed), script), (folder,))


def launcher(application: Application, folder: Path) -> Built:
    """Make an executable with its own start of the interpreter."""
    made = folder / "app"
    _wadjet("launcher", str(application.script), "-o", str(made))
    return Built((str(made),), (folder,))


def snapshot(application: Application, folder: Path) -> Built:
    """Freeze the application with its imports done."""
    made = folder / "app"
    _wadjet("snapshot", str(application.script), "-o", str(made))
    return Built((str(made),), (made,))


def frozen_python(application: Application, folder: Path) -> Built:
    """Freeze an interpreter with the application's imports done; it runs any script."""
    made = folder / "py"
    _wadjet("snapshot", "python", "-o", str(made), "--preload", ",".join(application.preload))
    return Built((str(made), str(application.script)), (made,))


def warm(application: Application, folder: Path) -> Built:
    """Have a server with the application's imports done fork for each start."""
    client = folder / "py"
    place = {"XDG_RUNTIME_DIR": str(folder)}
    preload = ["--preload", ",".join(application.preload)]
    _wadjet("warm", "client", *preload, "-o", str(client), variables=place)
    _wadjet("warm", "start", *preload, variables=place)
    stop = (_python(), "-m", "wadjet", "warm", "stop")
    return Built((str(client), str(application.script)), (client,), place, stop)


def _wadjet(*words: str, variables: Mapping[str, str] | None = None, code: int = 0) -> None:
    _run([_python(), "-m", "wadjet", *words], variables, code)


MODES = (
    Mode("plain", plain, counted=True),
    Mode("fix", fix, ours=True, counted=True),
    Mode("lazy", lazy, ours=True, counted=True),
    Mode("launcher", launcher, ours=True, counted=True),
    Mode("snapshot", snapshot, ours=True),
    Mode("snapshot python", frozen_python, ours=True),
    Mode("warm", warm, ours=True),
    Mode("pex", pex),
    Mode("shiv", shiv),
    Mode("zipapp", zipapp),
    Mode("PyInstaller", pyinstaller),
    Mode("code-data-share", code_data_share),
)
