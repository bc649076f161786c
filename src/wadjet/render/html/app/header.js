/* The head of the page: what was recorded, and what Wadjet has to say about it. */

const SHOWN_FINDINGS = 3;
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
    about.host,
    about.started && date(about.started),
    Number.isInteger(about.exit) && about.exit !== 0 && `exit status ${about.exit}`,
  ].filter(Boolean);
}

function plural(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

function clocks({ clocks: all }) {
  return Object.entries(all ?? {}).map(([name, { engine, rate, why }]) => {
    const title = name === 'cpu' ? 'CPU' : name;
    const text =
      engine === 'none'
        ? `no ${title} samples`
        : `${title} clock: ${engine}${rate ? `, ${count(rate)} Hz` : ''}`;
    return el('span', { title: why ?? '' }, text);
  });
}

/* Warnings of the recording itself, then the diagnosis: its first few findings in short. */
function findingsOf(context) {
  const { recording } = context;
  const notes = notesOf(recording);
  const cards = recording.findings.map((finding) => card(context, finding));
  const more = el(
    'button.plain',
    { 'aria-expanded': 'false', onclick: () => unfold(section, more) },
    moreText(cards, false),
  );
  const section = el(
    'section.findings',
    { 'aria-label': 'Diagnosis' },
    notes.length
      ? el(
          'ul.notes',
          {},
          notes.map((note) => el('li', {}, prose(note))),
        )
      : null,
    cards.length ? el('ul.cards', {}, cards) : null,
    cards.length ? more : null,
  );
  return section;
}

function moreText(cards, open) {
  if (open) return 'Show less';
  return cards.length > SHOWN_FINDINGS ? `Show all ${cards.length} findings in full` : 'Show in full';
}

function unfold(section, more) {
  const open = section.classList.toggle('all');
  more.setAttribute('aria-expanded', String(open));
  more.textContent = moreText([...section.querySelectorAll('.card')], open);
}

function notesOf({ about, samples }) {
  const notes = Array.isArray(about.notes) ? about.notes.map(String) : [];
  if (about.complete === false)
    notes.unshift('The program was killed while it was recorded: this is what was written until then.');
  const dropped = about.counts?.dropped;
  if (dropped > 0) notes.push(`${plural(dropped, 'sample')} had to be dropped.`);
  if (!samples) notes.push('Nothing was sampled: the program ended too soon, or never ran Python code.');
  return notes;
}

function card(context, { level, rule, message, treatment, weight, places }) {
  return el(
    `li.card.${level}`,
    {},
    el('p.message', {}, el('span.spoken', {}, `${level}: `), prose(message)),
    treatment ? el('p.treatment', {}, prose(treatment)) : null,
    el(
      'div.foot',
      {},
      weight > 0
        ? el('span.weight', { title: `Explains ${share(weight, 1)} of what was measured` }, bar(weight, 1))
        : null,
      places
        .filter(({ file }) => file)
        .slice(0, 4)
        .map((each) => placeLink(context, each)),
      el('small', {}, rule),
    ),
  );
}

function placeLink({ actions }, { file, line, label }) {
  return el(
    'button.link.code',
    { title: place(file, line), onclick: () => actions.openPlace(file, line) },
    label ? `${label} (${place(fileName(file), line)})` : place(fileName(file), line),
  );
}
