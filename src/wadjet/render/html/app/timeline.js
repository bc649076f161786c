/* The lanes of all threads over time, where a range of it is chosen. */

const WIDEST_GUTTER = 210;
const AXIS = 24;
const HEIGHTS = { process: 24, gil: 20, thread: 30, many: 20 };
const MANY = 24;
const EDGE = 5;

class Timeline {
  constructor({ recording, palette, store, derived }) {
    Object.assign(this, { recording, palette, store, derived });
    this.lanes = new Lanes(recording);
    this.order = activityOrder(recording, this.lanes);
    this.wanted = '';
    this.painter = new Painter((...where) => this.paint(...where), {
      role: 'application', 'aria-roledescription': 'timeline',
      'aria-label': 'Timeline: arrows move the range, with Shift they stretch it, z zooms to it, Backspace clears it',
    });
    this.build();
    this.listen(this.painter.canvas);
    store.watch((state) => this.show(state));
  }

  build() {
    this.names = el('div.names');
    this.shades = [el('div.shade'), el('div.shade')];
    this.cursor = el('div.cursor.hidden');
    this.filter = el('input', {
      type: 'search', placeholder: `${count(this.recording.threads.length)} threads`, 'aria-label': 'Show threads whose name contains',
      oninput: () => { this.wanted = this.filter.value.toLowerCase(); this.arrange(); },
    });
    this.zooms = el('button.plain', { title: 'Zoom the timeline to the range (z)', onclick: () => this.zoom() }, 'Zoom');
    this.element = el('section.timeline', { 'aria-label': 'Threads over time' }, this.painter.area);
    this.painter.area.firstChild.append(el('div.corner', {}, this.filter, this.zooms), this.names, ...this.shades, this.cursor);
    this.arrange();
  }

  /* Lay the rows out: each process has its heading, its GIL and its threads. */
  arrange() {
    this.rows = [];
    const tall = this.order.length > MANY ? HEIGHTS.many : HEIGHTS.thread;
    const many = this.recording.processes.length > 1;
    this.recording.processes.forEach((process, number) => {
      const mine = this.order.filter((thread) => this.recording.threads[thread].process === number);
      const threads = mine.filter((thread) => this.recording.threads[thread].name.toLowerCase().includes(this.wanted));
      if (!threads.length) return;
      if (many) this.rows.push({ kind: 'process', process });
      if (this.lanes.knowsHolders(number)) this.rows.push({ kind: 'gil', process: number });
      for (const thread of threads) this.rows.push({ kind: 'thread', thread, height: tall });
    });
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

  listen(canvas) {
    canvas.addEventListener('pointerdown', (event) => this.press(event));
    canvas.addEventListener('pointermove', (event) => this.move(event));
    canvas.addEventListener('pointerup', (event) => this.release(event));
    canvas.addEventListener('pointerleave', () => this.leave());
    canvas.addEventListener('dblclick', () => this.store.set({ range: null }));
    canvas.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
    canvas.addEventListener('keydown', (event) => this.key(event));
  }

  get span() { return this.store.state.span ?? [0, this.recording.duration]; }
  get gutter() { return Math.min(WIDEST_GUTTER, Math.round(this.painter.width * 0.36)); }
  get width() { return Math.max(1, this.painter.width - this.gutter); }

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

  show(state) {
    this.zooms.classList.toggle('hidden', !state.range && !state.span);
    this.zooms.textContent = state.range ? 'Zoom' : 'Whole';
    this.painter.draw();
  }

  paint(context, width, height, scrollTop) {
    const state = this.store.state;
    const shown = this.rows.filter((row) => row.top + row.height > scrollTop + AXIS && row.top < scrollTop + height);
    context.save();
    context.beginPath();
    context.rect(0, AXIS, width, height - AXIS);
    context.clip();
    for (const row of shown) this.paintRow(context, row, row.top - scrollTop, state);
    context.restore();
    const [from, to] = this.span;
    paintAxis(context, this.palette, { from, to, unit: 'ns', x: this.gutter, y: 0, width: this.width, height: AXIS });
    this.element.style.setProperty('--gutter', `${this.gutter}px`);
    keepFocus(this.names, shown.map((row) => this.nameOf(row, row.top - scrollTop, state)));
    this.shade(state.range, height);
  }

  paintRow(context, row, y, state) {
    const [span, width] = [this.span, this.width];
    const { height } = row;
    context.fillStyle = this.palette.rule;
    context.fillRect(0, y + height - 1, this.gutter + width, 0.5);
    if (row.kind === 'gil') {
      paintHolders(context, this.palette, this.lanes.holders(row.process, span, width), { x: this.gutter, y: y + 3, height: height - 7, width });
    } else if (row.kind === 'thread') {
      context.globalAlpha = !state.threads.length || state.threads.includes(row.thread) ? 1 : 0.3;
      this.paintThread(context, row, y, state, span, width);
      context.globalAlpha = 1;
    }
  }

  /* The states, below them a strip for the use of a CPU and one for what is picked. */
  paintThread(context, { thread, height }, y, state, span, width) {
    const { palette, lanes, gutter: x } = this;
    const strip = height > HEIGHTS.many ? 3 : 2;
    this.paintLife(context, thread, { x, y: y + 3, height: height - 2 * strip - 6, width });
    paintStates(context, palette, lanes.states(thread, span, width), { x, y: y + 3, height: height - 2 * strip - 6, width });
    if (context.globalAlpha < 1) return;
    const density = lanes.density(thread, span, width);
    if (density) paintStrip(context, palette.ink, density, { x, y: y + height - 2 * strip - 2, height: strip, width });
    const nodes = this.derived.insideNodes(state);
    if (!nodes) return;
    const shares = lanes.inside(thread, span, width, nodes, state.metric);
    paintStrip(context, palette.mark, shares, { x, y: y + height - strip - 1, height: strip, width });
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
    const make = { process: processName, gil: gilName, thread: threadLabel }[row.kind];
    const element = make(this, row, state);
    element.style.top = `${y - AXIS}px`;
    element.style.height = `${row.height}px`;
    return element;
  }

  shade(range, height) {
    const [low, high] = range ? range.map((time) => Math.max(this.gutter, this.placeOf(time))) : [this.gutter, this.gutter + this.width];
    const place = (element, left, right) => Object.assign(element.style, {
      left: `${left}px`, width: `${Math.max(0, right - left)}px`, height: `${height}px`,
    });
    place(this.shades[0], this.gutter, low);
    place(this.shades[1], high, this.gutter + this.width);
    this.element.classList.toggle('ranged', Boolean(range));
  }

  press(event) {
    const { x, y } = this.painter.at(event);
    if (event.button !== 0 || x < this.gutter) return;
    this.drag = { x, y, from: this.anchor(x), moved: false };
    this.painter.canvas.setPointerCapture(event.pointerId);
  }

  /* The end of the range that stays put: the far one if the near one is being pulled. */
  anchor(x) {
    const { range } = this.store.state;
    const [low, high] = (range ?? []).map((time) => this.placeOf(time));
    if (Math.abs(x - low) <= EDGE) return range[1];
    if (Math.abs(x - high) <= EDGE) return range[0];
    return this.timeAt(x);
  }

  move(event) {
    const { x, y } = this.painter.at(event);
    this.point(x);
    if (this.drag && (this.drag.moved || Math.abs(x - this.drag.x) > 3)) {
      this.drag.moved = true;
      const ends = [this.drag.from, this.timeAt(x)].sort((a, b) => a - b).map(Math.round);
      this.store.set({ range: ends });
      tip(event, `${quantity(ends[0], 'ns')} to ${quantity(ends[1], 'ns')}: ${quantity(ends[1] - ends[0], 'ns')}`);
    } else {
      tip(event, this.describe(x, this.rowAt(y)));
    }
  }

  release(event) {
    const { drag } = this;
    this.drag = null;
    if (!drag || drag.moved) return;
    const row = this.rowAt(drag.y);
    if (row?.kind === 'thread') this.focus(row.thread, event.shiftKey || event.ctrlKey || event.metaKey);
  }

  leave() {
    if (this.drag) return;
    this.cursor.classList.add('hidden');
    tip(null, null);
  }

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

  describe(x, row) {
    if (!row || row.kind === 'process' || x < this.gutter) return null;
    const column = Math.min(this.width - 1, Math.floor(x - this.gutter));
    const time = el('div.muted', {}, `at ${quantity(this.timeAt(x), 'ns')}`);
    return row.kind === 'gil' ? [el('b', {}, 'Who holds the GIL'), ...this.holdersAt(row, column), time]
      : [el('b', {}, threadName(this.recording, row.thread)), ...this.statesAt(row.thread, column), this.densityAt(row.thread, column), this.frameText(row.thread, x), time];
  }

  statesAt(thread, column) {
    const shares = this.lanes.states(thread, this.span, this.width);
    return STATES.map((title, state) => [title, shares[column * STATES.length + state], state])
      .filter(([, part]) => part > 0.01)
      .sort((a, b) => b[1] - a[1])
      .map(([title, part, state]) => el('div', {}, swatch(this.palette.states[state]), `${title} ${share(Math.min(part, 1), 1)}`));
  }

  densityAt(thread, column) {
    const density = this.lanes.density(thread, this.span, this.width);
    return density ? el('div', {}, swatch(this.palette.ink), `On a CPU ${share(Math.min(1, density[column]), 1)}`) : '';
  }

  holdersAt({ process }, column) {
    return Array.from(this.lanes.holders(process, this.span, this.width), ([thread, shares]) => [thread, shares[column]])
      .filter(([, part]) => part > 0.01)
      .sort((a, b) => b[1] - a[1])
      .slice(0, 5)
      .map(([thread, part]) => el('div', {}, swatch(this.palette.thread(thread)), `${threadName(this.recording, thread)} ${share(Math.min(part, 1), 1)}`));
  }

  /* The innermost frame of the sample nearest to a place on the lane. */
  frameText(thread, x) {
    const { step, metrics, nodeFrame, frameFunction, frameLine, functions } = this.recording;
    const { rows } = metrics[this.lanes.metric];
    const row = firstAt(rows.step, rows.start[thread], rows.start[thread + 1], Math.floor(this.timeAt(x) / step));
    if (row >= rows.start[thread + 1]) return '';
    const frame = nodeFrame[rows.node[row]];
    const { name, short } = functions[frameFunction[frame]];
    return el('div.code', {}, `${name} ${place(short, frameLine[frame])}`);
  }

  zoom() {
    const { range } = this.store.state;
    this.store.set(range && range[1] > range[0] ? { span: range, range: null } : { span: null });
  }

  wheel(event) {
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (!event.ctrlKey && !event.metaKey && Math.abs(sideways) < 1) return;
    event.preventDefault();
    const [from, to] = this.span;
    const { duration } = this.recording;
    if (!event.ctrlKey && !event.metaKey) return this.pan((sideways * (to - from)) / this.width);
    const at = this.timeAt(this.painter.at(event).x);
    const factor = 1.0015 ** event.deltaY;
    const least = Math.min(duration, this.recording.step * 10);
    const length = Math.min(duration, Math.max(least, (to - from) * factor));
    const start = at - ((at - from) * length) / (to - from);
    this.setSpan(start, length);
  }

  pan(time) {
    const [from, to] = this.span;
    this.setSpan(from + time, to - from);
  }

  setSpan(start, length) {
    const { duration } = this.recording;
    const from = Math.round(Math.min(Math.max(0, start), duration - length));
    this.store.set({ span: length >= duration ? null : [from, Math.round(from + length)] });
  }

  key(event) {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === 'z') this.zoom();
    else if (event.key === 'Backspace') this.store.set({ range: null });
    else if (way) this.nudge(way, event.shiftKey);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /* Move the range a twentieth of what is in sight, or its end only. */
  nudge(way, stretch) {
    const [low, high] = this.span;
    const stride = (way * (high - low)) / 20;
    const [from, to] = this.store.state.range ?? [low, low + (high - low) / 10];
    const clamp = (time) => Math.round(Math.min(high, Math.max(low, time)));
    const range = stretch ? [from, Math.max(from, clamp(to + stride))] : [clamp(from + stride), clamp(to + stride)];
    this.store.set({ range });
    say(`${quantity(range[0], 'ns')} to ${quantity(range[1], 'ns')}`);
  }
}

/* Threads in order of the time they ran, the busiest first. */
function activityOrder(recording, lanes) {
  const busy = recording.threads.map((thread, number) => {
    const { rows } = recording.metrics[lanes.cpu >= 0 ? lanes.cpu : lanes.metric];
    let sum = 0;
    for (let row = rows.start[number]; row < rows.start[number + 1]; row++) {
      if (rows.state[row] <= RUN_NATIVE) sum += rows.value[row];
    }
    return sum;
  });
  recording.threads.forEach((thread, number) => { thread.busy = busy[number]; });
  return [...recording.threads.keys()].sort((a, b) => busy[b] - busy[a] || a - b);
}

function processName(timeline, { process }) {
  return el('div.lane.process', { title: process.command }, el('b', {}, `${process.pid}`), ` ${process.command}`);
}

function gilName() {
  return el('div.lane.gil', { title: 'Which thread holds the GIL; each thread has its colour' }, 'GIL');
}

function threadLabel(timeline, { thread }, state) {
  const { name, tid, busy } = timeline.recording.threads[thread];
  const chosen = state.threads.includes(thread);
  const unit = timeline.recording.metrics[timeline.lanes.cpu >= 0 ? timeline.lanes.cpu : timeline.lanes.metric].unit;
  return el('button.lane.thread', {
    id: `lane-${thread}`,
    'aria-pressed': String(chosen),
    title: `${name || 'thread'} (${tid}): show only this thread; with Shift add it`,
    onclick: (event) => timeline.focus(thread, event.shiftKey || event.ctrlKey || event.metaKey),
  }, swatch(timeline.palette.thread(thread)), el('span.label', {}, name || `thread ${tid}`), el('span.busy', {}, quantity(busy, unit)));
}
