/* The head of the page: what was recorded. */

const EYE = [
  ['path', { d: 'M3 9.5C8 4 17 3 29 7.5', class: 'brow' }],
  ['path', { d: 'M3.5 15.5C9 9.5 19 9.5 28.5 14.5C20 19.5 10.5 20 3.5 15.5Z' }],
  ['circle', { cx: 15.5, cy: 14.6, r: 3, class: 'pupil' }],
  ['path', { d: 'M13 19.2C12.6 22.5 11.5 25.5 9.5 28' }],
  ['path', { d: 'M17.5 19C19 24.5 23 28 26.8 26.4C29.4 25.2 28.6 21.9 26.2 22.5C24.6 23 24.9 25 26.2 25' }],
];

function eye() {
  const make = (name, attributes) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const svg = make('svg', { viewBox: '0 0 32 32', class: 'eye', 'aria-hidden': 'true' });
  svg.append(...EYE.map(([name, attributes]) => make(name, attributes)));
  return svg;
}

function header({ recording, actions }) {
  const { about } = recording;
  const command = Array.isArray(about.command) ? about.command.join(' ') : 'Recording';
  return el(
    'header.top',
    {},
    eye(),
    el(
      'div.what',
      {},
      el('h1.code', { title: command }, command),
      el(
        'ul.facts',
        {},
        facts(recording).map((fact) => el('li', {}, fact)),
      ),
    ),
    el(
      'div.buttons',
      {},
      el(
        'button.plain',
        {
          id: 'theme',
          title: 'Light or dark (t)',
          onclick: () => actions.theme(),
          'aria-label': 'Light or dark',
        },
        '◐',
      ),
      el(
        'button.plain',
        { title: 'Keys and help (?)', onclick: () => actions.help(), 'aria-label': 'Keys and help' },
        '?',
      ),
    ),
  );
}

function facts(recording) {
  const { about, duration, threads, processes, samples } = recording;
  const language =
    about.python &&
    `${about.implementation === 'cpython' || !about.implementation ? 'Python' : about.implementation} ${about.python}`;
  return [
    language,
    duration > 0 && quantity(duration, 'ns'),
    plural(threads.length, 'thread'),
    processes.length > 1 && plural(processes.length, 'process', 'processes'),
    plural(samples, 'sample'),
    ...clocks(about),
    ...memoryFacts(recording),
    about.host,
    about.started && date(about.started),
    Number.isInteger(about.exit) && about.exit !== 0 && `exit status ${about.exit}`,
  ].filter(Boolean);
}

function plural(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

function memoryFacts(recording) {
  const { mean } = recording.about.memory ?? {};
  const rows = recording.metrics.find(({ name }) => name === 'peak')?.rows;
  if (!rows || !Number.isFinite(mean)) return [];
  const peak = rows.value.reduce((sum, value) => sum + value, 0);
  const how = mean ? `a sample every ${quantity(mean, 'bytes')}` : 'every request counted';
  return [`peak ${quantity(peak, 'bytes')} (${how})`];
}

/* A clock that was not wanted goes without saying where memory was. */
function clocks({ clocks: all, memory }) {
  const shown = Object.entries(all ?? {}).filter(([, { why }]) => !(memory && why === 'turned off'));
  return shown.map(([name, { engine, rate, why }]) => {
    const title = name === 'cpu' ? 'CPU' : name;
    const text =
      engine === 'none'
        ? `no ${title} samples`
        : `${title} clock: ${engine}${rate ? `, ${count(rate)} Hz` : ''}`;
    return el('span', { title: why ?? '' }, text);
  });
}
