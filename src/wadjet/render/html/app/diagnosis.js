/* What Wadjet has to say about the recording: notes of how it was made, and the findings as
   cards, the first few in short, all of them in full, or none to make room. */

const SHOWN_FINDINGS = 3;

class Diagnosis {
  constructor(context) {
    const { recording } = context;
    const notes = notesOf(recording).map((note) => el('li', {}, prose(note)));
    const cards = recording.findings.map((finding) => card(context, finding));
    this.length = cards.length;
    this.more = el('button.plain', { onclick: () => this.turn(this.shown === 'full' ? 'short' : 'full') });
    this.less = el('button.plain', { onclick: () => this.turn(this.shown === 'none' ? 'short' : 'none') });
    this.element = el(
      'section.findings',
      { 'aria-label': 'Diagnosis' },
      notes.length ? el('ul.notes', {}, notes) : null,
      cards.length ? [el('ul.cards', {}, cards), el('div.turns', {}, this.more, this.less)] : null,
    );
    this.turn('short');
  }

  turn(shown) {
    this.shown = shown;
    this.element.dataset.shown = shown;
    this.more.setAttribute('aria-expanded', String(shown === 'full'));
    this.more.textContent = shown === 'full' ? 'Show less' : this.inFull();
    this.less.setAttribute('aria-expanded', String(shown !== 'none'));
    this.less.textContent = shown === 'none' ? `Show ${plural(this.length, 'finding')}` : 'Hide';
  }

  inFull() {
    return this.length > SHOWN_FINDINGS ? `Show all ${this.length} findings in full` : 'Show in full';
  }
}

/* The recorder's own notes; without a diagnosis, what it would have said of the recording. */
function notesOf({ about, samples, findings }) {
  const notes = Array.isArray(about.notes) ? about.notes.map(String) : [];
  if (findings.length) return notes;
  if (about.complete === false) notes.push('The recording stops before the program did.');
  if (about.counts?.dropped > 0) notes.push(`${plural(about.counts.dropped, 'sample')} had to be dropped.`);
  if (!samples) notes.push('Nothing was sampled: the program ended too soon, or never ran Python code.');
  return notes;
}

function card(context, { level, rule, message, treatment, weight, places }) {
  const links = places.filter(({ file }) => file).map((each) => placeLink(context, each));
  const explains = `Explains ${share(weight, 1)} of what was measured`;
  return el(
    `li.card.${level}`,
    {},
    el('p.message', {}, el('span.spoken', {}, `${level}: `), prose(message)),
    treatment ? el('p.treatment', {}, prose(treatment)) : null,
    el(
      'div.foot',
      {},
      weight > 0 ? el('span.weight', { title: explains }, bar(weight, 1)) : null,
      el('span.places', {}, links),
      el('small', {}, rule),
    ),
  );
}

function placeLink({ actions }, { file, line, label }) {
  const where = place(fileName(file), line);
  return el(
    'button.link.code',
    { title: place(file, line), onclick: () => actions.openPlace(file, line) },
    label ? `${label} (${where})` : where,
  );
}
