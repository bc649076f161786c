"""What passes make of a text, beside the text itself as they would write it."""

from __future__ import annotations

import ast

from wadjet.compiler.catalog import chosen
from wadjet.pipeline.passes import applied


def made(words: str, code: str) -> str:
    """Return a text by way of the passes that some words name."""
    return applied(code, *chosen(words.split(",")))


def same(code: str) -> str:
    """Return a text in which nothing was done."""
    return ast.unparse(ast.parse(code))
