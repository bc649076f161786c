"""A file's name tells whose code it is."""

from __future__ import annotations

import pytest

from wadjet.model.origin import homes, is_library, module, shown

HOMES = ("/srv/shop/", "/opt/tool/")


@pytest.mark.parametrize(
    ("file", "library", "name", "dotted"),
    [
        ("/srv/shop/shop.py", False, "shop.py", "shop"),
        ("/srv/shop/web/views.py", False, "web/views.py", "web.views"),
        ("/opt/tool/run.py", False, "run.py", "run"),
        ("/elsewhere/x.py", False, "/elsewhere/x.py", "elsewhere.x"),
        ("relative.py", False, "relative.py", "relative"),
        ("/usr/lib/python3.13/json/decoder.py", True, "json/decoder.py", "json.decoder"),
        ("/usr/lib/python3.14t/queue.py", True, "queue.py", "queue"),
        ("/usr/lib64/python3.11/asyncio/__init__.py", True, "asyncio/__init__.py", "asyncio"),
        ("/home/ann/.pyenv/versions/3.12.1/lib/python3.12/abc.py", True, "abc.py", "abc"),
        ("/usr/lib/python3/dist-packages/yaml/__init__.py", True, "yaml/__init__.py", "yaml"),
        ("/srv/shop/.venv/lib/python3.11/site-packages/a/b.py", True, "a/b.py", "a.b"),
        ("<frozen importlib._bootstrap>", True, "importlib._bootstrap", "importlib._bootstrap"),
        ("/usr/lib/x86_64-linux-gnu/libz.so.1.2.13", True, "libz.so.1.2.13", "libz.so.1.2.13"),
        ("/srv/shop/_speedups.cpython-311-x86_64-linux-gnu.so", True, None, None),
        ("<string>", False, "<string>", "<string>"),
        ("", True, "", ""),
    ],
)
def test_files_are_told_apart(
    file: str, library: bool, name: str | None, dotted: str | None
) -> None:
    assert is_library(file) is library
    if name is not None:
        assert (shown(file, HOMES), module(file, HOMES)) == (name, dotted)


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({}, ()),
        ({"cwd": "/srv"}, ("/srv/",)),
        ({"cwd": "/srv", "command": ["python", "-m", "shop"]}, ("/srv/",)),
        ({"cwd": "/srv", "command": ["app.py"]}, ("/srv/",)),
        ({"cwd": "/srv", "command": ["python", "tools/app.py"]}, ("/srv/", "/srv/tools/")),
        ({"cwd": "/", "command": ["/opt/app.py"]}, ("/", "/opt/")),
    ],
)
def test_a_program_is_at_home_where_it_runs_and_where_its_script_lies(
    about: dict[str, object], expected: tuple[str, ...]
) -> None:
    assert homes(about) == expected  # type: ignore[arg-type]
