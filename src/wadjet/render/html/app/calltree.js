/* The recording's nodes folded into the tree that is shown.

   Nodes with the same key below the same parent are one vertex: the key is the function,
   or the function and line. Hidden native frames fold into the Python frame that called
   them. Vertex 0 is the root of everything; a parent has a smaller number than its
   children, so sums over the tree are one loop backwards. */

function callTree(recording, { native, lines }) {
  const tree = foldNodes(recording, native, lines);
  tree.lines = lines;
  Object.assign(tree, childLists(tree));
  tree.outer = outermost(tree, tree.fn, recording.functions.length);
  if (lines) {
    tree.place = tree.key.map((frame) => recording.framePlace[frame]);
    tree.outerPlace = outermost(tree, tree.place, recording.framePlace.length);
  }
  return tree;
}

function foldNodes(recording, native, lines) {
  const { nodeParent, nodeFrame, frameFunction, frameLine, functions, nativeOnly } = recording;
  const nodes = nodeParent.length;
  const of = new Int32Array(nodes);
  const vertices = new Vertices(nodes + 1);
  for (let node = 0; node < nodes; node++) {
    const above = node && nodeParent[node] ? of[nodeParent[node]] : 0;
    const hidden = !native && functions[frameFunction[nodeFrame[node]]].kind === 'native';
    if (hidden && above) {
      of[node] = above;
      continue;
    }
    const frame = hidden ? nativeOnly : nodeFrame[node];
    of[node] = vertices.add(above, lines ? frame : frameFunction[frame], node);
  }
  const { size, parent, key, first } = vertices.trimmed();
  const fn = lines ? key.map((frame) => frameFunction[frame]) : key;
  const line = key.map((each) => (lines ? frameLine[each] : functions[each].line));
  return { of, size, parent, key, fn, line, first };
}

/* Interns (parent, key) pairs with a hash table of integers: there may be a million. */
class Vertices {
  constructor(most) {
    let slots = 16;
    while (slots < 2 * most) slots *= 2;
    this.slots = new Int32Array(slots);
    this.parent = new Int32Array(most);
    this.key = new Int32Array(most);
    this.first = new Int32Array(most);
    this.size = 1;
  }

  add(parent, key, node) {
    const mask = this.slots.length - 1;
    let slot = Math.imul(parent, 0x9e3779b1) ^ Math.imul(key + 1, 0x85ebca6b);
    slot = (slot ^ (slot >>> 15)) & mask;
    for (let vertex; (vertex = this.slots[slot]); slot = (slot + 1) & mask) {
      if (this.parent[vertex] === parent && this.key[vertex] === key) return vertex;
    }
    const vertex = this.size++;
    this.slots[slot] = vertex;
    this.parent[vertex] = parent;
    this.key[vertex] = key;
    this.first[vertex] = node;
    return vertex;
  }

  trimmed() {
    const cut = (column) => column.slice(0, this.size);
    return { size: this.size, parent: cut(this.parent), key: cut(this.key), first: cut(this.first) };
  }
}

/* The children of ``v`` are ``childList[childStart[v]]`` up to ``childStart[v + 1]``. */
function childLists({ size, parent }) {
  const childStart = new Int32Array(size + 1);
  for (let vertex = 1; vertex < size; vertex++) childStart[parent[vertex] + 1]++;
  for (let vertex = 0; vertex < size; vertex++) childStart[vertex + 1] += childStart[vertex];
  const childList = new Int32Array(Math.max(0, size - 1));
  const next = childStart.slice();
  for (let vertex = 1; vertex < size; vertex++) childList[next[parent[vertex]]++] = vertex;
  return { childStart, childList };
}

/* Flag the vertices that no ancestor shares its key with: a sum over these counts a
   stack once, however deep it recursed. */
function outermost({ size, parent, childStart, childList }, key, keys) {
  const outer = new Uint8Array(size);
  const open = new Int32Array(keys);
  const next = childStart.slice();
  let vertex = 0;
  while (vertex || next[0] < childStart[1]) {
    if (next[vertex] < childStart[vertex + 1]) {
      vertex = childList[next[vertex]++];
      outer[vertex] = open[key[vertex]]++ === 0 ? 1 : 0;
    } else {
      open[key[vertex]]--;
      vertex = parent[vertex];
    }
  }
  return outer;
}

/* Flag the vertices in the subtrees of those that ``starts`` picks. */
function within({ size, parent }, starts) {
  const inside = new Uint8Array(size);
  for (let vertex = 1; vertex < size; vertex++) {
    inside[vertex] = inside[parent[vertex]] || starts(vertex) ? 1 : 0;
  }
  return inside;
}

function pathTo(tree, vertex) {
  const path = [];
  for (; vertex; vertex = tree.parent[vertex]) path.push(vertex);
  return path.reverse();
}
