"""Lets pytest collect the examples of the README and of the documentation."""

from sybil import Sybil
from tests.sessions import blocks, close_folder, open_folder

pytest_collect_file = Sybil(
    parsers=[blocks],
    patterns=["README.md", "docs/*.md", "docs/*/*.md", "docs/*/*/*.md"],
    setup=open_folder,
    teardown=close_folder,
).pytest()
