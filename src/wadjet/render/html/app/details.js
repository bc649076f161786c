/* The panel beside the flame graph: what is picked, or everything when nothing is. */

const AROUND = 5;

class Details {
  constructor({ recording, palette, store, derived, sources, actions }) {
    Object.assign(this, { recording, palette, store, derived, sources, actions });
    this.element = el('aside.details', { 'aria-label': 'Details' });
  }

  show(state) {
    const fn = this.pickedFunction(state);
    ({ unit: this.unit, title: this.title } = this.recording.metrics[state.metric]);
    this.measured = this.derived.measured(state);
    this.element.replaceChildren(...(fn < 0 ? this.overview(state) : this.picked(state, fn)));
  }

  pickedFunction({ pick, fn, ...state }) {
    if (pick < 0) return fn;
    const tree = this.derived.tree(state);
    return tree.fn[tree.of[pick]];
  }

  overview(state) {
    const { states, threads } = this.derived.split({ ...state, pick: -1, fn: -1 });
    return [
      el('h2', {}, 'Everything shown'),
      this.total(this.measured.sum),
      this.hottest(state),
      this.stateList(states),
      this.libraryList(state),
      this.threadList(threads),
      el(
        'p.muted',
        {},
        'Click a frame for its details; drag over the lanes to choose a range of time; press ? for the keys.',
      ),
    ].filter(Boolean);
  }

  total(sum) {
    return el(
      'p',
      {},
      el('b', {}, quantity(sum, this.unit)),
      ` of ${this.title.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase())}`,
    );
  }

  hottest(state) {
    const { self } = this.derived.functions(state);
    const top = [...self.keys()]
      .filter((fn) => self[fn] > 0)
      .sort((a, b) => self[b] - self[a])
      .slice(0, 8);
    return this.section(
      'Hottest by self',
      top.map((fn) =>
        this.entry(
          self[fn],
          this.measured.sum,
          this.palette.of(fn),
          el(
            'button.link.code',
            { onclick: () => this.store.set({ fn, pick: -1 }) },
            this.recording.functions[fn].name,
          ),
        ),
      ),
    );
  }

  /* Whose code bears it itself: installed packages, C libraries, Python's own, the program. */
  libraryList(state) {
    const { self } = this.derived.functions(state);
    const sums = new Map();
    self.forEach((value, fn) => {
      const { library } = this.recording.functions[fn];
      if (value > 0) sums.set(library, (sums.get(library) ?? 0) + value);
    });
    const top = [...sums].sort((a, b) => b[1] - a[1]).slice(0, 6);
    if (top.length < 2) return null;
    return this.section(
      'Libraries',
      top.map(([library, value]) => this.entry(value, this.measured.sum, null, el('span', { title: library }, library))),
    );
  }

  picked(state, fn) {
    const { name, file, line, kind } = this.recording.functions[fn];
    const at = state.pick >= 0 ? this.frameOf(state) : null;
    const cost = at ?? this.functionCost(state, fn);
    const parts = this.derived.split(state);
    const where = at?.line || line;
    return [
      el('h2.code', {}, name),
      el('p.muted.code.where', {}, place(file, where) || CODE[kind] || ''),
      this.buttons(state, fn, at),
      this.costs(cost),
      this.stateList(parts.states),
      this.holderList(parts.holders),
      this.threadList(parts.threads),
      this.excerpt(state, file, where),
    ].filter(Boolean);
  }

  frameOf(state) {
    const tree = this.derived.tree(state);
    const vertex = tree.of[state.pick];
    return {
      vertex,
      line: state.lines ? tree.line[vertex] : 0,
      self: this.measured.self[vertex],
      total: this.measured.total[vertex],
    };
  }

  functionCost(state, fn) {
    const sums = this.derived.functions(state);
    return { self: sums.self[fn], total: sums.total[fn] };
  }

  buttons(state, fn, at) {
    const { actions } = this;
    return el(
      'div.buttons',
      {},
      at &&
        el(
          'button',
          { onclick: () => this.store.set({ zoom: state.pick, view: 'flame', invert: false }) },
          'Zoom',
        ),
      at &&
        el(
          'button',
          { onclick: () => actions.copyStack(), title: 'Copy the stack as text (c)' },
          'Copy stack',
        ),
      el(
        'button',
        { onclick: () => this.store.set({ fn, pick: -1, view: 'functions' }) },
        'Callers, callees',
      ),
      this.recording.functions[fn].kind === 'python' &&
        el('button', { onclick: () => actions.openSource(fn, at?.line) }, 'Source'),
      el(
        'button.plain',
        { onclick: () => this.store.set({ pick: -1, fn: -1 }), 'aria-label': 'Pick nothing (Esc)' },
        '✕',
      ),
    );
  }

  costs({ self, total }) {
    const row = (title, value) =>
      el(
        'div.cost',
        {},
        el('span', {}, title),
        bar(value, this.measured.sum),
        el('b', {}, quantity(value, this.unit)),
        el('small', {}, share(value, this.measured.sum)),
      );
    return el('div.costs', {}, row('Total', total), row('Self', self));
  }

  section(title, entries) {
    return entries.length ? el('section', {}, el('h3', {}, title), el('ul', {}, entries)) : null;
  }

  entry(value, whole, color, label) {
    return el('li.entry', {}, bar(value, whole, color), label, el('small', {}, share(value, whole)));
  }

  stateList(states) {
    const sum = states.reduce((all, each) => all + each, 0);
    const shown = STATES.map((title, state) => [states[state], state, title])
      .filter(([value]) => value > 0)
      .sort((a, b) => b[0] - a[0]);
    if (shown.length < 2 && shown[0]?.[1] === 0) return null;
    return this.section(
      'What the threads were doing here',
      shown.map(([value, state, title]) => this.entry(value, sum, this.palette.states[state], title)),
    );
  }

  holderList(holders) {
    const sum = holders.reduce((all, each) => all + each, 0);
    const top = topOf(holders.slice(1), 4);
    return this.section(
      'Who held the GIL meanwhile',
      top.map((thread) =>
        this.entry(holders[thread + 1], sum, this.palette.thread(thread), threadName(this.recording, thread)),
      ),
    );
  }

  threadList(threads) {
    const sum = threads.reduce((all, each) => all + each, 0);
    const top = topOf(threads, 6);
    if (this.recording.threads.length < 2) return null;
    return this.section(
      'Threads',
      top.map((thread) =>
        this.entry(
          threads[thread],
          sum,
          this.palette.thread(thread),
          el(
            'button.link',
            { onclick: () => this.store.set({ threads: [thread] }), title: 'Show only this thread' },
            threadName(this.recording, thread),
          ),
        ),
      ),
    );
  }

  excerpt(state, file, line) {
    const lines = this.sources.lines(file);
    if (!lines) return null;
    const costs = this.derived.fileLines(state, file);
    const center = hottestLine(costs, line, lines.length);
    const first = Math.max(1, Math.min(line || center, center - AROUND));
    const last = Math.min(lines.length, Math.max(first + 2 * AROUND, center + 2));
    const top = Math.max(...Array.from(costs.values(), ({ self }) => self), 0);
    const rows = [];
    for (let number = first; number <= Math.min(last, first + 24); number++)
      rows.push(this.excerptRow(file, number, lines, costs, top));
    return el('section', {}, el('h3', {}, 'Source'), el('div.excerpt', {}, rows));
  }

  excerptRow(file, number, lines, costs, top) {
    const cost = costs.get(number);
    const row = el(
      'div.row',
      { onclick: () => this.store.set({ view: 'source', file, line: number }) },
      el('small.number', {}, cost ? share(cost.total, this.measured.sum) : ''),
      el('small.line', {}, String(number)),
      codeLine(lines[number - 1]),
    );
    if (cost) row.style.setProperty('--heat', heat(cost.self, top));
    return row;
  }
}

function topOf(sums, most) {
  return [...sums.keys()]
    .filter((at) => sums[at] > 0)
    .sort((a, b) => sums[b] - sums[a])
    .slice(0, most);
}

/* The costliest line of the function that starts at ``from``, as far as lines can tell. */
function hottestLine(costs, from, end) {
  let best = from || 1;
  for (let line = from; line < Math.min(end, from + 60); line++) {
    if ((costs.get(line)?.total ?? 0) > (costs.get(best)?.total ?? 0)) best = line;
  }
  return best;
}
