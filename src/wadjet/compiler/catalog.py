"""Every pass by name, and the passes of others.

A list of passes is written as words with commas between: names of passes, of groups, or of
somebody's own as ``module:name``; a minus before a word leaves that one out. So ``safe`` are
all that need no assumption, and ``safe,-texts,mine.passes:square`` is one fewer and one
more.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import entry_points
from pathlib import Path

from wadjet.compiler.folding.arithmetic import arithmetic
from wadjet.compiler.folding.builtin_calls import builtin_calls
from wadjet.compiler.folding.comprehensions import comprehensions
from wadjet.compiler.folding.flags import flags
from wadjet.compiler.folding.indexes import indexes
from wadjet.compiler.folding.known_types import known_types
from wadjet.compiler.folding.library_calls import library_calls
from wadjet.compiler.folding.methods import methods
from wadjet.compiler.folding.platform_facts import platform_facts
from wadjet.compiler.folding.propagation import propagation
from wadjet.compiler.folding.searches import searches
from wadjet.compiler.folding.texts import texts
from wadjet.compiler.folding.unrolling import unrolling
from wadjet.compiler.inlining.inlining import inlining
from wadjet.compiler.names.kept_classes import kept_classes
from wadjet.compiler.names.module_loops import module_loops
from wadjet.compiler.names.positional import positional
from wadjet.compiler.names.slots import slots
from wadjet.compiler.names.smallest import smallest
from wadjet.errors import PassError
from wadjet.pipeline.unit import Pass, signature

PASSES: tuple[Pass, ...] = (
    flags,
    platform_facts,
    propagation,
    builtin_calls,
    library_calls,
    texts,
    methods,
    arithmetic,
    known_types,
    indexes,
    comprehensions,
    searches,
    unrolling,
    positional,
    smallest,
    kept_classes,
    slots,
    module_loops,
    inlining,
)
"""All of ours, in the order in which they look at a node."""

ASSUMPTIONS = {
    "builtins": "nobody rebinds the builtins from outside of a module: no mock of `builtins.len`",
    "constants": "a global in capitals that a module binds once, to a constant, stays that",
    "generators": "nobody rebinds the builtins from outside of a module; a generator that is used "
    "up at once finds its names bound, raises no StopIteration, and looks neither at frames nor at "
    "when objects die",
    "inlining": "functions and methods keep the code they were defined with, objects their class, "
    "`isinstance` and `range` are what they were, and nobody looks at frames or at when objects "
    "die",
    "jumps": "no debugger jumps into a loop over a few constants",
    "library": "nobody replaces functions of the standard library: no mock of `math.sqrt`",
    "locals": "no debugger binds a local to something else, or jumps past where it is bound",
    "names": "functions run with the globals of their module, among which are some of ours "
    "(`_wadjet_...`), and nobody rebinds the builtin classes from outside",
    "types": "nobody rebinds the builtins from outside of a module, no debugger binds a local to "
    "something else, and nobody looks at frames or at when objects die",
    "platform": "the code runs on the platform and the version of Python that compile it",
}
"""What a pass may rely on beyond the language, by the name it has in a record."""

GROUP = "wadjet.passes"
"""The entry points under which a package offers passes."""

SAFE = tuple(each for each in PASSES if not each.assumes)


def chosen(words: Iterable[str]) -> tuple[Pass, ...]:
    """Return the passes that some words name; raises PassError."""
    found: dict[str, Pass] = {}
    left_out: set[str] = set()
    for word in words:
        if word.startswith("-"):
            left_out |= {each.name for each in _named(word[1:])}
            continue
        for each in _named(word):
            if found.setdefault(each.name, each) is not each:
                raise PassError(f"two passes are called {each.name}", "rename one of them")
    return tuple(each for name, each in found.items() if name not in left_out)


def _named(word: str) -> Sequence[Pass]:
    if word == "safe":
        return SAFE
    if word == "all":
        return PASSES
    ours = [each for each in PASSES if word in (each.name, each.assumes)]
    if ours:
        return ours
    if ":" in word:
        return [_loaded(word)]
    for entry in entry_points(group=GROUP, name=word):
        return [_loaded(entry.value)]
    known = ", ".join(["safe", "all", *names()])
    raise PassError(f"no pass is called {word!r}", f"there are {known}")


def of_record(record: str, words: Iterable[str] = ()) -> tuple[Pass, ...]:
    """Return the passes of a record: ours, installed ones, the project's, and those of words.

    Raises LookupError where one is not to be had in that version.
    """
    wanted = record.partition(": ")[2].split()
    known = {signature(each): each for each in (*_all(), *chosen(words))}
    lacking = [each for each in wanted if each.partition("(")[0] not in known]
    if lacking:
        raise LookupError(", ".join(lacking))
    return tuple(known[each.partition("(")[0]] for each in wanted)


def _all() -> Iterator[Pass]:
    yield from PASSES
    for entry in entry_points(group=GROUP):
        yield _loaded(entry.value)
    for word in configured(Path.cwd()):
        if ":" in word and not word.startswith("-"):
            yield _loaded(word)


def names() -> Iterator[str]:
    """Yield the names of all passes that can be had."""
    yield from (each.name for each in PASSES)
    yield from sorted(entry.name for entry in entry_points(group=GROUP))


def _loaded(place: str) -> Pass:
    """Return somebody's pass, from ``module:name``; the folder we are in counts as installed."""
    module, _, name = place.partition(":")
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise PassError(f"the pass {place} cannot be loaded ({error})") from None
    finally:
        sys.path.remove(here)
    if not isinstance(found, Pass):
        raise PassError(f"{place} is no pass", "make it one with @wadjet.passes.rewrites")
    return found


def configured(folder: Path) -> list[str]:
    """Return the words of ``[tool.wadjet] passes`` in the nearest pyproject.toml, or none.

    Raises PassError where it is no list of words.
    """
    import tomllib

    for place in (folder, *folder.absolute().parents):
        try:
            text = (place / "pyproject.toml").read_bytes().decode()
        except (OSError, UnicodeDecodeError):
            continue
        try:
            words = tomllib.loads(text).get("tool", {}).get("wadjet", {}).get("passes", [])
        except tomllib.TOMLDecodeError as error:
            raise PassError(f"{place / 'pyproject.toml'} is no TOML ({error})") from None
        if not isinstance(words, list) or not all(isinstance(each, str) for each in words):
            raise PassError(f"passes in {place / 'pyproject.toml'} must be a list of words")
        return words
    return []
