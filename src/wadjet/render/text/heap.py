"""A heap in the terminal: what stands out, the types, and what keeps what alive."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TextIO

from rich.console import Console
from rich.text import Text

from wadjet.model.finding import Finding
from wadjet.model.graph import PROCESS, Flag, ObjectGraph
from wadjet.model.graph.paths import Group, Path, line
from wadjet.model.graph.suspects import suspects
from wadjet.model.graph.totals import Total, by_type
from wadjet.model.graph.tree import Branch, branches
from wadjet.model.units import count, percent, plural, size
from wadjet.render.text.canvas import canvas, markup
from wadjet.render.text.header import diagnosis
from wadjet.render.text.pen import Pen, terminal
from wadjet.render.text.tables import heat

_SIZE, _COUNT, _SHARE = 11, 13, 8
_DEEPEST = 40
"""Steps of a path that are shown: of a long one the first and the last."""


def show(graph: ObjectGraph, out: TextIO, *, top: int = 10, least: float = 0.01) -> None:
    """Print what the heap is made of."""
    _show(terminal(out), graph, top, least)


def fragment(graph: ObjectGraph, *, width: int = 100, top: int = 10) -> str:
    """Return the same as a piece of HTML, to be shown within another page."""
    console = canvas(width)
    _show(console, graph, top, 0.01)
    return markup(console)


def _show(console: Console, graph: ObjectGraph, top: int, least: float) -> None:
    pen = Pen.of(console)
    sections = [
        header(pen, graph),
        findings(pen, suspects(graph)),
        types(pen, by_type(graph), top, graph.total),
        tree(pen, graph, top, least),
    ]
    write(pen, sections)


def write(pen: Pen, sections: Sequence[list[Text]]) -> None:
    """Print sections with a blank line after each."""
    for section in sections:
        for text in section:
            pen.write(text)
        if section:
            pen.write(Text())


def header(pen: Pen, graph: ObjectGraph) -> list[Text]:
    """Return the facts of the snapshot."""
    about = graph.about
    command = about.get("command")
    words = " ".join(str(word) for word in command) if isinstance(command, list) else ""
    facts = [f"{count(len(graph) - 1)} objects", size(graph.total)]
    if about.get("pid"):
        facts.append(f"process {about['pid']}")
    if about.get("python"):
        facts.append(f"Python {about['python']}")
    taken = about.get("taken")
    if isinstance(taken, int | float):
        facts.append(time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(taken)))
    return [
        Text(pen.fit(words or "Heap", pen.width), style="bold"),
        Text(pen.clean(pen.glyphs.dot.join(facts)), style="dim"),
    ]


def findings(pen: Pen, found: Sequence[Finding]) -> list[Text]:
    """Return what stands out."""
    return diagnosis(pen, list(found), "") if found else []


def types(pen: Pen, totals: Sequence[Total], top: int, whole: int) -> list[Text]:
    """Return the table of types with their own bytes."""
    bar = max(min(pen.width - 70, 20), 0)
    name = pen.width - 2 - bar - 2 - _SHARE - _SIZE - _COUNT
    head = pen.pad("share", bar + 2 + _SHARE, right=True) + pen.pad("bytes", _SIZE, right=True)
    head += pen.pad("objects", _COUNT, right=True)
    lines = [Text.assemble((pen.pad("Types by their own size", name + 2), "bold"), (head, "dim"))]
    most = max((total.size for total in totals), default=1) or 1
    for total in totals[:top]:
        share = total.size / whole if whole else 0.0
        solid, _ = pen.glyphs.bar(total.size / most, 0, bar)
        lines.append(
            Text.assemble(
                "  ",
                pen.pad(total.name, name),
                "  ",
                (pen.pad(solid, bar), heat(share)),
                (pen.pad(f"{100 * share:.1f} %", _SHARE, right=True), heat(share)),
                pen.pad(size(total.size), _SIZE, right=True),
                (pen.pad(count(total.count), _COUNT, right=True), "dim"),
            )
        )
    hidden = totals[top:]
    if hidden:
        rest = sum(total.size for total in hidden)
        lines.append(Text(f"  {plural(len(hidden), 'more type')}: {size(rest)}", style="dim"))
    return lines


def tree(pen: Pen, graph: ObjectGraph, top: int, least: float) -> list[Text]:
    """Return the dominator tree: each object below the one that alone keeps it alive."""
    head = pen.pad("keeps", _SHARE + _SIZE, right=True) + pen.pad("itself", _SIZE, right=True)
    lines = [Text("What keeps memory alive", style="bold"), Text(head, style="dim")]
    for branch in branches(graph, least, top):
        lines.append(_branch(pen, graph, branch))
        if branch.left_out:
            lines.append(_left_out(pen, branch))
    return [*lines, Text(f"  below {percent(least)} left out", style="dim")]


def _branch(pen: Pen, graph: ObjectGraph, branch: Branch) -> Text:
    share = branch.retained / graph.total if graph.total else 0.0
    text = Text().append(pen.pad(f"{100 * share:.1f} %", _SHARE, right=True), style=heat(share))
    text.append(pen.pad(size(branch.retained), _SIZE, right=True))
    own = size(branch.size) if branch.size else ""
    text.append(pen.pad(own, _SIZE, right=True), style="dim").append("  ")
    text.append(_guides(pen, branch.last), style="bright_black")
    name = _name(graph, branch.node)
    if name:
        text.append(pen.fit(name, max(pen.width - text.cell_len - 14, 8), keep_end=True))
        text.append("  ")
    room = max(pen.width - text.cell_len, 4)
    return text.append(pen.fit(graph.describe(branch.node), room), style="dim" if name else "")


def _name(graph: ObjectGraph, node: int) -> str:
    """Return what an object is called by the one that keeps it, or by the way to it."""
    above = graph.columns.dominator[node]
    if node == PROCESS or graph.flags(node) & Flag.ROOT:
        return ""
    if above != PROCESS:
        for reference in graph.references(above):
            if reference.target == node:
                return reference.name
    from wadjet.model.graph.paths import keeps

    way = keeps(graph, node)
    kind = graph.kind(node).title
    return "" if kind == "module" else line(graph, way)


def _left_out(pen: Pen, branch: Branch) -> Text:
    text = Text(" " * (_SHARE + 2 * _SIZE + 2))
    text.append(_guides(pen, (*branch.last[:-1], True)), style="bright_black")
    return text.append(f"{branch.left_out:,} more", style="dim")


def _guides(pen: Pen, last: Sequence[bool]) -> str:
    if not last:
        return ""
    levels = ["  " if each else pen.glyphs.trunk for each in last[:-1]]
    return "".join(levels) + (pen.glyphs.last if last[-1] else pen.glyphs.branch)


def ways(pen: Pen, graph: ObjectGraph, wanted: str, found: Sequence[Group]) -> list[Text]:
    """Return how objects are kept alive: each way once, with its steps."""
    total = sum(group.count for group in found)
    lines = [Text(pen.clean(f"What keeps {plural(total, 'object')} of {wanted}"), style="bold")]
    for group in found:
        title = f"{plural(group.count, 'object')}, {size(group.size)}"
        lines += [Text(), Text.assemble((title, "bold"), "  ", line(graph, group.path))]
        lines += path(pen, graph, group.path)
    return lines


def path(pen: Pen, graph: ObjectGraph, way: Path) -> list[Text]:
    """Return the steps of a path, one a line, from the root down."""
    lines = []
    steps = list(way.steps)
    for number, step in enumerate(steps):
        if _DEEPEST // 2 <= number < len(steps) - _DEEPEST // 2:
            if number == _DEEPEST // 2:
                lines.append(Text(f"  {len(steps) - _DEEPEST:,} more steps", style="dim"))
            continue
        indent = "  " * min(number + 1, 20)
        text = Text(indent + (pen.glyphs.last if number else ""), style="bright_black")
        name = pen.clean(step.name)
        text.append(name + ("  " if name else ""), style="bold")
        text.append(pen.fit(graph.describe(step.target), max(pen.width - text.cell_len, 20)))
        address = graph.columns.address[step.target]
        if number == len(steps) - 1:
            text.append(f"  0x{address:x}, keeps {size(graph.retained(step.target))}", style="dim")
        lines.append(text)
    return lines
