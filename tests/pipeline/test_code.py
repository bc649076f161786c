"""From source to code by way of passes: the same program, the same errors, and a record."""

from __future__ import annotations

import ast
import gc
import marshal
import sysconfig
import warnings
from pathlib import Path
from types import CodeType

import pytest

from wadjet.compiler.catalog import PASSES
from wadjet.errors import PassError
from wadjet.pipeline.code import compiled, record, tag, written
from wadjet.pipeline.unit import Facts, NodePass, rewrites

STDLIB = Path(sysconfig.get_path("stdlib"))


@rewrites(ast.BinOp, name="idle", version="1")
def idle(node: ast.BinOp, facts: Facts) -> None:
    """Do nothing."""


@rewrites(ast.Return, name="broken", version="1")
def broken(node: ast.Return, facts: Facts) -> ast.AST:
    return ast.Return(ast.Add())  # type: ignore[arg-type]


def without_record(code: CodeType) -> CodeType:
    assert record(code) is not None
    return code.replace(co_consts=code.co_consts[:-1])


@pytest.mark.parametrize("path", sorted(STDLIB.glob("*.py"))[::3], ids=lambda path: path.stem)
def test_by_way_of_a_tree_the_standard_library_is_the_same_code(path: Path) -> None:
    data = path.read_bytes()
    stock = compile(data, str(path), "exec", dont_inherit=True)
    ours = compiled(str(path), data, (idle,))
    assert without_record(ours) == stock


@pytest.mark.parametrize(
    "source",
    [
        b"def f(:\n    pass",
        b"x = 1\n  y = 2",
        b"return 1",
        b"def f():\n    nonlocal x",
        b"break",
        b"x = '\\N{no such name}'",
        b"# coding: nonsense\nx = 1",
        b"x = '\xff'",
        b"a\x00b",
        b"from __future__ import nonsense",
        b"f() = 1",
        b"x = (" * 300,
        b"match x:\n    case a | 1: pass",
        b"async def f():\n    yield 1\n    return 2",
    ],
)
def test_what_is_no_program_fails_as_ever(source: bytes) -> None:
    with pytest.raises((SyntaxError, ValueError)) as stock:
        compile(source, "a.py", "exec", dont_inherit=True)
    with pytest.raises(type(stock.value)) as ours:
        compiled("a.py", source, (idle,))
    assert ours.value.args == stock.value.args


def test_warnings_are_those_of_the_compiler() -> None:
    source = "x = 1 is 1\nassert (x, 'no')\ny = '\\d'\n"
    told = []
    for passes in ((), (idle,)):
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            compiled("a.py", source, passes)
        told.append(sorted((each.lineno, str(each.message)) for each in seen))
    assert told[0] == told[1]
    assert len(told[0]) == 3


@pytest.mark.parametrize("depth", [50, 500, 5000, 100_000])
def test_what_is_too_deep_for_a_tree_is_compiled_without_one(depth: int) -> None:
    source = "x = " + "+".join("y" * depth)
    try:
        stock = compile(source, "a.py", "exec")
    except (RecursionError, MemoryError) as error:
        with pytest.raises(type(error)):
            compiled("a.py", source, (idle,))
    else:
        assert compiled("a.py", source, (idle,)).co_code == stock.co_code


def test_future_imports_and_levels_are_honoured() -> None:
    source = (
        "from __future__ import annotations\ndef f(x: 1 + 1): 'doc'; assert x; return __debug__"
    )
    spaces: list[dict[str, object]] = [{}, {}]
    exec(compile(source, "a.py", "exec", optimize=2), spaces[0])
    exec(compiled("a.py", source, (idle,), optimize=2), spaces[1])
    for name in ("__doc__", "__annotations__"):
        assert getattr(spaces[0]["f"], name) == getattr(spaces[1]["f"], name)
    assert spaces[1]["f"](0) is False  # type: ignore[operator]


def test_the_record_names_passes_versions_and_assumptions() -> None:
    bold = NodePass("bold", (ast.Add,), idle.rewrite, "2", "luck")
    assert written((idle, bold)) == "wadjet 1: idle@1 bold@2(luck)"
    code = compiled("a.py", "x = 1", (idle, bold))
    assert record(marshal.loads(marshal.dumps(code))) == "wadjet 1: idle@1 bold@2(luck)"
    assert record(compile("x = 'wadjet'", "a.py", "exec")) is None


def test_a_tag_is_of_the_passes_their_versions_and_their_order() -> None:
    newer = NodePass("idle", (ast.BinOp,), idle.rewrite, "2")
    tags = {tag(each) for each in [(idle,), (newer,), (idle, broken), (broken, idle)]}
    assert len(tags) == 4
    assert all(each.isalnum() and each.startswith("x") for each in tags)
    assert tag(()) == ""
    assert tag((idle,)) == tag((idle,))


def test_a_pass_that_makes_no_program_is_named() -> None:
    with pytest.raises(PassError, match=r"the pass broken made of a\.py"):
        compiled("a.py", "def f():\n    return 1", (idle, broken))


def test_what_a_pass_fails_at_is_compiled_without_where_somebody_is_told() -> None:
    told: list[PassError] = []
    code = compiled("a.py", "def f():\n    return 1", (broken,), failed=told.append)
    assert code == compile("def f():\n    return 1", "a.py", "exec", dont_inherit=True)
    assert [each.slug for each in told] == ["pass"]


def test_a_version_is_the_text_of_a_pass_where_none_is_given(tmp_path: Path) -> None:
    tags = []
    for text in ("None", "None  # anew", "None"):
        path = tmp_path / "mine.py"
        path.write_text(
            "import ast\nfrom wadjet.passes import rewrites\n"
            f"@rewrites(ast.Add, name='mine')\ndef mine(node, facts): return {text}\n"
        )
        space: dict[str, object] = {}
        exec(compile(path.read_bytes(), str(path), "exec"), space)
        tags.append(tag((space["mine"],)))  # type: ignore[arg-type]
    assert tags[0] == tags[2] != tags[1]


@pytest.mark.parametrize("name", ["poplib", "statistics", "asyncore"])
def test_passes_leave_nothing_for_the_collector(name: str) -> None:
    path = STDLIB / f"{name}.py"
    if not path.exists():
        pytest.skip("this Python has no such module")
    compiled(str(path), path.read_bytes(), PASSES)  # what is made once is made now
    gc.collect()
    gc.disable()
    try:
        compiled(str(path), path.read_bytes(), PASSES)
        assert gc.collect() == 0
    finally:
        gc.enable()
