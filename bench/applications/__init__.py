"""Six programs of few lines, each of a kind that people start many times a day."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Application:
    """A program, what it does in two words, and the modules that it imports at its head.

    ``requires`` is what to install for it, at the versions of ``requirements.txt``; ``code`` is
    its exit code when it is started without arguments.
    """

    name: str
    does: str
    requires: tuple[str, ...]
    preload: tuple[str, ...]
    code: int = 0

    @property
    def script(self) -> Path:
        """The program's source."""
        return HERE / f"{self.name}.py"


APPLICATIONS = (
    Application(
        "django_request",
        "Django check and request",
        ("django",),
        ("django.core.management", "django.test"),
    ),
    Application(
        "fastapi_request", "FastAPI request", ("fastapi", "httpx2"), ("fastapi.testclient",)
    ),
    Application("pandas_script", "pandas script", ("pandas",), ("pandas",)),
    Application(
        "rich_demo",
        "rich demo",
        ("rich",),
        tuple(
            f"rich.{each}" for each in ["console", "markdown", "panel", "syntax", "table", "tree"]
        ),
    ),
    Application(
        "requests_loopback", "requests to loopback", ("requests",), ("requests", "http.server")
    ),
    Application(
        "pytest_suite", "pytest, three tests", ("pytest",), ("pytest", "_pytest.config"), code=1
    ),
)
