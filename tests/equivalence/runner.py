"""Runs test files of CPython in this process, and prints what came of each test as JSON.

``python runner.py WAY PASSES NAME...``: WAY is ``stock``, ``importer`` or ``hook``.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any, ClassVar


class Outcomes(unittest.TextTestResult):
    """What came of each test, by its id."""

    came: ClassVar[dict[str, str]] = {}

    def addSuccess(self, test: Any) -> None:  # noqa: N802
        self.came[test.id()] = "passed"

    def addFailure(self, test: Any, err: Any) -> None:  # noqa: N802
        super().addFailure(test, err)
        self.came[test.id()] = f"failed: {err[0].__name__}"

    def addError(self, test: Any, err: Any) -> None:  # noqa: N802
        super().addError(test, err)
        self.came[test.id()] = f"error: {err[0].__name__}"

    def addSkip(self, test: Any, _: str) -> None:  # noqa: N802
        self.came[test.id()] = "skipped"

    def addExpectedFailure(self, test: Any, _: Any) -> None:  # noqa: N802
        self.came[test.id()] = "failed as expected"

    def addUnexpectedSuccess(self, test: Any) -> None:  # noqa: N802
        super().addUnexpectedSuccess(test)
        self.came[test.id()] = "passed unexpectedly"

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:  # noqa: N802
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.came[subtest.id()] = f"failed: {err[0].__name__}"


def main(way: str, passes: str, names: list[str]) -> None:
    """Install, run, print."""
    failures: list[Any] = []
    if way != "stock":
        from wadjet import importer

        installed = importer.install(passes, hook_only=way == "hook")
        failures = installed.machinery.failures
    sys.dont_write_bytecode = False
    os.chdir(tempfile.mkdtemp())
    suite = unittest.TestSuite()
    for name in names:
        suite.addTests(unittest.defaultTestLoader.loadTestsFromName(name))
    log = io.StringIO()
    kind: Any = Outcomes
    unittest.TextTestRunner(stream=log, resultclass=kind).run(suite)
    told: dict[str, object] = {"came": Outcomes.came, "failures": [str(each) for each in failures]}
    told["log"] = log.getvalue()[-20_000:]
    Path(os.environ["WADJET_OUTCOMES"]).write_text(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
