"""Options are given by their place where they have one."""

from __future__ import annotations

import pytest
from tests.compiler.rewritten import made, same


@pytest.mark.parametrize(
    "code",
    [
        "int(base=3)",
        "int(x, radix=3)",
        "int(*x, base=3)",
        "int(x, **y)",
        "sorted(x, key=y)",
        "def int(x, base): return x\nint(x, base=3)",
    ],
)
def test_options_that_have_no_place_keep_their_names(code: str) -> None:
    assert made("positional", code) == same(code)
