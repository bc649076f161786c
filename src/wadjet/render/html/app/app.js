/* Puts the page together: reads the recording, builds the parts, joins them to the state. */

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem('wadjet-theme', theme);
  } catch {
    /* a page from a file may not keep things */
  }
}

function startTheme() {
  let theme = null;
  try {
    theme = localStorage.getItem('wadjet-theme');
  } catch {
    /* see setTheme */
  }
  document.documentElement.dataset.theme =
    theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
}

function build(recording) {
  const store = new Store(recording);
  const context = {
    recording,
    store,
    derived: new Derived(recording),
    palette: new Palette(recording),
    sources: new Sources(recording),
    dialog: helpDialog(),
  };
  context.actions = new Actions(context);
  const timeline = hasTime(recording) ? new Timeline(context) : null;
  context.order = timeline ? timeline.order : [...recording.threads.keys()];
  const toolbar = new Toolbar(context);
  const graph = new GraphPanel(context);
  const views = {
    flame: graph,
    time: graph,
    functions: new FunctionsView(context),
    source: new SourceView(context),
  };
  const panel = el('div', { id: 'view', role: 'tabpanel' });
  lay(context, timeline, toolbar, panel);
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

/* Lay the parts out on the page. */
function lay(context, timeline, toolbar, panel) {
  const app = document.getElementById('app');
  app.replaceChildren(
    header(context),
    new Diagnosis(context).element,
    el(
      'main.explorer',
      {},
      timeline
        ? timeline.element
        : el('p.muted.notime', {}, 'This recording has no times: there are no lanes to show.'),
      toolbar.element,
      panel,
    ),
    el('div.hidden', { id: 'tip', role: 'tooltip' }),
    el('div.hidden', { id: 'toast', role: 'status' }),
    el('div.spoken', { id: 'said', 'aria-live': 'polite' }),
    context.dialog,
  );
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
  addEventListener('beforeprint', () => {
    before = document.documentElement.dataset.theme;
    turn('light');
  });
  addEventListener('afterprint', () => turn(before));
}

async function main() {
  startTheme();
  const app = document.getElementById('app');
  try {
    if (typeof DecompressionStream === 'undefined')
      throw new Error('this browser is too old; any of 2023 or later will do');
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
