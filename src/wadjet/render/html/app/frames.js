/* Trees of frames that grow as they are looked at: a flame graph asks for the children of
   the frames that are wide enough to draw, and only those are ever sorted or merged. */

class Frame {
  constructor(parent, { fn, line = 0, total, self, vertex = -1 }, expand) {
    Object.assign(this, { parent, fn, line, total, self, vertex, expand });
    this.depth = parent ? parent.depth + 1 : 0;
    this.grown = null;
  }

  get children() {
    this.grown ??= this.expand(this).sort((a, b) => b.total - a.total || a.fn - b.fn);
    return this.grown;
  }

  get path() {
    const path = [];
    for (let frame = this; frame.parent; frame = frame.parent) path.push(frame);
    return path.reverse();
  }
}

/* The tree as it was called, the costliest child first. */
function topDown(tree, measured) {
  const expand = (frame) => {
    const children = [];
    const end = tree.childStart[frame.vertex + 1];
    for (let at = tree.childStart[frame.vertex]; at < end; at++) {
      const vertex = tree.childList[at];
      if (measured.total[vertex] > 0) children.push(new Frame(frame, facts(vertex), expand));
    }
    return children;
  };
  const facts = (vertex) => ({
    vertex,
    fn: tree.fn[vertex],
    line: tree.line[vertex],
    total: measured.total[vertex],
    self: measured.self[vertex],
  });
  return new Frame(null, { fn: -1, total: measured.sum, self: 0, vertex: 0 }, expand);
}

/* The frame of a vertex in a tree that ``topDown`` made, or its nearest ancestor there. */
function frameAt(root, tree, vertex) {
  let frame = root;
  for (const each of pathTo(tree, vertex)) {
    const next = frame.children.find((child) => child.vertex === each);
    if (!next) break;
    frame = next;
  }
  return frame;
}

/* The frame that a list of functions leads to, as far as it leads. */
function frameAlong(root, path) {
  let frame = root;
  for (const fn of path) {
    const next = frame.children.find((child) => child.fn === fn);
    if (!next) break;
    frame = next;
  }
  return frame;
}

/* Frames that merge vertices: ``members`` with the ``weights`` each one brings. */
class Merged extends Frame {
  constructor(parent, facts, members, weights, expand) {
    super(parent, { ...facts, total: weights.reduce((sum, weight) => sum + weight, 0) }, expand);
    this.members = members;
    this.weights = weights;
  }
}

class Groups {
  constructor() {
    this.map = new Map();
  }

  add(fn, vertex, weight, self) {
    let group = this.map.get(fn);
    if (!group) this.map.set(fn, (group = { fn, self: 0, members: [], weights: [] }));
    group.members.push(vertex);
    group.weights.push(weight);
    group.self += self;
  }

  frames(parent, expand) {
    return Array.from(
      this.map.values(),
      ({ fn, self, members, weights }) => new Merged(parent, { fn, self }, members, weights, expand),
    );
  }
}

/* What ``fn`` calls, from wherever it was called; its own recursion is inside. */
function callees(tree, measured, fn) {
  const expand = (frame) => {
    const groups = new Groups();
    for (const vertex of frame.members) {
      for (let at = tree.childStart[vertex]; at < tree.childStart[vertex + 1]; at++) {
        const child = tree.childList[at];
        if (measured.total[child] > 0)
          groups.add(tree.fn[child], child, measured.total[child], measured.self[child]);
      }
    }
    return groups.frames(frame, expand);
  };
  return mergedRoot(tree, measured, fn, expand);
}

/* Who calls ``fn``, outwards: a frame's total is what it passed on to ``fn``. */
function callers(tree, measured, fn) {
  return mergedRoot(tree, measured, fn, expandUp(tree));
}

/* Every leaf with its callers: where time is spent, then how it came there. */
function bottomUp(tree, measured) {
  const leaves = new Groups();
  for (let vertex = 1; vertex < tree.size; vertex++) {
    if (measured.self[vertex] > 0)
      leaves.add(tree.fn[vertex], vertex, measured.self[vertex], measured.self[vertex]);
  }
  const root = new Frame(null, { fn: -1, total: measured.sum, self: 0 }, (frame) =>
    leaves.frames(frame, expandUp(tree)),
  );
  return root;
}

function expandUp(tree) {
  const expand = (frame) => {
    const groups = new Groups();
    frame.members.forEach((vertex, at) => {
      const above = tree.parent[vertex];
      if (above) groups.add(tree.fn[above], above, frame.weights[at], 0);
    });
    return groups.frames(frame, expand);
  };
  return expand;
}

function mergedRoot(tree, measured, fn, expand) {
  const members = [];
  let self = 0;
  for (let vertex = 1; vertex < tree.size; vertex++) {
    if (tree.fn[vertex] !== fn || !measured.total[vertex]) continue;
    self += measured.self[vertex];
    if (tree.outer[vertex]) members.push(vertex);
  }
  return new Merged(
    null,
    { fn, self },
    members,
    members.map((vertex) => measured.total[vertex]),
    expand,
  );
}

/* The stack that ends in a frame, as text, the caller first. */
function stackText(recording, frames) {
  return frames
    .filter((frame) => frame.fn >= 0)
    .map(({ fn, line }) => {
      const { name, file, line: first } = recording.functions[fn];
      const where = place(file, line || first);
      return where ? `${name} (${where})` : name;
    })
    .join('\n');
}
