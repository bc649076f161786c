"""What a reading of machine code says of a signature."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import takewhile
from typing import NamedTuple

from wadjet.native.signatures import formats
from wadjet.native.signatures.elf import Image
from wadjet.native.signatures.instructions import signed
from wadjet.native.signatures.parsers import PARSERS
from wadjet.native.signatures.reading import Call, Reading
from wadjet.native.signatures.searched import Searched, parameters
from wadjet.native.signatures.shape import UNKNOWN, Kind, Parameter, Shape, by_place
from wadjet.native.signatures.state import ANY, MANY, Array, Value
from wadjet.target.behavior import parser_offsets, unpacks_the_rest

_NO_LIMIT = 1 << 30
ANYTHING = Shape((Parameter("args", Kind.REST), Parameter("kwargs", Kind.NAMES)))
"""What takes whatever it is given."""


class Found(NamedTuple):
    """A shape and where it is from; ``exact`` unless more calls than these may be accepted."""

    shape: Shape
    source: str
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads what parsers are called with, in an image for a version of the interpreter."""

    image: Image
    version: tuple[int, int]
    string: Callable[[int], str | None] = field(default=lambda _: None)
    """Returns the ``str`` that there is at a place of the image, once it is loaded."""

    def found(
        self, reading: Reading, *, names: bool, searched: Searched | None = None
    ) -> Found | None:
        """Return what a reading says, None for nothing.

        ``names`` is whether the calling convention lets arguments be given by name, ``searched``
        is what it does with those that it looks for itself.
        """
        strong = [each for each in reading.calls if PARSERS[each.parser].limits is None]
        if not strong:
            generated = self._generated(reading)
            if generated is not None:
                return generated
            if searched is not None and _is_certain(reading):
                return _of_search(reading, searched)
            return self._counted(reading, names=names)
        shapes = [shape for each in strong if (shape := self._shape(each)) is not None]
        if len(shapes) < len(strong):
            return None
        form = PARSERS[strong[0].parser].form
        beside = _beside(reading, strong, shapes)
        made = merged([*shapes, *beside])
        if made and names and form in ("format", "unpack") and _takes_names(reading):
            made = Shape((*made.parameters, Parameter("kwargs", Kind.NAMES)))
            loose = Found(made, form, exact=False)  # somebody else says which names
            return self._with_names(loose, reading)
        one = len({each.key for each in shapes}) == 1 and not beside
        return None if made is None else Found(made, form, one)

    def _generated(self, reading: Reading) -> Found | None:
        """Return what the code says that Cython writes: its names, and how many by place.

        Which of those that are given by name only must be given, it does not say.
        """
        told = dict(sorted(reading.refusals))
        most = told.get("exactly", told.get("at most"))
        least = told.get("exactly", told.get("at least", 0))
        table = max(reading.tables, key=len, default=())
        if most is None or len(told) < len(reading.refusals) or not _is_one(reading.tables):
            return None  # of several functions
        names = [self.string(each) for each in table]
        if None in names or not 0 <= least <= most or 0 < len(names) < most:
            return None
        shape = formats.of_limits([each or "" for each in names], least, most, 0, rest=False)
        if not names:
            shape = by_place(least, most)
        others = reading.collects if names else most > 0 and _takes_names(reading)
        if others:
            shape = Shape((*shape.parameters, Parameter("kwargs", Kind.NAMES)))
        return Found(shape, "cython parser", most >= len(names) and not others)

    def _shape(self, call: Call) -> Shape | None:
        parser, values = PARSERS[call.parser], call.values
        at = parser.details
        try:
            if parser.form == "format":
                text = self._text(values[at])
                return None if text is None else formats.of_format(text)
            if parser.form == "keywords":
                return self._keywords(values[at], values[at + 1])
            if parser.form == "fast":
                return self._fast(values[at])
            if parser.form == "unpack":
                return _limited(values[at], values[at + 1])
        except formats.FormatError:
            return None
        if parser.form == "numpy":
            return self._triples(values[at:])
        if parser.form == "clone":
            return self._cloned(values[at:], call.named)
        return self._unpacked(parser.form, values[at:])

    def _text(self, value: Value) -> str | None:
        if isinstance(value, Array):  # put together on the stack
            known = takewhile(lambda each: each is not None, value.words)
            words = ((each or 0).to_bytes(8, "little") for each in known)
            text = b"".join(words).split(b"\0")[0]
            return text.decode("ascii", "replace") if b":" in text else None
        return self.image.text(value) if isinstance(value, int) else None

    def _texts(self, value: Value) -> list[str] | None:
        if isinstance(value, int):
            return self.image.texts(value)
        if not isinstance(value, Array) or 0 not in value.words:
            return None
        words = value.words[: value.words.index(0)]
        texts = [self._text(word) for word in words]
        return [text for text in texts if text is not None] if None not in texts else None

    def _keywords(self, text: Value, names: Value) -> Shape | None:
        form, keywords = self._text(text), self._texts(names)
        if form is None or keywords is None:
            return None
        return formats.of_format(form, keywords)

    def _parser(self, value: Value) -> tuple[str | None, list[str] | None]:
        """Return the format and the keywords of a ``_PyArg_Parser``."""
        if not isinstance(value, int):
            return None, None
        at, names = (self.image.pointer(value + off) for off in parser_offsets(self.version))
        return (self.image.text(at) if at else None, self.image.texts(names) if names else None)

    def _fast(self, value: Value) -> Shape | None:
        form, keywords = self._parser(value)
        if form is None or keywords is None:
            return None
        return formats.of_format(form, keywords)

    def _unpacked(self, form: str, values: tuple[Value, ...]) -> Shape | None:
        _, keywords = self._parser(values[0])
        numbers = [_number(each) for each in values[1:5]]
        least, most, must = numbers[:3]
        if keywords is None or least is None or most is None or must is None:
            return None
        rest = form == "vararg" or (unpacks_the_rest(self.version) and numbers[3] == 1)
        if form == "vararg":  # the place of *args is among the keywords that are counted
            most = min(most, len(keywords))
        return formats.of_limits(keywords, least, most, must, rest=rest)

    def _triples(self, values: tuple[Value, ...]) -> Shape | None:
        """Return what NumPy's parser takes: a text, a converter, a place, and so on to NULL.

        ``|`` before a name says that it may be left out, ``$`` that it is given by name only and
        may be left out as well.
        """
        made: list[Parameter] = []
        for value in values[::3]:
            if value == 0:
                return Shape(tuple(made))
            text = self._text(value)
            if text is None:
                return None
            name = text.lstrip("|$")
            kind = Kind.NAME if "$" in text else Kind.EITHER if name else Kind.PLACE
            made.append(Parameter(name, kind, UNKNOWN if text[:1] in ("|", "$") else ""))
        return None

    def _cloned(self, values: tuple[Value, ...], named: bool | None) -> Shape | None:
        """Return what a clone lets through: what it lacks is nothing.

        A third number is how many must be given by name, or whether there is ``*args``. With
        the latter it is called only if there are names, since the caller does the rest.
        """
        _, keywords = self._parser(values[0])
        least, most, third = (_number(each) for each in values[1:4])
        if keywords is None or least is None or most is None:
            return None
        rest = bool(third) and named is True
        must = 0 if rest or third is None else third
        return formats.of_limits(keywords, least, most, must, rest=rest)

    def _counted(self, reading: Reading, *, names: bool) -> Found | None:
        """Return what the numbers of arguments say that are let through."""
        checked = [_limited(*_limits(each)) for each in reading.calls if _is_check(each)]
        if any(each is None for each in checked):
            return None
        shapes = [each for each in checked if each is not None]
        unnamed = not (names and _takes_names(reading))
        if shapes and unnamed:
            made = merged(shapes)
            one = len({each.key for each in shapes}) == 1
            return None if made is None else Found(made, "limits", one)
        if any(PARSERS[each.parser].form == "none-placed" for each in reading.calls) and unnamed:
            return Found(Shape(), "limits")
        found = _compared(reading, names=names, unnamed=unnamed)
        return found if found is None or unnamed else self._with_names(found, reading)

    def _with_names(self, found: Found, reading: Reading) -> Found:
        """Return what is found with the names that the function has parsed apart from the rest.

        What must be given is in the tuple that it made for that.
        """
        shapes = [self._shape(each) for each in reading.keywords]
        if len({shape.key for shape in shapes if shape}) != 1 or None in shapes:
            return found
        named = [
            Parameter(each.name, Kind.NAME, each.default)
            for shape in shapes[:1]
            for each in (shape.parameters if shape else ())
            if not each.required
        ]
        others = found.shape.of(Kind.PLACE, Kind.EITHER, Kind.REST)
        return found._replace(shape=Shape((*others, *named)))


def _is_one(tables: set[tuple[int, ...]]) -> bool:
    """Whether tables are one and the same: what is left of it while it is gone through."""
    whole = max(tables, key=len, default=())
    return all(whole[len(whole) - len(each) :] == each for each in tables)


def _beside(reading: Reading, strong: list[Call], shapes: list[Shape]) -> list[Shape]:
    """Return what is taken by numbers of arguments for which nothing is parsed.

    Only if it is the number that decides whether anything is.
    """
    parsed = frozenset[int]().union(*(each.counts for each in strong))
    within = {count for count in ANY for shape in shapes if _fits(count, shape)}
    left = reading.accepted - parsed - within
    if not left or any(each.counts == ANY for each in strong):
        return []
    return [by_place(min(left), None if MANY in left else max(left))]


def _fits(count: int, shape: Shape) -> bool:
    least, most = shape.arity
    return least <= count and (most is None or count <= most)


def _takes_names(reading: Reading) -> bool:
    """Whether arguments by name get anywhere: not if nobody asks for them."""
    refused = any(PARSERS[each.parser].form == "none-named" for each in reading.calls)
    taken = reading.with_names or reading.clipped_named
    return reading.names and bool(taken) and not refused


def _is_certain(reading: Reading) -> bool:
    """Whether it is known how many there may be by place."""
    return bool(reading.accepted) and reading.clipped <= reading.accepted


def _of_search(reading: Reading, searched: Searched) -> Found:
    """Return the shape of a function that looks for names itself."""
    made, exact = parameters(searched, min(reading.accepted), max(reading.accepted))
    return Found(Shape(made), "names", exact)


def _compared(reading: Reading, *, names: bool, unnamed: bool) -> Found | None:
    """Return the shape of a function that compares the number of arguments itself."""
    accepted = reading.accepted | reading.clipped
    if not accepted or (not reading.accepted and accepted == ANY):
        return None
    if not (reading.counted or reading.names or reading.forwards):
        return Found(ANYTHING if names else by_place(0, None), "unread", exact=False)
    least, most = min(accepted), max(accepted)
    exact = _is_certain(reading) and len(accepted) == most - least + 1
    endless = most == MANY
    # Whom it hands them to may refuse them; and what refuses nothing may have hidden how.
    exact &= not (endless and (reading.forwards or least == 0))
    made = by_place(least, None if endless else most)
    if not unnamed:
        exact = False  # which names, somebody else says
        made = Shape((*made.parameters, Parameter("kwargs", Kind.NAMES)))
    return Found(made, "comparisons", exact)


def _is_check(call: Call) -> bool:
    return PARSERS[call.parser].form == "checked"


def _limits(call: Call) -> tuple[Value, Value]:
    least, most = PARSERS[call.parser].limits or (0, 0)
    return call.values[least], call.values[most]


def _number(value: Value) -> int | None:
    return signed(value, 4) if isinstance(value, int) else None


def _limited(least: Value, most: Value) -> Shape | None:
    if not isinstance(least, int) or not isinstance(most, int):
        return None
    low, high = signed(least, 8), signed(most, 8)
    if high >= _NO_LIMIT or high < 0:
        return by_place(low, None)
    return by_place(low, high) if 0 <= low <= high < 100 else None


def merged(shapes: Iterable[Shape]) -> Shape | None:
    """Return the one shape that accepts what any of some does, and least besides.

    >>> merged([by_place(1, 1), by_place(3, 3)]).text()
    'arg1, arg2=..., arg3=..., /'
    """
    every = list({shape.key: shape for shape in shapes}.values())
    if len(every) <= 1:
        return every[0] if every else None
    least = min(shape.arity[0] for shape in every)
    longest = max(every, key=lambda shape: len(shape.placed))
    common = frozenset.intersection(*(shape.keywords for shape in every))
    every_name = frozenset.union(*(shape.keywords for shape in every))
    placed = []
    for at, each in enumerate(longest.placed):
        kind = Kind.EITHER if each.name in common else Kind.PLACE
        placed.append(Parameter(each.name, kind, "" if at < least else UNKNOWN))
    rest = [Parameter("args", Kind.REST)] if any(s.arity[1] is None for s in every) else []
    held = {each.name for each in placed if each.kind is Kind.EITHER}
    named = [Parameter("kwargs", Kind.NAMES)] if every_name - held else []
    return Shape((*placed, *rest, *named))
