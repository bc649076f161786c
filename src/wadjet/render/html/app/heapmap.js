/* The map: each object is a box as large as what it keeps alive, inside the box of the one
   that keeps it. A click goes into a box; the crumbs lead back out. */

const ABOVE = 0;
const WHAT = 1;
const WAY = 2;
const TYPE = 3;
const OWN = 4;
const KEPT = 5;
const ADDRESS = 6;
const TITLE = 19; /* the height of the line that names a box, in pixels */
const LEAST_SIDE = 4;

function hueOf(text) {
  let hash = 7;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return (hash >>> 0) % 360;
}

function colorOf(type, dark) {
  return `oklch(${dark ? 0.42 : 0.86} ${dark ? 0.06 : 0.07} ${hueOf(type)})`;
}

/* What an object is called by the one that keeps it, and what it is. */
function nameWithin(places, at) {
  const [above, what, way] = places[at];
  const outer = above > 0 ? places[above][WAY] : '';
  const name = outer && way.startsWith(outer) ? way.slice(outer.length) : way;
  return name && name.length < 60 && name !== what ? `${name} · ${what}` : what;
}

/* The worst ratio of sides that boxes of these sizes get in a row of this length. */
function worst(row, sum, length) {
  const side = sum / length;
  return Math.max(...row.map(({ area }) => Math.max((side * side) / area, area / (side * side))));
}

/* Boxes for ``items`` ({ value }), largest first, that fill the rectangle: squarified. */
function squarify(items, { x, y, width, height }) {
  const whole = items.reduce((sum, { value }) => sum + value, 0);
  const scale = whole ? (width * height) / whole : 0;
  const rest = items.map((item) => ({ item, area: item.value * scale })).filter(({ area }) => area > 0);
  const placed = [];
  while (rest.length && width > 0.5 && height > 0.5) {
    const length = Math.min(width, height);
    const row = [rest.shift()];
    let sum = row[0].area;
    while (rest.length) {
      const more = sum + rest[0].area;
      if (worst([...row, rest[0]], more, length) > worst(row, sum, length)) break;
      sum = more;
      row.push(rest.shift());
    }
    const side = sum / length;
    let at = 0;
    for (const { item, area } of row) {
      const size = area / side;
      placed.push(
        width >= height
          ? { item, x, y: y + at, width: side, height: size }
          : { item, x: x + at, y, width: size, height: side },
      );
      at += size;
    }
    if (width >= height) [x, width] = [x + side, width - side];
    else [y, height] = [y + side, height - side];
  }
  return placed;
}

class HeapMap {
  constructor(places, onPick) {
    this.places = places;
    this.onPick = onPick;
    this.below = places.map(() => []);
    places.forEach((place, at) => {
      if (place[ABOVE] >= 0) this.below[place[ABOVE]].push(at);
    });
    for (const list of this.below) list.sort((a, b) => places[b][KEPT] - places[a][KEPT]);
    this.crumbs = el('ol.crumbs', { 'aria-label': 'Way from the process' });
    this.map = el('div.map', { role: 'group', 'aria-label': 'Map of what keeps memory' });
    this.element = el('div.mapside', {}, this.crumbs, this.map);
    this.map.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && this.root > 0) this.enter(places[this.root][ABOVE]);
    });
    new ResizeObserver(() => this.draw()).observe(this.map);
    this.root = this.picked = 0;
  }

  /* Show what is inside a place. */
  enter(at) {
    this.root = this.picked = at;
    this.onPick(at);
    this.draw();
  }

  pick(at) {
    this.picked = at;
    this.onPick(at);
    for (const box of this.map.children) {
      box.setAttribute('aria-selected', String(Number(box.dataset.at) === at));
    }
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.map;
    if (!width || !height) return;
    this.dark = document.documentElement.dataset.theme === 'dark';
    const boxes = [];
    this.fill(this.root, { x: 0, y: 0, width, height }, 0, boxes);
    this.map.replaceChildren(...boxes);
    this.crumbs.replaceChildren(...this.trail());
  }

  trail() {
    const way = [];
    for (let at = this.root; at >= 0; at = this.places[at][ABOVE]) way.unshift(at);
    return way.map((at) =>
      el('li', {}, el('button.link', { onclick: () => this.enter(at) }, this.places[at][WHAT])),
    );
  }

  fill(at, area, depth, boxes) {
    const items = this.below[at].map((child) => ({ child, value: this.places[child][KEPT] }));
    const kept = items.reduce((sum, { value }) => sum + value, 0);
    const rest = this.places[at][KEPT] - kept;
    if (rest > 0) items.push({ child: -1, value: rest });
    items.sort((a, b) => b.value - a.value);
    for (const { item, x, y, width, height } of squarify(items, area)) {
      if (width < LEAST_SIDE || height < LEAST_SIDE) continue;
      boxes.push(this.box(item, at, { x, y, width, height }));
      const inside = { x: x + 3, y: y + TITLE, width: width - 6, height: height - TITLE - 3 };
      if (item.child >= 0 && depth < 2 && inside.width > 30 && inside.height > 16)
        if (this.below[item.child].length) this.fill(item.child, inside, depth + 1, boxes);
    }
  }

  box({ child, value }, parent, { x, y, width, height }) {
    const place = this.places[child];
    const size = quantity(value, 'bytes');
    const name = place ? nameWithin(this.places, child) : 'itself, and smaller objects';
    const box = el(
      place ? 'div.box' : 'div.box.self',
      {
        role: place ? 'button' : false,
        tabindex: place ? '0' : false,
        title: place ? `${place[WHAT]}\n${size}\n${place[WAY]}` : `${name}: ${size}`,
        'data-at': place ? child : parent,
        'aria-selected': String(child === this.picked && child >= 0),
        onclick: () => place && this.pick(child),
        ondblclick: () => place && this.enter(child),
        onkeydown: (event) => event.key === 'Enter' && place && this.enter(child),
      },
      width > 40 && height > 14 ? [name, el('small', {}, size)] : '',
    );
    Object.assign(box.style, {
      left: `${x}px`,
      top: `${y}px`,
      width: `${width}px`,
      height: `${height}px`,
    });
    if (place) box.style.background = colorOf(place[TYPE], this.dark);
    return box;
  }
}
