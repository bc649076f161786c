"""Each instruction is beside a node, and the node is the one that it was made of."""

from __future__ import annotations

import ast
import dis
import sysconfig
from pathlib import Path
from types import CodeType

import pytest

from wadjet.pipeline.listing import Part, listing

LIBRARY = Path(sysconfig.get_path("stdlib"))

TEXT = """\
import os

@first
def f(a, b=[c for c in d]):
    x = a + 1
    return [y + x for y in (lambda z: z * 2)(b)]

class C:
    '''A class.'''
    n: int = len(os.sep)
"""


def codes(code: CodeType) -> list[CodeType]:
    inner = [
        each for const in code.co_consts if isinstance(const, CodeType) for each in codes(const)
    ]
    return [code, *inner]


def parts(text: str) -> dict[str, Part]:
    tree = ast.parse(text)
    return {part.name: part for part in listing(tree, compile(tree, "a.py", "exec"))}


def beside(part: Part) -> dict[str, list[str]]:
    return {row.label: [each.name for each in row.instructions] for row in part.rows}


def test_an_operator_stands_beside_its_node() -> None:
    found = beside(parts(TEXT)["f"])
    assert "BINARY_OP" in found["BinOp Add"]
    assert any(name.startswith("STORE_") for name in found["Name x cell"])
    assert parts(TEXT)["f"].rows[0].label == "FunctionDef f local"


def test_a_lambda_is_a_part_of_its_own() -> None:
    found = parts(TEXT)
    [name] = [each for each in found if "lambda" in each]
    assert "BINARY_OP" in beside(found[name])["BinOp Mult"]
    assert "BinOp Mult" not in beside(found["f"])


def test_what_is_evaluated_around_a_function_is_shown_around_it() -> None:
    found = beside(parts(TEXT)["<module>"])
    assert any(name.startswith("LOAD_") for name in found["Name first implicit"])
    assert "Name a local" not in found
    assert "arg a local" not in found


@pytest.mark.parametrize("name", ["ast", "dataclasses", "argparse", "enum"])
def test_every_instruction_is_there_once(name: str) -> None:
    tree = ast.parse((LIBRARY / f"{name}.py").read_text(encoding="utf-8"))
    code = compile(tree, "a.py", "exec")
    shown = listing(tree, code)
    offsets = sorted(
        (part.name, each.offset) for part in shown for row in part.rows for each in row.instructions
    )
    names = {part.name for part in shown}
    expected = sorted(
        (each.co_qualname, instruction.offset)
        for each in codes(code)
        if each.co_qualname in names
        for instruction in dis.get_instructions(each)
    )
    assert offsets == expected
