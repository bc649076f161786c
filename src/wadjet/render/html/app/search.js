/* Search: plain text in any case, or /a regular expression/, in names and files. */

/* Flags of the functions that match; null where nothing is asked. */
function matching(recording, query) {
  const test = matcher(query);
  return test && Uint8Array.from(recording.functions, ({ name, file }) => (test(name) || test(file) ? 1 : 0));
}

function matcher(query) {
  if (!query) return null;
  const [, pattern] = /^\/(.+?)\/?$/.exec(query) ?? [];
  try {
    if (pattern) {
      const expression = new RegExp(pattern, 'i');
      return (text) => expression.test(text);
    }
  } catch {
    /* half-typed: look for it as it stands */
  }
  const wanted = query.toLowerCase();
  return (text) => text.toLowerCase().includes(wanted);
}

class Search {
  constructor({ store, derived }) {
    Object.assign(this, { store, derived });
    this.field = el('input', {
      type: 'search',
      placeholder: 'Search name, file or /regexp/',
      'aria-label': 'Search functions',
      spellcheck: 'false',
      oninput: () => store.set({ query: this.field.value.trim() }),
    });
    this.found = el('output.found', { 'aria-live': 'polite' });
    this.element = el('div.search', { role: 'search' }, this.field, this.found);
    store.watch((state) => this.show(state));
  }

  show(state) {
    if (document.activeElement !== this.field) this.field.value = state.query;
    const matches = this.derived.matches(state);
    this.found.textContent = '';
    if (!matches) return;
    const sum = this.derived.matched(state);
    this.found.textContent = share(sum, this.derived.measured(state).sum);
    const functions = matches.reduce((many, one) => many + one, 0);
    this.found.title = `${count(functions)} functions match; stacks through them are this share of what is shown`;
  }
}
