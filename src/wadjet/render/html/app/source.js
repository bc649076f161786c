/* Source files with the cost of each line. */

const SOURCE_LINE = 20;

class Sources {
  constructor(recording) {
    this.recording = recording;
    this.colored = new Map();
  }

  /* The lines of a file as highlighted pieces; null if the recording does not hold it. */
  lines(file) {
    const text = this.recording.sources[file];
    if (text === undefined) return null;
    if (!this.colored.has(file)) this.colored.set(file, highlight(text));
    return this.colored.get(file);
  }
}

class SourceView {
  constructor({ recording, store, derived, sources }) {
    Object.assign(this, { recording, store, derived, sources });
    this.files = new LongList(LINE, (index) => this.fileRow(index), {
      role: 'listbox',
      'aria-label': 'Files by self cost',
    });
    this.code = new LongList(SOURCE_LINE, (index) => this.codeRow(index), {
      role: 'table',
      'aria-label': 'Lines',
    });
    this.title = el('h2.code');
    this.notice = el('p.notice.hidden');
    const heads = el(
      'div.heads',
      { role: 'row' },
      ...['Self', 'Total', 'Line'].map((name) =>
        el(`div.cell.${name.toLowerCase()}`, { role: 'columnheader' }, name),
      ),
      this.title,
    );
    this.element = el(
      'div.view.source',
      {},
      el('div.files', {}, el('div.heads', {}, 'Files by self cost'), this.files.element),
      el('div.listing', {}, heads, this.notice, this.code.element),
    );
  }

  show(state, changed) {
    this.unit = this.recording.metrics[state.metric].unit;
    const measured = this.derived.lineMeasured(state);
    this.sum = measured.sum;
    this.order = this.derived.keep('files', [measured], () => this.fileOrder(measured));
    this.file = state.file || this.order[0]?.file || '';
    this.files.fill(this.order.length);
    this.fill(state);
    if (changed.has('file') || changed.has('line') || changed.has('view')) this.reveal(state);
  }

  fileOrder(measured) {
    const tree = this.derived.lineTree();
    const sums = new Map();
    for (let vertex = 1; vertex < tree.size; vertex++) {
      const { file, kind } = this.recording.functions[tree.fn[vertex]];
      if (kind === 'python' && measured.total[vertex])
        sums.set(file, (sums.get(file) ?? 0) + measured.self[vertex]);
    }
    return Array.from(sums, ([file, self]) => ({ file, self })).sort(
      (a, b) => b.self - a.self || (a.file < b.file ? -1 : 1),
    );
  }

  fill(state) {
    this.costs = this.file ? this.derived.fileLines(state, this.file) : new Map();
    this.top = Math.max(0, ...Array.from(this.costs.values(), ({ self }) => self));
    this.lines = this.sources.lines(this.file);
    this.numbers = this.lines ? null : [...this.costs.keys()].sort((a, b) => a - b);
    this.title.textContent = this.file;
    this.notice.classList.toggle('hidden', Boolean(this.lines) || !this.file);
    this.notice.textContent =
      'The recording does not hold this file\u2019s text; these are the lines that were seen in it.';
    this.code.fill(this.lines ? this.lines.length : this.numbers.length);
  }

  reveal(state) {
    const hottest = () =>
      [...this.costs].sort((a, b) => b[1].self - a[1].self || b[1].total - a[1].total)[0]?.[0];
    const line = state.line || hottest();
    if (!line) return;
    this.code.show(this.numbers ? Math.max(0, this.numbers.indexOf(line)) : line - 1);
  }

  fileRow(index) {
    const { file, self } = this.order[index];
    return el(
      'div.row',
      {
        role: 'option',
        'aria-selected': String(file === this.file),
        title: file,
        onclick: () => this.store.set({ file, line: 0 }),
      },
      bar(self, this.sum),
      el('span.code', {}, ...fileLabel(shortName(this.recording, file))),
      el('small.number', {}, share(self, this.sum)),
    );
  }

  codeRow(index) {
    const line = this.numbers ? this.numbers[index] : index + 1;
    const cost = this.costs.get(line);
    const row = el(
      'div.row',
      { role: 'row', 'aria-current': line === this.store.state.line ? 'true' : null },
      this.cell('self', cost?.self),
      this.cell('total', cost?.total),
      el('div.cell.line', { role: 'cell' }, String(line)),
      this.lines ? codeLine(this.lines[index]) : el('code.text', {}),
    );
    if (cost) row.style.setProperty('--heat', heat(cost.self, this.top));
    return row;
  }

  cell(kind, value) {
    const cell = el(`div.cell.${kind}`, { role: 'cell' });
    if (value)
      cell.append(
        bar(value, this.sum),
        el('span.number', { title: quantity(value, this.unit) }, share(value, this.sum)),
      );
    return cell;
  }
}

/* How strongly to tint a line, 0 to 1; the root lifts lines that are merely warm. */
function heat(self, top) {
  return top ? Math.sqrt(self / top).toFixed(3) : 0;
}

/* A path with its folder in small print behind it. */
function fileLabel(path) {
  const name = fileName(path);
  return [name, el('small', {}, ` ${path.slice(0, -name.length)}`)];
}
