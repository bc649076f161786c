/* Whose code a function is, and the colours that say so. */

const CODE = {
  own: 'your code',
  library: 'libraries',
  stdlib: 'standard library',
  native: 'native code',
  task: 'asyncio tasks',
  none: 'no Python frame',
};
const SHADES = 5;

function whoseCode({ kind, file }) {
  if (kind !== 'python') return kind;
  if (/[\\/](site|dist)-packages[\\/]/.test(file)) return 'library';
  if (/[\\/]lib(64)?[\\/]python\d[\d.]*t?[\\/]|^<(frozen|built-in) /i.test(file)) return 'stdlib';
  return 'own';
}

/* A small stable number from a text. */
function hashOf(text) {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return hash >>> 0;
}

/* The colours of the theme that is on, for canvases. */
class Palette {
  constructor(recording) {
    this.whose = recording.functions.map(whoseCode);
    this.shade = recording.functions.map(({ name, file }) => hashOf(file + name) % SHADES);
    this.read();
  }

  read() {
    const style = getComputedStyle(document.documentElement);
    const get = (name) => style.getPropertyValue(`--${name}`).trim();
    this.boxes = Object.fromEntries(Object.keys(CODE).map((whose) => [whose, shades(get(whose))]));
    this.states = STATES.map((_, state) => get(`state-${state}`));
    for (const name of [
      'ink',
      'muted',
      'rule',
      'panel',
      'sunken',
      'paper',
      'accent',
      'mark',
      'match',
      'focus',
      'collector',
      'memory',
    ]) {
      this[name] = get(name);
    }
    this.boxInk = get('box-ink');
    this.boxSoft = get('box-soft');
    this.boxRest = get('box-rest');
    this.mono = get('mono');
    this.sans = get('sans');
  }

  of(fn) {
    return fn < 0 ? this.boxes.none[0] : this.boxes[this.whose[fn]][this.shade[fn]];
  }

  /* A colour for a thread in the GIL lane; hues a golden angle apart. */
  thread(number) {
    const dark = document.documentElement.dataset.theme === 'dark';
    return `oklch(${dark ? 0.68 : 0.62} 0.12 ${(160 + number * 137.5) % 360})`;
  }
}

function shades(triple) {
  const [light, chroma, hue] = triple.split(' ').map(Number);
  return Array.from({ length: SHADES }, (_, shade) => {
    const turn = shade - (SHADES - 1) / 2;
    return `oklch(${light + turn * 0.012} ${chroma} ${hue + turn * 5})`;
  });
}
