"""Modules are found as the import system finds them, and nothing is imported to do so."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

from wadjet.compiler.bundle.launcher.modules import closure, find


def test_a_module_in_namespace_packages_is_found(tmp_path: Path) -> None:
    for portion in ("one", "two"):
        (tmp_path / portion / "space" / "inner").mkdir(parents=True)
    leaf = tmp_path / "two" / "space" / "inner" / "leaf.py"
    leaf.write_text("")
    path = [str(tmp_path / "one"), str(tmp_path / "two")]
    spec = find("space.inner.leaf", path)
    assert spec is not None
    assert spec.origin == str(leaf)
    assert "space" not in sys.modules
    tree = ast.parse("import space.inner.leaf")
    assert [each.name for each in closure(tree, "", path, tmp_path)] == ["space.inner.leaf"]
