r"""Collapsed stacks: a line for each stack, as flamegraph.pl, inferno and speedscope read it.

``main (app.py:1);parse (app.py:41) 250000000`` says that ``parse``, called by ``main``,
cost 250 ms: values are in the metric's unit, nanoseconds for time, so `flamegraph.pl
--countname ns` labels them rightly. Files below the program's folder, and those of libraries,
have short names. A ``;`` in a name becomes a ``:``, and a newline ``\n``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from wadjet.model.origin import homes, shown
from wadjet.model.profile import Function, Profile
from wadjet.model.totals import fold
from wadjet.render.naming import NO_FRAME, one_line, place, thread_names
from wadjet.render.renderer import Options, preferred, write_text
from wadjet.render.stacks import merge_lines


def render(profile: Profile, out: BinaryIO, options: Options) -> None:
    """Write one metric of ``profile`` as collapsed stacks."""
    write_text(out, _lines(profile, options))


def _lines(profile: Profile, options: Options) -> Iterator[str]:
    stacks = merge_lines(profile.tree)
    near = homes(profile.about)
    words = [_word(place(_shortened(each, near))) for each in profile.tree.functions]
    text_of = stacks.text_of(words, ";", empty=_word(place(NO_FRAME)))
    roots = [_word(name) + ";" for name in thread_names(profile)]

    sums: defaultdict[tuple[int, int], int] = defaultdict(int)
    rows = fold(profile, profile.metrics[preferred(profile)].name)
    for thread, node, value in zip(rows.thread, rows.node, rows.value, strict=True):
        sums[thread if options.thread_first else -1, stacks.of(node)] += value
    lines = []
    for (thread, stack), value in sums.items():
        root = roots[thread] if thread >= 0 else ""
        lines.append(f"{root}{text_of(stack)} {value}\n")
    lines.sort()
    yield from lines


def _shortened(function: Function, near: tuple[str, ...]) -> Function:
    """Return the function with the file name that people recognise: boxes are narrow."""
    return replace(function, file=shown(function.file, near))


def _word(text: str) -> str:
    return one_line(text).replace(";", ":")
