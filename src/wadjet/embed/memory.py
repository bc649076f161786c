"""``with wadjet.memory() as recording``: the memory that a part of a program asks for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from wadjet.embed.session import Session, unsupported, view_of_surroundings
from wadjet.observe.sampling.settings import Settings

if TYPE_CHECKING:
    from wadjet.observe.sampling.companions import Companion


def memory(
    *,
    exact: bool = False,
    rate: int = 0,
    wall_rate: int = 0,
    native: bool = False,
    output: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
) -> Session:
    """Record the memory that this process asks for as long as a ``with`` block runs.

    Requests are sampled, or with ``exact`` all counted. What Python's allocators are asked
    for is seen; what C libraries ask for by themselves only if the tracker was loaded before
    the program, which `wadjet run --memory` sees to. Blocks that were made before the block
    are not seen at all. The clocks run where a rate is given; the rest is as in ``sample``.

    Raises what ``sample`` raises.

    >>> with memory(exact=True) as recording:
    ...     kept = bytearray(1_000_000)
    >>> recording.profile.metrics[2].title
    'Memory at the peak'
    """
    beside = of_memory(exact=exact, native=native)
    names = (beside.name, beside.agent, beside.argument)
    settings = Settings(rate, wall_rate, native=native, companions=(names,))
    path = None if output is None else Path(output).absolute()
    return Session(
        settings,
        path,
        overwrite=overwrite,
        view=view_of_surroundings(),
        companions=[beside],
    )


def of_memory(*, exact: bool, native: bool = False) -> Companion:
    """Return what records memory beside the clocks. Raises UnsupportedError."""
    try:
        from wadjet.observe.memory.companion import SAMPLED, Memory
    except ImportError as error:
        raise unsupported(error) from None
    return Memory(0 if exact else SAMPLED, native=native)
