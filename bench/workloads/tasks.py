"""A thousand asyncio tasks that wait for each other and do a little work.

python bench/workloads/tasks.py [--tasks 1000] [--turns 200] [--report FILE]
"""

from __future__ import annotations

import asyncio

import meter


async def serve(inbox: asyncio.Queue[int], outbox: asyncio.Queue[int], turns: int) -> None:
    """Pass numbers on, one greater each time."""
    for _ in range(turns):
        number = await inbox.get()
        await answer(outbox, number)


async def answer(outbox: asyncio.Queue[int], number: int) -> None:
    """Think, then pass the number on."""
    sum(range(100))
    await outbox.put(number + 1)


async def ring(tasks: int, turns: int) -> int:
    """Pass one number around a ring of tasks; return it."""
    queues: list[asyncio.Queue[int]] = [asyncio.Queue() for _ in range(tasks)]
    pairs = zip(queues, [*queues[1:], queues[0]], strict=True)
    servers = [
        asyncio.create_task(serve(a, b, turns), name=f"server-{n}")
        for n, (a, b) in enumerate(pairs)
    ]
    await queues[0].put(0)
    await asyncio.gather(*servers)
    return queues[0].get_nowait()


def main() -> None:
    parser = meter.arguments(__doc__)
    parser.add_argument("--tasks", type=int, default=1_000)
    parser.add_argument("--turns", type=int, default=200)
    args = parser.parse_args()
    with meter.measured(args.report) as facts:
        facts["passed"] = asyncio.run(ring(args.tasks, args.turns))


if __name__ == "__main__":
    main()
