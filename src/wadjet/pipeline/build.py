"""Files of source to files of code, as ``compileall`` does it, by way of passes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from wadjet.errors import PassError, PycError
from wadjet.pipeline.code import compiled, tag, written
from wadjet.pipeline.pyc import Check, cache_path, encoded, key_of, read
from wadjet.pipeline.unit import Pass
from wadjet.pipeline.writing import write


class State(Enum):
    """What became of a source."""

    COMPILED = "compiled"
    FRESH = "as it was"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Plan:
    """How sources are compiled. ``tagged`` puts the passes into the files' names.

    Without, any Python loads the result as its own; it should then go by its hash, as Python
    would write its own code over what is out of date.
    """

    passes: tuple[Pass, ...]
    check: Check = Check.HASH
    level: int = 0
    tagged: bool = True
    force: bool = False


@dataclass(frozen=True, slots=True)
class Built:
    """A source, where its code is, and what happened."""

    source: Path
    target: Path
    state: State
    complaint: str = ""


def build(plan: Plan, source: Path) -> Built:
    """Compile a file into its cache, unless that is up to date."""
    target = cache_path(source, tag(plan.passes) if plan.tagged else "", plan.level)
    try:
        data, modified = source.read_bytes(), source.stat().st_mtime
        key = key_of(plan.check, data, modified)
        if not plan.force and _is_fresh(target, plan, key):
            return Built(source, target, State.FRESH)
        code = compiled(str(source), data, plan.passes, optimize=plan.level)
        write(target, encoded(code, plan.check, key), source.stat().st_mode)
    except OSError as error:
        return Built(source, target, State.FAILED, f"{error.filename}: {error.strerror}")
    except SyntaxError as error:
        return Built(source, target, State.FAILED, f"{source}:{error.lineno}: {error.msg}")
    except (PassError, ValueError, RecursionError, MemoryError) as error:
        return Built(source, target, State.FAILED, str(error) or type(error).__name__)
    return Built(source, target, State.COMPILED)


def _is_fresh(target: Path, plan: Plan, key: bytes) -> bool:
    try:
        found = read(target)
    except PycError:
        return False
    same = found.check is plan.check and found.key == key
    return same and found.record == written(plan.passes)
