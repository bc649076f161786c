/* Walking a flame graph by the arrow keys, from the box that was picked last. */

class Walk {
  constructor(view) {
    this.view = view;
    this.at = null;
    view.painter.canvas.addEventListener('keydown', (event) => this.key(event));
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { flip } = this.view.scene;
    const away = flip ? 'ArrowUp' : 'ArrowDown';
    const back = flip ? 'ArrowDown' : 'ArrowUp';
    const move = { ArrowLeft: 'left', ArrowRight: 'right', [away]: 'away', [back]: 'back' }[event.key];
    const here = this.here();
    if (event.key === 'Enter' && here) this.view.onzoom?.(this.view.frameOf(here.box), here.box);
    else if (move) this.to(here ? this.neighbour(move, here) : this.first());
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /* Where the last box is now; else the first one that is marked as picked. */
  here() {
    return this.find((box) => this.same(box)) ?? this.find((box) => this.view.scene.picked(box));
  }

  find(wanted) {
    const { layout } = this.view;
    for (let depth = 0; depth < layout.depth; depth++) {
      const box = layout.row(depth).find(wanted);
      if (box) return { box, depth };
    }
    return null;
  }

  same(box) {
    const { at } = this;
    if (!at || box.rest) return false;
    return box.frame ? box.frame === at.frame : box.vertex === at.vertex && box.time[0] === at.time?.[0];
  }

  first() {
    const { layout } = this.view;
    return layout.row(Math.min(1, layout.depth - 1))[0];
  }

  neighbour(move, { box, depth }) {
    const row = this.view.layout.row(depth);
    if (move === 'left') return row[row.indexOf(box) - 1];
    if (move === 'right') return row[row.indexOf(box) + 1];
    const next = this.view.layout.row(move === 'back' ? depth - 1 : depth + 1);
    if (move === 'back') return boxAt(next, box.x + box.w / 2);
    return next.find((each) => each.x >= box.x - 0.01 && each.x < box.x + box.w);
  }

  /* Pick a box, say what it is, and bring it into sight. */
  to(box) {
    if (!box || box.rest) return;
    const { view } = this;
    const frame = view.frameOf(box);
    this.at = box;
    view.onpick(frame);
    view.reveal(this.here().depth);
    const { name } = view.recording.functions[frame.fn] ?? { name: 'everything' };
    const { whole } = view.scene;
    say(`${name}, total ${share(frame.total, whole)}, self ${share(frame.self, whole)}`);
  }
}
