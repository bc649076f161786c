"""Text signatures for the author's own source."""

from __future__ import annotations

import inspect
import subprocess
from pathlib import Path

import pytest
from tests.native.signatures.extensions import SOURCES, build, load
from tests.native.signatures.test_machine import read

from wadjet.native.signatures import patch
from wadjet.native.signatures.recover import Confidence, Signature

pytest.importorskip("capstone")
pytest.importorskip("tree_sitter_c")


def owners(found: dict[str, Signature]) -> dict[str, dict[str, str]]:
    rows = (
        {
            "kind": each.kind,
            "known": each.known,
            "name": each.name,
            "confidence": each.confidence.name.lower(),
            "text_signature": each.internal(name.rpartition(".")[2]),
        }
        for name, each in found.items()
    )
    return patch.owners(rows)


def test_the_patched_extension_is_built_and_inspect_agrees(tmp_path: Path) -> None:
    source = tmp_path / "takes.c"
    source.write_bytes((SOURCES / "takes.c").read_bytes())
    before = read(build("takes", tmp_path, "-O2"))
    text = patch.diff(source, owners(before), "takes.c")
    subprocess.run(["git", "apply", "-p1"], input=text, text=True, cwd=tmp_path, check=True)
    (tmp_path / "after").mkdir()
    module = load("takes", build("takes", tmp_path / "after", "-O2", source=source))
    assert module.format.__doc__ == "format(text, times=1, scale=1.0)\n\nRepeat."
    for name, each in before.items():
        owner, _, last = name.rpartition(".")
        found = inspect.getattr_static(getattr(module, owner), last) if owner else None
        found = found or getattr(module, name)
        if each.kind != "type" and each.confidence is Confidence.HIGH:
            assert inspect.signature(found), name


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"Do it."', '"f($module, a, /)\\n--\\n\\n" "Do it."'),
        ("NULL", '"f($module, a, /)\\n--\\n\\n"'),
        ('PyDoc_STR("Do it.")', 'PyDoc_STR("f($module, a, /)\\n--\\n\\n" "Do it.")'),
        ("f_doc", "f_doc"),
    ],
)
def test_documentation_in_each_form_is_changed_where_it_is(before: str, after: str) -> None:
    source = 'PyDoc_STRVAR(f_doc, "Do it.");\nstatic PyMethodDef m[] = {\n'
    source += f'    {{"f", f, METH_O, {before}}},\n    {{NULL}}}};\n'
    made = patch.patched(source.encode(), {"module": {"f": "f($module, a, /)"}}).decode()
    [row] = [line for line in made.replace("\n ", " ").splitlines() if '{"f"' in line]
    assert " ".join(row.split()).startswith(
        f'static PyMethodDef m[] = {{ {{"f", f, METH_O, {after}'
    )
    named = '"f($module, a, /)\\n--\\n\\n"' in made.partition("PyMethodDef")[0]
    assert named == (before == "f_doc")


def test_documentation_of_two_functions_and_tables_of_others_are_left_alone() -> None:
    source = b"""\
static const char doc[] = "Do it.";
static PyMethodDef m[] = {{"f", f, METH_O, doc}, {"g", f, METH_O, doc}, {NULL}};
static PyMethodDef others[] = {{"x", f, METH_O, NULL}, {"y", f, METH_O, NULL}, {NULL}};
"""
    assert patch.patched(source, {"m": {"f": "f(a, /)", "g": "g(a, /)"}}) == source
