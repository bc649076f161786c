/* Numbers, times and places as people read them. */

const WHOLE = new Intl.NumberFormat('en');

function count(number) {
  return WHOLE.format(Math.round(number));
}

/* Three significant digits, without an exponent. */
function digits(number) {
  const size = Math.abs(number);
  if (size >= 100) return count(number);
  return number.toFixed(size >= 10 ? 1 : 2);
}

function scaled(number, steps) {
  const [size, unit] = steps.find(([least]) => Math.abs(number) >= least) ?? steps.at(-1);
  return `${digits(number / size)}\u202f${unit}`;
}

const TIMES = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
  [1, 'ns'],
];
const SIZES = [
  [2 ** 30, 'GiB'],
  [2 ** 20, 'MiB'],
  [2 ** 10, 'KiB'],
  [1, 'B'],
];

function quantity(number, unit) {
  if (!number) return unit === 'ns' ? '0\u202fs' : '0';
  if (unit === 'ns') return scaled(number, TIMES);
  if (unit === 'bytes') return scaled(number, SIZES);
  return count(number);
}

function share(part, whole) {
  if (!whole || !part) return '0\u202f%';
  const percent = (100 * part) / whole;
  return percent < 0.1 ? '<0.1\u202f%' : `${percent.toFixed(1)}\u202f%`;
}

function fileName(path) {
  return path.split(/[\\/]/).pop();
}

function place(file, line) {
  if (!file) return '';
  return line > 0 ? `${file}:${line}` : file;
}

/* The date in the reader's own zone; the recording holds seconds since 1970. */
function date(seconds) {
  return new Date(seconds * 1000).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
}
