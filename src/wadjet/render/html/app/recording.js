/* The recording as the views use it.

   Node 0 stands for "no Python frame"; the others are in preorder, a parent (0: none)
   before its children. Frames and functions end with two of our own, for a thread that
   has no frame and for native code that no Python called. */

const STATES = [
  'Unknown',
  'Running, holds the GIL',
  'Running native code',
  'Waiting for the GIL',
  'Runnable, no CPU',
  'Blocked',
];
const STATE_WORDS = ['unknown', 'running', 'native', 'GIL wait', 'runnable', 'blocked'];
const RUN_NATIVE = 2;
const WAIT_GIL = 3;
const ALL_STATES = 63;

function openRecording({ head, columns }) {
  const functions = head.functions.map(([name, file, line, kind], id) => {
    const [path, short, library] = head.files[file];
    return { id, name, file: path, short, library, line, kind };
  });
  const noFrame = functions.length;
  const nowhere = { file: '', short: '', library: '(not known)', line: 0, kind: 'none' };
  functions.push({ id: noFrame, name: '(no Python frame)', ...nowhere });
  functions.push({ id: noFrame + 1, name: '(native code)', ...nowhere });
  const frames = columns.frameFunction.length;
  const frameFunction = appended(columns.frameFunction, noFrame, noFrame + 1);
  const frameLine = appended(columns.frameLine, 0, 0);
  return {
    ...head,
    functions,
    nativeOnly: frames + 1,
    frameFunction,
    frameLine,
    framePlace: placesOf(functions, frameFunction, frameLine),
    ...nodesOf(columns, frames),
    gil: gilOf(columns, head.processes.length),
    metrics: head.metrics.map((metric, number) => ({
      ...metric,
      rows: rowsOf(columns, number, metric.quantum, head.threads.length),
    })),
  };
}

/* For each frame the first one at the same line of the same file: comprehensions have their own. */
function placesOf(functions, frameFunction, frameLine) {
  const known = new Map();
  return frameFunction.map((fn, frame) => {
    const place = `${frameLine[frame]} ${functions[fn].file}`;
    if (!known.has(place)) known.set(place, frame);
    return known.get(place);
  });
}

function appended(column, ...more) {
  const longer = new Uint32Array(column.length + more.length);
  longer.set(column);
  longer.set(more, column.length);
  return longer;
}

function nodesOf(columns, noFrame) {
  const length = columns.nodeUp.length + 1;
  const nodeParent = new Int32Array(length);
  const nodeFrame = new Int32Array(length);
  nodeFrame[0] = noFrame;
  for (let node = 1; node < length; node++) {
    nodeParent[node] = node - columns.nodeUp[node - 1];
    nodeFrame[node] = columns.nodeFrame[node - 1];
  }
  return { nodeParent, nodeFrame };
}

/* ``start[t]`` to ``start[t + 1]`` are the rows of thread ``t``, in order of time. */
function rowsOf(columns, number, quantum, threads) {
  const [thread, step, node, state, holder, value] = [
    'thread',
    'step',
    'node',
    'state',
    'holder',
    'value',
  ].map((name) => columns[name + number]);
  return {
    start: startsOf(thread, threads),
    step,
    node,
    state,
    holder,
    value: Float64Array.from(value, (each) => each * quantum),
  };
}

/* Who held the GIL, by process: the shares of a step are those of its values. */
function gilOf({ gilProcess, gilStep, gilHolder, gilValue }, processes) {
  return { start: startsOf(gilProcess, processes), step: gilStep, holder: gilHolder, value: gilValue };
}

/* Where the rows of each key start, in a column that is sorted by it. */
function startsOf(column, keys) {
  const start = new Uint32Array(keys + 1);
  for (const key of column) start[key + 1]++;
  for (let key = 0; key < keys; key++) start[key + 1] += start[key];
  return start;
}

/* A file as people know it; places of the diagnosis may be in files no sample was in. */
function shortName({ files }, file) {
  return files.find(([path]) => path === file)?.[1] ?? fileName(file);
}

function hasTime(recording) {
  return (
    recording.duration > 0 &&
    recording.threads.length > 0 &&
    recording.metrics.some(({ rows }) => rows.step.some((step) => step > 0))
  );
}

function metricNamed(recording, name) {
  return recording.metrics.findIndex((metric) => metric.name === name);
}

/* Name a thread so that equal names of two processes stay apart. */
function threadName(recording, thread) {
  const { name, tid, process } = recording.threads[thread];
  const label = name || `thread ${tid}`;
  if (recording.processes.length < 2) return label;
  return `${label} (${recording.processes[process].pid})`;
}
