/* The bar between lanes and views: which view, which metric, and every filter. */

const TITLES = { flame: 'Flame graph', time: 'Time order', functions: 'Functions', source: 'Source' };

class Toolbar {
  constructor({ recording, palette, store, derived }) {
    Object.assign(this, { recording, palette, store, derived });
    this.search = new Search({ store, derived });
    this.tabs = el('div.tabs', { role: 'tablist', 'aria-label': 'Views' });
    this.states = el('div.states', { role: 'group', 'aria-label': 'States shown' });
    this.toggles = el('div.toggles', { role: 'group', 'aria-label': 'How it is drawn' });
    this.chips = el('div.chips', { 'aria-label': 'Filters' });
    this.metric = el(
      'select',
      { 'aria-label': 'Metric', onchange: () => store.set({ metric: Number(this.metric.value) }) },
      recording.metrics.map((metric, number) =>
        el('option', { value: number, disabled: !metric.rows.value.length }, metric.title),
      ),
    );
    this.element = el(
      'div.toolbar',
      {},
      this.tabs,
      this.metric,
      this.states,
      this.toggles,
      this.search.element,
      this.chips,
    );
  }

  show(state) {
    this.metric.value = String(state.metric);
    keepFocus(
      this.tabs,
      VIEWS.map((view, at) => this.tab(view, at, state)),
    );
    keepFocus(this.states, this.stateButtons(state));
    keepFocus(this.toggles, this.nativeButton(state));
    keepFocus(this.chips, this.chipsOf(state));
  }

  tab(view, at, state) {
    const chosen = view === state.view;
    return el(
      'button',
      {
        role: 'tab',
        id: `tab-${view}`,
        'aria-selected': String(chosen),
        'aria-controls': 'view',
        title: `${TITLES[view]} (${at + 1})`,
        onclick: () => this.store.set({ view }),
      },
      TITLES[view],
    );
  }

  /* All states that any metric saw: the buttons are the lanes' key, too. */
  stateButtons(state) {
    const parts = this.derived.allStates(state);
    const sum = parts.reduce((all, each) => all + each, 0);
    const seen = this.derived.seenStates();
    return seen.length < 2 || !this.derived.hasStates(state.metric) ? [] : seen.map((each) => this.stateButton(each, parts[each], sum, state));
  }

  stateButton(each, value, sum, { states }) {
    const attributes = {
      id: `state-${each}`,
      'aria-pressed': String(Boolean((states >> each) & 1)),
      title: `${STATES[each]}: ${share(value, sum)}. Click to leave out, Shift-click for only this`,
      onclick: (event) => this.toggleState(each, event.shiftKey),
    };
    const color = swatch(this.palette.states[each]);
    const percent = `${Math.round((100 * value) / (sum || 1))}\u202f%`;
    return el(
      value ? 'button' : 'button.unseen',
      attributes,
      color,
      STATE_WORDS[each],
      el('small', {}, percent),
    );
  }

  toggleState(each, only) {
    const { states } = this.store.state;
    const bit = 1 << each;
    if (only) this.store.set({ states: states === bit ? ALL_STATES : bit });
    else this.store.set({ states: states ^ bit || ALL_STATES });
  }

  nativeButton({ native, view }) {
    const any = this.recording.functions.some(({ kind }) => kind === 'native');
    if (!any || view === 'source') return [];
    return [
      toggleButton(
        this.store,
        'native',
        'Native frames',
        'Show native frames, or count them to their callers (n)',
        native,
      ),
    ];
  }

  chipsOf(state) {
    const chip = (id, text, patch) =>
      el(
        'button.chip',
        { id, title: 'Remove this filter', onclick: () => this.store.set(patch) },
        text,
        ' ✕',
      );
    const { range, threads } = state;
    return [
      range &&
        chip('chip-range', `${quantity(range[0], 'ns')} to ${quantity(range[1], 'ns')}`, { range: null }),
      threads.length &&
        chip(
          'chip-threads',
          threads.length < 3
            ? threads.map((each) => threadName(this.recording, each)).join(', ')
            : plural(threads.length, 'thread'),
          { threads: [] },
        ),
      state.states !== ALL_STATES && chip('chip-states', 'some states only', { states: ALL_STATES }),
    ].filter(Boolean);
  }
}

function toggleButton(store, key, text, title, on) {
  return el(
    'button',
    {
      id: `toggle-${key}`,
      'aria-pressed': String(on),
      title,
      onclick: () => store.set({ [key]: !store.state[key] }),
    },
    text,
  );
}
