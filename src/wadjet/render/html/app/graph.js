/* The panel of the flame graph and of the time order, with the details beside it. */

const MERGED = 'Stacks of all time merged, the costliest first';
const INVERTED = 'Where the cost arises, with the callers below it, the costliest first';

class GraphPanel {
  constructor(context) {
    Object.assign(this, context);
    this.flame = new FlameView({
      recording: this.recording,
      palette: this.palette,
      label: 'Flame graph',
      onpick: (frame) => this.pick(frame),
      onzoom: (frame, box) => this.zoom(frame, box),
    });
    this.trail = el('nav.trail', { 'aria-label': 'Zoomed to' });
    this.toggles = el('div.toggles', { role: 'group', 'aria-label': 'How it is drawn' });
    this.legend = el('div.legend');
    this.details = new Details(context);
    this.element = el(
      'div.view.graph',
      {},
      el(
        'div.canvas',
        {},
        el('div.bar-above', {}, this.trail, this.toggles),
        this.flame.element,
        this.legend,
      ),
      this.details.element,
    );
  }

  pick(frame) {
    const vertex = frame.vertex > 0 ? frame.vertex : -1;
    const tree = this.derived.tree(this.store.state);
    this.store.set({ pick: vertex > 0 ? tree.first[vertex] : -1, fn: vertex > 0 ? -1 : frame.fn });
  }

  zoom(frame, box) {
    const tree = this.derived.tree(this.store.state);
    if (box.time) this.store.set({ range: box.time.map(Math.round) });
    else if (this.store.state.invert) this.store.set({ path: frame.path.map(({ fn }) => fn) });
    else this.store.set({ zoom: frame.vertex ? tree.first[frame.vertex] : -1 });
  }

  show(state) {
    const scene = state.view === 'time' ? this.timeScene(state) : this.costScene(state);
    this.flame.show(scene);
    keepFocus(this.toggles, this.toggleButtons(state));
    this.fillLegend(state);
    this.details.show(state);
  }

  costScene(state) {
    const [tree, root] = [this.derived.tree(state), this.derived.root(state)];
    const zoom = this.zoomed(state, tree, root);
    this.fillTrail(zoom, root, state);
    return { ...this.scene(state, tree), layout: (width) => layOut(root, zoom, width), flip: state.flip };
  }

  zoomed({ invert, path, zoom }, tree, root) {
    if (invert) return frameAlong(root, path);
    return zoom >= 0 ? frameAt(root, tree, tree.of[zoom]) : root;
  }

  timeScene(state) {
    const thread = this.chartThread(state);
    const [tree, root] = [this.derived.tree(state), this.derived.root({ ...state, invert: false })];
    const chart = this.derived.chart(state, thread);
    const { unit } = this.recording.metrics[state.metric];
    const [from, to] = unit === 'ns' ? (state.range ?? [0, this.recording.duration]) : [0, chart.end];
    this.fillTimeTrail(thread);
    return {
      ...this.scene(state, tree),
      layout: (width) => chartLayout(tree, chart.levels, [from, to], width),
      resolve: ({ vertex }) => frameAt(root, tree, vertex),
      header: (context, width, y, palette) =>
        to > from && paintAxis(context, palette, { from, to, unit, x: 0, y, width, height: ROW }),
      flip: false,
    };
  }

  scene(state, tree) {
    const picked = state.pick >= 0 ? tree.of[state.pick] : -1;
    const vertexOf = (box) => box.frame?.vertex ?? box.vertex ?? -1;
    return {
      matches: this.derived.matches(state),
      picked: (box) =>
        !box.rest && (picked > 0 ? vertexOf(box) === picked : state.fn >= 0 && box.fn === state.fn),
      whole: this.derived.measured(state).sum,
      ...this.recording.metrics[state.metric],
    };
  }

  chartThread({ threads, metric }) {
    if (threads.length) return threads[0];
    const { start } = this.recording.metrics[metric].rows;
    return this.order.find((thread) => start[thread + 1] > start[thread]) ?? 0;
  }

  /* The way from the root to what is zoomed to. */
  fillTrail(zoom, root, state) {
    const crumb = (frame, text) => el('button.link.code', { onclick: () => this.zoom(frame, {}) }, text);
    const name = ({ fn }) => this.recording.functions[fn].name;
    const steps = zoom.path.flatMap((frame) => [' › ', crumb(frame, name(frame))]);
    if (steps.length) steps.unshift(crumb(root, 'All'));
    else {
      const note = momentNote(this, state, this.derived.measured(state).sum);
      steps.push(note ?? el('span.muted', {}, state.invert ? INVERTED : MERGED));
    }
    this.trail.replaceChildren(...steps);
    if (zoom.parent) this.trail.scrollLeft = this.trail.scrollWidth;
  }

  toggleButtons({ view, lines, flip, invert }) {
    const button = (...all) => toggleButton(this.store, ...all);
    const graph = view === 'flame';
    return [
      button('lines', 'Lines', 'Split frames by line (l)', lines),
      graph && button('flip', 'Flames', 'Grow upwards, as flames, not downwards, as icicles (f)', flip),
      graph && button('invert', 'Inverted', 'From the leaves to their callers (i)', invert),
    ].filter(Boolean);
  }

  fillTimeTrail(thread) {
    this.choice ??= this.threadChoice();
    this.choice.value = String(thread);
    if (this.trail.contains(this.choice)) return;
    this.trail.replaceChildren('Stacks in the order of time, of thread ', this.choice, this.grain());
  }

  threadChoice() {
    const option = (thread) => el('option', { value: thread }, threadName(this.recording, thread));
    const onchange = ({ target }) => this.store.set({ threads: [Number(target.value)] });
    return el('select', { 'aria-label': 'Thread', onchange }, this.order.map(option));
  }

  grain() {
    const { exact, step } = this.recording;
    return exact
      ? ''
      : el(
          'small',
          {},
          ` Summed over steps of ${quantity(step, 'ns')}; inside a step the order is not kept.`,
        );
  }

  fillLegend(state) {
    const { self } = this.derived.functions(state);
    const sums = this.derived.keep('whose', [self], () => {
      const all = Object.fromEntries(Object.keys(CODE).map((whose) => [whose, 0]));
      self.forEach((value, fn) => {
        all[this.palette.whose[fn]] += value;
      });
      return all;
    });
    const whole = Object.values(sums).reduce((sum, value) => sum + value, 0);
    const parts = Object.entries(CODE).filter(([whose]) => sums[whose] > 0);
    const color = (whose) => this.palette.boxes[whose][2];
    this.legend.replaceChildren(
      el('span.muted', {}, 'Self, by whose code:'),
      stackedBar(parts.map(([whose, title]) => [sums[whose], color(whose), title])),
      ...parts.map(([whose, title]) =>
        el('span.key', {}, swatch(color(whose)), `${title} ${share(sums[whose], whole)}`),
      ),
    );
  }
}
