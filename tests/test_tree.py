"""``wadjet.tree``: what it says of a program, and what it makes of one."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from wadjet import tree
from wadjet.errors import SourceError

TEXT = """\
def f(a, b=len):
    é = [a for c in a]
    if é:
        d = a.x
    return d, é
"""


def test_a_walk_says_what_is_around_each_node() -> None:
    program = tree.parse(TEXT)
    places = {each.node.id: each for each in program.walk(ast.Name) if each.range}
    assert places["d"].scope.name == "f"
    assert places["c"].scope.kind is tree.ScopeKind.COMPREHENSION
    assert places["len"].scope.kind is tree.ScopeKind.MODULE
    assert isinstance(places["d"].parent, ast.Tuple)
    assert places["é"].range == tree.Range(5, 15, 5, 16)
    assert [type(each.node).__name__ for each in program.walk()][:2] == ["Module", "FunctionDef"]
    assert next(program.walk()).range is None


def test_the_text_of_a_node_is_what_is_written() -> None:
    program = tree.parse(TEXT)
    [found] = program.walk(ast.ListComp)
    assert program.text(found.node) == "[a for c in a]"


def test_effects_know_which_locals_are_bound() -> None:
    program = tree.parse(TEXT)
    [returned] = [each.node for each in program.walk(ast.Tuple)]
    d, e = returned.elts
    assert program.effects(d).raises is tree.Raises.NAME
    assert program.effects(e).is_pure
    assert program.scopes.binding(d).kind is tree.Kind.LOCAL


def test_flow_and_chains_are_those_of_a_function() -> None:
    program = tree.parse(TEXT)
    function = program.module.body[0]
    assert len(program.flow(function).reachable) == 2 + 1 + 4
    [use] = [each.node for each in program.walk(ast.Tuple)]
    assert program.chains(function).may_be_unbound(use.elts[0])
    assert program.chains(function).flow is program.flow(function)


def test_a_traceback_of_what_was_changed_shows_the_line_it_stands_for(tmp_path: Path) -> None:
    path = tmp_path / "app.py"
    path.write_text("def f(x):\n    y = x\n    return y.real\n\nf(None)\n")

    def change(node: tree.Node) -> tree.Node | None:
        match node:
            case ast.Attribute(value, "real"):
                return ast.BinOp(value, ast.Add(), ast.Constant(0))
        return None

    code = tree.parse(path).transform(change).compile()
    script = tmp_path / "run.py"
    script.write_text(
        "import marshal, pathlib\n"
        f"exec(marshal.loads(pathlib.Path({str(tmp_path / 'code')!r}).read_bytes()))\n"
    )
    import marshal

    (tmp_path / "code").write_bytes(marshal.dumps(code))
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert f'File "{path}", line 3, in f\n    return y.real\n           ^^^^^^' in ran.stderr


def test_wadjet_gives_the_module_without_importing_it_at_once() -> None:
    program = "import sys, wadjet; assert 'wadjet.tree' not in sys.modules; wadjet.tree.parse('a')"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_what_is_no_python_is_refused() -> None:
    with pytest.raises(SourceError, match="<text>:1"):
        tree.parse("a b")
