"""A program that only imports: NumPy, pandas, lxml and pyarrow.

python bench/workloads/imports.py [--report FILE]
"""

from __future__ import annotations

import importlib
import os

import meter

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def main() -> None:
    """Import it all."""
    args = meter.arguments(__doc__).parse_args()
    with meter.measured(args.report):
        for name in ("numpy", "pandas", "lxml.etree", "pyarrow"):
            importlib.import_module(name)


if __name__ == "__main__":
    main()
