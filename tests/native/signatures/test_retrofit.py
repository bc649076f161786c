"""Signatures that are given to C callables: inspect and help know them."""

from __future__ import annotations

import inspect
import pydoc
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from tests.native.signatures.extensions import build, load
from tests.native.signatures.test_machine import KNOWN, TAKES

from wadjet.native.signatures import sidecar
from wadjet.native.signatures.retrofit import give

pytest.importorskip("capstone")

SHOWN = {  # as inspect shows what is bound to an object, and defaults that nobody knows
    name: text.replace("...", "Ellipsis") for name, text in TAKES.items()
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def takes(tmp_path: Path) -> ModuleType:
    path = build("takes", tmp_path, "-O2", "-Wl,-z,relro,-z,now", "-Wl,--build-id")
    return load("takes", path)


def shown(module: ModuleType, name: str) -> str:
    owner, _, last = name.partition(".")
    found = getattr(getattr(module, owner), last) if last else getattr(module, owner)
    text = str(inspect.signature(found))
    method = inspect.ismethoddescriptor(found)
    return text.replace("(self, /, ", "(").replace("(self, ", "(") if method else text


def test_inspect_knows_every_signature(takes: ModuleType) -> None:
    assert give(takes) == len(TAKES) - KNOWN
    assert {name: shown(takes, name) for name in TAKES} == SHOWN


def test_documentation_stays_as_it_was_and_help_begins_with_the_signature(
    takes: ModuleType,
) -> None:
    before = takes.Static.__doc__, takes.Heap.__doc__, takes.keywords.__doc__, takes.one.__doc__
    give(takes)
    after = takes.Static.__doc__, takes.Heap.__doc__, takes.keywords.__doc__, takes.one.__doc__
    assert after == before
    text = pydoc.plain(pydoc.render_doc(takes.keywords))
    assert "keywords(path, mode=Ellipsis, *, strict=Ellipsis)\n    Names." in text


def test_the_second_time_nothing_is_read_from_machine_code(
    takes: ModuleType, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(takes)
    assert len(list((cache / "wadjet" / "signatures").iterdir())) == 1
    monkeypatch.setattr("wadjet.native.signatures.retrofit.made", None)
    assert give(takes) == len(TAKES) - KNOWN
    assert {name: shown(takes, name) for name in TAKES} == SHOWN


def test_a_damaged_sidecar_is_made_anew(takes: ModuleType, cache: Path) -> None:
    give(takes)
    [path] = (cache / "wadjet" / "signatures").iterdir()
    path.write_bytes(path.read_bytes()[:-5])
    assert sidecar.load(str(path)) is None
    assert give(takes) == len(TAKES) - KNOWN
    assert sidecar.load(str(path)) is not None


def test_a_sidecar_of_another_build_writes_nothing(takes: ModuleType) -> None:
    from wadjet.native.signatures import _signatures

    home = _signatures.home(takes)
    assert home is not None
    place = _signatures.method(takes.unpack)
    assert place is not None
    rows = [(place[0] - home[1], sidecar.METHOD, "other($module, a, /)")]
    assert _signatures.apply(home[1], sidecar.packed(rows)) == 0
    assert takes.unpack.__text_signature__ is None


def test_types_that_got_a_signature_can_be_freed(tmp_path: Path) -> None:
    path = build("takes", tmp_path, "-O2")
    program = f"""
import sys, gc
from tests.native.signatures.extensions import load
from wadjet.native.signatures.retrofit import give
from pathlib import Path
module = load("takes", Path({str(path)!r}))
give(module)
assert module.Heap.__text_signature__ == "(value)"
del module.Heap, module
gc.collect()
"""
    done = subprocess.run([sys.executable, "-X", "dev", "-c", program], check=False)
    assert done.returncode == 0


def test_what_is_imported_later_gets_signatures_by_the_hook(tmp_path: Path) -> None:
    build("takes", tmp_path, "-O2")
    program = (
        "import wadjet.documented, inspect, sys; sys.path.insert(0, sys.argv[1]); import takes;"
        "print(inspect.signature(takes.keywords), len(inspect.signature(getattr).parameters))"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "(path, mode=Ellipsis, *, strict=Ellipsis) 3\n"


def test_rows_that_come_twice_are_written_twice_into_the_room_of_two(takes: ModuleType) -> None:
    from wadjet.native.signatures import _signatures

    home, place = _signatures.home(takes), _signatures.method(takes.format)
    assert home is not None
    assert place is not None
    text = f"format($module, {', '.join(f'a{n}' for n in range(2000))}, /)"
    rows = sidecar.packed([(place[0] - home[1], sidecar.METHOD, text)] * 50)
    assert _signatures.apply(home[1], rows) == 50
    assert len(inspect.signature(takes.format).parameters) == 2000
    assert takes.format.__doc__.startswith("format(text, times=1")
