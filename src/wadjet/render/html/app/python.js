/* Python source in colour: enough of the language to tell words, strings and comments. */

const KEYWORDS = new Set(
  (
    'False None True and as assert async await break case class continue def del elif else ' +
    'except finally for from global if import in is lambda match nonlocal not or pass raise return try while with yield'
  ).split(' '),
);
const TOKEN =
  /(#.*)|([rbfuRBFU]{0,2}(?:"""|'''))|([rbfuRBFU]{0,2}"(?:\\.|[^"\\])*"?|[rbfuRBFU]{0,2}'(?:\\.|[^'\\])*'?)|([A-Za-z_]\w*)|(\d[\w.]*)/g;

/* Split a text into lines of [class, piece] pairs. */
function highlight(text) {
  let open = '';
  return text.split(/\r\n|\r|\n/).map((line) => {
    const pieces = [];
    [open] = tokens(line, open, pieces);
    return pieces;
  });
}

function tokens(line, open, pieces) {
  let at = 0;
  if (open) {
    const end = line.indexOf(open);
    if (end < 0) {
      pieces.push(['string', line]);
      return [open];
    }
    at = end + 3;
    pieces.push(['string', line.slice(0, at)]);
  }
  TOKEN.lastIndex = at;
  for (let found; (found = TOKEN.exec(line));) {
    if (found.index > at) pieces.push(['', line.slice(at, found.index)]);
    const [word, comment, triple, string, name, number] = found;
    at = TOKEN.lastIndex;
    if (triple) {
      const quote = triple.slice(-3);
      const end = line.indexOf(quote, at);
      if (end < 0) {
        pieces.push(['string', line.slice(found.index)]);
        return [quote];
      }
      at = TOKEN.lastIndex = end + 3;
      pieces.push(['string', line.slice(found.index, at)]);
    } else {
      pieces.push([
        comment ? 'comment' : string ? 'string' : number ? 'digit' : KEYWORDS.has(name) ? 'keyword' : '',
        word,
      ]);
    }
  }
  if (at < line.length) pieces.push(['', line.slice(at)]);
  return [''];
}

function codeLine(pieces) {
  return el(
    'code.text',
    {},
    pieces.map(([kind, text]) => (kind ? el(`span.${kind}`, {}, text) : text)),
  );
}
