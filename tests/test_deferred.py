"""A program whose listed imports wait behaves as it does without, and loads less."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from wadjet.compiler.bundle.listing import Listed, candidates, hash_of, written
from wadjet.target.behavior import LAZY_IMPORTS

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run files with every import waiting that may; the script is ``app.py``."""

    def run(
        *words: str, listed: bool = True, options: tuple[str, ...] = (), **files: str
    ) -> subprocess.CompletedProcess[str]:
        rows = {}
        for name, text in files.items():
            path = tmp_path / f"{name.replace('__', '/')}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            module = "__main__" if name == "app" else name.replace("__", ".")
            module = module.removesuffix(".init")
            if path.name == "init.py":
                path = path.rename(path.with_name("__init__.py"))
            found = tuple(each.text for each in candidates(ast.parse(text), str(path)))
            if found and listed:
                rows[module] = Listed(hash_of(path.read_bytes()), found)
        (tmp_path / "app.toml").write_text(written(rows, "a test"))
        return started(tmp_path, *(words or ("app.py",)), options=options)

    return run


def started(
    folder: Path, *words: str, options: tuple[str, ...] = (), **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *options, "-m", "wadjet.deferred", "app.toml", *words],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )


def ran(run: Run, **files: str) -> str:
    done = run(**files)
    assert not done.stderr, done.stderr
    return done.stdout


LOADED = (
    "import sys\nprint([each for each in ('csv', 'shop', 'pkg.part') if each in sys.modules])\n"
)


def test_an_import_waits_for_its_first_use(run: Run) -> None:
    shop = "import csv\ndef rows(lines): return list(csv.reader(lines))\n"
    app = f"import shop\n{LOADED}print(shop.rows(['a,b']))\n{LOADED}"
    assert ran(run, app=app, shop=shop) == "['shop']\n[['a', 'b']]\n['csv', 'shop']\n"


def test_the_script_itself_may_wait(run: Run) -> None:
    app = f"import csv\ndef rows(lines): return list(csv.reader(lines))\n{LOADED}print(rows(['a']))"
    assert ran(run, app=app) == "[]\n[['a']]\n"


@pytest.mark.parametrize(
    "use",
    [
        "def use(): return sum(csv.QUOTE_ALL for each in range(1))",
        "use = lambda: csv.QUOTE_ALL",
        "def use():\n    class Own: kept = csv.QUOTE_ALL\n    return Own.kept",
        "def use():\n    try: raise csv.Error\n    except csv.Error: return f'{csv.QUOTE_ALL}'",
        "def use():\n    def inner(kept=csv): return kept.QUOTE_ALL\n    return inner()",
        "def use():\n    csv_ = csv\n    return (yes := csv_.QUOTE_ALL)",
    ],
)
def test_it_is_found_wherever_a_function_reads_it(run: Run, use: str) -> None:
    assert ran(run, app="import shop\nprint(shop.use())", shop=f"import csv\n{use}\n") == "1\n"


@pytest.mark.parametrize(
    "text",
    [
        "import csv\ncsv.reader\n",
        "import csv\nclass A:\n    csv = csv\n",
        "import csv\ndef f(x=csv): pass\n",
        "import csv\n@csv.reader\ndef f(): pass\n",
        "import csv\ndef f(x: csv.Dialect): pass\n",
        "from __future__ import annotations\nimport csv\ndef f(x: csv.Dialect): pass\n",
        "import csv\ndef f(x: 'csv.Dialect'): pass\n",
        "import csv\ndef f(): return globals()['csv']\n",
        "import csv\ndef f(): return eval('csv')\n",
        "import csv\nfrom os import *\ndef f(): return csv\n",
        "import csv\ndef f(x):\n    match x:\n        case csv.QUOTE_ALL: return 1\n",
        "import csv\ndef f():\n    global csv\n    csv = 1\n",
        "import csv\nimport csv\n",
        "import csv\ndel csv\n",
        "try:\n    import csv\nexcept ImportError:\n    csv = None\n",
        "if True:\n    import csv\n",
        "from __future__ import annotations\n",
        "import csv\ndef f(): return csv, _wadjet\n",
        "import csv as __path__\n",
    ],
)
def test_what_could_be_seen_does_not_wait(text: str) -> None:
    assert not candidates(ast.parse(text), "shop.py")


def test_eval_with_names_of_its_own_sees_nothing() -> None:
    text = "import csv\ndef f(): return csv, eval('x', {})\n"
    assert [each.text for each in candidates(ast.parse(text), "shop.py")] == ["import csv"]


def test_a_name_that_a_submodule_has_too_does_not_wait(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text("from .part import part\nfrom . import other\n")
    (tmp_path / "part.py").touch()
    (tmp_path / "other.py").touch()
    path = tmp_path / "__init__.py"
    found = candidates(ast.parse(path.read_text()), str(path))
    assert [each.text for each in found] == ["from . import other"]


def test_others_find_the_name(run: Run) -> None:
    app = (
        "import pkg\n"
        "print('Part' in dir(pkg), pkg.Part, hasattr(pkg, 'lost'))\n"
        "from pkg import other\n"
        "print(other.__name__)\n"
        "try: pkg.lost\n"
        "except AttributeError as error: print(error)\n"
    )
    files = {"pkg__init": "from .part import Part\nfrom . import other\n"}
    shown = "True 7 False\npkg.other\nmodule 'pkg' has no attribute 'lost'\n"
    assert ran(run, app=app, **files, pkg__part="Part = 7\n", pkg__other="") == shown


def test_a_submodule_is_there_that_an_import_elsewhere_would_have_bound(run: Run) -> None:
    shop = "import pkg.part\ndef f(): return pkg.part\n"
    app = f"import shop\nimport pkg\n{LOADED}print(pkg.part.x)\n"
    shown = ("['shop']\n" if not LAZY_IMPORTS else "") + "5\n"
    done = run(app=app, shop=shop, pkg__init="", pkg__part="x = 5\n")
    if LAZY_IMPORTS:
        pytest.skip("Python's own lazy imports do not bind submodules")
    assert done.stdout == shown, done.stderr


def test_a_module_with_a_getattr_of_its_own_keeps_it(run: Run) -> None:
    shop = "import csv\ndef __getattr__(name): return name.upper()\n"
    app = "import shop\nprint(shop.csv.__name__, shop.other)"
    assert ran(run, app=app, shop=shop) == "csv OTHER\n"


def test_what_somebody_binds_meanwhile_stays(run: Run) -> None:
    shop = "import csv\ndef f(): return csv\n"
    assert (
        ran(run, app="import shop\nshop.csv = 9\nprint(shop.f(), shop.csv)", shop=shop) == "9 9\n"
    )


def test_mocks_are_seen_and_taken_back(run: Run) -> None:
    app = (
        "import shop\nfrom unittest import mock\n"
        "with mock.patch('shop.csv', 3): print(shop.f())\n"
        "print(shop.f().__name__)"
    )
    assert ran(run, app=app, shop="import csv\ndef f(): return csv\n") == "3\ncsv\n"


def test_threads_that_come_at_once_get_the_same(run: Run) -> None:
    app = (
        "import shop, threading\n"
        "barrier = threading.Barrier(8)\nfound = []\n"
        "def work():\n    barrier.wait()\n    found.append(shop.f())\n"
        "threads = [threading.Thread(target=work) for _ in range(8)]\n"
        "for each in threads: each.start()\n"
        "for each in threads: each.join()\n"
        "print(len(found), len(set(map(id, found))))\n"
    )
    slow = "import time\nfor _ in range(100): time.sleep(0)\nx = object()\n"
    shop = "from slow import x\ndef f(): return x\n"
    assert ran(run, app=app, shop=shop, slow=slow) == "8 1\n"


def test_an_error_names_the_line_of_the_import(run: Run) -> None:
    shop = "import os\nimport not_there_at_all\n\n\ndef f():\n    return not_there_at_all.x\n"
    done = run(app="import shop\nshop.f()\n", shop=shop)
    assert done.returncode == 1
    assert "ModuleNotFoundError: No module named 'not_there_at_all'" in done.stderr
    assert 'shop.py", line 6, in f' in done.stderr
    assert 'shop.py", line 2, in <module>' in done.stderr


def test_an_import_that_fails_is_tried_again(run: Run) -> None:
    app = (
        "import shop, sys\n"
        "try: shop.f()\n"
        "except ImportError as error: print(error.name)\n"
        "sys.modules['later_there'] = sys\n"
        "print(shop.f() is sys)\n"
    )
    shop = "import later_there\ndef f(): return later_there\n"
    assert ran(run, app=app, shop=shop) == "later_there\nTrue\n"


def test_modules_that_import_each_other(run: Run) -> None:
    one = "from two import g\ndef f(n): return n if n == 0 else g(n - 1)\n"
    two = "from one import f\ndef g(n): return f(n)\n"
    assert ran(run, app="import one\nprint(one.f(5))", one=one, two=two) == "0\n"


def test_a_changed_module_is_imported_as_it_is(run: Run, tmp_path: Path) -> None:
    run(app=f"import shop\n{LOADED}", shop="import csv\ndef f(): return csv\n")
    (tmp_path / "shop.py").write_text("import csv\nx = csv.QUOTE_ALL\ndef f(): return csv\n")
    done = started(tmp_path, "app.py")
    assert done.stdout == "['csv', 'shop']\n"
    (line,) = done.stderr.splitlines()
    assert line.startswith("wadjet: shop is not what its list was proved for")


def test_a_module_that_is_written_anew_is_still_the_same(run: Run, tmp_path: Path) -> None:
    run(app=f"import shop\n{LOADED}", shop="import csv\ndef f(): return csv\n")
    os.utime(tmp_path / "shop.py", (1_000_000_000, 1_000_000_000))
    done = started(tmp_path, "app.py")
    assert (done.stdout, done.stderr) == ("['shop']\n", "")


@pytest.mark.parametrize("damage", [b"", b"\0", b"\xe9\x05", b"[" * 100, None])
def test_what_is_kept_may_be_damaged(run: Run, tmp_path: Path, damage: bytes | None) -> None:
    run(app=f"import shop\n{LOADED}", shop="import csv\ndef f(): return csv\n")
    (kept,) = (tmp_path / "__pycache__").glob("app.toml.*.lazyc")
    whole = kept.read_bytes()
    kept.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    done = started(tmp_path, "app.py")
    assert (done.stdout, done.stderr) == ("['shop']\n", "")
    assert kept.read_bytes() == whole


def test_a_list_that_cannot_be_kept_is_told_of(run: Run, tmp_path: Path) -> None:
    (tmp_path / "__pycache__").write_text("a file")
    done = run(app=f"import shop\n{LOADED}", shop="import csv\ndef f(): return csv\n")
    assert done.stdout == "['csv', 'shop']\n"
    assert "cannot write" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_list_of_what_cannot_wait_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import csv\nprint(csv.QUOTE_ALL)\n")
    listed = Listed(hash_of((tmp_path / "app.py").read_bytes()), ("import csv",))
    (tmp_path / "app.toml").write_text(written({"__main__": listed}, ""))
    done = started(tmp_path, "app.py")
    assert done.stdout == "1\n"
    assert "`import csv` is used by more than functions" in done.stderr


@pytest.mark.parametrize("text", ["x = 1", "[app]\nsource = 1", "\0", "[app"])
def test_what_is_no_list_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "app.toml").write_text(text)
    (tmp_path / "app.py").write_text("print(1)")
    done = started(tmp_path, "app.py")
    assert "is no list of imports" in done.stderr
    assert "Traceback" not in done.stderr


def test_modules_and_code_are_run_as_python_would(run: Run, tmp_path: Path) -> None:
    text = "import csv, sys\ndef f(): return csv\n"
    text += "print(__name__, sys.argv[1:], 'csv' in sys.modules)\n"
    done = run("-m", "shop", "--flag", shop=text)
    assert done.stdout == "__main__ ['--flag'] False\n", done.stderr
    done = started(tmp_path, "-c", "import sys; print(sys.argv, __name__)", "word")
    assert done.stdout == "['-c', 'word'] __main__\n"
    done = started(tmp_path, "-m", "not_there_at_all")
    assert done.returncode == 1
    assert "No module named not_there_at_all" in done.stderr
    assert started(tmp_path).returncode == 64


def test_passes_for_asserts_are_heeded(run: Run) -> None:
    app = "import csv\ndef f(): return csv\nassert False\nprint('on')"
    assert run(app=app, options=("-O",)).stdout == "on\n"


def test_what_was_loaded_is_told(run: Run, tmp_path: Path) -> None:
    run(app="import shop", shop="import csv\ndef f(): return csv\n")
    started(tmp_path, "app.py", WADJET_LAZY_TOLD=str(tmp_path / "told"))
    told = (tmp_path / "told").read_text().split()
    assert "shop" in told
    assert "csv" not in told


def test_a_variable_names_the_list(run: Run, tmp_path: Path) -> None:
    run(app="pass", shop="import csv\ndef f(): return csv\n")
    done = subprocess.run(
        [sys.executable, "-c", f"import wadjet.deferred, shop\n{LOADED}wadjet.deferred.undo()"],
        cwd=tmp_path,
        env={**os.environ, "WADJET_LAZY": "app.toml"},
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("['shop']\n", "")


def test_what_a_script_has_said_comes_before_what_is_called_at_exit(
    run: Run, tmp_path: Path
) -> None:
    text = "import atexit, os\natexit.register(os.write, 1, b'at exit')\nprint('before')\n1/0\n"
    assert run(app=text).stdout == "before\nat exit"
