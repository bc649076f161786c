"""A recording in the terminal: what stands out, the hottest places, threads, the call tree.

Works in 80 columns and more, in colour and without, in Unicode and in ASCII; what is
piped is plain, and the same every time.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import TextIO

from rich.console import Console
from rich.text import Text

from wadjet.model import startup as model
from wadjet.model.finding import Finding
from wadjet.model.memory import NAMES, PEAK
from wadjet.model.profile import Metric, Profile
from wadjet.model.totals import fold
from wadjet.model.units import amount, percent, plural
from wadjet.render.text.canvas import canvas, markup
from wadjet.render.text.costs import table
from wadjet.render.text.header import diagnosis, header
from wadjet.render.text.memory import memory
from wadjet.render.text.pen import Pen, terminal
from wadjet.render.text.startup import startup
from wadjet.render.text.tables import lines_of_code, places
from wadjet.render.text.threads import threads
from wadjet.render.text.tree import tree
from wadjet.render.text.view import View

__all__ = ["View", "fragment", "main_metric", "show", "summary"]

SUMMARY_ROWS = 6
SUMMARY_FINDINGS = 4
"""What a summary shows at most."""


def summary(profile: Profile, findings: Sequence[Finding], out: TextIO, path: str = "") -> None:
    """Print what a recording amounts to, for the end of a run; ``path`` is its file."""
    _summarize(terminal(out), profile, findings, path)


def fragment(
    profile: Profile, findings: Sequence[Finding], path: str = "", *, width: int = 100
) -> str:
    """Return the summary as a piece of HTML, to be shown within another page."""
    console = canvas(width)
    _summarize(console, profile, findings, path)
    return markup(console)


def _summarize(console: Console, profile: Profile, findings: Sequence[Finding], path: str) -> None:
    view = View(top=SUMMARY_ROWS, path=path, brief=True)
    _print(console, profile, findings[:SUMMARY_FINDINGS], view, profile)
    if path:
        pen, file = Pen.of(console), shlex.quote(path)
        more = len(findings) - SUMMARY_FINDINGS
        hint = f"wadjet show {file}" + (f" ({plural(more, 'more finding')})" if more > 0 else "")
        hints = [hint, f"wadjet show --tree {file}", f"wadjet report {file}"]
        for line in pen.flow([Text(pen.clean(hint), style="dim") for hint in hints], "   "):
            pen.write(line)


def show(
    profile: Profile,
    findings: Sequence[Finding],
    view: View,
    out: TextIO,
    *,
    part: Profile | None = None,
) -> None:
    """Print a recording; the tables are of ``part`` of it where that is given."""
    _print(terminal(out), profile, findings, view, profile if part is None else part)


def _print(
    console: Console, profile: Profile, findings: Sequence[Finding], view: View, part: Profile
) -> None:
    pen = Pen.of(console)
    for section in _sections(pen, profile, findings, view, part):
        for line in section:
            pen.write(line)
        if section:
            pen.write(Text())


def _sections(
    pen: Pen, profile: Profile, findings: Sequence[Finding], view: View, part: Profile
) -> Iterator[list[Text]]:
    yield header(pen, profile)
    if not (view.tree or view.by or view.scope):
        yield diagnosis(pen, list(findings), view.path)
    if model.is_recorded(part) and not (view.tree or view.by or view.metric):
        yield from startup(pen, part, view.top)
        return
    metric = main_metric(part, view.metric)
    if metric is None:
        return
    if not (view.tree or view.by or view.metric):
        yield from memory(pen, part, max(view.top // 2, 1))
        if view.brief and metric.name in NAMES:
            return
    if view.scope:
        yield _scope(pen, profile, part, metric, view.scope)
    if not fold(part, metric.name).count:
        yield [Text(f"No {metric.title} was sampled here.")]
    elif view.tree:
        yield tree(pen, part, metric, view)
        return
    else:
        yield from _tables(pen, part, metric, view)
    if not view.by:
        yield threads(pen, part, view.top, everything=not view.scope)


def _tables(pen: Pen, part: Profile, metric: Metric, view: View) -> Iterator[list[Text]]:
    for kind in [view.by] if view.by else ["function", "line"]:
        costs = table(part, metric.name, kind, top=view.top, sort=view.sort)
        draw = lines_of_code if kind in ("line", "own") else places
        yield draw(pen, costs, metric)


def main_metric(profile: Profile, name: str) -> Metric | None:
    """Return the metric called ``name``; for no name CPU time, or the first that was sampled."""
    if name:
        return profile.metrics[profile.metric_index(name)]
    sampled = [metric for metric in profile.metrics if fold(profile, metric.name).count]
    known = {metric.name: metric for metric in sampled}
    usual = [known[each] for each in ("cpu", "wall", PEAK.name) if each in known]
    return next(iter([*usual, *sampled, *profile.metrics]), None)


def _scope(pen: Pen, profile: Profile, part: Profile, metric: Metric, scope: str) -> list[Text]:
    whole, shown = fold(profile, metric.name).total, fold(part, metric.name).total
    words = f"Shown: {scope}. That is {amount(shown, metric.unit)} of {metric.title}"
    words += f", {percent(shown / whole)} of all." if whole else "."
    return pen.wrapped(pen.prose(words), "", "")
