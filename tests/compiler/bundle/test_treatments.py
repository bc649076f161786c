"""Treated scripts do what they did, and what was put in comes out again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadjet.compiler.bundle.treatments import (
    commented,
    fast_exit,
    frozen_collector,
    uncommented,
    untreated,
)

SCRIPTS = [
    "import json\nprint(json.dumps(1))\n",
    "import json\nprint(json.dumps(1))",
    '"""Doc."""\n\nfrom __future__ import annotations\n\nimport json; x = [\n    1,\n]\nprint(x)\n',
    "import json\r\nprint(json.dumps(1))\r\n",
    "import json",
    "print('no imports')\n",
    "import sys\nprint('out')\nsys.exit(3)\n",
    "import json\nraise ValueError(json)\n",
    "import atexit\natexit.register(print, 'at the end')\nprint('first')\n",
    (
        "import threading, time\n"
        "threading.Thread(target=lambda: (time.sleep(0.1), print('late'))).start()\n"
    ),
    "import json\nif __name__ == '__main__':\n    print(json.dumps(2), end='')\n",
    "",
]


def ran(path: Path, text: str) -> tuple[int, str, str]:
    path.write_bytes(text.encode())
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr.rpartition("\n  ")[2]


@pytest.mark.parametrize("text", SCRIPTS)
def test_a_treated_script_does_the_same(tmp_path: Path, text: str) -> None:
    treated = fast_exit(frozen_collector(text) or text)
    assert ran(tmp_path / "app.py", treated) == ran(tmp_path / "app.py", text)


@pytest.mark.parametrize("text", SCRIPTS)
def test_what_was_put_in_comes_out(text: str) -> None:
    made = untreated(fast_exit(frozen_collector(text) or text))
    assert made in (text, f"{text}\n")


@given(st.lists(st.sampled_from(["/gone", "there", "import a", "# note", ""]), max_size=6))
def test_lines_of_pth_files_come_back(found: list[str]) -> None:
    text = "".join(f"{each}\n" for each in found)
    made = commented(text, {1, 3, 4})
    assert uncommented(made) == text
    assert "/gone" not in [made.split("\n")[at] for at in (0, 2, 3) if len(found) > at]


def test_the_collector_is_on_after_the_imports(tmp_path: Path) -> None:
    text = "import seen\nx = __import__('gc')\nprint(x.isenabled(), x.get_freeze_count() > 0)\n"
    (tmp_path / "seen.py").write_text("import gc\nprint(gc.isenabled())\n")
    made = frozen_collector(text)
    assert made is not None
    assert ran(tmp_path / "app.py", made)[1] == "False\nTrue True\n"


@pytest.mark.parametrize("text", ["x = 1\n", "import gc\n", "import os\nfrom gc import collect\n"])
def test_some_are_not_for_it(text: str) -> None:
    assert frozen_collector(text) is None


def test_who_imports_a_treated_script_goes_on(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(fast_exit(frozen_collector("import json\n") or ""))
    text = "import shop, gc\nprint(gc.isenabled(), gc.get_freeze_count())\n"
    plain = "import json, gc\nprint(gc.isenabled(), gc.get_freeze_count())\n"
    assert ran(tmp_path / "app.py", text) == ran(tmp_path / "app.py", plain)


def test_the_process_is_left_at_once(tmp_path: Path) -> None:
    text = "class Late:\n    def __del__(self): print('taken down')\nkept = Late()\n"
    assert ran(tmp_path / "app.py", text)[1] == "taken down\n"
    assert ran(tmp_path / "app.py", fast_exit(text))[:2] == (0, "")


def test_output_that_cannot_be_written_is_told_as_before(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(fast_exit("print('much')\n"))
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, str(tmp_path / "app.py")],
            env=variables,
            stdout=full,
            stderr=subprocess.DEVNULL,
        )
    assert done.returncode == 120
