"""Signatures read from machine code."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.native.signatures.extensions import build, load

from wadjet.native.signatures.census import callables
from wadjet.native.signatures.machine import Process
from wadjet.native.signatures.recover import Confidence, Signature, recovered

pytest.importorskip("capstone")

GUESSED = sys.version_info >= (3, 13)
"""inspect makes up signatures for functions of no or one argument."""

CODE = {
    "none": "()",
    "one": "(arg1, /)",
    "format": "(text, times=..., scale=..., /)",
    "keywords": "(path, mode=..., *, strict=...)",
    "local_names": "(first, second=...)",
    "reserved": "(dsn, arg2=..., **kwargs)",
    "unpack": "(arg1, arg2=..., /)",
    "overloaded": "(arg1, arg2=..., arg3=..., /)",
    "again": "(arg1, arg2=..., /)",
    "one_or_all": "(arg1, arg2=..., /, *args)",
    "by_hand": "(arg1, arg2=..., arg3=..., /)",
    "fast": "(arg1, arg2, /)",
    "at_least": "(arg1, arg2, /, *args)",
    "unread": "(*args)",
    "through_help": "(arg1, /)",
    "by_name": "(data, seed=...)",
    "by_key": "(arg1, /, *, depth=..., **kwargs)",
    "options": "(*args, strict=...)",
    "known": "(value, /)",
    "Static": "(value)",
    "Static.add": "(arg1, /)",
    "Static.make": "(arg1, /)",
    "Static.half": "(arg1, /)",
    "Heap": "(value)",
    "Heap.subtract": "(arg1, /)",
}

TAKES = CODE | {"one": "(object, /)" if GUESSED else "(arg1, /)"}
KNOWN = 3 if GUESSED else 1


def read(path: Path) -> dict[str, Signature]:
    process = Process()
    found = (recovered(each, process) for each in callables(load("takes", path)))
    return {each.name.removeprefix("takes."): each for each in found}


@pytest.mark.parametrize("flags", [("-O0",), ("-O2", "-s"), ("-O3", "-flto", "-s")])
def test_every_usual_way_of_reading_arguments_is_understood(
    flags: tuple[str, ...], tmp_path: Path
) -> None:
    found = read(build("takes", tmp_path, *flags))
    assert {name: each.text for name, each in found.items()} == TAKES


def test_what_may_accept_too_much_is_not_called_sure(tmp_path: Path) -> None:
    found = read(build("takes", tmp_path, "-O2"))
    unsure = {name for name, each in found.items() if each.confidence < Confidence.HIGH}
    assert unsure == {"overloaded", "again", "one_or_all", "unread", "by_key", "options"}


def test_names_come_from_a_documentation_only_if_the_code_agrees_in_number(tmp_path: Path) -> None:
    source = (Path(__file__).parents[2] / "ext" / "takes.c").read_text()
    lying = tmp_path / "lying.c"
    lying.write_text(source.replace("format(text, times=1, scale=1.0)", "format(text)"))
    found = read(build("takes", tmp_path, "-O2", source=lying))
    assert found["format"].text == "(arg1, arg2=..., arg3=..., /)"
