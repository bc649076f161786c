"""An interpreter that is frozen once for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.compiler.snapshot.images import frozen


@pytest.fixture(scope="session")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return frozen(tmp_path_factory.mktemp("snapshot") / "py", "python")
