"""A call-heavy program on one thread: small objects, short methods, no waiting.

python bench/workloads/calls.py [--rounds 28] [--report FILE]
"""

from __future__ import annotations

import constraints
import kernel
import meter

PAIRS = 400
IMAGES = 5 * (100 + sum(range(PAIRS))) + 1000 * PAIRS


def work() -> None:
    """Run both programs once and check what they computed."""
    if kernel.simulate() != kernel.EXPECTED:
        raise SystemExit("the kernel counted wrongly")
    if constraints.chain(100) != 99 or constraints.projection(PAIRS) != IMAGES:
        raise SystemExit("the constraints do not hold")


def main() -> None:
    parser = meter.arguments(__doc__)
    parser.add_argument("--rounds", type=int, default=28)
    args = parser.parse_args()
    with meter.measured(args.report):
        for _ in range(args.rounds):
            work()


if __name__ == "__main__":
    main()
