"""Real programs with their imports waiting: are they the same, and what do they save?

    python -m bench.lazy_programs [NAME...]   in an environment that has Wadjet, and
                                              `pip install flask requests rich django boto3
                                              sqlalchemy pandas fastapi httpie twine sphinx
                                              virtualenv black cookiecutter awscli tox pylint`

Each start is recorded, `wadjet lazy --hook` proves which of its imports can wait, and both ways
to start are run: output and exit code are compared, and user instructions counted.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from wadjet.observe.startup.instructions import count

PROGRAMS = {
    "flask": ("-m", "flask", "--version"),
    "pip": ("-m", "pip", "--version"),
    "django": ("-m", "django", "--version"),
    "requests": (
        (
            "import requests\n"
            "made = requests.Request('GET', 'http://localhost/a', params={'b': 1}).prepare()\n"
            "print(made.url, dict(made.headers))"
        ),
    ),
    "rich": ("from rich.console import Console\nConsole().print('[bold]hello[/bold] world')",),
    "boto3": (
        (
            "import boto3\n"
            "kept = boto3.session.Session('a', 'b', region_name='us-east-1')\n"
            "print(boto3.__version__, sorted(kept.get_available_services())[:3])"
        ),
    ),
    "sqlalchemy": (
        (
            "from sqlalchemy import create_engine, text\n"
            "with create_engine('sqlite://').connect() as made:\n"
            "    print(made.execute(text('select 1+1')).scalar())"
        ),
    ),
    "pandas": ("import pandas\nprint(pandas.DataFrame({'a': [1, 2, 3]}).sum().to_dict())",),
    "fastapi": (
        (
            "from fastapi import FastAPI\n"
            "app = FastAPI()\n"
            "@app.get('/')\n"
            "def root(name: str = 'x') -> dict[str, str]:\n"
            "    return {'name': name}\n"
            "print(sorted(app.openapi()['paths']))"
        ),
    ),
}
"""What follows ``python`` on the command line, or the text of a script."""

COMMANDS = (
    *("awscli", "black", "cookiecutter", "httpie", "pylint"),
    *("sphinx", "tox", "twine", "virtualenv"),
)
"""More programs of the command line, each asked for its version."""
PROGRAMS |= {name: ("-m", name, "--version") for name in COMMANDS}


def main() -> int:
    """Try each program, or those that are named; return how many are not the same."""
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name in sys.argv[1:] or PROGRAMS:
            words = list(PROGRAMS[name])
            if len(words) == 1:
                Path(f"{name}_app.py").write_text(words[0])
                words = [f"{name}_app.py"]
            wrong += not tried(name, words)
    return wrong


def tried(name: str, words: list[str]) -> bool:
    """Print what a program saves; say whether it is the same."""
    wadjet = [sys.executable, "-m", "wadjet"]
    recording, listed = f"{name}.wadjet", f"{name}.lazy.toml"
    options = ["-q", "--no-syscalls", "-o", recording]
    subprocess.run([*wadjet, "startup", *options, *words], capture_output=True, check=True)
    subprocess.run([*wadjet, "lazy", recording, "--hook", listed], check=False)
    plain = [sys.executable, *words]
    waiting = [sys.executable, "-m", "wadjet.deferred", listed, *words]
    one, other = (
        subprocess.run(each, capture_output=True, check=False) for each in (plain, waiting)
    )
    same = (one.returncode, one.stdout) == (other.returncode, other.stdout)
    before, after = (count(each, os.environ).number for each in (plain, waiting))
    print(f"{name:10} {before:14,} -> {after:14,}  {before / after:.2f}  same: {same}", flush=True)
    return same


if __name__ == "__main__":
    sys.exit(main())
