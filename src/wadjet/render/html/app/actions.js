/* What buttons and keys do beyond setting one field of the state. */

/* What Escape undoes, first to last, and to what. */
const UNDO = [
  ['pick', -1],
  ['fn', -1],
  ['query', ''],
  ['zoom', -1],
  ['path', []],
  ['range', null],
  ['span', null],
  ['threads', []],
  ['states', ALL_STATES],
];

class Actions {
  constructor({ recording, store, derived, palette, dialog }) {
    Object.assign(this, { recording, store, derived, palette, dialog });
  }

  /* The picked frame, else the selected function: { fn, line, vertex }. */
  get picked() {
    const { state } = this.store;
    if (state.pick < 0) return { fn: state.fn };
    const tree = this.derived.tree(state);
    const vertex = tree.of[state.pick];
    return { fn: tree.fn[vertex], vertex, line: state.lines ? tree.line[vertex] : 0 };
  }

  openPlace(file, line) {
    this.store.set({ view: 'source', file, line: line || 0 });
  }

  openSource(fn, line) {
    const { file, line: first, kind } = this.recording.functions[fn];
    if (kind === 'python') this.openPlace(file, line || first);
  }

  openPicked() {
    const { fn, line } = this.picked;
    if (fn >= 0) this.openSource(fn, line);
  }

  copyStack() {
    const { vertex } = this.picked;
    if (!vertex) return;
    const { lines } = this.store.state;
    const tree = this.derived.tree(this.store.state);
    const frame = (each) => ({ fn: tree.fn[each], line: lines ? tree.line[each] : 0 });
    copy(stackText(this.recording, pathTo(tree, vertex).map(frame)));
  }

  nextMetric() {
    const { metrics } = this.recording;
    const measured = [...metrics.keys()].filter((metric) => metrics[metric].rows.value.length);
    const next = measured.indexOf(this.store.state.metric) + 1;
    if (measured.length) this.store.set({ metric: measured[next % measured.length] });
  }

  back() {
    const { state } = this.store;
    const [key, value] = UNDO.find(([name, rest]) => asText(state[name]) !== asText(rest)) ?? [];
    if (key) this.store.set({ [key]: value });
  }

  theme() {
    setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
    this.palette.read();
    this.store.refresh();
  }

  help() {
    this.dialog.showModal();
  }
}
