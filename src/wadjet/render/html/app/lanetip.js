/* What a lane says about the time under the pointer. */

function laneTip(timeline, x, row) {
  if (!row || row.kind === 'process' || x < timeline.gutter) return null;
  const column = Math.min(timeline.width - 1, Math.floor(x - timeline.gutter));
  const time = el('div.muted', {}, `at ${quantity(timeline.timeAt(x), 'ns')}`);
  if (row.kind === 'collector')
    return [el('b', {}, 'Garbage collection'), ...runsAt(timeline, row, x), time];
  if (row.kind === 'memory')
    return [el('b', {}, 'Memory'), ...memoryAt(timeline, timeline.timeAt(x)), time];
  if (row.kind === 'gil')
    return [el('b', {}, 'Who holds the GIL'), ...holdersAt(timeline, row, column), time];
  return [
    el('b', {}, threadName(timeline.recording, row.thread)),
    ...statesAt(timeline, row.thread, column),
    densityAt(timeline, row.thread, column),
    frameAtTime(timeline, row.thread, timeline.timeAt(x)),
    time,
  ];
}

function part(color, title, value) {
  return el('div', {}, swatch(color), `${title} ${share(Math.min(1, value), 1)}`);
}

function statesAt({ lanes, span, width, palette }, thread, column) {
  const shares = lanes.states(thread, span, width);
  return STATES.map((title, state) => [title, shares[column * STATES.length + state], state])
    .filter(([, value]) => value > 0.01)
    .sort((a, b) => b[1] - a[1])
    .map(([title, value, state]) => part(palette.states[state], title, value));
}

function densityAt({ lanes, span, width, palette }, thread, column) {
  const density = lanes.density(thread, span, width);
  return density ? part(palette.ink, 'On a CPU', density[column]) : '';
}

function holdersAt({ lanes, span, width, palette, recording }, { process }, column) {
  return Array.from(lanes.holders(process, span, width), ([thread, shares]) => [thread, shares[column]])
    .filter(([, value]) => value > 0.01)
    .sort((a, b) => b[1] - a[1])
    .slice(0, 5)
    .map(([thread, value]) => part(palette.thread(thread), threadName(recording, thread), value));
}

/* The innermost frame of the first sample after a time: it stands for what was before it. */
function frameAtTime({ recording, lanes }, thread, time) {
  const { step, metrics, nodeFrame, frameFunction, frameLine, functions } = recording;
  const { rows } = metrics[lanes.metric];
  const end = rows.start[thread + 1];
  const row = firstAt(rows.step, rows.start[thread], end, Math.floor(time / step));
  if (row >= end) return '';
  const frame = nodeFrame[rows.node[row]];
  const { name, short } = functions[frameFunction[frame]];
  return el('div.code', {}, `${name} ${place(short, frameLine[frame])}`);
}
