"""The C core goes through trees as plain Python does: in the same order, to the same nodes."""

from __future__ import annotations

import ast
import gc
import sys
import sysconfig
import weakref
from pathlib import Path
from typing import Any

import pytest

from wadjet.pipeline import passes, walking

core = pytest.importorskip("wadjet.pipeline._walking")

LIBRARY = Path(sysconfig.get_path("stdlib"))
MODULES = ("ast", "dataclasses", "enum", "inspect", "traceback", "typing", "asyncio/tasks", "shlex")
WANTED: dict[type[ast.AST], object] = dict.fromkeys((ast.Name, ast.Call, ast.BinOp, ast.Pow))
NEWER = {
    (3, 12): "class C[T: int]: pass\ntype A[T] = list[T]\nf'{f'{x!r:>{y}}'}'\n",
    (3, 13): "def f[T: int = bool](): pass\n",
    (3, 14): "t'{a:{b}} {c}'\n",
    (3, 15): "lazy import a\n",
}
HERE = """
def f(a, *b, c=1, **d) -> int:
    try:
        x: int = f"{a!r:>{c}} and {b}" "c"
    except* (A, B) as e:
        del x, e
    match a:
        case {"k": [1, *rest], **others}: return rest
        case C(k=0) | None: pass
        case _ if (y := a @ b): pass
    async def g(): return [await z async for z in a if not z]
    while 1: break
    else: global h
    lambda: (yield)
"""


def sources() -> list[str]:
    """Return texts with every sort of node."""
    library = [(LIBRARY / f"{each}.py").read_text() for each in MODULES]
    return [HERE, *(each for version, each in NEWER.items() if has(version, each)), *library]


def has(version: tuple[int, int], text: str) -> bool:
    """Whether this Python knows a syntax; one of before its version's release may not yet."""
    try:
        ast.parse(text)
    except SyntaxError:
        return sys.version_info >= version and pytest.fail(text)
    return True


@pytest.fixture(scope="module", params=range(len(sources())))
def tree(request: pytest.FixtureRequest) -> ast.Module:
    text: str = sources()[request.param]
    return ast.parse(text)


def same(one: Any, other: Any) -> bool:
    """Whether two lists have the very same nodes."""
    return [*map(id, one)] == [*map(id, other)]


def test_children_are_the_same(tree: ast.Module) -> None:
    for node in ast.walk(tree):
        assert same(core.children(node), walking.children(node))


def test_the_walk_is_the_same(tree: ast.Module) -> None:
    assert same(core.walk(tree), walking.walk(tree))


def test_what_is_selected_is_the_same(tree: ast.Module) -> None:
    for kinds in ({ast.Name}, frozenset(WANTED), {ast.FunctionDef: 1}, (ast.Lambda, ast.If), ()):
        assert same(core.select(tree, kinds), walking.select(tree, kinds))
        assert same(core.outermost(tree, kinds), walking.outermost(tree, kinds))


@pytest.mark.parametrize("marks", [True, False])
def test_slots_are_the_same(tree: ast.Module, *, marks: bool) -> None:
    ways = (core, walking)
    found = [way.slots(tree, WANTED, passes._Fields(marks=marks), passes._INNER) for way in ways]
    assert len(found[0]) == len(found[1])
    for (node, *place), (twin, *its) in zip(*found, strict=True):
        assert node is twin
        assert place == its


def test_copies_are_the_same_and_share_only_marks(tree: ast.Module) -> None:
    one, other = core.copied(tree), walking.copied(tree)
    assert ast.dump(one, include_attributes=True) == ast.dump(tree, include_attributes=True)
    assert ast.dump(one, include_attributes=True) == ast.dump(other, include_attributes=True)
    shared = {*map(id, ast.walk(tree))}.intersection(map(id, ast.walk(one)))
    marks = (each for each in ast.walk(tree) if isinstance(each, walking.MARKS))
    assert shared <= {*map(id, marks)}


def test_copies_tell_where_they_come_from(tree: ast.Module) -> None:
    for way in (core, walking):
        origins: dict[ast.AST, Any] = {}
        made = way.copied(tree, origins)
        assert all(
            origins[new] is old
            for new, old in zip(walking.walk(made), walking.walk(tree), strict=True)
        )
        again = way.copied(made, origins)
        assert origins[again.body[0]] is tree.body[0]  # not what stands between
        origins[again.body[0]] = None
        assert origins[way.copied(again, origins).body[0]] is None


def bare(tree: ast.Module) -> ast.Module:
    """Return a copy in which every third node has lost its place."""
    made = walking.copied(tree)
    for index, node in enumerate(ast.walk(made)):
        if index % 3 == 0:
            for name in ("lineno", "col_offset", "end_lineno", "end_col_offset"):
                node.__dict__.pop(name, None)
    return made


def test_places_are_filled_in_alike(tree: ast.Module) -> None:
    around = ast.Pass(lineno=7, col_offset=3, end_lineno=8, end_col_offset=4)
    for given in ((), (around,)):
        made = [bare(tree), bare(tree)]
        core.fill_places(made[0], *given)
        walking.fill_places(made[1], *given)
        one, other = (ast.dump(each, include_attributes=True) for each in made)
        assert one == other
        compile(made[0], "<made>", "exec")


class Own(ast.Constant):
    """A node of somebody's own class, which the compiler takes for what it is derived from."""


@pytest.mark.parametrize("way", [core, walking])
def test_a_node_of_a_derived_class_gets_a_place(way: Any) -> None:
    tree = ast.Module([ast.Expr(ast.Tuple([Own(1)], ast.Load()))], [])
    way.fill_places(tree)
    compile(tree, "<made>", "exec")


@pytest.mark.parametrize("way", [core, walking])
def test_what_is_new_below_a_node_is_walked(way: Any) -> None:
    tree = ast.parse("a\nb")
    seen = []
    for node in way.walk(tree):
        seen.append(type(node).__name__)
        if isinstance(node, ast.Name) and node.id == "a":
            tree.body[1].value = ast.Constant(3)  # type: ignore[attr-defined]
    assert seen == ["Module", "Expr", "Name", "Expr", "Constant"]


def test_what_is_no_node_is_refused() -> None:
    for wrong in (3, None, object()):
        with pytest.raises((TypeError, AttributeError)):
            core.children(wrong)
        with pytest.raises((TypeError, AttributeError)):
            list(core.walk(wrong))
        with pytest.raises(TypeError):
            core.copied(wrong)
        with pytest.raises(TypeError):
            core.fill_places(wrong)
    with pytest.raises(TypeError):
        core.slots(ast.Pass(), {}, {}, {})


def test_a_class_that_cannot_be_asked_for_fails_as_it_is() -> None:
    with pytest.raises(KeyError):
        core.slots(ast.parse("x"), {}, {}, frozenset())
    with pytest.raises(TypeError, match=r"iterable|container"):
        core.select(ast.parse("x"), 3)


def test_a_walk_that_is_left_lets_go_of_its_nodes() -> None:
    tree = ast.parse("a = b + c")
    walk = core.walk(tree)
    next(walk), next(walk)
    tree.body[0].own = walk  # type: ignore[attr-defined] # a cycle by way of it
    gone = weakref.ref(tree)
    del walk, tree
    gc.collect()
    assert gone() is None


def test_very_deep_trees_are_gone_through_without_recursion() -> None:
    node: ast.expr = ast.Name("x", ast.Load())
    for _ in range(20_000):
        node = ast.UnaryOp(ast.Not(), node)
    assert len(list(core.walk(node))) == 20_001
    copy = core.copied(node)
    core.fill_places(copy)
    while isinstance(copy, ast.UnaryOp):  # freed from the top: the interpreter would recurse
        copy = copy.operand
    assert copy.lineno == 1
