/* The functions in a table, and the callers and callees of the one that is selected. */

const LINE = 26;
const NOTHING = 'Select a function to see who calls it and what it calls.';
const SORTS = {
  self: (sums) => (a, b) => sums.self[b] - sums.self[a] || sums.total[b] - sums.total[a],
  total: (sums) => (a, b) => sums.total[b] - sums.total[a] || sums.self[b] - sums.self[a],
  name: (sums, functions) => (a, b) => functions[a].name.localeCompare(functions[b].name),
};

class FunctionsView {
  constructor({ recording, palette, store, derived, actions }) {
    Object.assign(this, { recording, palette, store, derived, actions });
    this.list = new LongList(LINE, (index) => this.row(index), {
      role: 'rowgroup',
      'aria-label': 'Functions',
    });
    this.list.element.addEventListener('keydown', (event) => this.key(event));
    this.heads = Object.fromEntries(Object.keys(SORTS).map((sort) => [sort, this.head(sort)]));
    const flame = (label) =>
      new FlameView({ recording, palette, label, onpick: (frame) => this.pick(frame.fn) });
    this.above = flame('Callers');
    this.below = flame('Callees');
    this.title = el('h2');
    this.none = el('p.muted.center');
    this.element = this.build();
  }

  build() {
    const { self, total, name } = this.heads;
    this.split = el(
      'div.split',
      {},
      el('h3', {}, 'Callers'),
      this.above.element,
      this.title,
      this.below.element,
      el('h3', {}, 'Callees'),
    );
    return el(
      'div.view.functions',
      {},
      el(
        'div.table',
        { role: 'table', 'aria-label': 'Functions by cost' },
        el('div.heads', { role: 'row' }, self, total, name),
        this.list.element,
      ),
      el('div.beside', {}, this.none, this.split),
    );
  }

  head(sort) {
    const title = { self: 'Self', total: 'Total', name: 'Function' }[sort];
    return el(
      `div.cell.${sort}`,
      { role: 'columnheader' },
      el('button.plain', { onclick: () => this.store.set({ sort }) }, title),
    );
  }

  show(state, changed) {
    const { derived } = this;
    this.sums = derived.functions(state);
    this.measured = derived.measured(state);
    this.unit = this.recording.metrics[state.metric].unit;
    this.order = derived.keep('order', [this.sums, state.sort, derived.matches(state)], () =>
      this.sorted(state),
    );
    for (const [sort, head] of Object.entries(this.heads))
      head.setAttribute(
        'aria-sort',
        sort !== state.sort ? 'none' : sort === 'name' ? 'ascending' : 'descending',
      );
    this.list.fill(this.order.length);
    this.list.element.setAttribute('aria-rowcount', this.order.length);
    if (changed.has('fn') || changed.has('view')) this.list.show(Math.max(0, this.order.indexOf(state.fn)));
    this.sandwich(state);
  }

  sorted(state) {
    const matches = this.derived.matches(state);
    const shown = [...this.recording.functions.keys()].filter(
      (fn) => this.sums.total[fn] > 0 && (!matches || matches[fn]),
    );
    return shown.sort(SORTS[state.sort](this.sums, this.recording.functions));
  }

  row(index) {
    const fn = this.order[index];
    const { name, file, short, line } = this.recording.functions[fn];
    const picked = fn === this.store.state.fn;
    return el(
      'div.row',
      {
        role: 'row',
        'aria-rowindex': index + 1,
        'aria-selected': String(picked),
        title: `${name}\n${place(file, line)}`,
        onclick: () => this.pick(fn),
        ondblclick: () => this.actions.openSource(fn),
      },
      this.cost(this.sums.self[fn], 'self'),
      this.cost(this.sums.total[fn], 'total'),
      el(
        'div.cell.name',
        { role: 'cell' },
        swatch(this.palette.of(fn)),
        el('span.code', {}, name),
        el('small.code', {}, place(short, line)),
      ),
    );
  }

  cost(value, kind) {
    return el(
      `div.cell.${kind}`,
      { role: 'cell' },
      bar(value, this.measured.sum),
      el('span.number', {}, quantity(value, this.unit)),
      el('small.number', {}, share(value, this.measured.sum)),
    );
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20 }[event.key];
    const at = this.order.indexOf(this.store.state.fn);
    if (event.key === 'Enter' && at >= 0) this.actions.openSource(this.order[at]);
    else if (step) this.pick(this.order[Math.min(this.order.length - 1, Math.max(0, at + step))]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  pick(fn) {
    if (fn === undefined || fn < 0) return;
    this.store.set({ fn, pick: -1 });
    const { name } = this.recording.functions[fn];
    const part = (sums) => share(sums[fn], this.measured.sum);
    say(`${name}, self ${part(this.sums.self)}, total ${part(this.sums.total)}`);
  }

  sandwich(state) {
    const shown = state.fn >= 0 && this.sums.total[state.fn] > 0;
    this.none.textContent = state.fn < 0 ? NOTHING : 'The selected function was not seen in what is shown.';
    this.none.classList.toggle('hidden', shown);
    this.split.classList.toggle('hidden', !shown);
    if (!shown) return;
    const tree = this.derived.tree(state);
    const make = (grow) =>
      this.derived.keep(grow.name, [this.measured, state.fn], () => grow(tree, this.measured, state.fn));
    this.title.replaceChildren(...this.heading(state.fn));
    this.fill(this.above, make(callers), true, state);
    this.fill(this.below, make(callees), false, state);
  }

  heading(fn) {
    const { name, file, short, line } = this.recording.functions[fn];
    return [
      el('span.code', {}, name),
      file && el('button.link.code', { onclick: () => this.actions.openSource(fn) }, place(short, line)),
      el(
        'small',
        {},
        `self ${quantity(this.sums.self[fn], this.unit)}, total ${quantity(this.sums.total[fn], this.unit)}`,
      ),
    ].filter(Boolean);
  }

  fill(view, root, flip, state) {
    view.show({
      layout: (width) => layOut(root, root, width),
      flip,
      selfless: flip,
      matches: this.derived.matches(state),
      picked: (box) => box.frame === root,
      whole: this.measured.sum,
      unit: this.unit,
    });
  }
}
