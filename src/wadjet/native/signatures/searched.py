"""Names that a function looks for by itself among what it was called with.

It compares each name that was given with those it knows. What it then does is seen by following
it again, as if everything that is given by name were called so: with how many by place it goes
on, says where the argument of that name stands, since none can be given twice.

    f(data, seed=0)     by the name of data with 0 by place, by the name of seed with 1
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from wadjet.native.signatures.elf import Image
from wadjet.native.signatures.reading import Reading
from wadjet.native.signatures.shape import UNKNOWN, Kind, Parameter
from wadjet.native.signatures.state import KEY, MANY, Value

_EQUAL = {  # what compares a string with a text, and what it returns if they are equal
    "PyUnicode_CompareWithASCIIString": 0,
    "PyUnicode_EqualToUTF8": 1,
    "PyUnicode_EqualToUTF8AndSize": 1,
    "_PyUnicode_EqualToASCIIString": 1,
    "strcmp": 0,
}
_TEXTS = {"PyUnicode_AsUTF8", "PyUnicode_AsUTF8AndSize"}
_LIMIT = 16  # names; any more are somebody else's


class Searched(NamedTuple):
    """The names that are looked for, each with how many there may be by place beside it."""

    names: Mapping[str, frozenset[int]]
    others: bool  # whether it takes any other name
    sure: bool  # whether every way could be followed


def compared(name: str, values: tuple[Value, ...], image: Image, reading: Reading) -> Value:
    """Return what a function returns that is called with a name."""
    if name in _TEXTS:
        return KEY
    equal = _EQUAL.get(name)
    text = None if equal is None else _asked(values, image, reading)
    if equal is None or text is None or reading.assumed is None:
        return None
    return equal if text == reading.assumed else 1 - equal


def looked_up(values: tuple[Value, ...], image: Image, reading: Reading) -> Value:
    """Return what is found by a name among what was given; what it is matters not."""
    reading.names = True
    text = _asked(values, image, reading)
    if text is None or reading.assumed is None:
        return None
    return KEY if text == reading.assumed else 0


def _asked(values: tuple[Value, ...], image: Image, reading: Reading) -> str | None:
    """Return the text that names are compared with, and note it."""
    text = image.text(values[1]) if isinstance(values[1], int) else None
    if text is None or not text.isidentifier():
        return None
    if text not in reading.asked:
        reading.asked.append(text)
    return text


def searched(reading: Reading, again: Callable[[str], Reading]) -> Searched | None:
    """Return what a function does with the names that it looks for, None if it does not.

    ``again`` follows it as if whatever is given by name were called so.
    """
    if not 0 < len(reading.asked) <= _LIMIT:
        return None
    ways = {name: again(name) for name in reading.asked}
    other = again("")
    sure = all(each.clipped_named <= each.with_names for each in (*ways.values(), other))
    names = {name: frozenset(way.with_names) for name, way in ways.items()}
    return Searched(names, bool(other.with_names), sure)


def parameters(found: Searched, least: int, most: int) -> tuple[tuple[Parameter, ...], bool]:
    """Return the parameters of a function, and whether they are exact.

    ``least`` and ``most`` are how many there are by place where none is given by name. A name
    that is taken beside as many by place as there can be stands for one that is by name only.
    """
    places = {name: max(counts, default=None) for name, counts in found.names.items()}
    placed: dict[int, str] = {}
    for name, place in places.items():
        if place is not None and place < min(most, MANY):
            placed.setdefault(place, name)
    free = [at for at in range(most) if at not in placed] if most < MANY else []
    loose = [name for name, place in places.items() if place is None]
    placed |= dict(zip(free, loose, strict=False))
    made = [_placed(placed.get(at, ""), at < least) for at in range(most if most < MANY else least)]
    if most == MANY:
        made.append(Parameter("args", Kind.REST))
    rest = [name for name in places if name not in placed.values()]
    made += (Parameter(name, Kind.NAME, UNKNOWN) for name in rest)
    nameless = most == MANY or not all(each.name for each in made)
    if found.others or (nameless and not found.sure):  # there may be names that were not seen
        made.append(Parameter("kwargs", Kind.NAMES))
    exact = found.sure and not (found.others or rest or loose)
    return tuple(made), exact and most < MANY


def _placed(name: str, required: bool) -> Parameter:
    return Parameter(name, Kind.EITHER if name else Kind.PLACE, "" if required else UNKNOWN)
