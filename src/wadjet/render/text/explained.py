"""What passes made of a program, in the terminal: place, pass, before and after."""

from __future__ import annotations

import ast
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Protocol, TextIO

from rich.text import Text

from wadjet.model.profile import Profile
from wadjet.model.totals import by_line, by_node
from wadjet.model.units import percent
from wadjet.pipeline.unit import Change, Unit
from wadjet.render.text.pen import Pen, terminal

_PLACE, _NUMBER, _PASS, _BEFORE, _AFTER = "magenta", "green", "cyan", "red", "green"
_WIDEST = 44  # cells of code before and after, where the terminal has room


class Described(Protocol):
    """A pass that says what it is."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def assumes(self) -> str: ...  # noqa: D102


class Printer:
    """Prints one unit after the other."""

    def __init__(self, out: TextIO, *, stopped: bool, profile: Profile | None) -> None:
        self._out = out
        self._pen = Pen.of(terminal(out))
        self._stopped = stopped
        self._costs = _costs(profile) if profile else None

    def show(self, unit: Unit) -> None:
        """Print what was done, by line; by cost where a recording tells."""
        shown = self._shown(unit)
        if not shown:
            return
        done = sum(1 for each in shown if not each.why)
        head = f": {done} done" + (f", {len(shown) - done} left" if self._stopped else "")
        self._pen.write(Text(self._pen.clean(unit.source.path), _PLACE).append(head, "dim"))
        for change in shown:
            self._pen.write(self._line(unit, change))

    def json(self, unit: Unit) -> None:
        """Print a line of JSON for each change."""
        for change in self._shown(unit):
            print(json.dumps({"path": unit.source.path, **asdict(change)}), file=self._out)

    def source(self, unit: Unit) -> None:
        """Print the program as it is after the passes."""
        print(ast.unparse(unit.tree), file=self._out)

    def _shown(self, unit: Unit) -> list[Change]:
        found = [each for each in unit.changes if self._stopped or not each.why]
        return sorted(found, key=lambda each: (-self._cost(unit, each), each.line, each.column))

    def _cost(self, unit: Unit, change: Change) -> float:
        if self._costs is None:
            return 0.0
        return self._costs.get((os.path.realpath(unit.source.path), change.line), 0.0)

    def _line(self, unit: Unit, change: Change) -> Text:
        pen = self._pen
        line = Text("  ")
        if self._costs is not None:
            cost = self._cost(unit, change)
            line.append(pen.pad(percent(cost) if cost else "", 7, right=True) + " ", "bold")
        line.append(pen.pad(f"{change.line}:{change.column}", 9), _NUMBER)
        line.append(pen.pad(change.by, 16), _PASS)
        width = max(16, min(_WIDEST, (pen.width - line.cell_len - 6) // 2))
        line.append(pen.pad(_flat(change.before), width), "" if change.why else _BEFORE)
        if change.why:
            return line.append(f"  left: {pen.clean(change.why)}", "dim")
        return line.append(f" {pen.glyphs.arrow} ").append(
            pen.fit(_flat(change.after), width), _AFTER
        )


def _flat(code: str) -> str:
    """Return code on one line."""
    return " ".join(code.split()) if "\n" in code else code


def _costs(profile: Profile) -> dict[tuple[str, int], float]:
    """Return the share of each line in a recording's first metric of time."""
    metric = "cpu" if any(each.name == "cpu" for each in profile.metrics) else "wall"
    tree = profile.tree
    sums = by_node(profile, metric)
    whole = sum(sums) or 1
    costs: defaultdict[tuple[str, int], float] = defaultdict(float)
    for (function, line), total in by_line(tree, sums).items():
        costs[os.path.realpath(tree.functions[function].file), line] += total.self / whole
    return costs


def passes(known: Iterable[Described], assumptions: Mapping[str, str], out: TextIO) -> None:
    """Print the passes there are, and what they assume."""
    pen = Pen.of(terminal(out))
    rows = sorted(known, key=lambda each: each.assumes)
    for each in rows:
        line = Text(pen.pad(each.name, 18), _PASS).append(pen.pad(each.assumes or "safe", 12))
        pen.write(line.append(getattr(each, "about", "")))
    pen.write(Text())
    for name, text in sorted(assumptions.items()):
        pen.write(Text(pen.pad(name, 18), "bold").append(text))
