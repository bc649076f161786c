"""Compiled files: their names, their bytes, and what is wrong with bad ones."""

from __future__ import annotations

import importlib.util
import marshal
import os
import subprocess
import sys
from pathlib import Path
from types import CodeType

import pytest

from wadjet.compiler.catalog import SAFE
from wadjet.errors import PycError
from wadjet.pipeline.build import Plan, State, build
from wadjet.pipeline.code import compiled, tag
from wadjet.pipeline.pyc import (
    Check,
    cache_path,
    check_for,
    encoded,
    files,
    key_of,
    level_in,
    problems,
    read,
    source_path,
    tag_in,
)
from wadjet.pipeline.writing import write

CODE = b"def f(x):\n    return 'a'.upper(), {1.5, 'two', (3, x)}, [y for y in x]\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "app.py"
    path.write_bytes(CODE)
    return path


@pytest.fixture
def target(source: Path) -> Path:
    built = build(Plan(SAFE), source)
    assert built.state is State.COMPILED
    return built.target


def anew(path: Path, source: Path, data: bytes, record: str) -> CodeType:
    return compiled(str(source), data, SAFE, optimize=level_in(path))


@pytest.mark.parametrize("word", ["", "x0123456789ab"])
@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("prefix", [None, "/cache"])
def test_names_are_those_of_importlib(
    word: str, level: int, prefix: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", prefix)
    path = Path("/lib/pkg/my.mod.py")
    expected = importlib.util.cache_from_source(str(path), optimization=f"{level or ''}{word}")
    assert str(cache_path(path, word, level)) == expected
    assert (tag_in(Path(expected)), level_in(Path(expected))) == (word, level)


def test_a_source_is_found_by_its_compiled_file(source: Path, target: Path) -> None:
    assert source_path(target) == source
    assert list(files(source.parent)) == list(files(source)) == [target]


def test_what_is_written_is_read_back(source: Path, target: Path) -> None:
    found = read(target)
    assert found.check is Check.HASH
    assert found.tag == tag(SAFE)
    assert found.code == compiled(str(source), CODE, SAFE)


def test_a_plain_python_imports_the_result(source: Path, tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path / "cache"), "PYTHONPATH": ""}
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import app;"
        "print(app.f(''), 'A' in app.f.__code__.co_consts)"
    )
    command = [sys.executable, "-m", "wadjet", "compile", "-q", "--untagged", str(source)]
    subprocess.run(command, env=env, check=True)
    plain = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(plain, env=env, check=True, capture_output=True, text=True)
    assert done.stdout.endswith("True\n")


def test_the_bytes_do_not_depend_on_what_else_the_process_holds(source: Path) -> None:
    kept = []
    found = set()
    for number in range(5):
        code = compiled(str(source), CODE, SAFE)
        found.add(encoded(code, Check.HASH, key_of(Check.HASH, CODE, 0)))
        kept.append((code, [*code.co_consts, *code.co_names][number:]))
    assert len(found) == 1


def test_the_bytes_are_the_same_in_every_process(source: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from wadjet.pipeline.build import Plan, build;"
        "from wadjet.compiler.catalog import SAFE; p = Path(sys.argv[1]);"
        "b = build(Plan(SAFE, force=True), p); sys.stdout.buffer.write(b.target.read_bytes())"
    )
    made = {
        subprocess.run(
            [sys.executable, "-c", script, str(source)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(made) == 1


def test_a_young_source_goes_by_its_hash() -> None:
    import time

    assert check_for(time.time()) is Check.HASH
    assert check_for(time.time() - 60) is Check.TIME


def test_a_file_that_cannot_be_written_whole_is_not_put_in_place(tmp_path: Path) -> None:
    path = tmp_path / "big.pyc"
    write(path, b"old")
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from wadjet.pipeline.writing import write\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: write(Path(sys.argv[1]), b'x' * 5000)\n"
        "except OSError as error: print(type(error).__name__)\n"
    )
    command = [sys.executable, "-c", script, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == "OSError\n"
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_all_is_well_with_a_new_file(target: Path) -> None:
    assert list(problems(target, anew)) == []


def test_every_problem_is_told(source: Path, target: Path) -> None:
    good = target.read_bytes()

    def told(data: bytes) -> str:
        target.write_bytes(data)
        return " ".join(problems(target, anew))

    assert "was not made by Python" in told(b"\0\0\0\0" + good[4:])
    assert "damaged" in told(good[:-20])
    assert "damaged" in told(good[:6])
    assert "no code" in told(good[:16] + marshal.dumps(1))
    assert "its name says" in told(good[:16] + marshal.dumps(compile(CODE, "app.py", "exec")))
    changed = good.replace(b"two", b"too")
    assert "is not what its source compiles to" in told(changed)
    source.write_bytes(CODE + b"\n")
    assert "has changed since" in told(good)
    source.unlink()
    assert "cannot be read" in told(good)


def test_what_foreign_passes_made_is_said_to_be_theirs(target: Path) -> None:
    def unknown(*_: object) -> CodeType:
        raise LookupError("theirs@3")

    assert list(problems(target, unknown)) == ["made by passes that are not here (theirs@3)"]


@pytest.mark.parametrize("length", range(0, 60, 7))
def test_a_truncated_file_is_refused_with_one_line(target: Path, length: int) -> None:
    target.write_bytes(target.read_bytes()[:length])
    with pytest.raises(PycError) as error:
        read(target)
    assert "\n" not in str(error.value)
