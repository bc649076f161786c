"""The eight threads of ``threads.py`` again and again, for minutes.

python bench/workloads/long.py [--seconds 300] [--report FILE]
"""

from __future__ import annotations

import time

import meter
import threads


def main() -> None:
    parser = meter.arguments(__doc__)
    parser.add_argument("--seconds", type=float, default=300)
    args = parser.parse_args()
    end = time.monotonic() + args.seconds
    with meter.measured(args.report) as facts:
        editions = 0
        while time.monotonic() < end:
            threads.run(min(1.0, args.seconds / 5))
            editions += 1
        facts["editions"] = editions


if __name__ == "__main__":
    main()
