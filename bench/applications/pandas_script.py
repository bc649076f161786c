"""A script of the kind that a night job runs: a table read, grouped, joined and printed."""

import io
import sys

import pandas as pd

SALES = "day,item,count\n" + "".join(
    f"2026-01-{day:02},{item},{day * len(item) % 7}\n"
    for day in range(1, 29)
    for item in ("lamp", "chair", "table")
)


def main() -> None:
    sales = pd.read_csv(io.StringIO(SALES), parse_dates=["day"])
    prices = pd.DataFrame({"item": ["lamp", "chair", "table"], "price": [12.5, 40.0, 99.0]})
    joined = sales.merge(prices, on="item")
    joined["total"] = joined["count"] * joined["price"]
    print(joined.groupby([joined["day"].dt.isocalendar().week, "item"])["total"].sum().unstack())


if __name__ == "__main__":
    if sys.argv[1:]:
        from probes import run

        sys.exit(run(sys.argv[1:]))
    main()
