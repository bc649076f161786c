"""A command-line program with a face: tables, highlighted code, Markdown, a tree."""

import sys

from rich.console import Console, Group
from rich.markdown import Markdown
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table
from rich.tree import Tree


def main() -> None:
    table = Table("item", "count", title="Stock")
    for item in ("lamp", "chair", "table"):
        table.add_row(item, str(len(item)))
    tree = Tree("warehouse")
    tree.add("shelf").add("[bold]lamp[/bold]")
    code = Syntax("def price(item):\n    return len(item)\n", "python", line_numbers=True)
    text = Markdown("# Orders\n\n- one *lamp*\n- two `chairs`\n")
    console = Console(width=72, force_terminal=True, color_system="truecolor")
    console.print(Panel(Group(table, tree, code, text), title="demo"))


if __name__ == "__main__":
    if sys.argv[1:]:
        from probes import run

        sys.exit(run(sys.argv[1:]))
    main()
