"""Dominators, retained sizes, ways and cycles of any graph, against networkx."""

from __future__ import annotations

import os
from array import array
from itertools import pairwise

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from wadjet.model.graph import PROCESS, Flag, ObjectGraph
from wadjet.model.graph.file import read
from wadjet.observe.heap import analyze

Edges = list[list[int]]


def graph_of(edges: Edges, sizes: list[int], roots: set[int], scaffold: set[int]) -> ObjectGraph:
    """Objects 1 and up, by what they refer to; their sizes, and which are held from C."""
    first, flat = array("I", [0, 0]), array("I")
    for targets in edges:
        flat.extend(targets)
        first.append(len(flat))
    flags = bytes(
        [0]
        + [
            (Flag.HELD if node in roots else 0) | (Flag.SCAFFOLD if node in scaffold else 0)
            for node in range(1, len(edges) + 1)
        ]
    )
    file = os.memfd_create("graph")
    with os.fdopen(file, "rb") as opened:
        analyze(file, first, flat, array("I", [0, *sizes]), flags)
        return read(opened)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Edges, list[int], set[int], set[int]]:
    count = draw(st.integers(1, 25))
    node = st.integers(0, count)  # 0 is an empty slot
    edges = draw(st.lists(st.lists(node, max_size=5), min_size=count, max_size=count))
    sizes = draw(st.lists(st.integers(0, 1000), min_size=count, max_size=count))
    some = st.sets(st.integers(1, count))
    return edges, sizes, draw(some), draw(st.one_of(st.just(set()), some))


def reference(graph: ObjectGraph) -> nx.DiGraph:
    model = nx.DiGraph()
    model.add_nodes_from(range(len(graph)))
    for node in range(len(graph)):
        model.add_edges_from((node, target) for target in graph.targets(node) if target)
    return model


@given(graphs())
def test_every_object_has_the_dominator_that_networkx_finds(
    given_: tuple[Edges, list[int], set[int], set[int]],
) -> None:
    graph = graph_of(*given_)
    expected = nx.immediate_dominators(reference(graph), PROCESS)
    found = {node: graph.columns.dominator[node] for node in range(1, len(graph))}
    assert found == {node: above for node, above in expected.items() if node != PROCESS}


@given(graphs())
def test_an_object_retains_what_no_way_around_it_leads_to(
    given_: tuple[Edges, list[int], set[int], set[int]],
) -> None:
    graph = graph_of(*given_)
    model = reference(graph)
    for node in range(1, len(graph)):
        without = model.copy()
        without.remove_node(node)
        lost = set(model) - nx.descendants(without, PROCESS) - {PROCESS}
        assert graph.retained(node) == sum(map(graph.size, lost))


@given(graphs())
def test_the_graph_is_the_one_that_was_given(
    given_: tuple[Edges, list[int], set[int], set[int]],
) -> None:
    edges, sizes, roots, _ = given_
    graph = graph_of(*given_)
    number = {graph.columns.address[node]: node for node in range(len(graph))}
    assert sorted(number) == list(range(len(edges) + 1))
    for old, targets in enumerate(edges, 1):
        assert list(graph.targets(number[old])) == [number[each] for each in targets]
        assert graph.size(number[old]) == sizes[old - 1]
        assert bool(graph.flags(number[old]) & Flag.HELD) == (old in roots)


@given(graphs())
def test_what_no_root_reaches_is_garbage(
    given_: tuple[Edges, list[int], set[int], set[int]],
) -> None:
    edges, _, roots, _ = given_
    graph = graph_of(*given_)
    model = nx.DiGraph((old, each) for old, targets in enumerate(edges, 1) for each in targets)
    model.add_nodes_from(range(len(edges) + 1))
    model.remove_node(0)
    alive = set(roots).union(*(nx.descendants(model, root) for root in roots))
    for node in range(1, len(graph)):
        old = graph.columns.address[node]
        assert bool(graph.flags(node) & Flag.GARBAGE) == (old not in alive)


@given(graphs())
def test_the_way_to_an_object_is_a_shortest_one(
    given_: tuple[Edges, list[int], set[int], set[int]],
) -> None:
    graph = graph_of(*given_)
    model = reference(graph)
    garbage = {node for node in range(1, len(graph)) if graph.flags(node) & Flag.GARBAGE}
    lengths = nx.single_source_shortest_path_length(model.subgraph(set(model) - garbage), PROCESS)
    for node in set(lengths) - {PROCESS}:
        up = graph.columns.up[node]
        assert model.has_edge(up, node)
        assert lengths[node] == lengths[up] + 1


@given(graphs())
def test_cycles_are_the_strong_components_without_scaffolding(
    given_: tuple[Edges, list[int], set[int], set[int]],
) -> None:
    graph = graph_of(*given_)
    model = reference(graph)
    model.remove_nodes_from(
        [node for node in model if graph.flags(node) & Flag.SCAFFOLD or node == PROCESS]
    )
    expected = {
        frozenset(each)
        for each in nx.strongly_connected_components(model)
        if len(each) > 1 or model.has_edge(*(list(each) * 2))
    }
    columns = graph.columns
    found = {frozenset(columns.cycle_member[a:b]) for a, b in pairwise(columns.cycle_first)}
    assert found == expected


def test_a_list_of_a_million_links_takes_no_stack() -> None:
    count = 1_000_000
    edges = [[node + 1] for node in range(1, count)] + [[1]]
    graph = graph_of(edges, [1] * count, {1}, set())
    assert graph.retained(1) == count
    assert graph.columns.dominator[count] == count - 1
    assert list(graph.columns.cycle_first) == [0, count]
