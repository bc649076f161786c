/* What buttons and keys do beyond setting one field of the state. */

function makeActions({ recording, store, derived, palette, dialog }) {
  const picked = () => {
    const { state } = store;
    if (state.pick < 0) return { fn: state.fn };
    const tree = derived.tree(state);
    const vertex = tree.of[state.pick];
    return { fn: tree.fn[vertex], vertex, line: state.lines ? tree.line[vertex] : 0 };
  };
  const actions = {
    openPlace: (file, line) => store.set({ view: 'source', file, line: line || 0 }),
    openSource: (fn, line) => {
      const { file, line: first, kind } = recording.functions[fn];
      if (kind === 'python') actions.openPlace(file, line || first);
    },
    openPicked: () => {
      const { fn, line } = picked();
      if (fn >= 0) actions.openSource(fn, line);
    },
    copyStack: () => {
      const { vertex } = picked();
      if (!vertex) return;
      const { state } = store;
      const tree = derived.tree(state);
      copy(stackText(recording, pathTo(tree, vertex).map((each) => ({ fn: tree.fn[each], line: state.lines ? tree.line[each] : 0 }))));
    },
    nextMetric: () => {
      const { metrics } = recording;
      for (let step = 1; step <= metrics.length; step++) {
        const metric = (store.state.metric + step) % metrics.length;
        if (metrics[metric].rows.value.length) return store.set({ metric });
      }
      return null;
    },
    back: () => {
      const { state } = store;
      const undo = [['pick', -1], ['fn', -1], ['query', ''], ['zoom', -1], ['range', null], ['span', null], ['threads', []], ['states', ALL_STATES]];
      const [key, value] = undo.find(([name, rest]) => asText(state[name]) !== asText(rest)) ?? [];
      if (key) store.set({ [key]: value });
    },
    theme: () => {
      setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
      palette.read();
      store.refresh();
    },
    help: () => dialog.showModal(),
  };
  return actions;
}
