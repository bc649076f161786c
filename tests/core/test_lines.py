"""Line numbers from location tables, against the interpreter's own answer."""

from __future__ import annotations

import ast
import ctypes
import dis
import inspect
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadjet.observe.sampling._sampling import line_at

STDLIB = Path(inspect.__file__).parent
UNIT = 2
SAMPLE = [
    "argparse.py",
    "ast.py",
    "asyncio/base_events.py",
    "collections/__init__.py",
    "dataclasses.py",
    "datetime.py",
    "dis.py",
    "enum.py",
    "inspect.py",
    "json/decoder.py",
    "subprocess.py",
    "tarfile.py",
    "threading.py",
    "typing.py",
]

address_to_line = ctypes.pythonapi.PyCode_Addr2Line
address_to_line.argtypes = [ctypes.py_object, ctypes.c_int]
address_to_line.restype = ctypes.c_int


def codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes(constant)


def lines(code: types.CodeType) -> list[int]:
    offsets = range(0, len(code.co_code), UNIT)
    return [line_at(code.co_linetable, code.co_firstlineno, each) for each in offsets]


def truth(code: types.CodeType) -> list[int]:
    """0 for an instruction of no line, as ours has it."""
    offsets = range(0, len(code.co_code), UNIT)
    return [max(address_to_line(code, each), 0) for each in offsets]


@pytest.mark.parametrize("name", SAMPLE)
def test_every_instruction_of_the_standard_library_has_its_line(name: str) -> None:
    path = STDLIB / name
    for code in codes(compile(path.read_text(encoding="utf-8"), name, "exec")):
        assert lines(code) == truth(code), code
        positions = [line or 0 for line, *_ in code.co_positions()]
        assert lines(code) == positions, code


def test_lines_that_go_far_back_and_far_forward_are_found() -> None:
    tree = ast.parse("x = 1\ny = 2\nz = x + y\nw = 4")
    for statement, line in zip(tree.body, (70_000, 3, 2_000_000_000, 1), strict=True):
        for node in ast.walk(statement):
            if hasattr(node, "lineno"):
                node.lineno = node.end_lineno = line  # type: ignore[attr-defined]
    code = compile(tree, "far.py", "exec")
    assert lines(code) == truth(code)
    assert {70_000, 3, 2_000_000_000, 1} <= set(lines(code))


def test_instructions_of_no_line_are_told_from_those_of_line_one() -> None:
    code = next(
        each
        for name in SAMPLE
        for each in codes(compile((STDLIB / name).read_text(encoding="utf-8"), name, "exec"))
        if any(line is None for line, *_ in each.co_positions())
    )
    assert 0 in lines(code)


def test_before_the_first_instruction_and_past_the_last_it_is_the_first_line() -> None:
    code = test_lines_that_go_far_back_and_far_forward_are_found.__code__
    for offset in (-1, -2, -(2**31), len(code.co_code), 2**31 - 1):
        assert line_at(code.co_linetable, code.co_firstlineno, offset) == code.co_firstlineno


def test_a_jump_target_of_each_loop_has_the_line_of_the_loop() -> None:
    def loop(n: int) -> int:
        for i in range(n):
            n += i
        return n

    first = loop.__code__.co_firstlineno
    found = {
        each.offset: line_at(loop.__code__.co_linetable, first, each.offset)
        for each in dis.get_instructions(loop)
    }
    assert {first + 1, first + 2, first + 3} <= set(found.values())


@given(st.binary(max_size=200), st.integers(-(2**31), 2**31 - 1), st.integers(-4, 5000))
def test_any_bytes_at_all_give_some_line(table: bytes, first: int, offset: int) -> None:
    assert -(2**31) <= line_at(table, first, offset) < 2**31


@given(st.integers(0, 60))
def test_a_table_cut_short_gives_the_lines_that_are_left(length: int) -> None:
    code = codes.__code__
    table = code.co_linetable[:length]
    for offset in range(0, len(code.co_code), UNIT):
        line = line_at(table, code.co_firstlineno, offset)
        assert line == 0 or code.co_firstlineno <= line <= code.co_firstlineno + 20


@pytest.mark.parametrize("arguments", [(), (b"",), ("", 1, 1), (b"", 1, 2**40), (b"", "1", 0)])
def test_wrong_arguments_raise(arguments: tuple[object, ...]) -> None:
    with pytest.raises((TypeError, OverflowError)):
        line_at(*arguments)  # type: ignore[arg-type]
