/* The runs of the garbage collector, on a lane of their own under each process' GIL.

   A run is a function of the collector on top of the stack that caused it; what it paused,
   examined and collected are metrics of it. */

const RUN = /^(?:collection of generation |gc\.collect\()(\d)/;
const TALL = [0.35, 0.65, 1];
const LISTED = 4;

class Collector {
  constructor(recording) {
    this.recording = recording;
    this.generations = recording.functions.map(({ name, file }) =>
      file === '<built-in gc>' ? Number(RUN.exec(name)?.[1] ?? -1) : -1,
    );
    this.runs = recording.processes.map(() => []);
    const found = new Map();
    for (const name of ['pause', 'runs', 'examined', 'collected']) this.read(name, found);
    for (const run of found.values()) this.runs[recording.threads[run.thread].process].push(run);
    for (const runs of this.runs) runs.sort((a, b) => a.to - b.to);
  }

  read(name, found) {
    const { metrics, threads, step, nodeFrame, frameFunction } = this.recording;
    const rows = metrics[metricNamed(this.recording, `gc-${name}`)]?.rows;
    for (let thread = 0; rows && thread < threads.length; thread++) {
      for (let row = rows.start[thread]; row < rows.start[thread + 1]; row++) {
        const node = rows.node[row];
        const generation = this.generations[frameFunction[nodeFrame[node]]];
        if (generation < 0) continue;
        const key = `${thread} ${rows.step[row]} ${node}`;
        const run = found.get(key) ?? { thread, node, generation, to: rows.step[row] * step };
        found.set(key, { ...run, [name]: (run[name] ?? 0) + rows.value[row] });
      }
    }
  }

  knows(process) {
    return this.runs[process].length > 0;
  }

  /* The runs that reach into a span. */
  *within(process, [from, to]) {
    for (const run of this.runs[process]) {
      if (run.to >= from && run.to - (run.pause ?? 0) <= to) yield run;
    }
  }
}

/* A run is a bar as wide as its pause, at least one pixel; the older its generation the taller. */
function paintRuns(context, timeline, { process }, { y, height }) {
  const { collector, span, gutter, width, palette } = timeline;
  context.fillStyle = palette.collector;
  for (const run of collector.within(process, span)) {
    const end = Math.min(gutter + width, timeline.placeOf(run.to));
    const start = Math.max(gutter, timeline.placeOf(run.to - (run.pause ?? 0)));
    const tall = height * TALL[run.generation];
    context.globalAlpha = run.generation ? 1 : 0.55;
    context.fillRect(Math.min(start, end - 1), y + height - tall, Math.max(1, end - start), tall);
  }
  context.globalAlpha = 1;
}

/* The runs at a pixel, the longest first. */
function runsAt(timeline, { process }, x) {
  const near = [timeline.timeAt(x - 2), timeline.timeAt(x + 2)];
  const runs = [...timeline.collector.within(process, near)].sort((a, b) => b.pause - a.pause);
  const more = runs.length - LISTED;
  return [
    ...runs.slice(0, LISTED).map((run) => runText(timeline.recording, run)),
    more > 0 ? el('div.muted', {}, `and ${count(more)} more`) : '',
  ];
}

function runText(recording, { generation, pause, runs, examined, collected, node, thread }) {
  const { nodeParent, nodeFrame, frameFunction, frameLine, functions } = recording;
  const caller = nodeFrame[nodeParent[node]];
  const { name, short } = functions[frameFunction[caller]];
  const times = runs > 1 ? `${count(runs)} × generation ${generation}` : `Generation ${generation}`;
  const objects = `${count(examined ?? 0)} objects examined, ${count(collected ?? 0)} collected`;
  return el(
    'div',
    {},
    el('div', {}, el('b', {}, `${times}: ${quantity(pause ?? 0, 'ns')}`)),
    el('div', {}, objects),
    el('div.code', {}, `${name} ${place(short, frameLine[caller])}`),
    el('div.muted', {}, threadName(recording, thread)),
  );
}

function collectorName() {
  return el('div.lane.gil', { title: 'Runs of the garbage collector; the older the generation the taller' }, 'GC');
}
