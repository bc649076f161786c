"""A program whose memory is C's: json, lxml, pandas, and NumPy's arrays, large and tiny.

python bench/workloads/extensions.py [--report FILE]
"""

from __future__ import annotations

import io
import json
import os

import meter

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from lxml import etree

RECORDS = [
    {"id": number, "name": f"name {number}", "tags": ["a", "b", str(number)], "value": number * 1.5}
    for number in range(8000)
]
TABLE = "a,b,c,d\n" + "\n".join(f"{n},{n * 2},{n % 7},x{n % 100}" for n in range(40_000))


def texts() -> int:
    """Write and read JSON."""
    return len(json.loads(json.dumps(RECORDS)))


def trees() -> int:
    """Build, write and read XML."""
    root = etree.Element("root")
    for number in range(8000):
        etree.SubElement(root, "row", id=str(number)).text = f"text {number}"
    return len(etree.fromstring(etree.tostring(root)))


def frames() -> int:
    """Read and group a table."""
    frame = pd.read_csv(io.StringIO(TABLE))
    groups = frame.groupby("c").agg({"a": "sum", "b": "mean"})
    return len(groups) + len(frame.groupby("d").size())


def arrays() -> float:
    """Make large temporaries, and many tiny ones."""
    large = np.ones((500, 500))
    for _ in range(10):
        large = (large @ large) / large.sum() + 1.0
    tiny = np.arange(10.0)
    for _ in range(15_000):
        tiny = tiny * 1.0001 + 0.1
    return float(large.sum() + tiny.sum())


def main() -> None:
    """Do it all a few times."""
    args = meter.arguments(__doc__).parse_args()
    with meter.measured(args.report) as facts:
        facts["sum"] = sum(texts() + trees() + frames() + int(arrays() > 0) for _ in range(4))


if __name__ == "__main__":
    main()
