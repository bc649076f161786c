/* Pointer and keys on the timeline: choosing a range of time or a thread, zooming, panning. */

const EDGE = 5;

class Brush {
  constructor(timeline) {
    this.timeline = timeline;
    this.store = timeline.store;
    const { canvas } = timeline.painter;
    canvas.addEventListener('pointerdown', (event) => this.press(event));
    canvas.addEventListener('pointermove', (event) => this.move(event));
    canvas.addEventListener('pointerup', (event) => this.release(event));
    canvas.addEventListener('pointerleave', () => this.leave());
    canvas.addEventListener('dblclick', () => this.store.set({ range: null }));
    canvas.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
    canvas.addEventListener('keydown', (event) => this.key(event));
  }

  press(event) {
    const { painter, gutter } = this.timeline;
    const { x, y } = painter.at(event);
    if (event.button !== 0 || x < gutter) return;
    this.drag = { x, y, from: this.pulled(x) ?? this.timeline.timeAt(x), moved: false };
    painter.canvas.setPointerCapture(event.pointerId);
  }

  /* The end of the range that stays put while the other one, at ``x``, is pulled. */
  pulled(x) {
    const { range } = this.store.state;
    const [low, high] = (range ?? []).map((time) => this.timeline.placeOf(time));
    if (Math.abs(x - low) <= EDGE) return range[1];
    return Math.abs(x - high) <= EDGE ? range[0] : null;
  }

  move(event) {
    const { timeline, drag } = this;
    const { x, y } = timeline.painter.at(event);
    timeline.point(x);
    timeline.painter.canvas.style.cursor = this.pulled(x) === null ? '' : 'col-resize';
    if (!drag || !(drag.moved ||= Math.abs(x - drag.x) > 3)) {
      tip(event, laneTip(timeline, x, timeline.rowAt(y)));
      return;
    }
    const [low, high] = [drag.from, timeline.timeAt(x)].sort((a, b) => a - b).map(Math.round);
    this.store.set({ range: [low, high] }, { keep: true });
    tip(event, `${rangeText(low, high)}: ${quantity(high - low, 'ns')}`);
  }

  release(event) {
    const { drag } = this;
    this.drag = null;
    if (drag?.moved) this.store.write(true);
    if (!drag || drag.moved) return;
    const row = this.timeline.rowAt(drag.y);
    if (row?.kind === 'thread') this.timeline.focus(row.thread, joins(event));
  }

  leave() {
    if (this.drag) return;
    this.timeline.point(-1);
    tip(null, null);
  }

  wheel(event) {
    const zooms = event.ctrlKey || event.metaKey;
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (!zooms && Math.abs(sideways) < 1) return;
    event.preventDefault();
    const [from, to] = this.timeline.span;
    if (zooms) this.zoom(this.timeline.timeAt(this.timeline.painter.at(event).x), event.deltaY);
    else this.setSpan(from + (sideways * (to - from)) / this.timeline.width, to - from);
  }

  /* Zoom by a turn of the wheel so that the time ``at`` stays where it is. */
  zoom(at, turn) {
    const [from, to] = this.timeline.span;
    const { duration, step } = this.timeline.recording;
    const least = Math.min(duration, step * 10);
    const length = Math.min(duration, Math.max(least, (to - from) * 1.0015 ** turn));
    this.setSpan(at - ((at - from) * length) / (to - from), length);
  }

  setSpan(start, length) {
    const { duration } = this.timeline.recording;
    const from = Math.round(Math.min(Math.max(0, start), duration - length));
    this.store.set({ span: length >= duration ? null : [from, Math.round(from + length)] });
  }

  key(event) {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === 'Backspace') this.store.set({ range: null });
    else if (way) this.nudge(way, event.shiftKey);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /* Move the range a twentieth of what is in sight, or its end only. */
  nudge(way, stretch) {
    const [low, high] = this.timeline.span;
    const stride = (way * (high - low)) / 20;
    const [from, to] = this.store.state.range ?? [low, low + (high - low) / 10];
    const clamp = (time) => Math.round(Math.min(high, Math.max(low, time)));
    const end = Math.max(from, clamp(to + stride));
    const range = stretch ? [from, end] : [clamp(from + stride), clamp(to + stride)];
    this.store.set({ range });
    say(rangeText(...range));
  }
}

function rangeText(low, high) {
  return `${quantity(low, 'ns')} to ${quantity(high, 'ns')}`;
}

/* Whether a click adds to what is chosen. */
function joins(event) {
  return event.shiftKey || event.ctrlKey || event.metaKey;
}
