/* The block that the page carries, back into a head (an object) and columns of integers.
   See payload.py and columns.py, which wrote it. */

function bytesOf(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function joinPlanes(bytes, at, length, width) {
  const column = new Uint32Array(length);
  for (let plane = 0; plane < width; plane++) {
    const shift = 8 * plane;
    for (let row = 0; row < length; row++) column[row] |= bytes[at++] << shift;
  }
  return column;
}

function undoDelta(column) {
  let number = 0;
  for (let row = 0; row < column.length; row++) {
    const zigzag = column[row];
    number += (zigzag >>> 1) ^ -(zigzag & 1);
    column[row] = number;
  }
}

async function readBlock(base64) {
  const bytes = await inflate(bytesOf(base64));
  const size = new DataView(bytes.buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + size)));
  const columns = {};
  let at = 4 + size;
  for (const [name, length, width, delta] of head.columns) {
    columns[name] = joinPlanes(bytes, at, length, width);
    if (delta) undoDelta(columns[name]);
    at += length * width;
  }
  return { head, columns };
}
