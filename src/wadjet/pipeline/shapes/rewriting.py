r"""Matches written anew: the text changes where they are, and nowhere else.

What holes stand for is copied as it is written, comments and all. The tree of the new text
is then compared with the old tree, in which the same was done to nodes: a file in which
the two differ is left alone.

>>> from wadjet.pipeline.shapes.pattern import pattern
>>> source = Source("a.py", "if len( rows ) == 0:  # none?\n    go(a  + b)\n")
>>> query = Query(pattern("len($x) == 0"))
>>> print(rewrite(query, pattern("not $x"), source).text, end="")
if not rows:  # none?
    go(a  + b)
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from wadjet.errors import SourceError
from wadjet.pipeline.shapes.instance import Instances, identical
from wadjet.pipeline.shapes.layout import balanced, comments, fixed_lines, is_code, is_one
from wadjet.pipeline.shapes.matching import Item, Match, Parameter
from wadjet.pipeline.shapes.pattern import ANYTHING, Hole, Pattern, PatternError, hole_of
from wadjet.pipeline.shapes.precedence import needs_brackets
from wadjet.pipeline.shapes.search import Query, may_match, select
from wadjet.pipeline.source import Source
from wadjet.pipeline.tree import F_STRINGS, FIELDS, Node, parents, parse, span, walk
from wadjet.target.behavior import PLACES_IN_F_STRINGS

_STAND_IN = re.compile(r"(?:\*\*|\*)?\b(_wadjet_hole_\d+)\b")
_EMPTY = re.compile(r"\x00\s*,\s*|,\s*\x00|\x00")  # where nothing stands, with its comma
_INDENT = 4
_FINAL = "\x01"
"""Marks a line whose indentation is what it is to be."""

_TARGETS = (ast.Name, ast.Attribute, ast.Subscript, ast.Starred, ast.Tuple, ast.List)


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A new text, how many matches were replaced in it, and why others were not."""

    text: str
    count: int
    left: tuple[str, ...] = ()


class _StayError(Exception):
    """A match is to stay as it is; says why."""


def check(query: Query, replacement: Pattern) -> None:
    """Raise PatternError where a replacement does not fit what is looked for."""
    known = {hole.name for each in (query.pattern, *query.inside) for hole in each.holes.values()}
    for hole in replacement.holes.values():
        if hole.name == ANYTHING or hole.name not in known:
            raise PatternError(f"the replacement has ${hole.name}, which the pattern has not")
    if not isinstance(query.pattern.root, tuple) and isinstance(replacement.root, tuple):
        raise PatternError("an expression cannot be replaced by statements")


def rewrite(query: Query, replacement: Pattern, source: Source) -> Rewritten:
    """Return a source with its matches replaced.

    Raises SourceError for what is no Python, or if the new text is not what it should be.
    """
    if not may_match(query.pattern, source.text):
        return Rewritten(source.text, 0)
    tree = parse(source)
    matches = select(query, source, tree)
    if not matches:
        return Rewritten(source.text, 0)
    writer = _Writer(source, tree, matches, replacement)
    text = writer.text(0, len(source.text))
    expected = Instances(writer.applied, replacement).module(tree)
    if not identical(parse(Source(source.path, text)), expected):
        raise SourceError(f"{source.path} is left as it is: its new text would not be what it says")
    return Rewritten(text, len(writer.applied), tuple(writer.left))


class _Writer:
    """Writes the text of a file anew."""

    def __init__(
        self, source: Source, tree: Node, matches: Sequence[Match], replacement: Pattern
    ) -> None:
        self.applied: dict[Node, Match] = {}
        self.left: list[str] = []
        self._texts: dict[Node, str | None] = {}
        self._source = source
        self._new = replacement
        self._above = parents(tree)
        spans = ((span(source, match.nodes[0])[0], self._end(match), match) for match in matches)
        self._spans = sorted(spans, key=lambda each: (each[0], -each[1]))
        self._starts = [start for start, _, _ in self._spans]
        self._places = {
            child.id: (node, child)
            for root in _roots(replacement)
            for node in walk(root)
            for child in ast.iter_child_nodes(node)
            if isinstance(child, ast.Name)
        }
        self._comments = comments(source)

    def _end(self, match: Match) -> int:
        """Return where a match ends; a comment behind a statement is part of it."""
        end = span(self._source, match.nodes[-1])[1]
        return end + len(self._tail(end)) if isinstance(match.nodes[-1], ast.stmt) else end

    def _tail(self, end: int) -> str:
        found = re.compile(r"[ \t]*#[^\r\n]*").match(self._source.text, end)
        return found[0] if found else ""

    def text(self, start: int, end: int, but: Match | None = None) -> str:
        """Return what is written from one character to another, anew; ``but`` is as it was."""
        parts, at = [], start
        for number in range(bisect_left(self._starts, start), len(self._spans)):
            first, last, match = self._spans[number]
            if first >= end:
                break
            if first < at or last > end or match is but:
                continue
            new = self._written(match, first, last)
            if new is None:
                continue
            parts += [self._source.text[at:first], new]
            at = last
        return "".join((*parts, self._source.text[at:end]))

    def _written(self, match: Match, start: int, end: int) -> str | None:
        """Return the new text of a match, None if it is to stay; made once."""
        key, applied = match.nodes[0], len(self.applied)
        if key not in self._texts:
            try:
                self._texts[key] = self._replaced(match, start, end)
            except _StayError as reason:
                while len(self.applied) > applied:  # with those within it, which are free again
                    self._texts.pop(self.applied.popitem()[0], None)
                self._texts[key] = None
                line, _ = self._source.position(start)
                self.left.append(f"{self._source.path}:{line}: {reason}")
        return self._texts[key]

    def _replaced(self, match: Match, start: int, end: int) -> str:
        self._refuse(match)
        if not isinstance(match.nodes[0], ast.stmt):
            return self._expression(match, start, end)
        source = self._source
        before = source.text[source.starts[source.position(start)[0] - 1] : start]
        rest = re.compile(r"[^\r\n]*").match(source.text, end)
        if before.strip() or (rest is not None and rest[0].strip()):
            raise _StayError("the statement shares its line with others")
        if source.text.startswith("elif", start):
            raise _StayError("it is an elif")
        code_end = span(source, match.nodes[-1])[1]
        lost = self._lost(match, start, code_end)
        self.applied[match.nodes[0]] = match
        first, *others = [*lost, *self._lines(match, before)]
        first = first.removeprefix(_FINAL + before).removeprefix(_FINAL)
        text = self._newline().join([first, *(_indented(each, before) for each in others)])
        return text + (self._tail(code_end) if self._lost(match, code_end, end) else "")

    def _refuse(self, match: Match) -> None:
        """Raise _StayError where nothing can be written."""
        node, root = match.nodes[0], self._new.root
        is_target = isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del))
        if is_target and not isinstance(root, _TARGETS):
            raise _StayError("it is assigned to")
        if isinstance(self._above.get(node), ast.pattern):
            raise _StayError("it is what a case compares with")
        if self._is_shown(match):
            raise _StayError("an f-string shows its text")
        while not PLACES_IN_F_STRINGS and isinstance(node, ast.expr):
            node = self._above[node]
            if isinstance(node, F_STRINGS):
                raise _StayError("it is in an f-string, where only Python 3.12 tells places")

    def _is_shown(self, match: Match) -> bool:
        """Say whether a match is within ``{...=}`` of an f-string, which quotes the code."""
        node = match.nodes[0]
        while isinstance(node, ast.expr):
            above = self._above[node]
            if isinstance(above, F_STRINGS):
                end = span(self._source, node.value)[1] if isinstance(node, FIELDS) else 0
                if re.compile(r"[\s)]*=").match(self._source.text, end):
                    return True
            node = above
        return False

    def _expression(self, match: Match, start: int, end: int) -> str:
        lost = self._lost(match, start, end)
        if lost:
            raise _StayError(f"a comment would be lost ({lost[0]})")
        node = match.nodes[0]
        self.applied[node] = match
        new = self._filled(self._new.code, match)
        shape = self._shape(node)
        needed = needs_brackets(shape, self._above[node], node) and not (
            _is_bracketed(shape, new) or self._is_bracketed(start, end)
        )
        if not is_code(new):
            raise _StayError(f"it would be no Python ({' '.join(new.split())})")
        return f"({new})" if needed or not is_one(new) else new

    def _shape(self, node: Node) -> Node:
        """Return the node that says how what is written for another holds together."""
        match = self.applied.get(node)
        root = self._new.root
        if match is None or isinstance(root, tuple):
            return node
        hole = hole_of(root, self._new.holes)
        if hole is None:
            return root
        [inner] = match.bound[hole.name]
        if isinstance(inner, str) or inner is node:
            return node
        return self._shape(inner)

    def _is_bracketed(self, start: int, end: int) -> bool:
        text = self._source.text
        return text[:start].rstrip()[-1:] == "(" and text[end:].lstrip()[:1] == ")"

    def _lines(self, match: Match, before: str) -> list[str]:
        """Return the lines of new statements; those of blocks are indented for good."""
        made = []
        for line in self._new.code.splitlines():
            hole = self._new.holes.get(line.strip())
            indent = " " * (len(line) - len(line.lstrip()))
            if "\t" in before:
                indent = indent.replace(" " * _INDENT, "\t")
            if hole is not None and hole.many and not match.bound[hole.name]:
                continue
            if hole is not None and _is_block(match.bound[hole.name]):
                made += self._block(match, match.bound[hole.name], before + indent)
            else:
                made.append(indent + self._filled(line.lstrip(), match))
        return made or ["pass"]

    def _block(self, match: Match, items: Sequence[Item], indent: str) -> list[str]:
        """Return statements with the comments that stand among them, at another indentation."""
        start, end = self._block_span(items)
        text = self.text(start, end, match)
        old = re.match(r"[ \t]*", text)
        lines = re.split(r"\r\n?|\n", text)
        fixed = fixed_lines(text)
        prefix = old[0] if old else ""
        moved = [
            line if number in fixed or not line.strip() else indent + line.removeprefix(prefix)
            for number, line in enumerate(lines)
        ]
        return [_FINAL + each for each in moved]

    def _block_span(self, items: Sequence[Item]) -> tuple[int, int]:
        """Return where statements start and end, with the comments before them and behind."""
        source, first, last = self._source, items[0], items[-1]
        assert not isinstance(first, str)
        assert not isinstance(last, str)
        start, end = span(source, first)[0], span(source, last)[1]
        line, column = source.position(start)
        end += len(self._tail(end))
        if source.line(line)[: column - 1].strip():
            return start, end  # behind a colon
        top = line
        while top > 1 and _is_comment(source.line(top - 1), column - 1):
            top -= 1
        return source.starts[top - 1], end

    def _filled(self, code: str, match: Match) -> str:
        """Return a template's code with what its holes stand for."""

        def fill(found: re.Match[str]) -> str:
            name = found[1]
            hole = self._new.holes[name]
            return self._item(match, hole, name, found[0].removesuffix(name))

        filled = _STAND_IN.sub(fill, code)
        return _EMPTY.sub("", filled) if "\x00" in filled else filled

    def _item(self, match: Match, hole: Hole, name: str, stars: str) -> str:
        items = match.bound[hole.name]
        if not items:
            return "\x00"
        texts = [each for each in items if isinstance(each, str)]
        if texts:
            return stars + ", ".join(texts)
        nodes = [each for each in items if not isinstance(each, str)]
        text = self.text(*self._span(nodes), match)
        if len(nodes) > 1 or not isinstance(nodes[0], ast.expr):
            text = _with_marks(text, nodes[0], nodes[-1])
            return text if hole.many else stars + text
        shape = self._shape(nodes[0])
        place = self._places.get(name)
        weak = place is not None and needs_brackets(shape, *place)
        if not isinstance(shape, ast.Starred) and (weak or not is_one(text)):
            text = text if _is_bracketed(shape, text) else f"({text})"
        return text if hole.many else stars + text

    def _lost(self, match: Match, start: int, end: int) -> list[str]:
        """Return the comments of a match that are not within what is copied."""
        kept = []
        for hole in self._new.holes.values():
            items = match.bound.get(hole.name, ())
            if _is_block(items):
                kept.append(self._block_span(items))
            nodes = [each for each in items if not isinstance(each, str)]
            if nodes:
                kept.append(self._span(nodes))
        return [
            text
            for at, text in self._comments
            if start <= at < end and not any(first <= at < last for first, last in kept)
        ]

    def _span(self, nodes: Sequence[Node]) -> tuple[int, int]:
        """Return where nodes that follow each other start and end, with their brackets."""
        start, end = span(self._source, nodes[0])[0], span(self._source, nodes[-1])[1]
        return balanced(self._source.text, start, end)

    def _newline(self) -> str:
        found = re.search(r"\r\n?|\n", self._source.text)
        return found[0] if found else "\n"


def _indented(line: str, indent: str) -> str:
    return line[1:] if line.startswith(_FINAL) else indent + line


def _roots(pattern: Pattern) -> tuple[Node, ...]:
    return pattern.root if isinstance(pattern.root, tuple) else (ast.Expr(pattern.root),)


def _with_marks(text: str, first: Node, last: Node) -> str:
    """Return the text of parameters with the marks that stand before and behind them."""
    if isinstance(first, Parameter):
        text = {"*": "*", "**": "**", "key": "*, "}.get(first.sort, "") + text
    return f"{text}, /" if isinstance(last, Parameter) and last.sort == "only" else text


def _is_block(items: Sequence[Item]) -> bool:
    return bool(items) and all(isinstance(each, ast.stmt) for each in items)


def _is_bracketed(node: Node, text: str) -> bool:
    """Say whether a node's text has brackets that are its own."""
    return isinstance(node, (ast.Tuple, ast.GeneratorExp)) and text[:1] == "("


def _is_comment(line: str, indent: int) -> bool:
    text = line.lstrip()
    return text.startswith("#") and len(line) - len(text) >= indent
