/* Puts the page of a heap together. */

function setHeapTheme(theme) {
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem('wadjet-theme', theme);
  } catch {
    /* a page from a file may not keep things */
  }
}

function firstTheme() {
  try {
    const kept = localStorage.getItem('wadjet-theme');
    if (kept) return kept;
  } catch {
    /* see setHeapTheme */
  }
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

function heapHead(heap, turn) {
  const { about } = heap;
  const facts = [
    about.python && `Python ${about.python}`,
    plural(heap.objects, 'object'),
    quantity(heap.size, 'bytes'),
    about.pid && `process ${about.pid}`,
    about.taken && date(about.taken),
  ].filter(Boolean);
  return el(
    'header.top',
    {},
    eye(),
    el(
      'div.what',
      {},
      el('h1.code', { title: heap.title }, heap.title),
      el(
        'ul.facts',
        {},
        facts.map((fact) => el('li', {}, fact)),
      ),
    ),
    el(
      'div.buttons',
      {},
      el(
        'button.plain',
        { id: 'theme', title: 'Light or dark', 'aria-label': 'Light or dark', onclick: turn },
        '◐',
      ),
    ),
  );
}

function heapFindings(findings) {
  if (!findings.length) return null;
  const cards = findings.map(({ level, message, treatment, rule }) =>
    el(
      `li.card.${level}`,
      {},
      el('p.message', {}, el('span.spoken', {}, `${level}: `), prose(message)),
      treatment ? el('p.treatment', {}, prose(treatment)) : null,
      el('div.foot', {}, el('small', {}, rule)),
    ),
  );
  return el('section.findings', { 'aria-label': 'Diagnosis' }, el('ul.cards', {}, cards));
}

function heapViews(heap) {
  const side = el('aside.facts-of', { 'aria-label': 'The object', 'aria-live': 'polite' });
  const map = new HeapMap(heap.places, (at) =>
    side.replaceChildren(...details(heap.places, at, heap.size, (into) => map.enter(into))),
  );
  const views = {
    Map: el('div.sheet', {}, map.element, side),
    Types: totals('Types by their own bytes', heap.types, heap.size),
    Modules: totals('Modules that define the types', heap.modules, heap.size),
    Cycles: cyclesList(heap.cycles),
    Duplicates: duplicatesList(heap.duplicates),
  };
  return { map, views };
}

function buildHeap(heap) {
  const { map, views } = heapViews(heap);
  const panel = el('div.sheet', { id: 'view', role: 'tabpanel' });
  const tabs = Object.keys(views).map((name) =>
    el('button', { role: 'tab', onclick: () => show(name) }, name),
  );
  function show(name) {
    panel.replaceChildren(views[name]);
    for (const tab of tabs) tab.setAttribute('aria-selected', String(tab.textContent === name));
    if (name === 'Map') map.draw();
  }
  const turn = () => {
    setHeapTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
    map.draw();
  };
  const app = document.getElementById('app');
  app.replaceChildren(
    heapHead(heap, turn),
    heapFindings(heap.findings) ?? '',
    el('main.heap', {}, el('div.tabs', { role: 'tablist' }, tabs), panel),
  );
  app.removeAttribute('aria-busy');
  show('Map');
  map.enter(0);
  return { heap, map, show };
}

async function openHeap() {
  document.documentElement.dataset.theme = firstTheme();
  const app = document.getElementById('app');
  try {
    if (typeof DecompressionStream === 'undefined')
      throw new Error('this browser is too old; any of 2023 or later will do');
    const { head } = await readBlock(document.getElementById('recording').textContent);
    window.wadjet = buildHeap(head);
  } catch (error) {
    app.replaceChildren(el('p.trouble', { role: 'alert' }, `The heap cannot be shown: ${error.message}`));
    throw error;
  }
}

openHeap();
