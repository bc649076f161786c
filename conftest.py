"""Lets pytest collect the examples of the README and of the documentation."""

import pytest
from sybil import Sybil
from tests.sessions import SLOW, blocks, close_folder, open_folder

pytest_collect_file = Sybil(
    parsers=[blocks],
    patterns=["README.md", "docs/*.md", "docs/*/*.md", "docs/*/*/*.md"],
    setup=open_folder,
    teardown=close_folder,
).pytest()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the examples of pages that say that they are slow."""
    for item in items:
        if item.path.suffix == ".md" and SLOW.search(item.path.read_text(encoding="utf-8")):
            item.add_marker(pytest.mark.slow)
