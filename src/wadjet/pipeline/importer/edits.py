r"""What is rewritten in importlib's own source, so that passes have their place in it.

Each edit is a rewriting, as ``wadjet rewrite`` does it: a pattern, what stands in its place,
and how often it must be found. In the new text ``_wadjet`` is a Machinery. No line moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from wadjet.errors import UnsupportedError
from wadjet.pipeline.shapes.pattern import Pattern, pattern
from wadjet.pipeline.shapes.rewriting import rewrite
from wadjet.pipeline.shapes.search import Query
from wadjet.pipeline.source import Source

_pattern = cache(pattern)


@dataclass(frozen=True, slots=True)
class Edit:
    """A rewriting of importlib, and why."""

    why: str
    before: str
    after: str
    inside: str = ""

    def query(self) -> Query:
        """Return what is looked for."""
        inside: tuple[Pattern, ...] = (_pattern(self.inside),) if self.inside else ()
        return Query(_pattern(self.before), inside)


EDITS = (
    Edit(
        "source goes through the passes on its way to code",
        "_bootstrap._call_with_frames_removed(compile, $...rest)",
        "_bootstrap._call_with_frames_removed(_wadjet.compile, $...rest)",
    ),
    Edit(
        "the code of other passes is foreign, whatever its file is called",
        "_classify_pyc($...rest)",
        "_wadjet.classify(_classify_pyc, $...rest)",
        inside="class SourceLoader(_LoaderBasics): $...body",
    ),
    Edit(
        "a source that is still young is known by its hash, not by its time",
        "_code_to_timestamp_pyc(code_object, $...rest)",
        "_wadjet.fresh(_code_to_timestamp_pyc, source_bytes, code_object, $...rest)",
    ),
    Edit(
        "a file that could not be written whole is not put in place",
        "file.write(data)",
        "_wadjet.write(file, data)",
    ),
    Edit(
        "the cache has a name for each list of passes",
        "sys.flags.optimize == 0",
        "not (sys.flags.optimize or _wadjet.tag)",
    ),
    Edit(
        "as above, with the interpreter's own level",
        "optimization = sys.flags.optimize",
        "optimization = f'{sys.flags.optimize or str()}{_wadjet.tag}'",
    ),
)


def edited(source: Source) -> Source:
    """Return importlib's source with the edits; raises UnsupportedError where one finds no place.

    Raises SourceError if the text would not be what the edits say.
    """
    text = source.text
    for edit in EDITS:
        done = rewrite(edit.query(), _pattern(edit.after), Source(source.path, text))
        if done.count != 1:
            raise UnsupportedError(
                f"this Python's importlib has {done.count} of `{edit.before}`, not one",
                "install without passes: wadjet.importer.install(passes=())",
            )
        text = done.text
    return Source(source.path, text)
