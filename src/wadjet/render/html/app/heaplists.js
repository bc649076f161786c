/* The details of an object, and the tables: types, modules, cycles, duplicates. */

function details(places, at, whole, enter) {
  const place = places[at];
  const row = (name, ...value) => [el('dt', {}, name), el('dd', {}, ...value)];
  return [
    el('h2.code', {}, place[WHAT]),
    el(
      'dl',
      {},
      row('keeps alive', `${quantity(place[KEPT], 'bytes')}, ${share(place[KEPT], whole)} of the heap`),
      row('itself', quantity(place[OWN], 'bytes')),
      at > 0
        ? [
            row('type', el('code', {}, place[TYPE])),
            row('is kept by', el('p.way.code', {}, place[WAY] || 'the process')),
            row('address', el('code', {}, place[ADDRESS])),
          ]
        : null,
    ),
    el('p', {}, el('button', { onclick: () => enter(at) }, 'Look inside')),
  ];
}

function table(heads, rows) {
  const cell = (tag, value, at) => el(heads[at][1] ? `${tag}.number` : tag, {}, value);
  return el(
    'table',
    {},
    el(
      'thead',
      {},
      el(
        'tr',
        {},
        heads.map(([name], at) => cell('th', name, at)),
      ),
    ),
    el(
      'tbody',
      {},
      rows.map((row) =>
        el(
          'tr',
          {},
          row.map((value, at) => cell('td', value, at)),
        ),
      ),
    ),
  );
}

function totals(title, rows, whole) {
  return el(
    'div.list',
    {},
    el('h2', {}, title),
    table(
      [[title.split(' ')[0]], [''], ['share', true], ['bytes', true], ['objects', true]],
      rows.map(([name, objects, size]) => [
        el('code', {}, name),
        bar(size, whole),
        share(size, whole),
        quantity(size, 'bytes'),
        count(objects),
      ]),
    ),
  );
}

function cyclesList(rows) {
  const made = rows.map((row) => [
    el(
      'span',
      {},
      Object.entries(row.types)
        .slice(0, 8)
        .map(([name, number]) => `${count(number)} ${name}`)
        .join(', '),
    ),
    row.cut ? [el('code', {}, row.cut.name || 'a reference'), ` of ${row.cut.from.text}`] : 'no single one',
    row.finalizers.join(', '),
    count(row.garbage),
    quantity(row.size, 'bytes'),
    count(row.cycles),
  ]);
  const heads = [
    ['made of'],
    ['reference to cut'],
    ['finalizers'],
    ['garbage', true],
    ['bytes', true],
    ['cycles', true],
  ];
  return el('div.list', {}, el('h2', {}, 'Cycles: objects that keep each other'), table(heads, made));
}

function duplicatesList({ equal, slots }) {
  return el(
    'div.list',
    {},
    el('h2', {}, 'Equal objects that could be one'),
    table(
      [['value'], ['type'], ['wasted', true], ['objects', true]],
      equal.map(({ text, type, wasted, objects }) => [
        el('code', {}, text || '…'),
        type,
        quantity(wasted, 'bytes'),
        count(objects),
      ]),
    ),
    el('h2', {}, 'Classes that would gain from __slots__'),
    table(
      [['class'], ['attributes'], ['each', true], ['gain', true], ['instances', true]],
      slots.map(({ type, attributes, each, total, count: instances }) => [
        el('code', {}, type),
        attributes.join(', '),
        quantity(each, 'bytes'),
        quantity(total, 'bytes'),
        count(instances),
      ]),
    ),
  );
}
