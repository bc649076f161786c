"""A script runs by way of the passes, and whoever runs it cannot tell but by its speed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wadjet.compiler.catalog import chosen
from wadjet.pipeline.code import written

pytest.importorskip("wadjet.pipeline.importer._script")

RECORD = "import sys; print(sys._getframe().f_code.co_consts[-1] or '')\n"
ABOUT = (
    "print(__name__, __file__, __spec__, __doc__, __package__, type(__loader__).__name__, "
    "sys.argv, sys.path[0], sys.modules['__main__'].__dict__ is globals())\n"
)
SCRIPTS = {
    "plain": f"'''What it is.'''\nimport sys\n{ABOUT}",
    "raises": "def f(n):\n    return 1 / n\n\nf(0)\n",
    "exits": "import sys\nprint('out')\nsys.exit(7)\n",
    "exits with a text": "raise SystemExit('enough')\n",
    "is no Python": "a = 1\nb = = 2\n",
    "is warned of": "import warnings\nwarnings.simplefilter('always')\na = '\\d'\nprint(1 is 1)\n",
    "is interrupted": "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nwhile True: pass\n",
    "leaves work for the end": (
        "import atexit, threading, time\natexit.register(print, 'at exit')\n"
        "threading.Thread(target=lambda: (time.sleep(0.05), print('thread'))).start()\n"
        "print('end')\n"
    ),
    "has a future": "from __future__ import annotations\nx: nothing = 1\nprint(__annotations__)\n",
    "has a hook": "import sys\nsys.excepthook = lambda *a: print('hook', a[0])\nraise KeyError\n",
    "deletes itself": "import os\nos.unlink(__file__)\nraise ValueError\n",
    "looks for its module": "import __main__\nprint('later' in dir(__main__))\nlater = 1\n",
    "makes others": (
        "import sys, subprocess\nprint(subprocess.run([sys.executable, '-c', 'print(__name__)'], "
        "capture_output=True).stdout)\n"
    ),
}


def run(folder: Path, *words: str, passes: str | None = None, text: str = "") -> tuple[str, ...]:
    """Run Python in a folder, with ``sitecustomize`` asking for passes if there are any."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    if passes is not None:
        site = folder / "site"
        site.mkdir(exist_ok=True)
        (site / "sitecustomize.py").write_text("import wadjet.optimized\n")
        environment["PYTHONPATH"] = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
        environment["WADJET_PASSES"] = passes
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=environment,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    return str(done.returncode), done.stdout, done.stderr


def record(folder: Path, *words: str, passes: str, text: str = "") -> list[str]:
    """Return the records of passes that a program prints, empty where there is none."""
    code, out, error = run(folder, *words, passes=passes, text=text)
    assert (code, error) == ("0", "")
    return [each if each.startswith("wadjet ") else "" for each in out.splitlines()]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_does_what_it_does_without(tmp_path: Path, name: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPTS[name])
    plain = run(tmp_path, "script.py", "a", "-b")
    script.write_text(SCRIPTS[name])
    assert run(tmp_path, "script.py", "a", "-b", passes="safe") == plain


def test_it_runs_by_way_of_the_passes(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(RECORD)
    assert record(tmp_path, "script.py", passes="safe") == [written(chosen(["safe"]))]
    assert record(tmp_path, str(tmp_path / "script.py"), passes="all") == [written(chosen(["all"]))]
    assert record(tmp_path, "script.py", passes="") == [""]


def test_only_the_script_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(RECORD)
    (tmp_path / "script.py").write_text(f"{RECORD}exec(open('other.py').read())\n")
    assert record(tmp_path, "script.py", passes="safe") == [written(chosen(["safe"])), ""]
    assert record(tmp_path, "-c", RECORD, passes="safe") == [""]
    assert record(tmp_path, "-", passes="safe", text=RECORD) == [""]


def test_a_folder_that_is_run_is_imported(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__main__.py").write_text(RECORD)
    assert record(tmp_path, "app", passes="safe") == [written(chosen(["safe"]))]


def test_a_pass_that_fails_leaves_the_script_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "failing.py").write_text(
        "import ast\nfrom wadjet.passes import rewrites\n"
        "@rewrites(ast.Call, name='failing')\n"
        "def failing(node, facts):\n    '''Fail.'''\n    raise ValueError('no')\n"
    )
    (tmp_path / "script.py").write_text("print('went on')\n")
    code, out, error = run(tmp_path, "script.py", passes="failing:failing")
    assert (code, out) == ("0", "went on\n")
    where = tmp_path / "script.py"
    why = f"wadjet: the pass failing failed at {where}:1 (ValueError: no)"
    assert error == f"{why}; imported without passes\n"
