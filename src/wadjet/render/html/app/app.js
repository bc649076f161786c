/* Puts the page together: reads the recording, builds the parts, joins them to the state. */

const TITLES = { flame: 'Flame graph', time: 'Time order', functions: 'Functions', source: 'Source' };

class FlamePanel {
  constructor(context) {
    Object.assign(this, context);
    this.flame = new FlameView({
      recording: this.recording, palette: this.palette, label: 'Flame graph',
      onpick: (frame) => this.pick(frame),
      onzoom: (frame, box) => this.zoom(frame, box),
    });
    this.trail = el('nav.trail', { 'aria-label': 'Zoomed to' });
    this.legend = el('div.legend');
    this.details = new Details(context);
    this.element = el('div.view.graph', {}, el('div.canvas', {}, this.trail, this.flame.element, this.legend), this.details.element);
  }

  pick(frame) {
    const vertex = frame.vertex > 0 ? frame.vertex : -1;
    const tree = this.derived.tree(this.store.state);
    this.store.set({ pick: vertex > 0 ? tree.first[vertex] : -1, fn: vertex > 0 ? -1 : frame.fn });
  }

  zoom(frame, box) {
    const tree = this.derived.tree(this.store.state);
    if (box.time) this.store.set({ range: box.time.map(Math.round) });
    else if (frame.vertex >= 0) this.store.set({ zoom: frame.vertex ? tree.first[frame.vertex] : -1 });
    else this.show({ ...this.store.state }, new Set(), (this.inner = frame));
  }

  show(state) {
    const scene = state.view === 'time' ? this.timeScene(state) : this.costScene(state);
    this.flame.show(scene);
    this.fillLegend(state);
    this.details.show(state);
  }

  costScene(state) {
    const [tree, root] = [this.derived.tree(state), this.derived.root(state)];
    const zoom = this.zoomed(state, tree, root);
    this.fillTrail(zoom);
    return { ...this.scene(state, tree), layout: (width) => layOut(root, zoom, width), flip: state.flip };
  }

  /* Where to zoom: what the address says, or a frame of the inverted tree, if it lives. */
  zoomed(state, tree, root) {
    if (!state.invert) return state.zoom >= 0 ? frameAt(root, tree, tree.of[state.zoom]) : root;
    let top = this.inner;
    while (top?.parent) top = top.parent;
    return top === root ? this.inner : root;
  }

  timeScene(state) {
    const thread = this.chartThread(state);
    const [tree, root] = [this.derived.tree(state), this.derived.root({ ...state, invert: false })];
    const chart = this.derived.chart(state, thread);
    const { unit } = this.recording.metrics[state.metric];
    const [from, to] = chart.axis;
    this.fillTimeTrail(thread);
    return {
      ...this.scene(state, tree),
      layout: (width) => chartLayout(tree, chart, width),
      resolve: ({ vertex }) => frameAt(root, tree, vertex),
      header: (context, width, y, palette) => to > from && paintAxis(context, palette, { from, to, unit, x: 0, y, width, height: ROW }),
      flip: false,
    };
  }

  scene(state, tree) {
    const picked = state.pick >= 0 ? tree.of[state.pick] : -1;
    const vertexOf = (box) => box.frame?.vertex ?? box.vertex ?? -1;
    return {
      matches: this.derived.matches(state),
      picked: (box) => !box.rest && (picked > 0 ? vertexOf(box) === picked : state.fn >= 0 && box.fn === state.fn),
      whole: this.derived.measured(state).sum,
      unit: this.recording.metrics[state.metric].unit,
    };
  }

  chartThread({ threads, metric }) {
    if (threads.length) return threads[0];
    const { start } = this.recording.metrics[metric].rows;
    return this.order.find((thread) => start[thread + 1] > start[thread]) ?? 0;
  }

  fillTrail(zoom) {
    const steps = [...zoom.path];
    const crumb = (frame, text) => el('button.link.code', { onclick: () => this.zoom(frame, {}) }, text);
    let root = zoom;
    while (root.parent) root = root.parent;
    this.trail.classList.toggle('hidden', !steps.length);
    this.trail.replaceChildren(crumb(root, 'All'), ...steps.flatMap((frame) => [' › ', crumb(frame, this.recording.functions[frame.fn].name)]));
    this.trail.scrollLeft = this.trail.scrollWidth;
  }

  fillTimeTrail(thread) {
    this.trail.classList.remove('hidden');
    const choice = el('select', { 'aria-label': 'Thread', onchange: () => this.store.set({ threads: [Number(choice.value)] }) },
      this.order.map((each) => el('option', { value: each, selected: each === thread }, threadName(this.recording, each))));
    this.trail.replaceChildren('Stacks in the order of time, of thread ', choice, this.grain());
  }

  grain() {
    const { exact, step } = this.recording;
    return exact ? '' : el('small', {}, ` Summed over steps of ${quantity(step, 'ns')}; inside a step the order is not kept.`);
  }

  fillLegend(state) {
    const { self } = this.derived.functions(state);
    const sums = this.derived.keep('whose', [self], () => {
      const all = Object.fromEntries(Object.keys(CODE).map((whose) => [whose, 0]));
      self.forEach((value, fn) => { all[this.palette.whose[fn]] += value; });
      return all;
    });
    const whole = Object.values(sums).reduce((sum, value) => sum + value, 0);
    const parts = Object.entries(CODE).filter(([whose]) => sums[whose] > 0);
    const color = (whose) => this.palette.boxes[whose][2];
    this.legend.replaceChildren(el('span.muted', {}, 'Self, by whose code:'),
      stackedBar(parts.map(([whose, title]) => [sums[whose], color(whose), title])),
      ...parts.map(([whose, title]) => el('span.key', {}, swatch(color(whose)), `${title} ${share(sums[whose], whole)}`)));
  }
}

class Toolbar {
  constructor({ recording, palette, store, derived }) {
    Object.assign(this, { recording, palette, store, derived });
    this.search = new Search({ store, derived });
    this.tabs = el('div.tabs', { role: 'tablist', 'aria-label': 'Views' });
    this.states = el('div.states', { role: 'group', 'aria-label': 'States shown' });
    this.toggles = el('div.toggles', { role: 'group', 'aria-label': 'How it is drawn' });
    this.chips = el('div.chips', { 'aria-label': 'Filters' });
    this.metric = el('select', { 'aria-label': 'Metric', onchange: () => store.set({ metric: Number(this.metric.value) }) },
      recording.metrics.map((metric, number) => el('option', { value: number, disabled: !metric.rows.value.length }, metric.title)));
    this.element = el('div.toolbar', {}, this.tabs, this.metric, this.states, this.toggles, this.search.element, this.chips);
  }

  show(state) {
    this.metric.value = String(state.metric);
    keepFocus(this.tabs, VIEWS.map((view, at) => this.tab(view, at, state)));
    keepFocus(this.states, this.stateButtons(state));
    keepFocus(this.toggles, this.toggleButtons(state));
    keepFocus(this.chips, this.chipsOf(state));
  }

  tab(view, at, state) {
    const chosen = view === state.view;
    return el('button', {
      role: 'tab', id: `tab-${view}`, 'aria-selected': String(chosen), 'aria-controls': 'view', title: `${TITLES[view]} (${at + 1})`, onclick: () => this.store.set({ view }),
    }, TITLES[view]);
  }

  stateButtons(state) {
    const parts = this.derived.allStates(state);
    const sum = parts.reduce((all, each) => all + each, 0);
    const seen = [...parts.keys()].filter((each) => parts[each] > 0);
    if (seen.length < 2) return [];
    return seen.map((each) => el('button', {
      id: `state-${each}`, 'aria-pressed': String(Boolean(state.states >> each & 1)),
      title: `${STATES[each]}: ${share(parts[each], sum)}. Click to leave out, Shift-click for only this`,
      onclick: (event) => this.toggleState(each, event.shiftKey),
    }, swatch(this.palette.states[each]), STATE_WORDS[each], el('small', {}, share(parts[each], sum))));
  }

  toggleState(each, only) {
    const { states } = this.store.state;
    const bit = 1 << each;
    if (only) this.store.set({ states: states === bit ? ALL_STATES : bit });
    else this.store.set({ states: (states ^ bit) || ALL_STATES });
  }

  toggleButtons(state) {
    const button = (key, text, title) => el('button', {
      id: `toggle-${key}`, 'aria-pressed': String(state[key]), title, onclick: () => this.store.set({ [key]: !this.store.state[key] }),
    }, text);
    const native = this.recording.functions.some(({ kind }) => kind === 'native');
    const graph = state.view === 'flame';
    return [
      native && button('native', 'Native', 'Show native frames (n)'),
      state.view !== 'source' && button('lines', 'Lines', 'Split frames by line (l)'),
      graph && button('flip', 'Flames', 'Grow upwards, as flames, not downwards, as icicles (f)'),
      graph && button('invert', 'Inverted', 'From the leaves to their callers (i)'),
    ].filter(Boolean);
  }

  chipsOf(state) {
    const chip = (id, text, patch) => el('button.chip', { id, title: 'Remove this filter', onclick: () => this.store.set(patch) }, text, ' ✕');
    const { range, threads } = state;
    return [
      range && chip('chip-range', `${quantity(range[0], 'ns')} to ${quantity(range[1], 'ns')}`, { range: null }),
      threads.length && chip('chip-threads', threads.length < 3 ? threads.map((each) => threadName(this.recording, each)).join(', ') : plural(threads.length, 'thread'), { threads: [] }),
      state.states !== ALL_STATES && chip('chip-states', 'some states only', { states: ALL_STATES }),
    ].filter(Boolean);
  }
}

/* Replace an element's children; the focus stays on the one with the same id. */
function keepFocus(element, children) {
  const { id } = document.activeElement ?? {};
  const inside = id && element.contains(document.activeElement);
  element.replaceChildren(...children);
  if (inside) document.getElementById(id)?.focus();
}

function makeActions({ recording, store, derived, palette, dialog }) {
  const picked = () => {
    const { state } = store;
    if (state.pick < 0) return { fn: state.fn };
    const tree = derived.tree(state);
    const vertex = tree.of[state.pick];
    return { fn: tree.fn[vertex], vertex, line: state.lines ? tree.line[vertex] : 0 };
  };
  const actions = {
    openPlace: (file, line) => store.set({ view: 'source', file, line: line || 0 }),
    openSource: (fn, line) => {
      const { file, line: first, kind } = recording.functions[fn];
      if (kind === 'python') actions.openPlace(file, line || first);
    },
    openPicked: () => {
      const { fn, line } = picked();
      if (fn >= 0) actions.openSource(fn, line);
    },
    copyStack: () => {
      const { vertex } = picked();
      if (!vertex) return;
      const { state } = store;
      const tree = derived.tree(state);
      copy(stackText(recording, pathTo(tree, vertex).map((each) => ({ fn: tree.fn[each], line: state.lines ? tree.line[each] : 0 }))));
    },
    nextMetric: () => {
      const { metrics } = recording;
      for (let step = 1; step <= metrics.length; step++) {
        const metric = (store.state.metric + step) % metrics.length;
        if (metrics[metric].rows.value.length) return store.set({ metric });
      }
      return null;
    },
    back: () => {
      const { state } = store;
      const undo = [['pick', -1], ['fn', -1], ['query', ''], ['zoom', -1], ['range', null], ['span', null], ['threads', []], ['states', ALL_STATES]];
      const [key, value] = undo.find(([name, rest]) => asText(state[name]) !== asText(rest)) ?? [];
      if (key) store.set({ [key]: value });
    },
    theme: () => {
      setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
      palette.read();
      store.refresh();
    },
    help: () => dialog.showModal(),
  };
  return actions;
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  try { localStorage.setItem('wadjet-theme', theme); } catch { /* a page from a file may not keep things */ }
}

function startTheme() {
  let theme = null;
  try { theme = localStorage.getItem('wadjet-theme'); } catch { /* see setTheme */ }
  document.documentElement.dataset.theme = theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
}

function build(recording) {
  const store = new Store(recording);
  const context = { recording, store, derived: new Derived(recording), palette: new Palette(recording), sources: new Sources(recording), dialog: helpDialog() };
  context.actions = makeActions(context);
  const timeline = hasTime(recording) ? new Timeline(context) : null;
  context.order = timeline ? timeline.order : [...recording.threads.keys()];
  const toolbar = new Toolbar(context);
  const graph = new FlamePanel(context);
  const views = { flame: graph, time: graph, functions: new FunctionsView(context), source: new SourceView(context) };
  const panel = el('div', { id: 'view', role: 'tabpanel' });
  place_(context, timeline, toolbar, panel);
  store.watch((state, changed) => {
    toolbar.show(state);
    const view = views[state.view];
    if (panel.firstChild !== view.element) panel.replaceChildren(view.element);
    view.show(state, changed);
  });
  listenForKeys({ ...context, search: toolbar.search, timeline });
  listenForPrint(context);
  store.refresh();
  return { ...context, timeline, views };
}

function place_(context, timeline, toolbar, panel) {
  const app = document.getElementById('app');
  app.replaceChildren(header(context), findingsOf(context),
    el('main.explorer', {}, timeline ? timeline.element : el('p.muted.notime', {}, 'This recording has no times: there are no lanes to show.'), toolbar.element, panel),
    el('div.hidden', { id: 'tip', role: 'tooltip' }), el('div.hidden', { id: 'toast', role: 'status' }), el('div.spoken', { id: 'said', 'aria-live': 'polite' }), context.dialog);
  app.removeAttribute('aria-busy');
}

/* Paper is white: print in the light theme, then go back. */
function listenForPrint({ store, palette }) {
  let before = '';
  const turn = (theme) => {
    document.documentElement.dataset.theme = theme;
    palette.read();
    store.refresh();
    store.draw();
  };
  addEventListener('beforeprint', () => { before = document.documentElement.dataset.theme; turn('light'); });
  addEventListener('afterprint', () => turn(before));
}

async function main() {
  startTheme();
  const app = document.getElementById('app');
  try {
    if (typeof DecompressionStream === 'undefined') throw new Error('this browser is too old; any of 2023 or later will do');
    const started = performance.now();
    const recording = openRecording(await readBlock(document.getElementById('recording').textContent));
    window.wadjet = build(recording);
    window.wadjet.loaded = performance.now() - started;
  } catch (error) {
    app.replaceChildren(el('p.trouble', { role: 'alert' }, `The report cannot be shown: ${error.message}`));
    throw error;
  }
}

main();
