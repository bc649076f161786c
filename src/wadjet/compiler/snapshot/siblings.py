"""Several images of one snapshot: where the others are, beside the file that is started.

They lie in a folder of their own, FILE.images, with names that no earlier ones had: a start of a
file that is just being replaced finds all of its own, or none, which makes it cold.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from wadjet.errors import OutputError


@contextmanager
def made(output: Path, count: int) -> Iterator[list[Path]]:
    """Give the paths of new images of a snapshot.

    Those that it had before are removed at the end; where something is raised, the new ones.
    """
    place = output.resolve().with_name(f"{output.name}.images")
    former = list(place.glob("*-*.image"))
    series = secrets.token_hex(4)
    new = [place / f"{series}-{number}.image" for number in range(1, count + 1)]
    try:
        if new:
            _make(place)
        yield new
    except BaseException:
        _remove(place, new)
        raise
    _remove(place, former)


def _make(place: Path) -> None:
    try:
        place.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write {place} ({error.strerror})") from None


def _remove(place: Path, images: list[Path]) -> None:
    for each in images:
        each.unlink(missing_ok=True)
    with suppress(OSError):  # it is not there, or not empty
        place.rmdir()
