/* Sums of the rows that pass the filter: by vertex, by function, by line, by state.

   A filter is { metric, range: [from, to] in ns or null, threads: [], states: bits }. */

function eachRow(recording, filter, visit) {
  const { rows } = recording.metrics[filter.metric];
  const [low, high] = filter.range
    ? filter.range.map((time) => Math.floor(time / recording.step))
    : [0, Infinity];
  const threads = filter.threads.length ? filter.threads : recording.threads.keys();
  for (const thread of threads) {
    const end = rows.start[thread + 1];
    let row = firstAt(rows.step, rows.start[thread], end, low);
    for (; row < end && rows.step[row] <= high; row++) {
      if ((filter.states >> rows.state[row]) & 1) visit(row, rows, thread);
    }
  }
}

/* The first row from ``low`` to ``high`` whose step is at least ``wanted``. */
function firstAt(step, low, high, wanted) {
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (step[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

function measure(recording, tree, filter) {
  const self = new Float64Array(tree.size);
  eachRow(recording, filter, (row, rows) => {
    self[tree.of[rows.node[row]]] += rows.value[row];
  });
  const total = self.slice();
  for (let vertex = tree.size - 1; vertex > 0; vertex--) total[tree.parent[vertex]] += total[vertex];
  return { self, total, sum: total[0] };
}

/* Sum vertices by a key of theirs; ``outer`` says which ones count for the total. */
function byKey({ size }, { self, total }, key, outer, keys) {
  const sums = { self: new Float64Array(keys), total: new Float64Array(keys) };
  for (let vertex = 1; vertex < size; vertex++) {
    sums.self[key[vertex]] += self[vertex];
    if (outer[vertex]) sums.total[key[vertex]] += total[vertex];
  }
  return sums;
}

function byFunction(recording, tree, measured) {
  return byKey(tree, measured, tree.fn, tree.outer, recording.functions.length);
}

/* Map each line of ``file`` that was seen to what it cost; ``tree`` is one of lines. */
function byLine(recording, tree, measured, file) {
  const sums = byKey(tree, measured, tree.place, tree.outerPlace, recording.framePlace.length);
  const lines = new Map();
  recording.frameFunction.forEach((fn, frame) => {
    const place = recording.framePlace[frame];
    if (recording.functions[fn].file !== file || !sums.total[place]) return;
    lines.set(recording.frameLine[frame], { self: sums.self[place], total: sums.total[place] });
  });
  return lines;
}

/* Sum what passes the filter, and is inside, by state, thread and holder of the GIL. */
function split(recording, tree, filter, inside) {
  const result = {
    states: new Float64Array(STATES.length),
    threads: new Float64Array(recording.threads.length),
    holders: new Float64Array(recording.threads.length + 1),
  };
  eachRow(recording, filter, (row, rows, thread) => {
    if (inside && !inside[tree.of[rows.node[row]]]) return;
    result.states[rows.state[row]] += rows.value[row];
    result.threads[thread] += rows.value[row];
    if (rows.state[row] === WAIT_GIL) result.holders[rows.holder[row]] += rows.value[row];
  });
  return result;
}

/* What the outermost vertices that ``matches`` picks cost: no stack is counted twice. */
function sumMatched(tree, measured, matches) {
  const inside = new Uint8Array(tree.size);
  let sum = 0;
  for (let vertex = 1; vertex < tree.size; vertex++) {
    const above = inside[tree.parent[vertex]];
    inside[vertex] = above || matches[tree.fn[vertex]] ? 1 : 0;
    if (inside[vertex] && !above) sum += measured.total[vertex];
  }
  return sum;
}
