"""What programs do when they run is in the graph, and what their reads find is in the chains."""

from __future__ import annotations

import ast
import random
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pipeline.meaning.programs import Made, Run, Writer, definitions, uses

from wadjet.pipeline.meaning.chains import chain
from wadjet.pipeline.meaning.flow import Flow, flow
from wadjet.pipeline.meaning.scopes import resolve
from wadjet.pipeline.meaning.steps import Sort, Step, Way
from wadjet.target.behavior import TELLS_EVERY_LINE

QUIET = (Sort.TRY, Sort.DONE, Sort.FORGET, Sort.LEAVE, Sort.CASE, Sort.BIND, Sort.EXCEPT)
"""Steps that the interpreter need not tell a tracer of."""

TOLD_AGAIN = (Sort.CASE, Sort.GUARD)
"""Steps of whose lines some tracers are told again where the match ends."""


def line(step: Step) -> int:
    node = step.node
    if isinstance(node, ast.withitem):
        node = node.context_expr
    if isinstance(node, ast.match_case):
        node = node.pattern
    return node.lineno  # type: ignore[attr-defined, no-any-return]


def is_quiet(step: Step) -> bool:
    constant = isinstance(step.node, ast.If | ast.While) and isinstance(
        step.node.test, ast.Constant
    )
    if isinstance(step.node, ast.Assign):
        return isinstance(step.node.value, ast.Constant)
    jumps = isinstance(step.node, ast.Pass | ast.Break | ast.Continue)
    return constant or step.sort in QUIET or jumps


def onward(steps: set[Step], at: int) -> set[Step]:
    """Where one may be next, if only lines that nobody hears of, or ``at``, are between."""
    found: set[Step] = set()
    waiting = [each for step in steps for _, each in step.after]
    while waiting:
        step = waiting.pop()
        if step in found:
            continue
        found.add(step)
        if step.sort not in (Sort.EXIT, Sort.RAISED) and (is_quiet(step) or line(step) == at):
            waiting += [each for _, each in step.after]
    return found


def reachable(steps: set[Step]) -> set[Step]:
    """Where one may come to at all."""
    found: set[Step] = set()
    waiting = [*steps]
    while waiting:
        step = waiting.pop()
        if step not in found:
            found.add(step)
            waiting += [each for _, each in step.after]
    return found


def forgets(steps: set[Step]) -> bool:
    return any(each.sort is Sort.FORGET for each in steps)


def walked(graph: Flow, run: Run) -> str:
    """Follow a run through the graph; tell where it leaves it."""
    here, at = {graph.entry}, 0
    again = {line(each) for each in graph.steps[3:] if each.sort in TOLD_AGAIN}
    handlers = {line(each) for each in graph.steps[3:] if each.sort is Sort.EXCEPT}
    for number in run.lines:
        following = {
            each
            for each in onward(here, at)
            if each.sort not in (Sort.EXIT, Sort.RAISED) and line(each) == number
        }
        if number == at:  # some lines are told of twice
            following |= here
        if not following and number in again:
            continue
        if not following and number in handlers and forgets(onward(here, at)):
            continue  # the code that unbinds one handler's name may bear the line of another
        if not following:
            return f"from line {at} it goes to {number}, the graph to {onward(here, at)}"
        here, at = following, number
    if not run.stopped:
        end = graph.raised if run.raised else graph.exit
        near = onward(here, at) if TELLS_EVERY_LINE else reachable(here)
        if end not in near:
            return f"from line {at} it goes to the end, the graph to {onward(here, at)}"
    return ""


@settings(max_examples=150)
@given(st.integers(0, 2**32))
def test_runs_are_ways_through_the_graph(seed: int) -> None:
    rng = random.Random(seed)
    text = Writer(rng, groups=False).text  # whose cleaning up has lines of its own
    function = ast.parse(text).body[0]
    graph = flow(function)
    for _ in range(8):
        run = Run(text, rng)
        assert not walked(graph, run), text


@settings(max_examples=150)
@given(st.integers(0, 2**32))
def test_reads_find_what_one_of_their_definitions_made(seed: int) -> None:
    rng = random.Random(seed)
    text = Writer(rng).text
    tree = ast.parse(text)
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    chains = chain(resolve(tree), function)
    made, read = definitions(function), uses(function)
    for _ in range(8):
        run = Run(text, rng)
        for number, value in run.found:
            found = chains.definitions_of(read[number])
            if isinstance(value, Made) and value.number in made:
                assert made[value.number] in found, (text, number)
                assert read[number] in chains.uses_of(made[value.number])
            elif isinstance(value, Exception):
                assert any(isinstance(each, ast.ExceptHandler) for each in found), (text, number)
            else:
                assert found, (text, number)
        for number in run.unbound:
            names = [each for each in ast.walk(function) if getattr(each, "lineno", 0) == number]
            assert any(_may_be_unbound(chains, each) for each in names), (text, number)


def _may_be_unbound(chains: object, node: ast.AST) -> bool:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del):
        return True
    try:
        return chains.may_be_unbound(node)  # type: ignore[attr-defined, no-any-return]
    except KeyError:
        return False


def test_bits_of_the_generator_are_all_in_use() -> None:
    text = "".join(Writer(random.Random(seed)).text for seed in range(300))
    for word in ("except*", "finally", "else", "match", "with", "yield", "del", ":=", "elif"):
        assert word in text


def ways(text: str, number: int) -> set[str]:
    """Where one goes from the first step of a line."""
    graph = flow(ast.parse(textwrap.dedent(text)))
    step = next(each for each in graph.steps[3:] if line(each) == number)
    return {f"{way.value} {each}" for way, each in step.after}


@pytest.mark.parametrize(
    ("text", "number", "expected"),
    [
        ("while True:\n  pass\nx", 1, {"true statement line 2", "raise raised"}),
        ("if 0:\n  a\nx", 1, {"false statement line 3"}),
        ("try:\n  x = 1\nexcept: a", 2, {"next exit"}),
        ("try:\n  x = y\nexcept: a", 2, {"next exit", "raise except line 3"}),
        ("try:\n  a\nfinally:\n  b", 4, {"next done line 1", "raise raised"}),
        ("match a:\n  case b: c\nd", 2, {"true statement line 2", "raise raised"}),
        ("with a:\n  b\nc", 2, {"next leave", "raise leave"}),
    ],
)
def test_a_step_leads_where_it_must(text: str, number: int, expected: set[str]) -> None:
    assert ways(text, number) == expected


def test_what_comes_after_a_return_is_not_reached() -> None:
    tree = ast.parse("def f():\n try:\n  return 1\n finally:\n  a()\n b()\n while 1: c()\n d()")
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    graph = flow(function)
    assert {line(step) for step in graph.reachable if step.number > 2} == {2, 3, 5}
    assert any(way is Way.RETURN for way, _ in graph.exit.before)


def test_what_dominates_comes_before() -> None:
    tree = ast.parse("a\nif b:\n  c\nelse:\n  d\nwhile e:\n  f")
    graph = flow(tree)
    steps = {line(step): step for step in graph.steps[3:]}
    for one, other, expected in ((1, 7, True), (2, 3, True), (3, 6, False), (6, 7, True)):
        assert graph.dominates(steps[one], steps[other]) is expected
    assert graph.dominators[steps[6]] is steps[2]


def test_a_step_that_pauses_says_so() -> None:
    tree = ast.parse("async def f():\n await a\n async with b: c\n [d async for d in e]\n f")
    graph = flow(tree.body[0])
    assert {line(step) for step in graph.steps[3:] if step.pauses} == {2, 3, 4}


def test_thousands_of_branches_are_no_deeper_than_two() -> None:
    text = "if a: b\n" + "elif a: b\n" * 400
    node = ast.parse(text).body[0]
    graph = flow(ast.Module([node] * 50, []))
    assert len(graph.reachable) == 2 + 1 + 50 * 802


def test_names_that_others_bind_are_not_followed() -> None:
    text = "def f(a, b):\n def g():\n  nonlocal a\n  a = b\n g()\n return a, b"
    tree = ast.parse(text)
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    chains = chain(resolve(tree), function)
    assert [chains.follows(name) for name in "abg"] == [False, True, True]
    assert [chains.is_read_within(each) for each in (function.args.args[1], function.body[0])] == [
        True,
        False,
    ]
    a = function.body[2].value.elts[0]  # type: ignore[attr-defined]
    with pytest.raises(KeyError):
        chains.definitions_of(a)


def test_a_handler_unbinds_its_name() -> None:
    text = "def f():\n try: g()\n except E as e: pass\n else: e = 1\n return e"
    tree = ast.parse(text)
    chains = chain(resolve(tree), tree.body[0])
    use = tree.body[0].body[1].value  # type: ignore[attr-defined]
    assert [type(each).__name__ for each in chains.definitions_of(use)] == ["Name"]
    assert chains.may_be_unbound(use)
