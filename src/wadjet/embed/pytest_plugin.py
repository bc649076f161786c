"""``pytest --wadjet`` and ``@pytest.mark.wadjet_memory``: without them nothing is imported."""

from __future__ import annotations

import os
from argparse import SUPPRESS
from collections.abc import Generator
from typing import Any

import pytest

_NAME = "wadjet-recording"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("wadjet", "where the time of the tests goes")
    group.addoption(
        "--wadjet", action="store_true", help="record the tests and show where their time goes"
    )
    group.addoption(
        "--wadjet-output",
        default="pytest.wadjet",
        metavar="FILE",
        help="where to write the recording, replacing the last one (default: pytest.wadjet)",
    )
    group.addoption(
        "--wadjet-rate",
        type=int,
        default=1000,
        metavar="HZ",
        help="samples for each second of CPU time of a thread (default: 1000)",
    )
    group.addoption(
        "--wadjet-native", action="store_true", help="record the functions of C libraries too"
    )
    group.addoption(
        "--wadjet-refs",
        action="store_true",
        help="repeat each test, and name what leaves something behind each time it runs",
    )
    group.addoption("--wadjet-refs-output", metavar="FILE", help=SUPPRESS)  # `wadjet refs hunt`


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start before the conftest files are imported: they are part of what a run costs."""
    if "PYTEST_XDIST_WORKER" not in os.environ:  # a worker learns later where to write
        _begin(early_config)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start where that was too early; make the marker known."""
    config.addinivalue_line(
        "markers",
        'wadjet_memory(limit="50 MB", leaks=0): what the test may have in memory at its peak, '
        "and leave behind each time it runs.",
    )
    _begin(config)
    if os.environ.get("WADJET_REFS_REPORT"):  # set by `wadjet refs run`
        from wadjet.embed.refs import Confirmation

        config.pluginmanager.register(Confirmation(), "wadjet-refs")
    elif config.known_args_namespace.wadjet_refs:
        from wadjet.embed.hunting.repeating import begin

        config.pluginmanager.register(begin(config), "wadjet-refs")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Watch the memory of a test that is marked."""
    marker = item.get_closest_marker("wadjet_memory")
    if marker is None:
        return (yield)
    from wadjet.embed.limits import watched

    return (yield from watched(item, marker))


def _begin(config: pytest.Config) -> None:
    options = config.known_args_namespace
    if not options.wadjet or options.help or options.version:
        return
    from wadjet.embed.testing import begin
    from wadjet.errors import WadjetError

    if not config.pluginmanager.hasplugin(_NAME):
        try:
            config.pluginmanager.register(begin(config), _NAME)
        except WadjetError as error:
            raise pytest.UsageError(f"wadjet: {error}") from None
