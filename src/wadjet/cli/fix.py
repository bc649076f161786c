"""``wadjet startup --fix``: what mild treatments of a start gain, and the edits that apply them."""

from __future__ import annotations

import argparse
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from wadjet.errors import OutputError, SourceError, UsageError

if TYPE_CHECKING:
    from wadjet.observe.startup.comparing import Measured

_TURNS = 9
_PLAIN, _COLLECTOR, _EXIT = "as it is", "collector off while importing", "fast exit"
_ALL = "both"


def fix(args: argparse.Namespace, words: list[str], flags: list[str]) -> int:
    """Measure the treatments of a script, and show the edits, or make them.

    Returns 1 where nothing is to be gained. Raises UsageError, SourceError and OutputError.
    """
    from wadjet.compiler.bundle.treatments import is_treated

    path = _script(words)
    text = _text(path)
    if is_treated(text):
        raise UsageError(f"{path} has been treated", "take that back with --undo first")
    variants = dict(_variants(path, words[1:], flags, text))
    edits = dict(_path_edits())
    if len(variants) > 1:
        edits |= _measured(args, path, words[1:], flags, variants)
    for place, made in edits.items():
        _edit(place, made, apply=args.apply)
    if edits and args.apply:
        print(f"wadjet: `wadjet startup --undo {path}` takes it back", file=sys.stderr)
    return 0 if edits else 1


def undo(words: list[str]) -> int:
    """Take out of a script, and of `.pth` files, what was put there; 1 where nothing was."""
    from wadjet.compiler.bundle.treatments import is_treated, uncommented, untreated
    from wadjet.observe.startup.installation import site_folders

    path = _script(words)
    files = [each for folder in site_folders() for each in sorted(folder.glob("*.pth"))]
    found = 0
    for place, change in [(path, untreated), *((each, uncommented) for each in files)]:
        text = _text(place)
        if is_treated(text):
            _edit(place, change(text), apply=True)
            found += 1
    return 0 if found else 1


def _script(words: list[str]) -> Path:
    if words[0] in ("-m", "-c", "-"):
        raise UsageError("only a script can be edited", "give the path of one")
    return Path(words[0])


def _text(path: Path) -> str:
    from wadjet.pipeline.source import read

    return read(path).text


def _variants(
    path: Path, arguments: list[str], flags: list[str], text: str
) -> Iterator[tuple[str, str]]:
    """Yield the texts that are measured; say which treatments are none for this script."""
    from wadjet.compiler.bundle.treatments import fast_exit, frozen_collector
    from wadjet.observe.startup.comparing import why_not_fast

    yield _PLAIN, text
    try:
        collected = frozen_collector(text)
    except SyntaxError as error:
        raise SourceError(f"{path}:{error.lineno}: {error.msg}") from None
    if collected is None:
        print(f"{_COLLECTOR}: no: the script imports nothing, or minds the collector itself")
    else:
        yield _COLLECTOR, collected
    why = why_not_fast(str(path), arguments, flags, text)
    if why:
        print(f"{_EXIT}: no: {why}")
        return
    yield _EXIT, fast_exit(text)
    if collected is not None:
        yield _ALL, fast_exit(collected)


def _measured(
    args: argparse.Namespace,
    path: Path,
    arguments: list[str],
    flags: list[str],
    variants: dict[str, str],
) -> dict[Path, str]:
    """Print what each variant costs; return the text of the best that does the same."""
    from wadjet.observe.startup.comparing import compare

    turns = args.runs if args.runs > 1 else _TURNS
    rows = compare(str(path), arguments, flags, variants, turns=turns, count=args.instructions)
    _table(rows)
    better = [each for each in rows if each.is_same and _gains(each, rows[0])]
    if not better:
        return {}
    return {path: variants[min(better, key=_weight).name]}


def _gains(row: Measured, plain: Measured) -> bool:
    """Say whether a treatment spares anything: in time only where nothing exact is counted."""
    if row.instructions is not None and plain.instructions is not None:
        return row.instructions < plain.instructions
    return row.calls < plain.calls or row.ratio < 1


def _weight(row: Measured) -> tuple[float, float]:
    """Return what the better of two treatments has less of: instructions, where counted; time."""
    return (row.instructions or 0, row.ratio)


def _table(rows: list[Measured]) -> None:
    from wadjet.model.units import count, duration

    counted = rows[0].instructions is not None
    heads = ["treatment", "system calls", *(["instructions"] if counted else []), "time", "of it"]
    shown = [heads] + [
        [
            each.name if each.is_same else f"{each.name}: not the same",
            count(each.calls),
            *([count(each.instructions or 0)] if counted else []),
            duration(each.time),
            f"{each.ratio:.2f}",
        ]
        for each in rows
    ]
    widths = [max(len(row[column]) for row in shown) for column in range(len(heads))]
    for first, *rest in shown:
        cells = (each.rjust(width) for each, width in zip(rest, widths[1:], strict=True))
        print("  ".join([first.ljust(widths[0]), *cells]))


def _path_edits() -> Iterator[tuple[Path, str]]:
    """Yield the `.pth` files with lines that lead nowhere, or twice to one place, as comments."""
    from wadjet.compiler.bundle.treatments import commented
    from wadjet.observe.startup.installation import lines

    numbers: dict[str, set[int]] = {}
    for each in lines({}):
        if each.why in ("missing", "double"):
            print(f"{each.file}:{each.number}: {each.text} ({each.why})")
            numbers.setdefault(each.file, set()).add(each.number)
    for file, found in numbers.items():
        yield Path(file), commented(_text(Path(file)), found)


def _edit(path: Path, made: str, *, apply: bool) -> None:
    """Show an edit, or make it."""
    from wadjet.pipeline import source
    from wadjet.render.text.changed import show

    before = source.read(path)
    if not apply:
        show(str(path), before.text, made, sys.stdout)
        return
    if not path.stat().st_mode & stat.S_IWUSR:
        raise OutputError(f"{path} may not be written")
    source.write(before, made)
    print(f"wadjet: edited {path}", file=sys.stderr)
