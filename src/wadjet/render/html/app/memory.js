/* Memory over time on a lane of its own: what was live, what was resident, and the peak.

   The recording has readings of it some times a second; the peak lies between two of them.
   Where nothing is resident the process has ended, and what it had is no curve's point. */

const AT_A_MOMENT = ['peak', 'live', 'mapped'];
const DOT = 3.5;

class Memory {
  constructor(recording) {
    const { memory } = recording.about;
    const points = Array.isArray(memory?.timeline) ? memory.timeline : [];
    this.points = points
      .filter((point) => point.length === 3 && point.every(Number.isFinite))
      .map(([time, live, resident]) => ({ time, live, resident }));
    this.peak = peakOf(recording);
    if (this.peak) this.insert(this.peak);
    this.top = Math.max(1, ...this.points.map(({ live, resident }) => Math.max(live, resident)));
  }

  /* What was resident at the peak is not known, but what was before it is. */
  insert({ time, live }) {
    const place = this.points.findIndex((point) => point.time > time);
    const at = place < 0 ? this.points.length : place;
    if (this.points.length) this.points.splice(at, 0, { time, live, resident: this.points[at ? at - 1 : 0].resident });
  }

  get known() {
    return this.points.length > 1;
  }

  /* The last reading at or before a time. */
  at(time) {
    const after = this.points.findIndex((point) => point.time > time);
    return this.points[after < 0 ? this.points.length - 1 : Math.max(0, after - 1)];
  }
}

/* When how much was live at most: { time, live }; null where processes have peaks at several times. */
function peakOf({ metrics, threads, step }) {
  const rows = metrics.find(({ name }) => name === 'peak')?.rows;
  let peak = null;
  for (let row = 0; rows && row < rows.start[threads.length]; row++) {
    const time = rows.step[row] * step;
    if (peak && peak.time !== time) return null;
    peak = { time, live: (peak?.live ?? 0) + rows.value[row] };
  }
  return peak;
}

function paintMemory(context, timeline, y, height) {
  const { memory, palette, gutter, width } = timeline;
  const [floor, tall] = [y + height - 5, height - 14];
  const high = (value) => floor - (value / memory.top) * tall;
  context.save();
  context.beginPath();
  context.rect(gutter, y, width, height);
  context.clip();
  const line = (key) => {
    context.beginPath();
    context.moveTo(timeline.placeOf(0), high(memory.points[0][key]));
    for (const point of memory.points)
      if (point.resident) context.lineTo(timeline.placeOf(point.time), high(point[key]));
  };
  const { time } = memory.points.findLast(({ resident }) => resident) ?? memory.points[0];
  line('live');
  context.lineTo(timeline.placeOf(time), floor);
  context.lineTo(timeline.placeOf(0), floor);
  context.fillStyle = palette.memory;
  context.globalAlpha = 0.32;
  context.fill();
  context.globalAlpha = 1;
  context.lineWidth = 1.5;
  context.strokeStyle = palette.memory;
  line('live');
  context.stroke();
  context.setLineDash([4, 3]);
  context.strokeStyle = palette.muted;
  line('resident');
  context.stroke();
  context.restore();
  if (memory.peak) paintPeak(context, timeline, high(memory.peak.live));
}

/* A dot at the peak, with how much it is, on the side where there is room. */
function paintPeak(context, timeline, y) {
  const { memory, palette, gutter, width } = timeline;
  const x = timeline.placeOf(memory.peak.time);
  if (x < gutter || x > gutter + width) return;
  context.fillStyle = palette.memory;
  context.beginPath();
  context.arc(x, y, DOT, 0, 2 * Math.PI);
  context.fill();
  context.font = `600 ${LETTERS}px ${palette.sans}`;
  context.fillStyle = palette.ink;
  const text = `peak ${quantity(memory.peak.live, 'bytes')}`;
  const room = context.measureText(text).width + 8;
  context.fillText(text, x - room > gutter ? x - room : x + 8, y + 4);
}

function memoryAt({ memory, palette }, time) {
  const { live, resident } = memory.at(time);
  return [
    el('div', {}, swatch(palette.memory), `${quantity(live, 'bytes')} asked for and live`),
    resident ? el('div', {}, swatch(palette.muted), `${quantity(resident, 'bytes')} resident`) : '',
  ];
}

function memoryName({ memory, palette }) {
  return el(
    'div.lane.memory',
    { title: 'All processes together: what was asked for and is live, and (dashed) what is resident' },
    el('span.label', {}, el('b', {}, 'Memory')),
    el('span.busy', {}, quantity(memory.top, 'bytes')),
    el('div.key', {}, swatch(palette.memory), 'live', swatch(palette.muted), 'resident'),
  );
}

/* Where a range shows nothing of a metric that lies at one moment: what to do about it. */
function momentNote({ recording, store }, { metric, range }, sum) {
  const { name, title } = recording.metrics[metric];
  const asked = metricNamed(recording, 'allocated');
  if (sum || !range || !AT_A_MOMENT.includes(name) || asked < 0) return null;
  return el(
    'span',
    {},
    `${title} lies at a moment outside of the range. `,
    el('button.link', { onclick: () => store.set({ metric: asked }) }, 'Show what was asked for within it'),
  );
}
