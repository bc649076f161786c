/* The keyboard, and the page that explains it. */

const KEYS = [
  ['1 2 3 4', 'Flame graph, time order, functions, source'],
  ['/', 'Search; Esc leaves it'],
  ['← → ↑ ↓', 'Walk over the frames of a flame graph'],
  ['Enter', 'Zoom to the frame (in the table: open its source)'],
  ['Esc', 'Undo, one at a time: pick, search, zoom, range, threads'],
  ['c', 'Copy the picked stack as text'],
  ['s', 'Open the picked frame’s source'],
  ['n', 'Native frames on or off'],
  ['l', 'Split frames by line'],
  ['f', 'Turn the flame graph upside down'],
  ['i', 'Invert: from the leaves to their callers'],
  ['m', 'Next metric'],
  ['z', 'Zoom the timeline to the range, and back'],
  ['t', 'Light or dark'],
  ['?', 'This help'],
];

const MOUSE = [
  ['Drag over lanes', 'Choose a range of time; everything else follows it'],
  ['Click a thread', 'Show only that thread; with Shift add it'],
  ['Click a frame', 'Pick it and zoom to it; click one above to zoom out'],
  ['Ctrl + wheel', 'Zoom the timeline'],
  ['Shift + click a state', 'Show only that state'],
];

function helpDialog() {
  const list = (rows) =>
    el(
      'dl',
      {},
      rows.map(([key, what]) => [
        el('dt', {}, key.length < 10 ? el('kbd', {}, key) : key),
        el('dd', {}, what),
      ]),
    );
  const dialog = el(
    'dialog.help',
    { 'aria-label': 'Keys and help' },
    el('h2', {}, 'Keys'),
    list(KEYS),
    el('h2', {}, 'Pointer'),
    list(MOUSE),
    el('form', { method: 'dialog' }, el('button', { autofocus: true }, 'Close')),
  );
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
  return dialog;
}

function listenForKeys({ store, actions, search, timeline }) {
  const toggle = (key) => () => store.set({ [key]: !store.state[key] });
  const keys = {
    '/': () => search.field.select(),
    '?': () => actions.help(),
    t: () => actions.theme(),
    c: () => actions.copyStack(),
    s: () => actions.openPicked(),
    m: () => actions.nextMetric(),
    n: toggle('native'),
    l: toggle('lines'),
    f: toggle('flip'),
    i: toggle('invert'),
    z: () => timeline?.zoom(),
    Escape: () => actions.back(),
  };
  VIEWS.forEach((view, at) => {
    keys[at + 1] = () => store.set({ view });
  });
  addEventListener('keydown', (event) => {
    const typing = event.target.matches?.('input, select, textarea');
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
    if (typing && event.key !== 'Escape') return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    if (typing) event.target.blur();
    act();
  });
}
