"""A program run with some of its imports waiting, and held against what it does with none.

Which imports a file could defer is read off it; what else relies on one is not. So the program
is run, and a command that tests it, with all that may wait, and where that is not the same
with half of them, until those that must not wait are found.

>>> kept, left = sifted([1, 2, 3, 4, 5], lambda chosen: 4 not in chosen)
>>> kept, left
([1, 2, 3, 5], [4])
"""

from __future__ import annotations

import ast
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar, cast

from wadjet.compiler.bundle.listing import Listed, candidates, hash_of, keep, written
from wadjet.deferred import LIST, TOLD
from wadjet.errors import RecordingError
from wadjet.model.profile import Profile

_Any = TypeVar("_Any")
_BOOT = """\
import sys
sys.path.remove({folder!r})
try:
    import wadjet.deferred
except ImportError:
    pass  # another Python
del sys.modules["sitecustomize"]
try:
    import sitecustomize
except ImportError:
    pass
"""
"""Lets a list be at work in each Python that a command starts, before the site's own."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The import of one name, in a module: what it ``takes`` from the first that it ``loads``."""

    module: str
    text: str
    binds: str
    takes: str
    loads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run left: its exit status, and the lines that it wrote."""

    status: int
    out: tuple[bytes, ...]
    err: tuple[bytes, ...]

    def like(self, one: Ran, two: Ran) -> bool:
        """Say whether this run is as two others were; where those differ, it may too.

        >>> one, two = Ran(0, (b"at 1 s", b"done"), ()), Ran(0, (b"at 2 s", b"done"), ())
        >>> Ran(0, (b"at 3 s", b"done"), ()).like(one, two)
        True
        >>> Ran(0, (b"at 3 s", b"lost"), ()).like(one, two)
        False
        """
        return (
            self.status == one.status
            and _alike(self.out, one.out, two.out)
            and _alike(self.err, one.err, two.err)
        )


def _alike(now: Sequence[bytes], one: Sequence[bytes], two: Sequence[bytes]) -> bool:
    if len(one) != len(two):
        return True  # nothing to hold on to
    return len(now) == len(one) and all(
        line == first or first != second for line, first, second in zip(now, one, two, strict=True)
    )


@dataclass(frozen=True, slots=True)
class Program:
    """What is run: the words that follow ``python``, and a command that tests it, or none.

    ``files`` are the modules that it loads, by name; the script is ``__main__``. ``folder`` is
    where trials put their files.
    """

    options: tuple[str, ...]
    words: tuple[str, ...]
    test: tuple[str, ...]
    files: Mapping[str, str]
    folder: Path
    sources: dict[str, str] = field(default_factory=dict)

    @property
    def command(self) -> str:
        """What one would type to run it."""
        return shlex.join(["python", *self.options, *self.words])

    def choices(self) -> list[Choice]:
        """Return every import that may wait for all that can be read, by module."""
        trees = dict(self._trees())
        starred = {each for name in trees for each in self._starred(name, trees[name])}
        found: list[Choice] = []
        for name, tree in sorted(trees.items()):
            if name in starred and not _says_all(tree):
                continue
            package = self._package(name)
            path = self.files[name]
            found += [
                Choice(name, each.text, each.name, each.alias.name, each.modules(package))
                for each in candidates(tree, path)
                if each.reads or name != "__main__"  # which nobody takes names from
            ]
        return found

    def _trees(self) -> Iterator[tuple[str, ast.Module]]:
        for name, path in self.files.items():
            try:
                data = Path(path).read_bytes()
                tree = ast.parse(data, path)
            except (OSError, SyntaxError, ValueError, RecursionError):
                continue
            self.sources[name] = hash_of(data)
            yield name, tree

    def _package(self, name: str) -> str:
        is_package = Path(self.files[name]).name == "__init__.py"
        return name if is_package else name.rpartition(".")[0]

    def _starred(self, name: str, tree: ast.Module) -> Iterator[str]:
        """Yield the modules whose names a module takes by ``*``: from their dictionaries."""
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                above = self._package(name).split(".")
                kept = above[: len(above) + 1 - node.level] if node.level else []
                yield ".".join([*kept, *filter(None, [node.module])])

    def listed(self, chosen: Iterable[Choice]) -> dict[str, Listed]:
        """Return a list with some imports."""
        imports: dict[str, list[str]] = {}
        for each in chosen:
            imports.setdefault(each.module, []).append(each.text)
        return {name: Listed(self.sources[name], tuple(each)) for name, each in imports.items()}

    def keep(self, path: Path) -> None:
        """Compile a list for the program; raises SourceError and OutputError."""
        keep(str(path), self.files.get("__main__", ""), *self._folders())

    def _folders(self) -> list[str]:
        """Return where the program's modules are looked for."""
        script = None if self.words[0] in ("-m", "-c") else Path(self.words[0])
        return [str(script.resolve().parent if script else Path.cwd()), *sys.path[1:]]


def program_of(profile: Profile, test: Sequence[str], folder: Path) -> Program:
    """Return the program whose start was recorded; raises RecordingError where it is not told."""
    command = [str(each) for each in cast(list[object], profile.about.get("command", []))]
    script = profile.about.get("script")
    files = {each.name: each.file for each in profile.tree.functions if each.file.endswith(".py")}
    if isinstance(script, str):
        files["__main__"] = script
    for at, word in enumerate(command[1:], 1):
        if word in ("-m", "-c") or str(Path(word).absolute()) == script:
            return Program(tuple(command[1:at]), tuple(command[at:]), tuple(test), files, folder)
    raise RecordingError("the recording does not tell what was run", "record it anew")


class Trial:
    """Runs a program, first as it is; then with imports that wait.

    ``loaded`` are the modules of the latest run.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.loaded: frozenset[str] = frozenset()
        self._list = program.folder / "imports.toml"
        boot = program.folder / "boot"
        boot.mkdir()
        (boot / "sitecustomize.py").write_text(_BOOT.format(folder=str(boot)))
        self._boot = str(boot)
        self._plain = self._run([]), self._run([])
        self.before = self.loaded

    @property
    def fails(self) -> bool:
        """Whether the tests fail with no import waiting."""
        return self._plain[0][1] != 0

    def holds(self, chosen: Sequence[Choice]) -> bool:
        """Say whether the program, and its tests, do with some imports waiting as without."""
        (one, _), (two, _) = self._plain
        ran, tested = self._run(chosen)
        return ran.like(one, two) and tested == 0

    def prove(
        self, choices: Sequence[Choice], settled: Callable[[int], object] = id
    ) -> tuple[list[Choice], list[Choice]]:
        """Return the imports that can wait and spare the start something, and those that must not.

        None is kept that only happens later in the start: what does not help cannot hurt.
        """
        kept, left = sifted(choices, self.holds, settled)
        self.holds(kept)
        useful = self.saved(kept)
        if not self.holds(useful):  # some can wait only where others do
            useful, more = sifted(useful, self.holds)
            left += more
            self.holds(useful)
        return useful, left

    def saved(self, chosen: Sequence[Choice]) -> list[Choice]:
        """Return those of some imports without which the latest run loaded less.

        Imports of modules that it did not load have had no part in that. To take a name from
        a module in which that waits would end its waiting.
        """
        gone = self.before - self.loaded
        chosen = [each for each in chosen if each.module in self.loaded]
        saved = {each for each in chosen if gone.intersection(each.loads)}
        while True:
            names = {(each.module, each.binds) for each in saved}
            more = {each for each in chosen if (each.loads[0], each.takes) in names} - saved
            if not more:
                return [each for each in chosen if each in saved]
            saved |= more

    def _run(self, chosen: Iterable[Choice]) -> tuple[Ran, int]:
        """Run with imports that wait; return what the program did, and the tests' status."""
        program, told = self.program, self.program.folder / "told"
        self._list.write_text(written(program.listed(chosen), "a trial"))
        program.keep(self._list)
        told.write_bytes(b"")
        command = [sys.executable, *program.options, "-m", "wadjet.deferred", str(self._list)]
        done = subprocess.run(
            [*command, *program.words],
            env={**os.environ, TOLD: str(told)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        self.loaded = frozenset(told.read_text().split())
        ran = Ran(done.returncode, _lines(done.stdout), _lines(done.stderr))
        return ran, self._tested()

    def _tested(self) -> int:
        if not self.program.test:
            return 0
        path = os.pathsep.join(filter(None, [self._boot, os.environ.get("PYTHONPATH")]))
        done = subprocess.run(
            self.program.test,
            env={**os.environ, LIST: str(self._list), "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        return done.returncode


def unused(profile: Profile) -> list[Choice] | None:
    """Return the imports that a recorded start did not use, and would load less without.

    None where the program is not the same with all imports waiting. Raises RecordingError.
    """
    with tempfile.TemporaryDirectory() as folder:
        program = program_of(profile, (), Path(folder))
        trial = Trial(program)
        choices = program.choices()
        return trial.saved(choices) if trial.holds(choices) else None


def _lines(data: bytes) -> tuple[bytes, ...]:
    return tuple(data.split(b"\n"))


def _says_all(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.Name) and node.id == "__all__" for node in ast.walk(tree))


def sifted(
    items: Sequence[_Any],
    holds: Callable[[Sequence[_Any]], bool],
    settled: Callable[[int], object] = id,
) -> tuple[list[_Any], list[_Any]]:
    """Return as many items as hold together, and those left out, each of which breaks them.

    Halves what does not hold (delta debugging: Zeller, Hildebrandt 2002): about
    ``log2(len(items))`` runs for each item that is left out. ``settled`` hears of how many
    items more are decided.
    """
    kept: list[_Any] = []
    left: list[_Any] = []
    groups = [list(items)]
    while groups:
        group = groups.pop()
        if not group:
            continue
        if holds([*kept, *group]):
            kept += group
            settled(len(group))
        elif len(group) == 1:
            left += group
            settled(1)
        else:
            middle = len(group) // 2
            groups += [group[middle:], group[:middle]]
    return kept, left
