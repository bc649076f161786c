"""The head of the screen: what was recorded, how, and how far to trust it."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Mapping
from datetime import datetime

from rich.cells import cell_len
from rich.text import Text

from wadjet.model import collection, imports, memory, startup
from wadjet.model.finding import Finding, Level
from wadjet.model.profile import Fact, Metric, Profile
from wadjet.model.totals import fold
from wadjet.model.units import amount, count, duration, plural, size
from wadjet.render.text.pen import Pen

_STYLES = {Level.NOTE: "blue", Level.WARNING: "yellow", Level.ERROR: "red"}


def header(pen: Pen, profile: Profile) -> list[Text]:
    """Return the command, what it cost, how it was sampled, and the recording's notes."""
    lines = [_title(pen, profile)]
    for facts in (_costs(profile), _clocks(profile), _memory(profile)):
        lines.extend(pen.flow([Text(pen.clean(fact)) for fact in facts], pen.glyphs.dot))
    notes = profile.about.get("notes")
    for note in notes if isinstance(notes, list) else []:
        lines.extend(pen.wrapped(pen.prose(str(note)), "! ", "  ", "yellow"))
    return lines


def command(profile: Profile) -> str:
    """Return the command that was recorded, as it could be typed."""
    words = profile.about.get("command")
    text = shlex.join(str(word) for word in words) if isinstance(words, list) else ""
    return text or "(a recording)"


def _title(pen: Pen, profile: Profile) -> Text:
    when = _when(profile.about.get("started"))
    shown = pen.fit(command(profile), pen.width - len(when) - 3)
    gap = " " * (pen.width - cell_len(shown) - len(when) - 1)
    return Text.assemble((shown, "bold"), (gap + when if when else "", "dim"))


def _when(started: Fact) -> str:
    if not isinstance(started, (int, float)):
        return ""
    try:
        return datetime.fromtimestamp(started).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):  # no moment that a calendar has
        return ""


def _costs(profile: Profile) -> list[str]:
    """Return length, CPU time, threads, processes, interpreter and exit status in words."""
    about = profile.about
    facts = [duration(profile.duration)] if profile.duration else []
    spent = cpu_time(profile)
    if spent and profile.duration:
        cores = spent / profile.duration
        cpus = about.get("cpus")
        of = f" of {cpus}" if isinstance(cpus, int) else ""
        facts.append(f"{duration(spent)} CPU ({cores:.1f}{of} cores)")
    threads = plural(len(profile.threads), "thread")
    if len(profile.processes) > 1:
        threads += f" in {count(len(profile.processes))} processes"
    facts.append(threads)
    if "python" in about:
        facts.append(f"{_implementation(about)} {about['python']}")
    status = about.get("exit")
    if isinstance(status, int) and status:
        facts.append(_status(status))
    return facts


def cpu_time(profile: Profile) -> int:
    """Return the CPU time in ns: as the system charged it, else as it was sampled."""
    charged = sum(thread.cpu for thread in profile.threads)
    if charged or not any(metric.name == "cpu" for metric in profile.metrics):
        return charged
    return fold(profile, "cpu").total


def _implementation(about: Mapping[str, Fact]) -> str:
    name = str(about.get("implementation") or "Python")
    return "CPython" if name.lower() == "cpython" else name


def _status(status: int) -> str:
    if status < 0:
        try:
            return f"killed by {signal.Signals(-status).name}"
        except ValueError:
            return f"killed by signal {-status}"
    return f"exit status {status}"


def _clocks(profile: Profile) -> list[str]:
    """Return for each metric how many samples there are, and which clock took them."""
    exact = (*collection.ALL, imports.METRIC, *startup.METRICS)
    counted = {metric.name for metric in exact} | memory.NAMES
    clocks = [
        metric
        for metric in reversed(profile.metrics)
        if metric.name not in counted and not _is_off(profile, metric)
    ]
    return [
        *(_clock(profile, metric) for metric in clocks),
        *_collections(profile),
        *_imports(profile),
        *_start(profile),
    ]


def _is_off(profile: Profile, metric: Metric) -> bool:
    """Say whether the clock was not wanted, and something else was."""
    clocks = profile.about.get("clocks")
    clock = clocks.get(metric.name) if isinstance(clocks, dict) else None
    off = isinstance(clock, dict) and clock.get("engine") == "none" and clock.get("rate") == 0
    return off and memory.is_recorded(profile)


def _collections(profile: Profile) -> list[str]:
    """Return how many collections there were, where they were recorded: they are no samples."""
    if not collection.is_traced(profile):
        return []
    times, paused = fold(profile, "gc-runs").total, fold(profile, collection.PAUSE.name).total
    return [f"{plural(times, 'collection')}, {duration(paused)}"]


def _imports(profile: Profile) -> list[str]:
    """Return how many modules were imported, where that was recorded."""
    return [plural(imports.count(profile), "import")] if imports.is_recorded(profile) else []


def _start(profile: Profile) -> list[str]:
    """Return what a start amounts to, where one was recorded."""
    if not startup.is_recorded(profile):
        return []
    whole = startup.whole(profile)
    facts = [plural(len(startup.modules(profile)), "import")]
    if whole.calls:
        facts += [plural(whole.calls, "system call"), f"{size(whole.read)} read"]
    return [*facts, plural(whole.faults, "page fault")]


def _memory(profile: Profile) -> list[str]:
    """Return how much memory there was, and how far to trust that."""
    if not memory.is_recorded(profile):
        return []
    peak, live, asked = (
        size(fold(profile, metric.name).total)
        for metric in (memory.PEAK, memory.LIVE, memory.ALLOCATED)
    )
    requests = fold(profile, memory.REQUESTS.name)
    time, resident = memory.peak_time(profile), memory.most_resident(profile)
    trust, mean = "all counted", memory.mean(profile)
    if mean:
        trust = f"{plural(requests.count, 'sample')}, {size(mean).replace('.0', '')} apart"
    return [
        f"memory: peak {peak}" + (f" at {duration(time)}" if time else ""),
        *([f"resident {size(resident)} at most"] if resident else []),
        f"never given back {live}",
        f"asked for {asked} in {plural(requests.total, 'request')} ({trust})",
    ]


def _clock(profile: Profile, metric: Metric) -> str:
    rows = fold(profile, metric.name)
    clocks = profile.about.get("clocks")
    clock = clocks.get(metric.name) if isinstance(clocks, dict) else None
    kind = metric.title.removesuffix(" time")
    text = plural(rows.count, f"{kind if kind.isupper() else kind.lower()} sample")
    if not isinstance(clock, dict):
        return text + (f", {amount(rows.grain, metric.unit)} each" if rows.count else "")
    if clock.get("engine") == "none":
        return f"{metric.title} was not sampled"
    if clock.get("rate"):
        text += f" at {clock['rate']} Hz"
    return text + (f" ({clock['engine']})" if clock.get("engine") else "")


def diagnosis(pen: Pen, findings: list[Finding], path: str) -> list[Text]:
    """Return findings in words, each with its treatment."""
    lines = [Text("Diagnosis", style="bold")]
    if not any(finding.level > Level.NOTE for finding in findings):
        lines.append(Text("  Nothing stands out."))
    for finding in findings:
        mark = pen.glyphs.levels[finding.level - 1]
        style = _STYLES[finding.level]
        lines.extend(pen.wrapped(pen.prose(finding.message), f"  {mark} ", "    ", style))
        if finding.treatment:
            words = finding.treatment.replace(
                " FILE`", f" {shlex.quote(path)}`" if path else " FILE`"
            )
            arrow = pen.glyphs.arrow
            lead = f"    {arrow} "
            lines.extend(pen.wrapped(pen.prose(words, "dim"), lead, " " * len(lead), "dim"))
    return lines
