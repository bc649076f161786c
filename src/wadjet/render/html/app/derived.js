/* What follows from the state, kept until something it depends on changes. */

class Derived {
  constructor(recording) {
    this.recording = recording;
    this.kept = new Map();
  }

  /* The value made for ``keys``, made anew when one of them is another. */
  keep(name, keys, make) {
    const held = this.kept.get(name);
    if (held && held.keys.every((key, at) => key === keys[at])) return held.value;
    const value = make();
    this.kept.set(name, { keys, value });
    return value;
  }

  tree({ native, lines }) {
    return this.keep('tree', [native, lines], () => callTree(this.recording, { native, lines }));
  }

  lineTree() {
    return this.keep('lineTree', [], () => callTree(this.recording, { native: true, lines: true }));
  }

  filter({ metric, range, threads, states }) {
    const seen = this.hasStates(metric) ? states : ALL_STATES;
    return this.keep('filter', [metric, range, threads, seen], () => ({ metric, range, threads, states: seen }));
  }

  /* Only a clock sees what threads do. */
  hasStates(metric) {
    return this.recording.metrics[metric].unit === 'ns';
  }

  measured(state) {
    const [tree, filter] = [this.tree(state), this.filter(state)];
    return this.keep('measured', [tree, filter], () => measure(this.recording, tree, filter));
  }

  lineMeasured(state) {
    const filter = this.filter(state);
    return this.keep('lineMeasured', [filter], () => measure(this.recording, this.lineTree(), filter));
  }

  functions(state) {
    const measured = this.measured(state);
    return this.keep('functions', [measured], () => byFunction(this.recording, this.tree(state), measured));
  }

  fileLines(state, file) {
    const measured = this.lineMeasured(state);
    return this.keep('fileLines', [measured, file], () =>
      byLine(this.recording, this.lineTree(), measured, file),
    );
  }

  root(state) {
    const [tree, measured] = [this.tree(state), this.measured(state)];
    const grow = state.invert ? bottomUp : topDown;
    return this.keep('root', [measured, state.invert], () => grow(tree, measured));
  }

  /* The whole thread's: a range of time only looks at a part of it. */
  chart(state, thread) {
    const { metric, states, range } = state;
    const tree = this.tree(state);
    const timed = this.recording.metrics[metric].unit === 'ns';
    const filter = { metric, states, range: timed ? null : range };
    const keys = [tree, metric, states, filter.range, thread];
    return this.keep('chart', keys, () => chartOf(this.recording, tree, filter, thread));
  }

  /* The vertices inside what is picked (a frame, else a function); null for nothing. */
  inside(state) {
    const tree = this.tree(state);
    return this.keep('inside', [tree, state.pick, state.fn], () => {
      if (state.pick >= 0) {
        const picked = tree.of[state.pick];
        return within(tree, (vertex) => vertex === picked);
      }
      return state.fn >= 0 ? within(tree, (vertex) => tree.fn[vertex] === state.fn) : null;
    });
  }

  /* The same, as flags of the recording's nodes. */
  insideNodes(state) {
    const inside = this.inside(state);
    return this.keep(
      'insideNodes',
      [inside],
      () => inside && this.tree(state).of.map((vertex) => inside[vertex]),
    );
  }

  split(state) {
    const [tree, filter, inside] = [this.tree(state), this.filter(state), this.inside(state)];
    return this.keep('split', [tree, filter, inside], () => split(this.recording, tree, filter, inside));
  }

  /* The states that were seen at all, in any metric. */
  seenStates() {
    return this.keep('seenStates', [], () => {
      const seen = new Set(
        this.recording.metrics.flatMap(({ rows }, metric) =>
          this.hasStates(metric) ? [...new Set(rows.state)] : [],
        ),
      );
      return [...seen].sort((a, b) => a - b);
    });
  }

  /* Shares of the states, whichever of them are switched off. */
  allStates(state) {
    const [tree, filter] = [this.tree(state), this.filter({ ...state })];
    return this.keep(
      'allStates',
      [filter.metric, filter.range, filter.threads],
      () => split(this.recording, tree, { ...filter, states: ALL_STATES }, null).states,
    );
  }

  matches(state) {
    return this.keep('matches', [state.query], () => matching(this.recording, state.query));
  }

  matched(state) {
    const [tree, measured, matches] = [this.tree(state), this.measured(state), this.matches(state)];
    return this.keep('matched', [measured, matches], () =>
      matches ? sumMatched(tree, measured, matches) : 0,
    );
  }
}
