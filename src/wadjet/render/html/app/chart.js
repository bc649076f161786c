/* The stacks of one thread in the order of time, or of cost where a metric has no time:
   neighbours that share a frame share its box. */

/* Return { starts, ends, vertices } of each depth, and the end of it all. */
function chartOf(recording, tree, filter, thread) {
  const timed = recording.metrics[filter.metric].unit === 'ns';
  const levels = [];
  const pieces = new Pieces(recording, filter, thread, timed);
  let path = [];
  let before = -Infinity;
  pieces.each((vertex, start, end) => {
    const joins = start - before <= 0.6 * (end - start) + recording.step;
    const next = path.at(-1) === vertex ? path : pathTo(tree, vertex);
    extend(levels, next, joins ? sharedDepth(path, next) : 0, start, end);
    [path, before] = [next, end];
  }, tree);
  return { levels, end: Math.max(0, before) };
}

function sharedDepth(path, next) {
  const most = Math.min(path.length, next.length);
  for (let depth = 0; depth < most; depth++) if (path[depth] !== next[depth]) return depth;
  return most;
}

function extend(levels, path, shared, start, end) {
  path.forEach((vertex, depth) => {
    const level = (levels[depth] ??= { starts: [], ends: [], vertices: [] });
    if (depth < shared) {
      level.ends[level.ends.length - 1] = end;
      return;
    }
    level.starts.push(start);
    level.ends.push(end);
    level.vertices.push(vertex);
  });
}

/* Gives each row the piece of time it took: its step's rows side by side, up to the
   step's end, for a sample stands for the time before it. */
class Pieces {
  constructor(recording, filter, thread, timed) {
    Object.assign(this, { recording, filter: { ...filter, threads: [thread] }, timed });
  }

  each(visit, tree) {
    let [step, sum, held] = [-1, 0, []];
    this.end = 0;
    eachRow(this.recording, this.filter, (row, rows) => {
      if (rows.step[row] !== step) {
        this.flush(step, sum, held, visit);
        [step, sum, held] = [rows.step[row], 0, []];
      }
      sum += rows.value[row];
      held.push([tree.of[rows.node[row]], rows.value[row]]);
    });
    this.flush(step, sum, held, visit);
  }

  flush(step, sum, held, visit) {
    if (!held.length) return;
    const until = this.timed ? (step + 1) * this.recording.step : this.end + sum;
    let from = Math.max(this.end, until - sum);
    const scale = (until - from) / sum;
    for (const [vertex, value] of held) {
      visit(vertex, from, from + value * scale);
      from += value * scale;
    }
    this.end = until;
  }
}

/* A layout for FlameView; row 0 is the axis. */
function chartLayout(tree, levels, [from, to], width) {
  const scale = width / Math.max(1, to - from);
  const rows = new Map();
  const row = (depth) => {
    if (depth < 1 || depth > levels.length) return [];
    if (!rows.has(depth)) rows.set(depth, chartRow(tree, levels[depth - 1], from, to, scale));
    return rows.get(depth);
  };
  return { depth: levels.length + 1, row };
}

function chartRow(tree, { starts, ends, vertices }, from, to, scale) {
  const boxes = [];
  let at = firstAt(ends, 0, ends.length, from);
  while (at < starts.length && starts[at] <= to) {
    const x = (starts[at] - from) * scale;
    const w = (ends[at] - starts[at]) * scale;
    if (w >= NARROW) {
      boxes.push({ fn: tree.fn[vertices[at]], vertex: vertices[at], x, w, time: [starts[at], ends[at]] });
      at++;
      continue;
    }
    const next = endOfCrowd(starts, ends, at, scale);
    const total = ends[next - 1] - starts[at];
    boxes.push({ fn: tree.fn[vertices[at]], x, w: Math.max(0.7, total * scale), rest: next - at, total });
    at = next;
  }
  return boxes;
}

/* Skip boxes too narrow to tell apart, about one pixel's worth at a time. */
function endOfCrowd(starts, ends, at, scale) {
  const edge = starts[at] + 1 / scale;
  let next = firstAt(starts, at + 1, starts.length, edge);
  while (next - 1 > at && (ends[next - 1] - starts[next - 1]) * scale >= NARROW) next--;
  return next;
}

/* Round steps for the marks of an axis, about ``most`` of them. */
function ticks(from, to, most) {
  const rough = (to - from) / Math.max(1, most);
  if (!(rough > 0)) return [];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((each) => each >= rough);
  const marks = [];
  for (let mark = Math.ceil(from / step) * step; mark <= to; mark += step) marks.push(mark);
  return marks;
}

function paintAxis(context, palette, { from, to, unit, x, y, width, height }) {
  context.save();
  context.font = `${LETTERS}px ${palette.sans}`;
  context.fillStyle = palette.muted;
  context.strokeStyle = palette.rule;
  context.lineWidth = 1;
  for (const mark of ticks(from, to, width / 110)) {
    const at = Math.round(x + ((mark - from) * width) / (to - from)) + 0.5;
    context.beginPath();
    context.moveTo(at, y + height - 6);
    context.lineTo(at, y + height);
    context.stroke();
    context.fillText(quantity(mark, unit), at + 4, y + height - 5);
  }
  context.restore();
}
