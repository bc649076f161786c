/* The one state of the page: what is shown and what is left out. It lives in the address
   (after the #), so that a view can be sent to someone and Back undoes a step. */

const START = {
  view: 'flame',
  metric: 0,
  range: null,
  span: null,
  threads: [],
  states: ALL_STATES,
  native: true,
  lines: false,
  flip: false,
  invert: false,
  zoom: -1,
  path: [],
  pick: -1,
  fn: -1,
  file: '',
  line: 0,
  query: '',
  sort: 'self',
};
const VIEWS = ['flame', 'time', 'functions', 'source'];
const LISTS = ['range', 'span', 'threads', 'path'];
const STEPS = ['view', 'zoom', 'path', 'range', 'threads', 'fn', 'metric'];

class Store {
  constructor(recording) {
    this.recording = recording;
    this.start = { ...START, metric: firstMetric(recording) };
    this.watchers = [];
    this.state = this.parsed();
    this.drawn = null;
    addEventListener('popstate', () => this.set(this.parsed(), { keep: true }));
    addEventListener('hashchange', () => this.set(this.parsed(), { keep: true }));
  }

  watch(watcher) {
    this.watchers.push(watcher);
  }

  /* Change the state and draw once, with the next frame. */
  set(patch, { keep = false } = {}) {
    const before = this.state;
    this.state = { ...before, ...patch };
    if (!keep) this.write(STEPS.some((key) => key in patch && patch[key] !== before[key]));
    if (!this.waiting) this.waiting = requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.waiting = 0;
    const before = this.drawn ?? {};
    const state = this.state;
    this.drawn = state;
    const changed = new Set(Object.keys(state).filter((key) => state[key] !== before[key]));
    for (const watcher of this.watchers) watcher(state, changed);
  }

  /* Redraw everything, for a new theme or size. */
  refresh() {
    this.drawn = null;
    this.set({}, { keep: true });
  }

  write(step) {
    clearTimeout(this.writing);
    if (step) this.address(true);
    else this.writing = setTimeout(() => this.address(false), 150);
  }

  address(step) {
    if (location.protocol === 'about:') return; // in a frame of a notebook: its address is not ours
    const hash = `#${this.query()}`;
    if (hash === (location.hash || '#')) return;
    try {
      history[step ? 'pushState' : 'replaceState'](null, '', hash);
    } catch {
      location.replace(hash);
    }
  }

  query() {
    const words = new URLSearchParams();
    for (const [key, first] of Object.entries(this.start)) {
      const text = asText(this.state[key]);
      if (text !== asText(first)) words.set(key, text);
    }
    return words.toString();
  }

  parsed() {
    const words = new URLSearchParams(location.hash.slice(1));
    const state = { ...this.start };
    for (const [key, text] of words) {
      if (key in state) state[key] = asValue(text, this.start[key], key);
    }
    return checked(state, this.start, this.recording);
  }
}

/* CPU time where there is any: it has the most samples, and no sleepers among them. */
function firstMetric(recording) {
  const cpu = metricNamed(recording, 'cpu');
  if (cpu >= 0 && recording.metrics[cpu].rows.value.length) return cpu;
  return Math.max(
    0,
    recording.metrics.findIndex(({ rows }) => rows.value.length),
  );
}

function asText(value) {
  if (Array.isArray(value)) return value.join('-');
  return value === null ? '' : String(Number.isInteger(value) || typeof value !== 'boolean' ? value : +value);
}

function asValue(text, first, key) {
  if (LISTS.includes(key)) return text.split('-').filter(Boolean).map(Number);
  if (typeof first === 'number') return Number(text);
  return typeof first === 'boolean' ? text === '1' : text;
}

/* An address may be old, cut or made up: what does not fit the recording is dropped. */
function checked(state, start, recording) {
  const whole = (number, end) => Number.isInteger(number) && number >= 0 && number < end;
  const nodes = recording.nodeParent.length;
  const drop = (key, fine) => {
    if (!fine) state[key] = start[key];
  };
  drop('view', VIEWS.includes(state.view));
  drop('metric', whole(state.metric, recording.metrics.length));
  drop('states', whole(state.states, ALL_STATES + 1));
  drop('zoom', whole(state.zoom, nodes));
  drop('pick', whole(state.pick, nodes));
  drop('fn', whole(state.fn, recording.functions.length));
  for (const key of ['range', 'span'])
    drop(key, state[key]?.length === 2 && state[key].every(Number.isFinite));
  state.threads = state.threads.filter((thread) => whole(thread, recording.threads.length));
  state.path = state.path.filter((fn) => whole(fn, recording.functions.length));
  return state;
}
