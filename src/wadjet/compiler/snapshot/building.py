"""Start the process that is to be frozen, decide what each start of it looks at, keep the file."""

from __future__ import annotations

import errno
import marshal
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from wadjet.compiler.snapshot import head, manifest, pages, siblings
from wadjet.compiler.snapshot.manifest import Made
from wadjet.errors import FreezeError, NoInputError, OutputError, SourceError
from wadjet.target.behavior import KEEPS_COMMANDS

Step = Callable[[Sequence[Path]], Iterable[Path]]

_LIBRARY = Path(__file__).with_name("wadjet_snapshot.so")
_KEPT = frozenset({"HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR"})
_KEPT |= {"TZ", "USER", "VIRTUAL_ENV"}
_KEPT_HEADS = ("LC_", "PYTHON", "XDG_")
_PATIENCE = 1.0
"""Seconds to wait for the last words of what the process has started itself."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be frozen.

    ``script`` is a program, None for an interpreter; ``preload`` are modules to import;
    ``options`` are the interpreter's own; ``kept`` are names of variables that the imports may
    see; ``hash_seed`` is "random", drawn when the file is made, or a number; ``every_file`` lets
    each start look at all files; ``full_end`` lets C libraries run what they do at exit. Of
    several ``images`` each has a hash seed and, where the machine lets a process choose, addresses
    of its own.
    """

    script: Path | None = None
    preload: Sequence[str] = ()
    options: Sequence[str] = ()
    kept: Sequence[str] = ()
    hash_seed: str = "random"
    every_file: bool = False
    full_end: bool = False
    images: int = 1
    python: str = field(default_factory=lambda: sys.executable)


def build(plan: Plan, output: Path, *, overwrite: bool = False, step: Step = iter) -> Made:
    """Freeze what is planned into the executable ``output``; returns what it was made of.

    Several images are made in turn, which goes through ``step`` to be shown. Raises FreezeError
    for what cannot be frozen, NoInputError and SourceError for a script that cannot be read,
    OutputError where the file cannot be written.
    """
    if output.exists() and not overwrite:
        raise OutputError(f"{output} exists", "choose another --output or pass --overwrite")
    order = _order(plan)
    with siblings.made(output, plan.images - 1) as others:
        for path in step([*others, output]):
            images = [str(each) for each in others] if path == output else []
            with _new_file(path) as new:
                made = _image(plan, order | {"images": images}, new)
    return made


def _image(plan: Plan, order: dict[str, Any], path: Path) -> Made:
    """Write an image, start it once, and note in it which pages that took."""
    image = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        made, needed = _freeze(plan, order, image)
        made = replace(made, images=order["images"])
        manifest.append(image, made)
    finally:
        os.close(image)
    runs = pages.needed(path, _environment(plan))
    with path.open("r+b") as file:
        pages.note(file, needed, runs)
        os.fsync(file.fileno())
    return made


def _order(plan: Plan) -> dict[str, Any]:
    script = None if plan.script is None else str(plan.script.resolve())
    source = b"" if plan.script is None else _source(plan.script)
    try:
        ready, imports = head.calls_ready(source), head.imports_of(source)
    except (SyntaxError, ValueError) as error:
        raise SourceError(f"{plan.script} is no Python ({error})") from None
    return {
        "script": script,
        "preload": list(plan.preload),
        "ready": ready,
        "head": imports,
        "path": str(Path.cwd()) if script is None else str(Path(script).parent),
        "python": plan.python,
        "full_end": plan.full_end,
        "keeps_commands": KEEPS_COMMANDS,
        "words": [plan.python, *plan.options, *([script] if script else [])],
    }


def _source(script: Path) -> bytes:
    try:
        return script.read_bytes()
    except OSError as error:
        raise NoInputError(f"cannot read {script} ({error.strerror})") from None


@contextmanager
def _new_file(output: Path) -> Iterator[Path]:
    """Make a file beside the output, which takes its place when all has gone well."""
    path = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o700))
    except OSError as error:
        raise OutputError(f"cannot write {path.parent} ({error.strerror})") from None
    try:
        yield path
        path.rename(output)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO):
            raise OutputError(f"cannot write {output} ({error.strerror})") from None
        raise
    finally:
        path.unlink(missing_ok=True)


def scrubbed(environment: Mapping[str, str], kept: Sequence[str]) -> dict[str, str]:
    """Return the variables that the frozen process may see: none that may be a secret.

    >>> scrubbed({"PATH": "/bin", "AWS_SECRET_ACCESS_KEY": "x", "LC_ALL": "C"}, [])
    {'PATH': '/bin', 'LC_ALL': 'C'}
    """
    return {
        name: value
        for name, value in environment.items()
        if name in _KEPT or name in kept or name.startswith(_KEPT_HEADS)
    }


def _environment(plan: Plan) -> dict[str, str]:
    environment = scrubbed(os.environ, plan.kept)
    if plan.hash_seed != "random":
        environment["PYTHONHASHSEED"] = plan.hash_seed
    return environment


def _freeze(plan: Plan, order: dict[str, Any], image: int) -> tuple[Made, int]:
    """Write the memory of a process; return what it was made of, and where `pages.note` writes."""
    reader, writer = os.pipe()
    order |= {"image": image, "report": writer}
    environment = _environment(plan)
    environment |= {"LD_PRELOAD": str(_LIBRARY), "LD_BIND_NOW": "1"}
    chance = "*" if plan.images > 1 else ""
    environment["WADJET_SNAPSHOT"] = chance + marshal.dumps(order).hex()
    process = subprocess.Popen(
        [plan.python, *plan.options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=(image, writer),
        env=environment,
    )
    os.close(writer)
    with process, os.fdopen(reader, "rb") as reports:
        relays = [_relay(process.stdout, sys.stdout), _relay(process.stderr, sys.stderr)]
        try:
            return _talk(plan, process, reports)
        finally:
            process.kill()
            for relay in relays:
                relay.join(_PATIENCE)


def _relay(source: IO[bytes] | None, target: Any) -> threading.Thread:
    """Pass on what the imports print."""
    assert source is not None

    def run() -> None:
        for line in source:
            target.write(line.decode(errors="replace"))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def _talk(plan: Plan, process: subprocess.Popen[bytes], reports: IO[bytes]) -> tuple[Made, int]:
    refusals = _hear(plan, process, reports)["refusals"]
    if refusals:
        what = "; ".join(refusals)
        raise FreezeError(f"{_name(plan)} cannot be frozen: it has {what}", "close it before")
    told = {**_hear(plan, process, reports), **_hear(plan, process, reports)}
    made = manifest.describe(plan.python, process.pid, told, every_file=plan.every_file)
    assert process.stdin is not None
    process.stdin.write(marshal.dumps([str(each.path) for each in made.looked_at]))
    process.stdin.close()
    last = _hear(plan, process, reports)
    process.wait()
    return made, last["needed"]


def _hear(plan: Plan, process: subprocess.Popen[bytes], reports: IO[bytes]) -> dict[str, Any]:
    """Read what the process says next."""
    head = reports.read(8)
    data = reports.read(int.from_bytes(head, "little")) if len(head) == 8 else b""
    if not data:
        process.wait()
        raise FreezeError(*_failure(plan, process.returncode))
    found: dict[str, Any] = marshal.loads(data)
    if "errno" in found:
        raise OSError(found["errno"], os.strerror(found["errno"]))
    if "why" in found:
        raise FreezeError(f"{_name(plan)} cannot be frozen: {found['why']}")
    return found


def _name(plan: Plan) -> str:
    return str(plan.script or Path(plan.python).name)


def _failure(plan: Plan, status: int) -> tuple[str, str]:
    if status == 0 and plan.script is not None:
        return f"{plan.script} ended before wadjet.snapshot.ready()", "call it where it is ready"
    ended = f"signal {-status}" if status < 0 else f"exit code {status}"
    return f"{_name(plan)} ended before it was frozen, with {ended}", "its own words are above"
