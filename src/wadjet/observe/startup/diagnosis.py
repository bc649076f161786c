"""Rules about starts: what makes one slow that need not, and what mends it."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator

from wadjet.model.finding import Finding, Level, Place
from wadjet.model.imports import STAGE
from wadjet.model.profile import Function, Profile
from wadjet.model.startup import COLLECTION, ENDING, PREPARING, TIME, Cost, modules, phases, stacks
from wadjet.model.units import count, duration, percent, plural
from wadjet.observe.startup import avoidable
from wadjet.pipeline.deferring import costly

NOTABLE = 0.05
"""The part of a start from which something is worth a word."""
HEAVY = 0.25
"""The part of a start from which one import is worth a word."""
SHORT = 2_000_000
"""What takes less than this (ns) is of no account."""


def diagnose(profile: Profile) -> list[Finding]:
    """Return what stands out in a start, what matters most first."""
    rules = (
        avoidable.shim,
        site_imports,
        avoidable.path,
        compiled_again,
        avoidable.unused,
        may_be_deferred,
        heavy_import,
        avoidable.built,
        collector_runs,
        slow_end,
    )
    findings = [each for rule in rules for each in rule(profile)]
    return sorted(findings, key=lambda each: (-each.level, -each.weight))


def site_imports(profile: Profile) -> Iterator[Finding]:
    """Packages are imported before the program, at each start of this Python: by .pth files.

    >>> from wadjet.model.profile import Builder
    >>> from wadjet.model.startup import METRICS
    >>> stack = [f"interpreter {STAGE}:0", "site lib/site.py:0", "certifi site-packages/c.py:0"]
    >>> made = Builder(METRICS).sample([*stack, f"read {STAGE}:0"], start=9 * 10**6)
    >>> [found] = site_imports(made.sample(stack[:2], start=10**6).build())
    >>> found.message
    'Each start of this Python imports `certifi` before the program, which takes 9.00 ms, 90 % of \
this start.'
    """
    found = {each.name: each for each in _below(profile, PREPARING)}
    outer = [found[name] for name in _brought_in(profile) if name in found]
    spent, whole = sum(each.time for each in outer), _time(profile)
    if spent < SHORT / 4 or spent < NOTABLE * whole / 4:
        return
    names = ", ".join(f"`{each.name}`" for each in outer)
    yield Finding(
        rule="start-site",
        level=Level.WARNING if spent >= NOTABLE * whole else Level.NOTE,
        message=f"Each start of this Python imports {names} before the program, which takes "
        f"{duration(spent)}, {percent(spent / whole)} of this start.",
        place=_place(profile, outer[0].name),
        treatment="Remove the `.pth` file in `site-packages` that imports it, or start with `-I -S`"
        " where the program needs no installed packages.",
        weight=spent / whole,
    )


def _brought_in(profile: Profile) -> list[str]:
    """Return the packages that `site` imports and that are not Python's own."""
    names = dict[str, None]()
    own = tuple(sysconfig.get_path(each) for each in ("stdlib", "platstdlib"))
    for module, *above in stacks(profile.tree):
        importers = [each.name for each in above if each.file not in ("", STAGE)]
        if importers != ["site"] or above[-1].name != PREPARING or module.file in ("", STAGE):
            continue
        is_own = module.file.startswith(own) and "site-packages" not in module.file
        if not is_own and module.name not in ("sitecustomize", "usercustomize"):
            names[module.name] = None
    return list(names)


def compiled_again(profile: Profile) -> Iterator[Finding]:
    """Modules are compiled at each start, as what comes of it cannot be kept.

    >>> from wadjet.model.profile import Builder
    >>> from wadjet.model.startup import METRICS
    >>> stack = [f"program {STAGE}:0", "shop shop.py:0", f"compile {STAGE}:0"]
    >>> [found] = compiled_again(Builder(METRICS).sample(stack, start=9 * 10**6).build())
    >>> found.message
    'A module is compiled at each start (`shop`): 9.00 ms, 100 % of it.'
    """
    spent: dict[str, int] = {}
    for (stage, *above), value in _times(profile):
        if value and stage.name == "compile" and above:
            spent[above[0].name] = spent.get(above[0].name, 0) + value
    whole, total = _time(profile), sum(spent.values())
    if total < SHORT or total < NOTABLE * whole:
        return
    dearest = sorted(spent, key=lambda name: -spent[name])
    shown = ", ".join(f"`{name}`" for name in dearest[:3])
    more = "" if len(dearest) <= 3 else f" and {count(len(dearest) - 3)} more"
    yield Finding(
        rule="start-compile",
        level=Level.WARNING,
        message=f"{plural(len(spent), 'module').replace('1 module', 'A module')} "
        f"{'is' if len(spent) == 1 else 'are'} compiled at each start ({shown}{more}): "
        f"{duration(total)}, {percent(total / whole)} of it.",
        place=_place(profile, dearest[0]),
        treatment="Let `__pycache__` be written, or compile beforehand: `wadjet compile FOLDER`; "
        "`PYTHONDONTWRITEBYTECODE` and `-B` keep Python from it.",
        weight=total / whole,
    )


def may_be_deferred(profile: Profile) -> Iterator[Finding]:
    r"""A file imports at its head what its functions need only.

    >>> from dataclasses import replace
    >>> from wadjet.model.profile import Builder
    >>> from wadjet.model.startup import METRICS
    >>> made = Builder(METRICS).sample([f"program {STAGE}:0", "csv csv.py:0"], start=9 * 10**6)
    >>> text = "import csv\ndef rows(file): return csv.reader(file)"
    >>> [found] = may_be_deferred(replace(made.build(script="a.py"), sources={"a.py": text}))
    >>> found.message
    '`import csv` (a.py:1) takes 9.00 ms, 100 % of the start, and is used in `rows` only.'
    """
    whole = _time(profile)
    for path, each, spent in ((it.path, it.found, it.time) for it in costly(profile)):
        if spent < SHORT or spent < NOTABLE * whole:
            continue
        users = ", ".join(f"`{name}`" for name in each.users[:3])
        more = f" and {count(len(each.users) - 3)} more" if len(each.users) > 3 else ""
        yield Finding(
            rule="start-deferrable",
            level=Level.WARNING,
            message=f"`{each.text}` ({path}:{each.line}) takes {duration(spent)}, "
            f"{percent(spent / whole)} of the start, and is used in {users}{more} only.",
            place=Place(path, each.line),
            treatment="Import it there, unless something relies on what the import does besides: "
            "`wadjet lazy` moves it, and tries the tests.",
            weight=spent / whole,
        )


def heavy_import(profile: Profile) -> Iterator[Finding]:
    """One import, with what it imports, takes a large part of the start.

    >>> from wadjet.model.profile import Builder
    >>> from wadjet.model.startup import METRICS
    >>> made = Builder(METRICS).sample([f"program {STAGE}:0", "pandas p.py:0"], start=90 * 10**6)
    >>> made = made.sample([f"program {STAGE}:0"], start=10 * 10**6, syscalls=9)
    >>> [found] = heavy_import(made.build())
    >>> found.message
    'The import of `pandas` takes 90.0 ms, 90 % of the start, with 0 system calls.'
    """
    whole = _time(profile)
    roots = _outermost(profile)
    for each in modules(profile):
        if each.time < SHORT or each.time < HEAVY * whole or each.name not in roots:
            continue
        yield Finding(
            rule="start-import",
            level=Level.NOTE,
            message=f"The import of `{each.name}` takes {duration(each.time)}, "
            f"{percent(each.time / whole)} of the start, with {count(each.calls)} system calls.",
            place=_place(profile, each.name),
            treatment="Import it in the function that needs it, if not every run does; "
            "`wadjet show --tree` says what of it takes how long.",
            weight=each.time / whole,
        )


def _outermost(profile: Profile) -> set[str]:
    """Return the modules that the program itself imports, rather than other modules."""
    return {
        module.name
        for module, *above in stacks(profile.tree)
        if module.file != STAGE and all(each.file == STAGE for each in above)
    }


def collector_runs(profile: Profile) -> Iterator[Finding]:
    """The garbage collector runs while modules are imported, which leave no garbage.

    >>> from wadjet.model.profile import Builder
    >>> from wadjet.model.startup import METRICS
    >>> stack = [f"program {STAGE}:0", "pandas p.py:0", f"{COLLECTION} {STAGE}:0"]
    >>> [found] = collector_runs(Builder(METRICS).sample(stack, start=9 * 10**6).build())
    >>> found.message
    'The garbage collector takes 9.00 ms of the start, 100 %, in 1 run.'
    """
    runs = [
        value
        for stack, value in _times(profile)
        if value and stack[0].name == COLLECTION and stack[-1].name != ENDING
    ]
    spent, whole = sum(runs), _time(profile)
    if spent < SHORT / 2 or spent < NOTABLE * whole / 2:
        return
    yield Finding(
        rule="start-collector",
        level=Level.NOTE,
        message=f"The garbage collector takes {duration(spent)} of the start, "
        f"{percent(spent / whole)}, in {plural(len(runs), 'run')}.",
        treatment="Import between `gc.disable()` and `gc.freeze(); gc.enable()`, as `wadjet "
        "startup --fix` does: modules leave little garbage, and what they leave is kept.",
        weight=spent / whole,
    )


def slow_end(profile: Profile) -> Iterator[Finding]:
    """The interpreter takes long to end, when nobody waits for it any more.

    >>> from wadjet.model.profile import Builder
    >>> from wadjet.model.startup import METRICS
    >>> made = Builder(METRICS).sample([f"finalization {STAGE}:0"], start=40 * 10**6)
    >>> [found] = slow_end(made.sample([f"program {STAGE}:0"], start=60 * 10**6).build())
    >>> found.message
    'After the program the interpreter takes 40.0 ms to end, 40 % of it all.'
    """
    whole = _time(profile)
    for each in phases(profile):
        if each.name == ENDING and each.time > max(3 * NOTABLE * whole, SHORT):
            yield Finding(
                rule="start-end",
                level=Level.NOTE,
                message=f"After the program the interpreter takes {duration(each.time)} to end, "
                f"{percent(each.time / whole)} of it all.",
                treatment="Where nothing is left to be done at the end, flush the streams and call "
                "`os._exit`, as `wadjet startup --fix` does: it frees no objects one by one.",
                weight=each.time / whole,
            )


def _below(profile: Profile, phase: str) -> list[Cost]:
    """Return what modules cost that were imported in a phase."""
    kept = {stack[0].name for stack in stacks(profile.tree) if stack[-1].name == phase}
    return [each for each in modules(profile) if each.name in kept]


def _times(profile: Profile) -> Iterator[tuple[list[Function], int]]:
    """Yield what was measured: the stack, leaf first, and its own time."""
    found = stacks(profile.tree)
    times = profile.samples.values[profile.metric_index(TIME.name)]
    for node, value in zip(profile.samples.node, times, strict=True):
        yield found[node], value


def _time(profile: Profile) -> int:
    return max(sum(profile.samples.values[profile.metric_index(TIME.name)]), 1)


def _place(profile: Profile, module: str) -> Place | None:
    """Return the file of a module, if it has one."""
    for each in profile.tree.functions:
        if each.name == module and each.file not in ("", STAGE):
            return Place(each.file)
    return None
