/* Elements. Text is only ever set as text: nothing of the recording is read as markup. */

/* el('button.plain', { title: 'Zoom', onclick }, 'Zoom') */
function el(selector, attributes = {}, ...children) {
  const [tag, ...classes] = selector.split('.');
  const element = document.createElement(tag || 'div');
  if (classes.length) element.className = classes.join(' ');
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ''),
  );
  return element;
}

/* A bar that is ``part`` of ``whole`` long. */
function bar(part, whole, color) {
  const fill = el('span.fill');
  fill.style.width = `${whole ? Math.min(100, (100 * part) / whole) : 0}%`;
  if (color) fill.style.background = color;
  return el('span.bar', { 'aria-hidden': 'true' }, fill);
}

function swatch(color) {
  const box = el('span.swatch', { 'aria-hidden': 'true' });
  box.style.background = color;
  return box;
}

/* A bar of several parts: [[amount, color, title], ...]. */
function stackedBar(parts) {
  const whole = parts.reduce((sum, [amount]) => sum + amount, 0);
  const pieces = parts
    .filter(([amount]) => amount > 0)
    .map(([amount, color, title]) => {
      const piece = el('span.piece', { title });
      piece.style.width = `${(100 * amount) / whole}%`;
      piece.style.background = color;
      return piece;
    });
  return el('span.stacked', { 'aria-hidden': 'true' }, pieces);
}

/* Text with `code` in backticks. */
function prose(text) {
  return text.split('`').map((piece, at) => (at % 2 ? el('code', {}, piece) : piece));
}

/* Replace an element's children; the focus stays on the one with the same id. */
function keepFocus(element, children) {
  const { id } = document.activeElement ?? {};
  const inside = id && element.contains(document.activeElement);
  element.replaceChildren(...children);
  if (inside) document.getElementById(id)?.focus();
}

/* A long list that holds only the rows in sight. ``row(index)`` makes a row's element. */
class LongList {
  constructor(height, row, attributes = {}) {
    this.height = height;
    this.row = row;
    this.length = 0;
    this.body = el('div.rows', { role: 'presentation' });
    this.element = el('div.long', { tabindex: '0', ...attributes }, this.body);
    this.element.addEventListener('scroll', () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  fill(length) {
    this.length = length;
    this.body.style.height = `${length * this.height}px`;
    this.draw();
  }

  draw() {
    const { scrollTop, clientHeight } = this.element;
    const first = Math.max(0, Math.floor(scrollTop / this.height) - 4);
    const end = Math.min(this.length, Math.ceil((scrollTop + clientHeight) / this.height) + 4);
    const rows = [];
    for (let index = first; index < end; index++) {
      const row = this.row(index);
      row.style.top = `${index * this.height}px`;
      rows.push(row);
    }
    this.body.replaceChildren(...rows);
  }

  show(index) {
    const { scrollTop, clientHeight } = this.element;
    const top = index * this.height;
    if (top < scrollTop || top + this.height > scrollTop + clientHeight) {
      this.element.scrollTop = Math.max(0, top - clientHeight / 3);
    }
    this.draw();
  }
}

function say(text) {
  document.getElementById('said').textContent = text;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = el('textarea', {}, text);
    document.body.append(field);
    field.select();
    document.execCommand('copy');
    field.remove();
  }
  toast('Copied');
}

function toast(text) {
  const note = document.getElementById('toast');
  note.textContent = text;
  note.classList.remove('hidden');
  clearTimeout(note.timer);
  note.timer = setTimeout(() => note.classList.add('hidden'), 1600);
}

/* A tooltip by the pointer; null hides it. */
function tip(event, content) {
  const note = document.getElementById('tip');
  note.classList.toggle('hidden', !content);
  if (!content) return;
  note.replaceChildren(...[content].flat());
  const { width, height } = note.getBoundingClientRect();
  const left = event.clientX + 14 + width > innerWidth ? event.clientX - width - 10 : event.clientX + 14;
  const top = event.clientY + 18 + height > innerHeight ? event.clientY - height - 10 : event.clientY + 18;
  note.style.left = `${Math.max(4, left)}px`;
  note.style.top = `${Math.max(4, top)}px`;
}
