"""Lists of a heap in the terminal: cycles, duplicates, and what two snapshots differ in."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from wadjet.model.graph import ObjectGraph
from wadjet.model.graph.cycles import Shape
from wadjet.model.graph.difference import Change
from wadjet.model.graph.paths import Group, keeps, line
from wadjet.model.graph.twins import Duplicate, Slimming
from wadjet.model.units import count, plural, size
from wadjet.render.text.pen import Pen

_SIZE, _COUNT = 12, 12


def cycles(pen: Pen, graph: ObjectGraph, shapes: Sequence[Shape], top: int) -> list[Text]:
    """Return the cycles by what they are made of, each with the reference to cut."""
    total = sum(shape.count for shape in shapes)
    lines = [Text(f"Cycles: {count(total)}", style="bold")]
    for shape in shapes[:top]:
        types = ", ".join(f"{number:,} {name}" for name, number in shape.types[:6])
        more = f", {len(shape.types) - 6} more types" if len(shape.types) > 6 else ""
        head = f"{plural(shape.count, 'cycle')}, {size(shape.size)}: {types}{more}"
        lines += [Text(), *pen.wrapped(pen.prose(head, "bold"), "  ", "    ")]
        notes = []
        if shape.garbage:
            notes.append(f"{count(shape.garbage)} of them garbage, which waits for the collector")
        if shape.finalizers:
            notes.append(f"with a finalizer: {', '.join(shape.finalizers)}")
        notes.append(_cut(graph, shape))
        notes.append(f"kept by {line(graph, keeps(graph, shape.example.members[0]))}")
        for note in notes:
            lines += pen.wrapped(pen.prose(note), "    ", "      ")
    return lines + _rest(len(shapes) - top, "more kind of cycle", "more kinds of cycles")


def _cut(graph: ObjectGraph, shape: Shape) -> str:
    if shape.cut is None:
        return "no single reference holds it together"
    source, target = (graph.describe(each) for each in shape.cut[:2])
    name = shape.cut.name or "its reference"
    return f"cut by making `{name}` of {source} weak: it leads back to {target}"


def duplicates(
    pen: Pen, found: Sequence[Duplicate], classes: Sequence[Slimming], top: int
) -> list[Text]:
    """Return what is equal and could be shared, and what would gain from __slots__."""
    wasted = sum(each.wasted for each in found)
    head = pen.pad("wasted", _SIZE, right=True) + pen.pad("objects", _COUNT, right=True)
    room = pen.width - 2 - _SIZE - _COUNT
    lines = [
        Text.assemble((pen.pad(f"Equal objects: {size(wasted)}", room + 2), "bold"), (head, "dim"))
    ]
    for each in found[:top]:
        text = f"{each.type} {each.text!r}" if each.text else each.type
        lines.append(_row(pen, text, room, size(each.wasted), count(each.count)))
    lines += _rest(len(found) - top, "more value")
    gain = sum(each.total for each in classes)
    title = f"Classes that would gain from __slots__: {size(gain)}"
    lines += [Text(), Text.assemble((pen.pad(title, room + 2), "bold"), (head, "dim"))]
    for one in classes[:top]:
        text = f"{one.type}  {one.each} of {one.now} B each"
        lines.append(_row(pen, text, room, size(one.total), count(one.count)))
    return lines + _rest(len(classes) - top, "more class", "more classes")


def changes(pen: Pen, found: Sequence[Change], top: int) -> list[Text]:
    """Return how the types changed, what grew most first."""
    grown = sum(each.size for each in found)
    head = pen.pad("bytes", _SIZE, right=True) + pen.pad("objects", _COUNT, right=True)
    room = pen.width - 2 - _SIZE - _COUNT
    title = f"Change: {_signed(grown)}"
    lines = [Text.assemble((pen.pad(title, room + 2), "bold"), (head, "dim"))]
    shown = [*found[:top], *[each for each in found[top:][-3:] if each.size < 0]]
    for each in shown:
        row = _row(pen, each.name, room, _signed(each.size), f"{each.count:+,}")
        row.stylize("red" if each.size > 0 else "green", 2 + room)
        lines.append(row)
    return lines + _rest(len(found) - len(shown), "more type")


def held(pen: Pen, graph: ObjectGraph, title: str, found: Sequence[Group], top: int) -> list[Text]:
    """Return who keeps objects, by the way, in one line each."""
    head = pen.pad("keeps", _SIZE, right=True) + pen.pad("objects", _COUNT, right=True)
    room = pen.width - 2 - _SIZE - _COUNT
    lines = [Text.assemble((pen.pad(title, room + 2), "bold"), (head, "dim"))]
    for group in found[:top]:
        kind = graph.kind(group.path.target).title
        text = f"{kind}  {line(graph, group.path)}"
        lines.append(_row(pen, text, room, size(group.size), count(group.count)))
    return lines + _rest(len(found) - top, "more way")


def _signed(octets: int) -> str:
    return f"+{size(octets)}" if octets > 0 else size(octets)


def _row(pen: Pen, text: str, room: int, first: str, second: str) -> Text:
    return Text.assemble(
        "  ",
        pen.pad(text, room),
        pen.pad(first, _SIZE, right=True),
        (pen.pad(second, _COUNT, right=True), "dim"),
    )


def _rest(number: int, noun: str, many: str = "") -> list[Text]:
    return [Text(f"  {plural(number, noun, many)}", style="dim")] if number > 0 else []
