"""Signatures for every extension module: what one of them spoils, the others do not miss."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

pytest.importorskip("capstone")

from wadjet import signatures


@pytest.fixture
def finder(monkeypatch: pytest.MonkeyPatch) -> signatures.Finder:
    """Return what finds modules here, which find nothing to do but one that fails."""

    def give(module: ModuleType) -> int:
        if module.__name__ == "zlib":
            raise ValueError("not an ELF file")
        return 1

    made = signatures.Finder()
    monkeypatch.setattr(sys, "meta_path", [made, *sys.meta_path])
    monkeypatch.setattr(signatures, "give", give)
    return made


def test_a_module_that_fails_is_noted_and_the_others_are_given_theirs(
    finder: signatures.Finder,
) -> None:
    import zlib  # noqa: F401

    modules = [each for each in sys.modules.values() if isinstance(each, ModuleType)]
    assert signatures.install() == len(modules) - 1
    assert finder.failures == ["zlib: not an ELF file"]


def test_what_is_imported_meanwhile_goes_by_its_own_name(finder: signatures.Finder) -> None:
    finder.loaded(ModuleType("other"))
    finder.loaded(ModuleType("zlib"))
    assert finder.failures == ["zlib: not an ELF file"]
