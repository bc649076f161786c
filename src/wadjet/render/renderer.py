"""What a renderer is: a module with ``render(profile, out, options)``.

A renderer writes bytes, so that text and binary formats are called alike; it holds what it
must and streams the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from wadjet.errors import RecordingError
from wadjet.model.profile import Profile


@dataclass(frozen=True, slots=True)
class Options:
    """What a user may ask of a format, beyond which samples to write.

    ``thread_first`` puts the thread's name at the root of each stack.
    """

    thread_first: bool = False


class Renderer(Protocol):
    """Writes a profile in one format."""

    def render(self, profile: Profile, out: BinaryIO, options: Options, /) -> None:
        """Write ``profile`` to ``out``."""


def measured(profile: Profile) -> list[int]:
    """Return the metrics that a format which holds several should write, one at least."""
    found = [index for index, values in enumerate(profile.samples.values) if any(values)]
    if not profile.metrics:
        raise RecordingError("the recording has no metric", "record again with `wadjet run`")
    return found or [0]


def preferred(profile: Profile, name: str = "cpu") -> int:
    """Return the metric that a format which holds one should write.

    That is the one called ``name`` if it was measured, else the first that was.
    """
    found = measured(profile)
    wanted = [index for index in found if profile.metrics[index].name == name]
    return (wanted or found)[0]


def write_text(out: BinaryIO, pieces: Iterable[str]) -> None:
    r"""Write text as UTF-8.

    File names that were not UTF-8 reach Python as lone surrogates; those are written as
    ``\udcff``, for no encoding can hold them.
    """
    out.writelines(piece.encode("utf-8", "backslashreplace") for piece in pieces)
