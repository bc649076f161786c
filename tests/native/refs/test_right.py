"""Code that is right is left in peace, whatever it does with its objects."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from wadjet.native.refs.building import prepare
from wadjet.native.refs.reading import read
from wadjet.native.refs.running import run

SOURCE = Path(__file__).parents[2] / "ext" / "refs" / "right.c"
IMPORTS = "import right\nfrom wadjet.native.refs.ledger import lost"
POOLED = """\
def things():
    for turn in range(20):
        right.Pooled()  # dies within count, which did not make it
        yield turn
assert right.count(things()) == 20
lost()
several = [right.Pooled() for _ in range(8)]
assert len({id(each) for each in several}) == 8
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("right")
    environment = prepare(folder, SOURCE.parent)
    command = [environment["CC"], "-shared", "-fPIC", f"-I{sysconfig.get_path('include')}"]
    subprocess.run(
        [*command, str(SOURCE), "-o", str(folder / "right.so")], check=True, env=environment
    )
    return folder


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(POOLED, id="an instance that dies in another's call goes back to its pool"),
        pytest.param(
            "right.count([object()] * 5)", id="an iterator gives one object several times"
        ),
        pytest.param("right.keep(None); right.take_out()", id="None is taken out and given back"),
        pytest.param("right.View(bytes(9))", id="a buffer is kept behind a large block"),
    ],
)
def test_nothing_is_reported(site: Path, tmp_path: Path, code: str) -> None:
    ended = run([sys.executable, "-c", f"{IMPORTS}\n{code}"], site, tmp_path)
    assert ended.code == 0
    assert [each.message for each in read(tmp_path, ended).findings] == []
