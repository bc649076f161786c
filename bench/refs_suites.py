"""The tests of real extensions, run under the ledger: as they are, and as mutants."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.refs_mutants import Mutant, Site, mutants, names
from bench.refs_sdists import PIP, unpacked
from wadjet.model.finding import Finding, Place
from wadjet.native.refs.building import COPY, SITE, build
from wadjet.native.refs.reading import read
from wadjet.native.refs.running import NAME, Ended, run

LIST = Path(__file__).with_name("refs_suites.toml")
_LONGEST = 300  # seconds of CPU
_RECORDER = """\
#!/bin/sh
printf '%s\\0' "$PWD" "$0.real" "$@" > "$(dirname "$0")/calls/$(date +%s%N).$$"
exec "$0.real" "$@"
"""


@dataclass(frozen=True, slots=True)
class Suite:
    """An extension and its tests, as ``refs_suites.toml`` has them."""

    package: str
    tests: tuple[str, ...]
    needs: tuple[str, ...] = ()
    real: tuple[str, ...] = ()

    def is_real(self, finding: Finding) -> bool:
        """Say whether a finding is known to be right."""
        place = finding.place
        return place is not None and f"{Path(place.file).name}:{place.line}" in self.real


@dataclass(frozen=True, slots=True)
class Result:
    """What a run of the tests came to; CPU time in seconds."""

    ended: Ended
    findings: tuple[Finding, ...]
    cpu: float


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the compiler, in the folder where it was made."""

    folder: Path
    words: tuple[str, ...]

    def value(self, option: str) -> Path:
        """Return the path behind an option."""
        return self.folder / self.words[self.words.index(option) + 1]

    @property
    def sources(self) -> list[Path]:
        """The files that it compiles."""
        ends = (".c", ".cc", ".cpp", ".cxx")
        return [(self.folder / each).resolve() for each in self.words if each.endswith(ends)]


def suites() -> list[Suite]:
    """Return the list."""
    rows = tomllib.loads(LIST.read_text(encoding="utf-8"))["suite"]
    return [Suite(**{key: _tuple(value) for key, value in row.items()}) for row in rows]


def _tuple(value: str | list[str]) -> Any:
    return tuple(value) if isinstance(value, list) else value


class Built:
    """An extension, built twice: plain, and for the ledger."""

    def __init__(self, suite: Suite, folder: Path) -> None:
        self.suite = suite
        self.folder = folder / suite.package
        self.project = unpacked(suite.package, folder)
        self._compilers = self.folder / "compilers"
        (self._compilers / "calls").mkdir(parents=True)
        with self._recorded():
            self.made = build(self.project, self.folder / "into")
        self._install(self.folder / "plain", "--no-deps", str(self.project))
        if suite.needs:
            self._install(self.folder / "needs", *suite.needs)
        self._calls = list(self._read_calls())

    @contextmanager
    def _recorded(self) -> Iterator[None]:
        """Have the compilers' calls recorded, so that they can be made again."""
        before = {name: os.environ.get(name) for name in ("CC", "CXX")}
        for name, usual in (("CC", "cc"), ("CXX", "c++")):
            script = self._compilers / usual
            script.write_text(_RECORDER, encoding="utf-8")
            script.chmod(0o755)
            real = shutil.which(before[name] or usual)
            Path(f"{script}.real").symlink_to(str(real))
            os.environ[name] = str(script)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value

    def _install(self, target: Path, *what: str) -> None:
        command = [*PIP, "install", "--target", str(target), *what]
        subprocess.run(command, check=True, capture_output=True, timeout=600)

    def _read_calls(self) -> Iterator[Call]:
        for path in sorted((self._compilers / "calls").iterdir()):
            folder, *words = path.read_text(encoding="utf-8").split("\0")[:-1]
            if "-M" not in words and "-o" in words:
                yield Call(Path(folder), tuple(words))

    def lines(self, sites: Sequence[Site]) -> int:
        """Count the lines of C of the project that were compiled, and of what they include."""
        own = {each.resolve() for each in self._find({each.file for each in sites})}
        for call in self._calls:
            own |= {each for each in call.sources if each.is_file() and "-include" in call.words}
        return sum(len(each.read_bytes().splitlines()) for each in own)

    def _find(self, files: set[str]) -> Iterator[Path]:
        for file in files:
            yield from [each / file for each in self.places if (each / file).is_file()][:1]

    @property
    def places(self) -> list[Path]:
        """The folders that names of files are relative to."""
        copy = self.folder / "into" / COPY
        return [copy, *dict.fromkeys(each.folder for each in self._calls)]

    def run(self, *, plain: bool = False) -> Result:
        """Run the tests, of the plain build or of that for the ledger."""
        work = self.folder / "work"
        work.mkdir(exist_ok=True)
        (work / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        tests = [each.format(project=self.project) for each in self.suite.tests]
        command = [sys.executable, "-m", "pytest", "-q", "-c", str(work / "pytest.ini")]
        command += ["-p", "no:cacheprovider", "--import-mode=append", *tests]
        limited = ["sh", "-c", f'ulimit -t {_LONGEST}; cd "$0"; exec "$@" >output 2>&1', str(work)]
        findings: tuple[Finding, ...] = ()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with self._path():
            if plain:
                environment = dict(os.environ)
                path = f"{self.folder / 'plain'}:{environment.get('PYTHONPATH', '')}"
                environment["PYTHONPATH"] = path
                code = subprocess.run([*limited, *command], check=False, env=environment)
                ended = Ended(code.returncode, 0)
            else:
                reports = self.folder / "reports"
                ended = run([*limited, *command], self.folder / "into" / SITE, reports)
                findings = tuple(read(reports, ended).findings)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Result(ended, findings, cpu)

    @contextmanager
    def _path(self) -> Iterator[None]:
        before = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = str(self.folder / "needs")
        try:
            yield
        finally:
            os.environ.pop("PYTHONPATH")
            if before is not None:
                os.environ["PYTHONPATH"] = before

    def sites(self) -> list[Site]:
        """Return the places that the last run under the ledger reached."""
        found = []
        for path in (self.folder / "reports").glob(f"{NAME}.*[0-9]"):
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                row = json.loads(line) if line.startswith('{"site"') else {}
                if row:
                    found.append(Site(row["file"], row["line"], row["function"], row["api"]))
        return found

    def mutants(self, sites: list[Site]) -> list[Mutant]:
        """Return a mutant for each statement that counts a reference and was reached."""
        return list(mutants(sites, self.places))

    def run_mutant(self, mutant: Mutant) -> Result:
        """Build a mutant in the place of the extension, and run the tests; put all back."""
        path = mutant.path.resolve()
        compiled = [each for each in self._calls if "-include" in each.words]
        mine = [each for each in compiled if path in each.sources] or compiled
        kept = [path, *(each.value("-o") for each in mine)]
        before = [each.read_bytes() for each in kept]
        try:
            path.write_text(mutant.text, encoding="utf-8")
            for call in mine:
                subprocess.run(call.words, cwd=call.folder, check=True, capture_output=True)
            self._link()
            return self.run()
        finally:
            for place, data in zip(kept, before, strict=True):
                place.write_bytes(data)
            self._link()

    def _link(self) -> None:
        for call in self._calls:
            if "-shared" in call.words and "-c" not in call.words:
                subprocess.run(call.words, cwd=call.folder, check=True, capture_output=True)
                made = call.value("-o")
                for place in (self.folder / "into" / SITE).rglob(made.name):
                    place.unlink()
                    shutil.copy2(made, place)


@dataclass(frozen=True, slots=True)
class Tried:
    """A mutant, and what its run came to: ``named`` its function, or ``noticed`` otherwise."""

    mutant: Mutant
    named: bool
    noticed: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """What the ledger makes of an extension; CPU seconds of its tests, plain and with it."""

    suite: Suite
    lines: int
    plain: float
    watched: float
    false: tuple[Finding, ...]
    real: tuple[Finding, ...]
    tried: tuple[Tried, ...]


def judge(suite: Suite, folder: Path, number: int, seed: int) -> Judged:
    """Run a suite as it is, and as so many mutants, drawn by chance."""
    built = Built(suite, folder)
    plain, watched = built.run(plain=True), built.run()
    if plain.ended.code or watched.ended.code:
        raise RuntimeError(f"the tests of {suite.package} fail: {built.folder / 'work'}")
    sites = built.sites()
    every = built.mutants(sites)
    drawn = random.Random(seed).sample(every, min(number, len(every)))
    known = {(each.rule, each.place) for each in watched.findings}
    real = tuple(each for each in watched.findings if suite.is_real(each))
    return Judged(
        suite,
        built.lines(sites),
        plain.cpu,
        watched.cpu,
        tuple(each for each in watched.findings if each not in real),
        real,
        tuple(_try(built, each, known) for each in drawn),
    )


def _try(built: Built, mutant: Mutant, known: set[tuple[str, Place | None]]) -> Tried:
    found = built.run_mutant(mutant).findings
    new = [each for each in found if (each.rule, each.place) not in known]
    return Tried(mutant, any(names(each, mutant) for each in new), bool(new))
