"""What the code that Cython writes is called with as it parses arguments."""

from __future__ import annotations

from itertools import takewhile

from wadjet.native.signatures.elf import Image
from wadjet.native.signatures.instructions import signed
from wadjet.native.signatures.state import Array, Value

_WORDS = 32
_REFUSAL = "() takes %.8s %"


def table(image: Image, values: tuple[Value, ...]) -> tuple[int, ...]:
    """Return the places of the names that Cython's parser of keywords is called with.

    It gets an array of pointers to where names will be. Nothing for any other function.
    """
    for value in values[:6]:
        if isinstance(value, Array):
            words: list[int | None] = list(value.words)
        elif isinstance(value, int) and image.pointer(value):
            words = [image.pointer(value + 8 * at) for at in range(_WORDS)]
        else:
            continue
        places = [each for each in takewhile(bool, words) if each is not None]
        ended = len(places) < len(words) and words[len(places)] == 0
        if places and ended and all(map(image.is_blank, places)):
            return tuple(places)
    return ()


def refusal(image: Image, values: tuple[Value, ...]) -> tuple[str, int] | None:
    """Return how many arguments Cython's code asks for as it raises, None if not for that.

    That is a word and a number: exactly, at least or at most so many.
    """
    form, word, number = values[1], values[3], values[4]
    if not (isinstance(form, int) and isinstance(word, int) and isinstance(number, int)):
        return None
    if _REFUSAL not in (image.text(form) or ""):
        return None
    return image.text(word) or "", signed(number, 4)
