"""How right the memory that is recorded is, on a program that knows how much it asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.bench_memory import EXACT, SAMPLED
from bench.outcome import Outcome, Table
from bench.rig import Rig
from wadjet.model import memory, store
from wadjet.model.confidence import Drawn
from wadjet.model.profile import Profile
from wadjet.model.totals import by_node, doubt_by_node, fold

_NATIVE = "native_thread"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was recorded of one kind, over the truth; whether that lies within its error."""

    ratio: float
    holds: bool


def truth(rig: Rig) -> Outcome:
    """Compare what is told of each way to ask for memory with what was asked for."""
    verdicts: dict[str, dict[str, Verdict]] = {}
    profiles: dict[str, Profile] = {}
    for tool in (EXACT, SAMPLED):
        run = rig.run(tool, 0, "kinds")
        if run.error:
            rig.missing[f"{tool.name}, kinds.py"] = run.error
            return Outcome(())
        profiles[tool.name] = store.load(run.output)
        verdicts[tool.name] = _judge(profiles[tool.name], run.report["truth"])
    exact, sampled = (verdicts[tool.name] for tool in (EXACT, SAMPLED))
    explained = _explained(profiles[EXACT.name])
    figures = {
        "memory-truth": max(abs(each.ratio - 1) for each in exact.values()) * 100,
        "memory-truth-sampled": 100 * sum(each.holds for each in sampled.values()) / len(sampled),
        "memory-explained": abs(explained - 1) * 100,
    }
    return Outcome((_table(exact, sampled, explained),), figures, {})


def _judge(profile: Profile, truths: dict[str, int]) -> dict[str, Verdict]:
    return {kind: _verdict(profile, kind, size) for kind, size in truths.items()}


def _verdict(profile: Profile, kind: str, size: int) -> Verdict:
    """Add up what is live of a kind, and what it mapped by itself."""
    live, mapped = (_of(profile, by_node(profile, metric), kind) for metric in ("live", "mapped"))
    doubts = doubt_by_node(profile, "live")
    if doubts is None:
        return Verdict((live + mapped) / size, live + mapped == size)
    less, more = Drawn(live, _of(profile, doubts, kind), memory.mean(profile)).reach
    return Verdict((live + mapped) / size, -less <= size - live - mapped <= more)


def _of(profile: Profile, sums: Sequence[int], kind: str) -> int:
    """Add up what nodes have of a kind."""
    tree = profile.tree
    functions = [tree.functions[tree.function_of(node)].name for node in range(len(tree))]
    found = 0
    for node, value in enumerate(sums):
        if value:
            names = {functions[each] for each in tree.path(node)}
            native = kind == _NATIVE and not names & {"<module>", "main"}
            found += value if f"kind_{kind}" in names or native else 0
    return found


def _explained(profile: Profile) -> float:
    """Return what is known by purpose or by block, as a part of what is resident."""
    parts, pools = memory.resident(profile), memory.pools(profile)
    blocks = fold(profile, "live").total - pools["counted"]
    return (parts["total"] - parts["heap"] + blocks) / parts["total"]


def _table(exact: dict[str, Verdict], sampled: dict[str, Verdict], explained: float) -> Table:
    def row(kind: str) -> tuple[str, ...]:
        found = sampled[kind]
        within = "holds" if found.holds else "does not hold"
        return kind.replace("_", " "), f"{exact[kind].ratio:.4f}", f"{found.ratio:.2f}", within

    return Table(
        "What is told of memory that is asked for, over the truth",
        ("asked for by", "exact", "sampled", "the sampled one's error"),
        tuple(map(row, exact)),
        f"The truth comes from the program itself. All that is known by purpose or by block is "
        f"{explained:.3f} of what is resident.",
    )
