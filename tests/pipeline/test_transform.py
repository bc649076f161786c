"""A tree that is made of another has the right places, and leaves the other alone."""

from __future__ import annotations

import ast
import sysconfig
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from wadjet.pipeline.transform import transform
from wadjet.pipeline.tree import Node, copied

LIBRARY = Path(sysconfig.get_path("stdlib"))
FILES = [LIBRARY / name for name in ("ast.py", "dataclasses.py", "argparse.py", "typing.py")]


def dumped(tree: Node) -> str:
    return ast.dump(tree, include_attributes=True)


def only(kind: type[Node], change: Callable[[Node], object]) -> Callable[[Node], Node | None]:
    """Change nodes of one kind."""
    return lambda node: change(node) if isinstance(node, kind) else None  # type: ignore[return-value]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_not_changed_is_the_same_tree(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert transform(tree, lambda node: None) is tree
    assert transform(tree, lambda node: node) is tree


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_change_everywhere_keeps_all_places_and_the_tree_it_comes_from(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    before = dumped(tree)
    made = transform(tree, only(ast.Name, lambda each: ast.Name(each.id, each.ctx)))  # type: ignore[attr-defined]
    assert dumped(tree) == before == dumped(made)
    assert not {*ast.walk(tree)} & {each for each in ast.walk(made) if isinstance(each, ast.Name)}
    assert compile(made, "a.py", "exec") == compile(tree, "a.py", "exec")


def test_a_copy_shares_nothing() -> None:
    tree = ast.parse(FILES[0].read_text(encoding="utf-8"))
    made = copied(tree)
    assert dumped(made) == dumped(tree)
    shared = {*ast.walk(tree)} & {*ast.walk(made)}
    assert all(not each._fields for each in shared)  # contexts and operators


def test_nodes_come_after_those_within_and_in_the_order_of_the_text() -> None:
    seen = []
    transform(ast.parse("a = f(b, c + d)"), lambda node: seen.append(ast.unparse(node)))
    assert seen == ["a", "f", "b", "c", "d", "c + d", "f(b, c + d)"] + ["a = f(b, c + d)"] * 2


def test_an_error_in_what_is_new_names_the_line_of_what_it_stands_for() -> None:
    text = "x = 1\ny = (\n    2 ** 0\n)\n"
    replaced = ast.parse("1 / 0", mode="eval").body
    for each in ast.walk(replaced):
        for name in ("lineno", "col_offset", "end_lineno", "end_col_offset"):
            if hasattr(each, name):
                delattr(each, name)
    made = transform(ast.parse(text), only(ast.BinOp, lambda each: copied(replaced)))
    with pytest.raises(ZeroDivisionError) as caught:
        exec(compile(made, "a.py", "exec"), {})
    [*_, last] = traceback.extract_tb(caught.tb)
    assert (last.lineno, last.colno, last.end_colno) == (3, 4, 10)


def test_what_is_moved_keeps_its_place() -> None:
    tree = ast.parse("f(\n  a,\n  b)")
    made = transform(tree, only(ast.Call, turned))
    sum_ = made.body[0].value  # type: ignore[attr-defined]
    assert (sum_.lineno, sum_.end_lineno, sum_.left.lineno, sum_.right.lineno) == (1, 3, 3, 2)


def turned(node: Node) -> Node | None:
    match node:
        case ast.Call(_, [first, second]):
            return ast.BinOp(second, ast.Add(), first)
    return None


def test_no_node_is_in_two_places() -> None:
    tree = ast.parse("a ** 2 + b ** 2")
    made = transform(tree, only(ast.BinOp, twice))
    nodes = [each for each in ast.walk(made) if isinstance(each, ast.expr)]
    assert len(nodes) == len(set(nodes)) == 7
    assert ast.unparse(made) == "a * a + b * b"
    assert ast.unparse(tree) == "a ** 2 + b ** 2"


def twice(node: Node) -> Node | None:
    match node:
        case ast.BinOp(name, ast.Pow(), ast.Constant(2)):
            return ast.BinOp(name, ast.Mult(), name)
    return None


def test_statements_may_become_several_or_none() -> None:
    tree = ast.parse("def f():\n  a\n  b\nif c:\n  a\nelse:\n  a")

    def change(node: Node) -> list[ast.stmt] | None:
        match node:
            case ast.Expr(ast.Name("a")):
                return []
            case ast.Expr(ast.Name("b")):
                return [ast.Expr(ast.Name("c")), ast.Expr(ast.Name("d"))]
        return None

    made = transform(tree, change)
    assert ast.unparse(made) == "def f():\n    c\n    d\nif c:\n    pass"
    assert made.body[1].body[0].lineno == 5  # type: ignore[attr-defined]
    compile(made, "a.py", "exec")


def test_what_was_computed_becomes_no_docstring() -> None:
    tree = ast.parse("'a' + 'b'\ndef f():\n  x + y\n  return 1")
    made = transform(tree, only(ast.BinOp, lambda each: ast.Constant("doc")))
    names: dict[str, object] = {}
    exec(compile(made, "a.py", "exec"), names)
    assert names.get("__doc__") is None
    assert names["f"].__doc__ is None


@pytest.mark.parametrize(
    ("text", "kind", "put", "message"),
    [
        ("a", ast.Name, [], "cannot stand for one Name"),
        ("a", ast.Name, [ast.Pass()], "cannot be among what stands for Name"),
        ("a", ast.Module, ast.Pass(), "cannot stand for a whole Module"),
        ("a", ast.Expr, [ast.Name("b")], "Name cannot be among what stands for Expr"),
    ],
)
def test_what_cannot_stand_there_is_refused(
    text: str, kind: type[Node], put: object, message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        transform(ast.parse(text), only(kind, lambda each: put))


def test_depth_does_not_matter() -> None:
    node: ast.expr = ast.Constant(1)
    for _ in range(20_000):
        node = ast.UnaryOp(ast.USub(), node)
    tree = ast.Expression(node)
    made = transform(tree, only(ast.Constant, lambda each: ast.Constant(2)))
    count = 0
    for root in (made, tree):  # one by one, as the interpreter frees trees recursively
        at = root.body
        while isinstance(at, ast.UnaryOp):
            at, count = at.operand, count + 1
    assert count == 40_000
