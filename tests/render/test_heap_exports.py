"""What is written of a heap can be read by those it is written for."""

from __future__ import annotations

import json
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import networkx as nx
import pytest

from wadjet.model.graph import ObjectGraph
from wadjet.model.graph.file import load
from wadjet.render import graphml, heapsnapshot
from wadjet.render.html import heap as html

PROGRAM = """\
import sys
from pathlib import Path
from wadjet.observe.heap.taking import write_to
KEPT = {"a <key> & more": ["x" * 50, {"deep": object()}]}
write_to(Path(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> ObjectGraph:
    path = tmp_path_factory.mktemp("heap") / "small.heap"
    subprocess.run([sys.executable, "-c", PROGRAM, path], check=True)
    return load(path)


def test_chromes_snapshot_has_the_same_objects_and_references(graph: ObjectGraph) -> None:
    out = BytesIO()
    heapsnapshot.render(graph, out)
    read = json.loads(out.getvalue())
    meta = read["snapshot"]["meta"]
    width, edge_width = len(meta["node_fields"]), len(meta["edge_fields"])
    nodes, edges, strings = read["nodes"], read["edges"], read["strings"]
    assert len(nodes) == width * read["snapshot"]["node_count"] == width * len(graph)
    assert len(edges) == edge_width * read["snapshot"]["edge_count"]
    assert len({*nodes[2::width]}) == len(graph)
    assert sum(nodes[3::width]) == graph.total
    assert sum(nodes[4::width]) * edge_width == len(edges)
    assert all(target % width == 0 and target < len(nodes) for target in edges[2::edge_width])
    assert all(name < len(strings) for name in nodes[1::width])
    start = 0
    for node in range(len(graph)):
        count = nodes[width * node + 4]
        targets = edges[edge_width * start + 2 : edge_width * (start + count) : edge_width]
        assert [each // width for each in targets] == [each for each in graph.targets(node) if each]
        start += count


def test_networkx_reads_the_graph(graph: ObjectGraph, tmp_path: Path) -> None:
    path = tmp_path / "heap.graphml"
    with path.open("wb") as out:
        graphml.render(graph, out)
    read = nx.read_graphml(path)
    assert len(read) == len(graph)
    assert sum(size for _, size in read.nodes(data="size")) == graph.total
    names = {name for *_, name in read.edges(data="name")}
    assert "['a <key> & more']" in names


def test_the_page_has_every_place_below_one_that_is_on_the_map(graph: ObjectGraph) -> None:
    places = html.document(graph)["places"]
    assert places[0][0] == -1
    assert all(0 <= above < at for at, (above, *_) in enumerate(places[1:], 1))
    assert all(kept <= places[above][5] for above, *_, kept, _ in places[1:])


def test_nothing_of_the_heap_is_markup_in_the_page(graph: ObjectGraph) -> None:
    out = BytesIO()
    html.render(graph, out)
    assert b"<key>" not in out.getvalue()
