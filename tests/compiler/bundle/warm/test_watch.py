"""What has changed is told of, all of it, and once."""

from __future__ import annotations

import select
from pathlib import Path

from wadjet.compiler.bundle.warm.watch import Watch


def test_all_that_has_changed_is_told_of_once(tmp_path: Path) -> None:
    first, second, other = (tmp_path / name for name in ("first", "second", "other"))
    for each in (first, second, other):
        each.write_text("")
    watch = Watch({str(first), str(second)})
    for each in (first, other, second):
        each.write_text("new")
    found = []
    while select.select([watch.descriptor], [], [], 0)[0]:
        found += watch.changed()
    assert list(dict.fromkeys(found)) == [str(first), str(second)]
    assert watch.changed() == []
