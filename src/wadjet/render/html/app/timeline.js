/* The lanes of all threads over time, where a range of it is chosen. */

const WIDEST_GUTTER = 210;
const AXIS = 24;
const HEIGHTS = { memory: 76, process: 24, gil: 20, collector: 20 };
const MANY = 24;
const PAINTED = ['span', 'threads', 'metric', 'native', 'lines', 'pick', 'fn'];

class Timeline {
  constructor({ recording, palette, store, derived }) {
    Object.assign(this, { recording, palette, store, derived });
    this.lanes = new Lanes(recording);
    this.collector = new Collector(recording);
    this.memory = new Memory(recording);
    this.order = activityOrder(recording, this.lanes);
    this.wanted = '';
    this.painter = new Painter((...where) => this.paint(...where), {
      role: 'application',
      'aria-roledescription': 'timeline',
      'aria-label':
        'Timeline: arrows move the range, with Shift they stretch it, z zooms to it, Backspace clears it',
    });
    this.build();
    this.brush = new Brush(this);
    store.watch((state, changed) => this.show(state, changed));
  }

  build() {
    this.names = el('div.names');
    this.shades = [el('div.shade'), el('div.shade')];
    this.cursor = el('div.cursor.hidden');
    this.filter = el('input', {
      type: 'search',
      placeholder: plural(this.recording.threads.length, 'thread'),
      'aria-label': 'Show threads whose name contains',
      oninput: () => {
        this.wanted = this.filter.value.toLowerCase();
        this.arrange();
      },
    });
    this.zooms = el(
      'button.plain',
      { title: 'Zoom the timeline to the range (z)', onclick: () => this.zoom() },
      'Zoom',
    );
    this.element = el('section.timeline', { 'aria-label': 'Threads over time' }, this.painter.area);
    this.painter.area.firstChild.append(
      el('div.corner', {}, this.filter, this.zooms),
      this.names,
      ...this.shades,
      this.cursor,
    );
    this.arrange();
  }

  /* Lay the rows out: each process has its heading, its GIL and its threads. */
  arrange() {
    this.rows = this.recording.processes.flatMap((process, number) => this.rowsOf(process, number));
    if (this.memory.known) this.rows.unshift({ kind: 'memory' });
    let top = AXIS;
    for (const row of this.rows) {
      row.top = top;
      row.height ??= HEIGHTS[row.kind];
      top += row.height;
    }
    this.painter.content = top + 4;
    this.element.style.setProperty('--content', `${top + 4}px`);
    this.painter.draw();
  }

  rowsOf(process, number) {
    const { threads, processes } = this.recording;
    const wanted = (thread) => threads[thread].process === number && this.matches(threads[thread]);
    const size = this.order.length > MANY ? { height: 20, strip: 2 } : { height: 30, strip: 3 };
    const rows = this.order.filter(wanted).map((thread) => ({ kind: 'thread', thread, ...size }));
    if (rows.length && this.collector.knows(number)) rows.unshift({ kind: 'collector', process: number });
    if (rows.length && this.lanes.knowsHolders(number)) rows.unshift({ kind: 'gil', process: number });
    if (rows.length && processes.length > 1) rows.unshift({ kind: 'process', process });
    return rows;
  }

  matches({ name, tid }) {
    return `${name} ${tid}`.toLowerCase().includes(this.wanted);
  }

  get span() {
    return this.store.state.span ?? [0, this.recording.duration];
  }
  get gutter() {
    return Math.min(WIDEST_GUTTER, Math.round(this.painter.width * 0.36));
  }
  get width() {
    return Math.max(1, this.painter.width - this.gutter);
  }

  timeAt(x) {
    const [from, to] = this.span;
    const part = Math.min(1, Math.max(0, (x - this.gutter) / this.width));
    return from + part * (to - from);
  }

  placeOf(time) {
    const [from, to] = this.span;
    return this.gutter + (this.width * (time - from)) / (to - from);
  }

  rowAt(y) {
    return this.rows.find((row) => y >= Math.max(row.top, AXIS) && y < row.top + row.height);
  }

  /* A range moves the shades only; what colours the lanes has them painted anew. */
  show(state, changed) {
    this.zooms.classList.toggle('hidden', !state.range && !state.span);
    this.zooms.textContent = state.range ? 'Zoom' : 'Whole';
    if (PAINTED.some((key) => changed.has(key))) this.painter.draw();
    else this.shade(state.range, this.painter.height);
  }

  paint(context, width, height, scrollTop) {
    const { state } = this.store;
    const end = scrollTop + height;
    const shown = this.rows.filter((row) => row.top + row.height > scrollTop + AXIS && row.top < end);
    this.paintRows(context, shown, width, height, scrollTop);
    const [from, to] = this.span;
    const place = { x: this.gutter, y: 0, width: this.width, height: AXIS };
    paintAxis(context, this.palette, { from, to, unit: 'ns', ...place });
    const names = shown.map((row) => this.nameOf(row, row.top - scrollTop, state));
    this.element.style.setProperty('--gutter', `${this.gutter}px`);
    keepFocus(this.names, names);
    this.shade(state.range, height);
  }

  /* Rows scroll under the axis. */
  paintRows(context, shown, width, height, scrollTop) {
    context.save();
    context.beginPath();
    context.rect(0, AXIS, width, height - AXIS);
    context.clip();
    for (const row of shown) this.paintRow(context, row, row.top - scrollTop, this.store.state);
    context.restore();
  }

  paintRow(context, row, y, state) {
    const { span, width, palette, gutter: x } = this;
    context.fillStyle = palette.rule;
    context.fillRect(0, y + row.height - 1, x + width, 0.5);
    if (row.kind === 'gil') {
      const holders = this.lanes.holders(row.process, span, width);
      paintHolders(context, palette, holders, { x, y: y + 3, height: row.height - 7, width });
    } else if (row.kind === 'collector') {
      paintRuns(context, this, row, { y: y + 3, height: row.height - 7 });
    } else if (row.kind === 'memory') {
      paintMemory(context, this, y, row.height);
    } else if (row.kind === 'thread') {
      const chosen = !state.threads.length || state.threads.includes(row.thread);
      context.globalAlpha = chosen ? 1 : 0.3;
      this.paintThread(context, row, y);
      if (chosen) this.paintStrips(context, row, y, state);
      context.globalAlpha = 1;
    }
  }

  paintThread(context, { thread, height, strip }, y) {
    const { palette, lanes, span, width, gutter: x } = this;
    const place = { x, y: y + 3, height: height - 2 * strip - 6, width };
    this.paintLife(context, thread, place);
    paintStates(context, palette, lanes.states(thread, span, width), place);
  }

  /* Below the states: the use of a CPU, and when what is picked was on the stack. */
  paintStrips(context, { thread, height, strip }, y, state) {
    const { palette, lanes, span, width, gutter: x } = this;
    const place = { x, width, height: strip };
    const density = lanes.density(thread, span, width);
    if (density) paintStrip(context, palette.ink, density, { ...place, y: y + height - 2 * strip - 2 });
    const nodes = this.derived.insideNodes(state);
    if (!nodes) return;
    const shares = lanes.inside(thread, span, width, nodes, state.metric);
    paintStrip(context, palette.mark, shares, { ...place, y: y + height - strip - 1 });
  }

  /* A ground for the time from a thread's start to its end. */
  paintLife(context, thread, { x, y, height, width }) {
    const { started, ended } = this.recording.threads[thread];
    const from = Math.max(x, this.placeOf(started));
    const to = Math.min(x + width, this.placeOf(ended > started ? ended : this.recording.duration));
    context.fillStyle = this.palette.sunken;
    if (to > from) context.fillRect(from, y, to - from, height);
  }

  nameOf(row, y, state) {
    const make = {
      memory: memoryName,
      process: processName,
      gil: gilName,
      collector: collectorName,
      thread: threadLabel,
    }[row.kind];
    const element = make(this, row, state);
    element.style.top = `${y - AXIS}px`;
    element.style.height = `${row.height}px`;
    return element;
  }

  shade(range, height) {
    const [low, high] = range
      ? range.map((time) => Math.max(this.gutter, this.placeOf(time)))
      : [this.gutter, this.gutter + this.width];
    const place = (element, left, right) =>
      Object.assign(element.style, {
        left: `${left}px`,
        width: `${Math.max(0, right - left)}px`,
        height: `${height}px`,
      });
    place(this.shades[0], this.gutter, low);
    place(this.shades[1], high, this.gutter + this.width);
    this.element.classList.toggle('ranged', Boolean(range));
  }

  /* Move the line under the pointer; left of the lanes it is hidden. */
  point(x) {
    this.cursor.classList.toggle('hidden', x < this.gutter);
    this.cursor.style.left = `${x}px`;
  }

  /* Show only this thread, or all again; with ``more`` add or take it away. */
  focus(thread, more) {
    const { threads } = this.store.state;
    const rest = threads.filter((each) => each !== thread);
    if (more) this.store.set({ threads: rest.length < threads.length ? rest : [...threads, thread] });
    else this.store.set({ threads: threads.length === 1 && !rest.length ? [] : [thread] });
  }

  zoom() {
    const { range } = this.store.state;
    this.store.set(range && range[1] > range[0] ? { span: range, range: null } : { span: null });
  }
}

/* Threads in order of the time they ran, the busiest first. */
function activityOrder(recording, lanes) {
  const { rows } = lanes.activity;
  recording.threads.forEach((thread, number) => {
    thread.busy = 0;
    for (let row = rows.start[number]; row < rows.start[number + 1]; row++) {
      if (rows.state[row] <= RUN_NATIVE) thread.busy += rows.value[row];
    }
  });
  const busy = (number) => recording.threads[number].busy;
  return [...recording.threads.keys()].sort((a, b) => busy(b) - busy(a) || a - b);
}

function processName(timeline, { process }) {
  return el(
    'div.lane.process',
    { title: process.command },
    el('b', {}, `${process.pid}`),
    ` ${process.command}`,
  );
}

function gilName() {
  return el('div.lane.gil', { title: 'Which thread holds the GIL; each thread has its colour' }, 'GIL');
}

function threadLabel(timeline, { thread }, state) {
  const { name, tid, busy } = timeline.recording.threads[thread];
  const chosen = state.threads.includes(thread);
  return el(
    'button.lane.thread',
    {
      id: `lane-${thread}`,
      'aria-pressed': String(chosen),
      title: `${name || 'thread'} (${tid}): show only this thread; with Shift add it`,
      onclick: (event) => timeline.focus(thread, joins(event)),
    },
    swatch(timeline.palette.thread(thread)),
    el('span.label', {}, name || `thread ${tid}`),
    el('span.busy', {}, quantity(busy, timeline.lanes.activity.unit)),
  );
}
