"""Compiled modules that are read and not imported: for this machine, and for another."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
import zipfile
from pathlib import Path

import pytest
from tests.native.signatures.extensions import SOURCES, build
from tests.native.signatures.test_machine import CODE

from wadjet.cli.__main__ import main
from wadjet.native.signatures import static

pytest.importorskip("capstone")

CROSS = shutil.which("aarch64-linux-gnu-gcc")


def read(path: Path) -> dict[str, str]:
    [(_, image, version)] = static.images(path)
    found = static.signatures(image, version)
    return {each.name.removeprefix("takes."): each.text for each in found}


@pytest.mark.parametrize("flags", [("-O2", "-s"), ("-O1", "-Wl,-z,pack-relative-relocs")])
def test_a_file_says_what_the_module_would(flags: tuple[str, ...], tmp_path: Path) -> None:
    try:
        path = build("takes", tmp_path, *flags)
    except subprocess.CalledProcessError:
        pytest.skip("this linker cannot pack relocations")
    assert read(path) == CODE


@pytest.mark.skipif(CROSS is None, reason="no compiler for aarch64")
@pytest.mark.parametrize("level", ["-O1", "-O2", "-O3"])
def test_code_for_aarch64_says_the_same(level: str, tmp_path: Path) -> None:
    path = tmp_path / "takes.cpython-311-aarch64-linux-gnu.so"
    include = f"-I{sysconfig.get_path('include')}"
    command = [CROSS or "", "-shared", "-fPIC", level, "-s", include, "-o", str(path)]
    subprocess.run([*command, str(SOURCES / "takes.c")], check=True)
    assert read(path) == CODE


def test_a_wheel_is_read_without_being_installed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = tmp_path / "takes-1-cp311-cp311-linux_x86_64.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.write(build("takes", tmp_path, "-O2"), "takes/_takes.so")
    assert main(["signatures", str(wheel)]) == 0
    assert capsys.readouterr().out.startswith("takes/_takes.so: 25 C callables")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("text.so", b"no code\n", "it is no ELF file"),
        ("empty.so", b"", "it is no ELF file"),
        ("torn.whl", b"PK\x03\x04", "is no wheel that can be read"),
        ("gone.so", None, "No such file or directory"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(
    name: str,
    content: bytes | None,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert main(["signatures", str(path)]) == 65
    printed = capsys.readouterr().err
    assert said in printed
    assert len(printed.splitlines()) == 1


def test_a_cut_file_is_refused_and_so_is_another_machine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = build("takes", tmp_path, "-O2").read_bytes()
    cut, other = tmp_path / "cut.so", tmp_path / "other.so"
    cut.write_bytes(whole[: len(whole) // 2])
    other.write_bytes(whole[:18] + (8).to_bytes(2, "little") + whole[20:])  # MIPS
    for path, said in ((cut, "damaged"), (other, "is for another machine (EM_MIPS)")):
        assert main(["signatures", str(path)]) == 65
        assert said in capsys.readouterr().err


def test_a_library_without_callables_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "nothing.c"
    source.write_text("int x;\n")
    path = build("nothing", tmp_path, source=source)
    assert main(["signatures", str(path)]) == 65
    assert "has no C callables" in capsys.readouterr().err
