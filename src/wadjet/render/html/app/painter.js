/* A canvas as large as the part of a scrolled area that is in sight.

   ``draw(context, width, height, scrollTop)`` is called when something changed; the
   canvas stays put while ``area`` scrolls below it. */

class Painter {
  constructor(draw, attributes) {
    this.canvas = el('canvas', { tabindex: '0', ...attributes });
    this.spacer = el('div.spacer');
    this.area = el('div.area', {}, el('div.stage', {}, this.canvas), this.spacer);
    this.paint = draw;
    this.area.addEventListener('scroll', () => this.draw(), { passive: true });
    this.width = this.height = 0;
    new ResizeObserver(() => this.measure()).observe(this.area);
  }

  /* Keep the size, in CSS pixels: to ask for it while drawing would lay the page out anew. */
  measure() {
    this.width = this.area.clientWidth;
    this.height = this.area.clientHeight;
    if (this.resized) this.resized();
    else this.draw();
  }

  /* The height of everything there is to scroll over. */
  set content(height) {
    this.spacer.style.height = `${height}px`;
  }

  draw() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      this.now();
    });
  }

  now() {
    const { width, height } = this;
    if (!width || !height) return;
    const ratio = devicePixelRatio || 1;
    fit(this.canvas, width, height, ratio);
    const context = this.canvas.getContext('2d');
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    this.paint(context, width, height, this.area.scrollTop);
  }

  /* Where an event is, in the content's coordinates. */
  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top + this.area.scrollTop };
  }
}

function fit(canvas, width, height, ratio) {
  const [columns, rows] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== columns || canvas.height !== rows) {
    canvas.width = columns;
    canvas.height = rows;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
}

/* Letters of the one size and face that boxes use are equally wide: cutting is counting. */
const LETTERS = 11;

function letterWidth(context, palette) {
  context.font = `${LETTERS}px ${palette.mono}`;
  return context.measureText('MMMMMMMMMM').width / 10;
}

function cut(text, room) {
  if (text.length <= room) return text;
  return room < 3 ? '' : `${text.slice(0, room - 1)}…`;
}
