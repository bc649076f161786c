"""Text and places are what the compiler takes them for, whatever the file's encoding."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadjet.errors import SourceError
from wadjet.pipeline.source import Source, decode, read
from wadjet.pipeline.tree import parse, span, walk

TEXTS = st.lists(
    st.sampled_from(
        ["x", "é", "\U0001d518", "'ü'", " + ", "\n", "\r\n", "\r", "(", ")", "f", "\f", "1"]
    ),
    max_size=25,
).map("".join)


def parsed(text: str) -> ast.AST | None:
    try:
        return parse(Source("a.py", text))
    except SourceError:
        return None


@given(TEXTS)
def test_spans_cut_out_what_the_compiler_says(text: str) -> None:
    tree = parsed(text)
    if tree is None:
        return
    source = Source("a.py", text)
    for node in walk(tree):
        if isinstance(node, ast.expr):
            start, end = span(source, node)
            expected = ast.get_source_segment(text, node)
            if "\f" not in text:  # which get_source_segment takes for the end of a line
                assert source.text[start:end].replace("\r\n", "\n") == (expected or "").replace(
                    "\r\n", "\n"
                )


@given(TEXTS)
def test_positions_lead_back_to_their_characters(text: str) -> None:
    source = Source("a.py", text)
    for offset in range(len(text) + 1):
        line, column = source.position(offset)
        assert source.starts[line - 1] + column - 1 == offset


@pytest.mark.parametrize(
    "data",
    [
        b"x = 1\n",
        "x = 'é'\r\n".encode(),
        b"\xef\xbb\xbfx = 1\n",
        "# coding: latin-1\nx = 'é'\n".encode("latin-1"),
        "# -*- coding: cp1252 -*-\nx = '€'\n".encode("cp1252"),
        b"",
    ],
)
def test_bytes_come_back_as_they_were(data: bytes) -> None:
    source = decode("a.py", data)
    assert source.encoded(source.text) == data
    assert compile(source.text, "a.py", "exec").co_consts == compile(data, "a.py", "exec").co_consts


def test_what_the_encoding_has_not_is_refused() -> None:
    source = decode("a.py", b"# coding: latin-1\n")
    with pytest.raises(SourceError, match=r"a\.py is iso-8859-1, which has no '€'"):
        source.encoded("'€'")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"x = '\xff'\n", "cannot be decoded"),
        (b"# coding: nonsense\n", "cannot be decoded"),
        (b"x = (\n", r"a\.py:1: '\(' was never closed"),
        (b"x = 1\x00\n", "null bytes"),
        (b"(" * 5000, "a.py"),
    ],
)
def test_what_is_no_python_is_refused_in_one_line(data: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        parse(decode("a.py", data))
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"cannot read .*gone\.py"):
        read(tmp_path / "gone.py")
    with pytest.raises(SourceError, match="cannot read"):
        read(tmp_path)


def test_walk_goes_through_all_nodes_in_the_order_of_the_text() -> None:
    tree = ast.parse(Path(ast.__file__).read_text(encoding="utf-8"))
    found = list(walk(tree))
    marks = (ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop)
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            node.values = [each for each in node.values if not isinstance(each, ast.Constant)]
        if isinstance(node, ast.FormattedValue):
            node.format_spec = None
    code = [each for each in ast.walk(tree) if not isinstance(each, marks)]
    assert sorted(map(id, found)) == sorted(map(id, code))
    statements = [(each.lineno, each.col_offset) for each in found if isinstance(each, ast.stmt)]
    assert statements == sorted(statements)
