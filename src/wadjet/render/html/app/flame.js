/* A flame graph on a canvas: boxes in rows, drawn only where they are in sight and wide
   enough to see. Where the boxes lie is the layout's business: see layOut (by cost) here
   and chart.js (by time).

   A layout is { depth, row(n) -> boxes from left to right }; a box is { fn, x, w } and
   either ``frame``, or ``vertex`` and ``time`` of a chart, or ``rest``: how many boxes it
   stands for that are too narrow to draw (its fn is one of them, or -1). */

const ROW = 20;
const NARROW = 1.5;

function layOut(root, zoom, width) {
  const rows = [];
  for (let frame = zoom; frame; frame = frame.parent) {
    rows[frame.depth] = [{ fn: frame.fn, frame, x: 0, w: width, above: frame !== zoom }];
  }
  const scale = zoom.total ? width / zoom.total : 0;
  const pending = scale ? [[zoom, 0]] : [];
  while (pending.length) {
    const [frame, x] = pending.pop();
    placeChildren(frame, x, scale, (rows[frame.depth + 1] ??= []), pending);
  }
  while (!rows.at(-1).length) rows.pop();
  for (const row of rows) row.sort((a, b) => a.x - b.x);
  return { depth: rows.length, row: (depth) => rows[depth] ?? [] };
}

function placeChildren(frame, x, scale, row, pending) {
  const { children } = frame;
  for (let at = 0; at < children.length; at++) {
    const child = children[at];
    const w = child.total * scale;
    if (w < NARROW) {
      const total = children.slice(at).reduce((sum, { total }) => sum + total, 0);
      if (total * scale > 0.4) row.push({ fn: -1, x, w: total * scale, rest: children.length - at, total });
      return;
    }
    row.push({ fn: child.fn, frame: child, x, w });
    pending.push([child, x]);
    x += w;
  }
}

/* The box at ``x`` in a row, by halving. */
function boxAt(row, x) {
  let [low, high] = [0, row.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (row[middle].x + row[middle].w <= x) low = middle + 1;
    else high = middle;
  }
  const box = row[low];
  return box && box.x <= x ? box : null;
}

class FlameView {
  constructor({ recording, palette, label, onpick, onzoom }) {
    Object.assign(this, { recording, palette, onpick, onzoom });
    this.painter = new Painter((...where) => this.paint(...where), {
      role: 'application',
      'aria-label': label,
      'aria-roledescription': 'flame graph',
    });
    this.painter.resized = () => this.relayout();
    this.hovered = el('div.hovered.hidden');
    this.element = this.painter.area;
    this.element.classList.add('flame');
    this.element.firstChild.append(this.hovered);
    this.drawn = 0;
    this.walk = new Walk(this);
    this.listen(this.painter.canvas);
  }

  listen(canvas) {
    canvas.addEventListener('pointermove', (event) => this.hover(event));
    canvas.addEventListener('pointerleave', () => this.unhover());
    canvas.addEventListener('click', (event) => this.click(event));
    canvas.addEventListener('dblclick', (event) => this.zoomTo(event));
  }

  /* ``scene``: { layout(width), flip, matches, picked(box), whole, unit, resolve(box), header } */
  show(scene) {
    const turned = this.scene && this.scene.flip !== scene.flip;
    this.scene = scene;
    this.relayout();
    if (turned) this.element.scrollTop = scene.flip ? this.content : 0;
  }

  relayout() {
    const { width, height } = this.painter;
    if (!this.scene || !width) return;
    this.layout = this.scene.layout(width);
    this.content = Math.max(this.layout.depth * ROW + 6, this.scene.flip ? height : 0);
    const bottom = !this.painter.spacer.style.height && this.scene.flip;
    this.painter.content = this.content;
    this.element.style.setProperty('--content', `${this.layout.depth * ROW + 6}px`);
    if (bottom) this.element.scrollTop = this.content;
    this.unhover();
    this.painter.draw();
  }

  top(depth) {
    return this.scene.flip ? this.content - (depth + 1) * ROW : depth * ROW;
  }

  depthAt(y) {
    return Math.floor((this.scene.flip ? this.content - y : y) / ROW);
  }

  paint(context, width, height, scrollTop) {
    if (!this.layout) return;
    this.letter = letterWidth(context, this.palette);
    const [first, last] = [this.depthAt(scrollTop), this.depthAt(scrollTop + height)].sort((a, b) => a - b);
    this.drawn = 0;
    for (let depth = Math.max(0, first); depth <= Math.min(last, this.layout.depth - 1); depth++) {
      const y = this.top(depth) - scrollTop;
      if (depth === 0 && this.scene.header) this.scene.header(context, width, y, this.palette);
      else for (const box of this.layout.row(depth)) this.paintBox(context, box, y);
    }
  }

  paintBox(context, box, y) {
    const { palette, scene } = this;
    const matched = scene.matches && box.fn >= 0 && scene.matches[box.fn];
    context.globalAlpha = (scene.matches && !matched) || box.above ? 0.45 : 1;
    context.fillStyle = matched
      ? palette.match
      : box.rest && box.fn < 0
        ? palette.boxRest
        : palette.of(box.fn);
    context.fillRect(box.x, y, box.w > 3 ? box.w - 1 : Math.max(0.7, box.w - 0.3), ROW - 1);
    context.globalAlpha = 1;
    this.drawn++;
    if (!box.rest && box.w > 26) this.paintLabel(context, box, y);
    if (scene.picked(box)) outline(context, box, y, palette);
  }

  paintLabel(context, box, y) {
    const x = Math.max(0, box.x) + 4;
    const room = Math.floor((Math.min(box.x + box.w, this.painter.width) - x - 5) / this.letter);
    const name = cut(box.fn < 0 ? this.rootLabel(box) : this.recording.functions[box.fn].name, room);
    context.fillStyle = this.palette.boxInk;
    context.fillText(name, x, y + ROW - 6);
    const left = room - name.length - 2;
    if (left < 6 || box.fn < 0) return;
    const { short, line } = this.recording.functions[box.fn];
    context.fillStyle = this.palette.boxSoft;
    const where = cut(place(short, box.frame?.line || line), left);
    context.fillText(where, x + (name.length + 2) * this.letter, y + ROW - 6);
  }

  rootLabel({ frame }) {
    return `${this.scene.title}: ${quantity(frame.total, this.scene.unit)}`;
  }

  frameOf(box) {
    return box.frame ?? this.scene.resolve(box);
  }

  find(event) {
    if (!this.layout) return null;
    const { x, y } = this.painter.at(event);
    const depth = this.depthAt(y);
    if (depth < 0 || depth >= this.layout.depth) return null;
    const box = boxAt(this.layout.row(depth), x);
    return box && { box, depth };
  }

  hover(event) {
    const found = this.find(event);
    if (!found) return this.unhover();
    const { box, depth } = found;
    this.hovered.classList.remove('hidden');
    Object.assign(this.hovered.style, {
      left: `${Math.max(0, box.x)}px`,
      top: `${this.top(depth) - this.element.scrollTop}px`,
      width: `${Math.max(2, Math.min(box.w, box.x + box.w) - 1)}px`,
      height: `${ROW - 1}px`,
    });
    tip(event, this.describe(box));
  }

  unhover() {
    this.hovered.classList.add('hidden');
    tip(null, null);
  }

  describe(box) {
    const { whole, unit } = this.scene;
    if (box.rest) {
      return [
        el('b', {}, `${count(box.rest)} narrower frames`),
        el('div', {}, `${quantity(box.total, unit)}, ${share(box.total, whole)}`),
      ];
    }
    const frame = this.frameOf(box);
    if (!frame || frame.fn < 0)
      return [el('b', {}, 'Everything shown'), el('div', {}, quantity(frame?.total ?? whole, unit))];
    const { name, file, line } = this.recording.functions[frame.fn];
    return [
      el('b.code', {}, name),
      el('div.muted.code', {}, place(file, frame.line || line)),
      box.time
        ? el(
            'div',
            {},
            `${quantity(box.time[1] - box.time[0], unit)} here, from ${quantity(box.time[0], unit)}`,
          )
        : null,
      el('div', {}, `total ${quantity(frame.total, unit)} (${share(frame.total, whole)})`),
      this.scene.selfless
        ? null
        : el('div', {}, `self ${quantity(frame.self, unit)} (${share(frame.self, whole)})`),
    ].filter(Boolean);
  }

  click(event) {
    const found = this.find(event);
    if (!found || found.box.rest) return;
    const frame = this.frameOf(found.box);
    this.walk.at = found.box;
    this.onpick(frame);
    if (!found.box.time) this.onzoom?.(frame, found.box);
  }

  zoomTo(event) {
    const found = this.find(event);
    if (found?.box.time) this.onzoom?.(null, found.box);
  }

  reveal(depth) {
    const top = this.top(depth);
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop) this.element.scrollTop = top - ROW;
    else if (top + ROW > scrollTop + clientHeight) this.element.scrollTop = top + 2 * ROW - clientHeight;
  }
}

function outline(context, box, y, palette) {
  context.strokeStyle = palette.ink;
  context.lineWidth = 2;
  context.strokeRect(box.x + 1, y + 1, Math.max(1, box.w - 3), ROW - 3);
}
