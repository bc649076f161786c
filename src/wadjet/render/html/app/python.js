/* Python source in colour: enough of the language to tell words, strings and comments. */

const KEYWORDS = new Set(
  `False None True and as assert async await break case class continue def del elif else except finally for
  from global if import in is lambda match nonlocal not or pass raise return try while with yield`.split(
    /\s+/,
  ),
);
const PREFIX = '[rbfuRBFU]{0,2}';
const KINDS = {
  comment: '#.*',
  long: `${PREFIX}(?:"""(?:\\\\[^]|[^\\\\])*?(?:"""|$)|'''(?:\\\\[^]|[^\\\\])*?(?:'''|$))`,
  string: `${PREFIX}(?:"(?:\\\\[^]|[^"\\\\\\n])*"?|'(?:\\\\[^]|[^'\\\\\\n])*'?)`,
  word: '[\\p{L}_][\\p{L}\\p{N}_]*',
  digit: '\\d[\\w.]*',
};
const TOKEN = new RegExp(
  Object.entries(KINDS)
    .map(([kind, pattern]) => `(?<${kind}>${pattern})`)
    .join('|'),
  'gu',
);

/* Split a text into lines of [kind, piece] pairs. */
function highlight(source) {
  const text = source.replace(/\r\n?/g, '\n');
  const lines = [[]];
  let at = 0;
  for (const found of text.matchAll(TOKEN)) {
    addPiece(lines, '', text.slice(at, found.index));
    addPiece(lines, kindOf(found.groups), found[0]);
    at = found.index + found[0].length;
  }
  addPiece(lines, '', text.slice(at));
  return lines;
}

function addPiece(lines, kind, text) {
  text.split('\n').forEach((piece, line) => {
    if (line) lines.push([]);
    if (piece) lines.at(-1).push([kind, piece]);
  });
}

function kindOf({ comment, long, string, word, digit }) {
  if (comment) return 'comment';
  if (long || string) return 'string';
  if (word) return KEYWORDS.has(word) ? 'keyword' : '';
  return digit ? 'digit' : '';
}

function codeLine(pieces) {
  return el(
    'code.text',
    {},
    pieces.map(([kind, text]) => (kind ? el(`span.${kind}`, {}, text) : text)),
  );
}
