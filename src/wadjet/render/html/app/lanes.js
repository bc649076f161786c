/* What each thread did over time, as shares of each pixel column.

   A sample stands for the time before it, so a row is spread evenly over the time it is
   worth, and at least over its step. */

class Lanes {
  constructor(recording) {
    this.recording = recording;
    const [wall, cpu, asked] = ['wall', 'cpu', 'allocated'].map((name) => sampledMetric(recording, name));
    this.cpu = cpu;
    this.metric = wall >= 0 ? wall : cpu < 0 && asked >= 0 ? asked : 0;
    this.activity = recording.metrics[this.cpu >= 0 ? this.cpu : this.metric];
    this.timed = recording.metrics[this.metric]?.unit === 'ns';
    this.known = new Map();
  }

  /* Return ``width`` columns of STATES.length shares for the time ``span``. */
  states(thread, span, width) {
    return this.cached(`s${thread}`, span, width, () => {
      const shares = new Float32Array(width * STATES.length);
      this.spread(this.metric, thread, span, width, (row, rows, column, part) => {
        shares[column * STATES.length + rows.state[row]] += part;
      });
      return this.timed ? shares : normalised(shares);
    });
  }

  /* Return ``width`` shares of a CPU; null where CPU time was not measured. */
  density(thread, span, width) {
    if (this.cpu < 0) return null;
    return this.cached(`d${thread}`, span, width, () => {
      const shares = new Float32Array(width);
      this.spread(this.cpu, thread, span, width, (row, rows, column, part) => {
        shares[column] += part;
      });
      return shares;
    });
  }

  /* Return ``width`` shares of the time in which the thread was inside a set of nodes. */
  inside(thread, span, width, nodes, metric) {
    const shares = new Float32Array(width);
    this.spread(metric, thread, span, width, (row, rows, column, part) => {
      if (nodes[rows.node[row]]) shares[column] += part;
    });
    return shares;
  }

  knowsHolders(process) {
    const { start } = this.recording.gil;
    return start[process + 1] > start[process];
  }

  /* Return who held a process' GIL: Map of a thread to ``width`` shares. */
  holders(process, span, width) {
    return this.cached(`g${process}`, span, width, () => {
      const shares = new Map();
      for (const moment of this.moments(process, span)) this.share(moment, span, width, shares);
      return shares;
    });
  }

  /* Yield the steps of a process' GIL in a span: { from, to, held: [[thread, part], ...] }. */
  *moments(process, [low, high]) {
    const { step, gil } = this.recording;
    const end = gil.start[process + 1];
    let row = Math.max(
      gil.start[process],
      firstAt(gil.step, gil.start[process], end, Math.floor(low / step)) - 1,
    );
    let before = -1;
    while (row < end && (before < 0 || before * step <= high)) {
      const at = gil.step[row];
      const held = [];
      let sum = 0;
      for (; row < end && gil.step[row] === at; row++) {
        sum += gil.value[row];
        if (gil.holder[row]) held.push([gil.holder[row] - 1, gil.value[row]]);
      }
      const from = before < 0 ? at * step : (before + 1) * step;
      yield { from, to: (at + 1) * step, held: held.map(([thread, value]) => [thread, value / (sum || 1)]) };
      before = at;
    }
  }

  share({ from, to, held }, [low, high], width, shares) {
    const scale = width / (high - low);
    const [first, last] = [Math.max(0, (from - low) * scale), Math.min(width, (to - low) * scale)];
    for (const [thread, part] of held) {
      if (!shares.has(thread)) shares.set(thread, new Float32Array(width));
      const columns = shares.get(thread);
      for (let column = Math.floor(first); column < last; column++) {
        columns[column] += part * (Math.min(last, column + 1) - Math.max(first, column));
      }
    }
  }

  cached(key, span, width, make) {
    const name = `${span}/${width}`;
    if (this.name !== name) {
      this.known.clear();
      this.name = name;
    }
    if (!this.known.has(key)) this.known.set(key, make());
    return this.known.get(key);
  }

  /* The time that a reading stands for: up to the one before it, as far as that is near. */
  since(rows, thread, row) {
    const { step, duration } = this.recording;
    const before = firstAt(rows.step, rows.start[thread], row, rows.step[row]) - 1;
    const near = Math.max(step, duration / 16);
    if (before < rows.start[thread]) return step;
    return Math.min(near, (rows.step[row] - rows.step[before]) * step);
  }

  spread(metric, thread, [from, to], width, add) {
    const { step, metrics } = this.recording;
    const { rows } = metrics[metric];
    const perColumn = (to - from) / width;
    const end = rows.start[thread + 1];
    let row = firstAt(rows.step, rows.start[thread], end, Math.floor(from / step));
    for (; row < end; row++) {
      const until = (rows.step[row] + 1) * step;
      const long = this.timed ? Math.max(step, Math.min(rows.value[row], until)) : this.since(rows, thread, row);
      if (until - long > to) break;
      const first = (until - long - from) / perColumn;
      const last = (until - from) / perColumn;
      const each = rows.value[row] / (this.timed || metric === this.cpu ? long : 1);
      for (let column = Math.max(0, Math.floor(first)); column < Math.min(width, last); column++) {
        add(row, rows, column, each * (Math.min(last, column + 1) - Math.max(first, column)));
      }
    }
  }
}

/* A metric that has rows, -1 for none. */
function sampledMetric(recording, name) {
  const metric = metricNamed(recording, name);
  return metric >= 0 && recording.metrics[metric].rows.value.length ? metric : -1;
}

function normalised(shares) {
  let top = 0;
  for (let at = 0; at < shares.length; at += STATES.length) {
    let sum = 0;
    for (let state = 0; state < STATES.length; state++) sum += shares[at + state];
    top = Math.max(top, sum);
  }
  return top ? shares.map((share) => share / top) : shares;
}

/* The states from the floor of a lane to its ceiling: work below, waiting on top of it. */
const STACKING = [1, 2, 0, 3, 4, 5];

function paintStates(context, palette, shares, { x, y, height, width }) {
  const floor = new Float32Array(width).fill(y + height);
  for (const state of STACKING) {
    context.fillStyle = palette.states[state];
    stack(context, floor, (column) => Math.min(1, shares[column * STATES.length + state]) * height, x, y);
  }
}

/* Stack bars, ``tall(column)`` high, on what is there; equal neighbours are one rectangle. */
function stack(context, floor, tall, x, ceiling) {
  let [start, top, bottom] = [0, 0, 0];
  const flush = (end) => bottom - top > 0.05 && context.fillRect(x + start, top, end - start, bottom - top);
  for (let column = 0; column < floor.length; column++) {
    const base = floor[column];
    const high = Math.max(ceiling, base - tall(column));
    floor[column] = high;
    if (high === top && base === bottom) continue;
    flush(column);
    [start, top, bottom] = [column, high, base];
  }
  flush(floor.length);
}

/* A strip of columns as strong as their share. */
function paintStrip(context, color, shares, { x, y, height, width }) {
  context.fillStyle = color;
  for (let column = 0; column < width; column++) {
    const part = Math.min(1, shares[column]);
    if (part < 0.01) continue;
    context.globalAlpha = 0.15 + 0.85 * part;
    context.fillRect(x + column, y, 1, height);
  }
  context.globalAlpha = 1;
}

/* A strip of who held the GIL: the holders' shares of a column, one on the other. */
function paintHolders(context, palette, holders, { x, y, height, width }) {
  const floor = new Float32Array(width).fill(y + height);
  for (const [thread, shares] of holders) {
    context.fillStyle = palette.thread(thread);
    stack(context, floor, (column) => shares[column] * height, x, y);
  }
}
