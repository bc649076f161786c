"""GraphML: the objects as a graph for networkx, Gephi or yEd."""

from __future__ import annotations

from typing import BinaryIO
from xml.sax.saxutils import escape

from wadjet.model.graph import ObjectGraph

_HEAD = """\
<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="what" for="node" attr.name="what" attr.type="string"/>
<key id="type" for="node" attr.name="type" attr.type="string"/>
<key id="size" for="node" attr.name="size" attr.type="long"/>
<key id="retained" for="node" attr.name="retained" attr.type="long"/>
<key id="name" for="edge" attr.name="name" attr.type="string"/>
<graph id="heap" edgedefault="directed">
"""


def render(graph: ObjectGraph, out: BinaryIO) -> None:
    """Write all objects and references to ``out``."""
    out.write(_HEAD.encode())
    for node in range(len(graph)):
        values = {
            "what": escape(graph.describe(node)),
            "type": escape(graph.kind(node).title),
            "size": graph.size(node),
            "retained": graph.retained(node),
        }
        data = "".join(f'<data key="{key}">{value}</data>' for key, value in values.items())
        out.write(f'<node id="n{node}">{data}</node>\n'.encode("utf-8", "replace"))
    for node in range(len(graph)):
        for source, target, name in graph.references(node):
            data = f'<data key="name">{escape(name)}</data>' if name else ""
            text = f'<edge source="n{source}" target="n{target}">{data}</edge>\n'
            out.write(text.encode("utf-8", "replace"))
    out.write(b"</graph>\n</graphml>\n")
