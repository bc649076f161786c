"""Looks for a pattern in files. One without the words of the pattern costs a reading only."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

from wadjet.errors import SourceError
from wadjet.pipeline.shapes.matching import Bound, Item, Match, find, match_node
from wadjet.pipeline.shapes.pattern import Pattern, PatternError
from wadjet.pipeline.source import Source, read
from wadjet.pipeline.tree import Node, parents, parse, span


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for.

    A match must lie ``inside`` each of these patterns and in none of ``outside``; holes of
    one name stand for the same code in all of them. ``where`` are expressions of Python
    that must be true, in which the names of holes are what was found: text with ``.node``
    and, of a constant, ``.value``; a list of those for ``$...name``, None for what is missing.
    """

    pattern: Pattern
    inside: tuple[Pattern, ...] = ()
    outside: tuple[Pattern, ...] = ()
    where: tuple[str, ...] = ()


class Text(str):
    """The source of what a hole stands for."""

    node: Node | None

    @property
    def value(self) -> object:
        """The value of a constant; raises AttributeError for anything else."""
        return self.node.value  # type: ignore[union-attr]

    @property
    def kind(self) -> str:
        """The class of its node, in lower case; ``name`` for a name."""
        return "name" if self.node is None else type(self.node).__name__.lower()


@dataclass(frozen=True, slots=True)
class Hit:
    """A match: where it is in characters, and what the holes stand for as text."""

    start: int
    end: int
    bound: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Found:
    """What there is in a file: its source where there is a hit, or why it was not looked at."""

    path: str
    text: str = ""
    hits: tuple[Hit, ...] = ()
    complaint: str = ""


def may_match(pattern: Pattern, text: str) -> bool:
    """Say whether a text could have a match; much quicker than to look for one."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)  # as the compiler does with names
    return all(word in text for word in pattern.words) and all(
        chain.search(text) for chain in pattern.chains
    )


def select(query: Query, source: Source, tree: Node) -> list[Match]:
    """Return the matches of a query in a tree; raises PatternError if a guard fails."""
    found = find(query.pattern, tree)
    if found and (query.inside or query.outside):
        above = parents(tree)
        found = [
            Match(match.nodes, bound)
            for match in found
            if (bound := _placed(query, match, above)) is not None
        ]
    guards = [_guard(text) for text in query.where]
    lists = {
        hole.name
        for pattern in (query.pattern, *query.inside)
        for hole in pattern.holes.values()
        if hole.many
    }
    return [match for match in found if all(_holds(each, source, match, lists) for each in guards)]


def search(query: Query, path: Path) -> Found:
    """Look into one file."""
    try:
        source = read(path)
        if not may_match(query.pattern, source.text):
            return Found(str(path))
        hits = tuple(_hit(source, each) for each in select(query, source, parse(source)))
    except SourceError as error:
        return Found(str(path), complaint=str(error))
    return Found(str(path), source.text if hits else "", hits)


def _placed(query: Query, match: Match, above: dict[Node, Node]) -> Bound | None:
    """Return what the holes stand for if a match lies where it must."""
    around = []
    node = above.get(match.nodes[0])
    while node is not None:
        around.append(node)
        node = above.get(node)
    bound: Bound = match.bound
    for pattern in query.inside:
        fits = (match_node(pattern, each, bound) for each in around)
        found = next((each for each in fits if each is not None), None)
        if found is None:
            return None
        bound = found
    for pattern in query.outside:
        if any(match_node(pattern, each, bound) is not None for each in around):
            return None
    return bound


def _guard(text: str) -> CodeType:
    try:
        return compile(text.strip(), "<where>", "eval")
    except (SyntaxError, ValueError) as error:
        raise PatternError(f"the guard is no expression of Python ({error}): {text}") from None


def _holds(guard: CodeType, source: Source, match: Match, lists: Collection[str]) -> bool:
    names: dict[str, object] = {}
    for name, items in match.bound.items():
        texts = [_text(source, item) for item in items]
        names[name] = texts if name in lists else next(iter(texts), None)
    try:
        return bool(eval(guard, names))  # the user's own words, on their own command line
    except Exception as error:
        line = getattr(match.nodes[0], "lineno", 0)
        raise PatternError(
            f"the guard fails at {source.path}:{line} ({type(error).__name__}: {error})"
        ) from None


def _text(source: Source, item: Item) -> Text:
    if isinstance(item, str):
        made = Text(item)
        made.node = None
        return made
    start, end = span(source, item)
    made = Text(source.text[start:end])
    made.node = item
    return made


def _hit(source: Source, match: Match) -> Hit:
    bound = {
        name: [str(_text(source, item)) for item in items] for name, items in match.bound.items()
    }
    start, _ = span(source, match.nodes[0])
    _, end = span(source, match.nodes[-1])
    return Hit(start, end, bound)
