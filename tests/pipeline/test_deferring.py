"""Which imports could be made when they are needed, and which could not."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.observe.startup.starts import recorded

from wadjet.observe.startup import diagnosis
from wadjet.pipeline.deferring import deferrable


@pytest.mark.parametrize(
    ("code", "modules", "users"),
    [
        ("import csv\ndef f(): return csv", ("csv",), ("f",)),
        ("import csv as c\nf = lambda: c", ("csv",), ("<lambda>",)),
        ("import a.b\ndef f(): return a.b.c\ndef g(): a.b", ("a.b",), ("f", "g")),
        ("from a import b\nclass C:\n    def f(self): return b", ("a", "a.b"), ("f",)),
        ("import a\ndef f():\n    def g(): return a", ("a",), ("f",)),
        ("import a\ndef f(): return [a for b in c]", ("a",), ("f",)),
    ],
)
def test_what_only_functions_use_can_wait(
    code: str, modules: tuple[str, ...], users: tuple[str, ...]
) -> None:
    [found] = deferrable(code)
    assert (found.modules, found.users) == (modules, users)


@pytest.mark.parametrize(
    "code",
    [
        "import csv",
        "import csv\ncsv.reader([])\ndef f(): return csv",
        "import csv\n@csv.d\ndef f(): pass",
        "import csv\ndef f(a=csv): pass",
        "import csv\ndef f(a: csv.A): pass",
        "import csv\nclass C(csv.D):\n    def f(self): return csv",
        "import csv\nrows = [csv for a in b]",
        "import csv\ncsv = csv or 1\ndef f(): return csv",
        "import csv\n__all__ = ['csv']\ndef f(): return csv",
        "import csv\n__all__ += ['csv']\ndef f(): return csv",
        "from . import csv\ndef f(): return csv",
        "from csv import *\ndef f(): return reader",
        "from __future__ import annotations\ndef f(): return annotations",
        "try: import csv\nexcept ImportError: csv = None\ndef f(): return csv",
        "import csv\ndef f(): exec('csv')\ndef g(): return csv\nexec('csv')",
        "lazy import csv\ndef f(): return csv",
        "def f(:",
        "\0",
    ],
)
def test_what_else_uses_must_be_there(code: str) -> None:
    assert deferrable(code) == []


def test_the_line_that_costs_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spin = "import time\nend = time.thread_time() + {}\nwhile time.thread_time() < end: pass"
    (tmp_path / "app.py").write_text("import sys\nimport slow, needed\ndef f(): slow\nneeded")
    modules = {
        "slow": spin.format(0.4),
        "needed": "import deep\ndef g(): deep",
        "deep": spin.format(0.3),
    }
    start = recorded(tmp_path, monkeypatch, str(tmp_path / "app.py"), **modules)
    found = [each for each in diagnosis.diagnose(start.profile) if each.rule == "start-deferrable"]
    places = {(Path(each.place.file).name, each.place.line) for each in found if each.place}
    assert places == {("app.py", 2), ("needed.py", 1)}


def test_a_class_that_binds_a_name_may_read_it_from_the_module() -> None:
    text = "import json\nclass Page:\n    kind = json\n    def json(self): return json.dumps(1)\n"
    assert not deferrable(text)
