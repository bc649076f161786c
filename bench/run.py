"""Runs the benchmark: `bench/run.py [--only NAME] [--rounds N] [--quick] [--check] [--publish]`.

It measures with the interpreter it is run by and with the profilers installed beside that;
`make bench` makes such an environment. Results go to build/bench/results.json and .md.
"""

# ruff: noqa: E402 (the package must be found before it can be imported)
from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path[0] = str(ROOT)  # not bench/ itself: `bench` is the package

from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as RichTable

from bench import (
    bench_bundle,
    bench_cli,
    bench_collector,
    bench_compiler,
    bench_heap,
    bench_leaks,
    bench_memory,
    bench_memory_ends,
    bench_memory_truth,
    bench_modes,
    bench_mutants,
    bench_names,
    bench_pipeline,
    bench_refs,
    bench_sampling_cost,
    bench_sampling_recording,
    bench_sampling_truth,
    bench_signatures,
    bench_snapshot,
    bench_startup,
    claims,
    machine,
)
from bench.claims import Claim
from bench.outcome import Outcome, Table
from bench.page import Results, page, verdicts
from bench.rig import Rig


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A benchmark, and about how many seconds the whole of it takes."""

    measure: Callable[[Rig], Outcome]
    seconds: int


BENCHMARKS = {
    "help": Benchmark(bench_cli.startup, 3),
    "startup": Benchmark(bench_startup.recording, 20),
    "modes": Benchmark(bench_modes.modes, 1500),
    "launcher": Benchmark(bench_bundle.launcher, 15),
    "warm": Benchmark(bench_bundle.warm, 10),
    "walk": Benchmark(bench_sampling_recording.walk, 10),
    "snapshot": Benchmark(bench_snapshot.starts, 60),
    "slowdown": Benchmark(bench_sampling_cost.slowdown, 240),
    "threads": Benchmark(bench_sampling_cost.threads, 140),
    "memory": Benchmark(bench_memory.tracking, 240),
    "memory-imports": Benchmark(bench_memory_ends.imports, 60),
    "memory-graph": Benchmark(bench_memory_ends.graph, 60),
    "memory-truth": Benchmark(bench_memory_truth.truth, 10),
    "accuracy": Benchmark(bench_sampling_truth.accuracy, 100),
    "impossible": Benchmark(bench_sampling_truth.impossible, 35),
    "reuse": Benchmark(bench_sampling_truth.reuse, 20),
    "pauses": Benchmark(bench_collector.pauses, 400),
    "trace": Benchmark(bench_collector.trace, 120),
    "heap": Benchmark(bench_heap.snapshots, 300),
    "leaks": Benchmark(bench_leaks.corpus, 400),
    "idle": Benchmark(bench_sampling_cost.idle, 20),
    "robust": Benchmark(bench_sampling_cost.robust, 25),
    "grep": Benchmark(bench_pipeline.grep, 25),
    "compile": Benchmark(bench_pipeline.compiling, 90),
    "import": Benchmark(bench_pipeline.importing, 20),
    "mutants": Benchmark(bench_mutants.importer, 600),
    "programs": Benchmark(bench_compiler.programs, 90),
    "names": Benchmark(bench_names.names, 15),
    "signatures": Benchmark(bench_signatures.signatures, 60),
    "refs-corpus": Benchmark(bench_refs.corpus, 25),
    "refs-hunt": Benchmark(bench_refs.hunt, 100),
    "refs-sdists": Benchmark(bench_refs.sdists, 900),
    "refs-mutants": Benchmark(bench_refs.mutants, 1200),
    "long": Benchmark(bench_sampling_recording.long, 315),
}
PAGE = ROOT / "docs" / "reference" / "benchmark.md"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmarks that were asked for; return 1 if a checked claim does not hold."""
    parser = _arguments()
    args = parser.parse_args(argv)
    if args.publish and (args.only or args.quick or args.rounds):
        parser.error("--publish takes the whole benchmark: leave --only, --quick and --rounds out")
    known = claims.load()
    chosen = select(args.only, known)
    console = Console()
    results = _measure(chosen, args, console)
    args.folder.mkdir(parents=True, exist_ok=True)
    _save(results, known, args.folder)
    table = verdicts(known, results.figures)
    _show(table, console)
    console.print(f"Other programs used {results.foreign:.2f} cores during the median run.")
    console.print(f"[dim]{args.folder / 'results.md'} and .json written[/dim]")
    if args.publish:
        PAGE.write_text(page(results, known))
        claims.publish(results.figures)
    kept = all(claim.holds(results.figures.get(claim.id, claim.floor)) for claim in known)
    return int(args.check and not kept)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--only", action="append", metavar="NAME", default=[], help="a benchmark or a claim's id"
    )
    parser.add_argument("--rounds", type=int, help="how often to repeat everything")
    parser.add_argument("--quick", action="store_true", help="once and briefly; no figures")
    parser.add_argument("--check", action="store_true", help="fail if a claim does not hold")
    parser.add_argument("--publish", action="store_true", help="write the documentation's page")
    parser.add_argument("--seed", type=int, default=0, help="of the order of the runs")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "bench")
    return parser


def select(names: Sequence[str], known: Sequence[Claim]) -> dict[str, Benchmark]:
    """Return the benchmarks of the given names or claims, all of them if none is given.

    SystemExit if a name is unknown.
    """
    of_claim = {claim.id: claim.bench for claim in known}
    wanted = {of_claim.get(name, name) for name in names} or set(BENCHMARKS)
    unknown = sorted(wanted - set(BENCHMARKS))
    if unknown:
        raise SystemExit(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    return {name: each for name, each in BENCHMARKS.items() if name in wanted}


def _measure(chosen: dict[str, Benchmark], args: argparse.Namespace, console: Console) -> Results:
    outcomes: dict[str, Outcome] = {}
    columns = (TextColumn("{task.description:<44}"), BarColumn(), TimeElapsedColumn())
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        Progress(*columns, console=console, transient=True) as progress,
    ):
        task = progress.add_task("", total=sum(each.seconds for each in chosen.values()))
        rig = Rig(
            Path(folder),
            tell=lambda line: progress.update(task, description=line),
            quick=args.quick,
            rounds=args.rounds,
            rng=random.Random(args.seed),
        )
        for name, benchmark in chosen.items():
            outcomes[name] = _outcome(name, benchmark, rig)
            progress.advance(task, benchmark.seconds)
            for table in outcomes[name].tables:
                _show(table, console)
    foreign = statistics.median(rig.foreign or [0.0])
    date = time.strftime("%Y-%m-%d %H:%M %Z")
    return Results(date, machine.facts(), outcomes, rig.missing, foreign)


def _outcome(name: str, benchmark: Benchmark, rig: Rig) -> Outcome:
    """Measure; if that fails, none of the benchmark's claims holds."""
    try:
        return benchmark.measure(rig)
    except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
        table = Table(f"{name} could not be measured", ("why",), ((str(error),),))
        return Outcome(
            (table,), {each.id: math.nan for each in claims.load() if each.bench == name}
        )


def _show(table: Table, console: Console) -> None:
    """Print a table in the terminal."""
    rich = RichTable(title=table.title, title_justify="left", title_style="bold", box=box.SIMPLE)
    for column in table.columns:
        rich.add_column(column)
    for row in table.rows:
        rich.add_row(*row)
    console.print(rich)


def _save(results: Results, known: Sequence[Claim], folder: Path) -> None:
    (folder / "results.md").write_text(page(results, known))
    (folder / "results.json").write_text(json.dumps(asdict(results), indent=1))


if __name__ == "__main__":
    sys.exit(main())
