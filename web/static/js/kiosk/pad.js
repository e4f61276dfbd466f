// The signature: drawn with a finger, kept as strokes with their times, so that the office draws the same name from them.
const INK = "#1A2325";
const THICKNESS = 6;
const LEAST_POINTS = 12;
const LEAST_SPREAD = 0.06;
const MOST_POINTS = 15_000;

/** @typedef {[number, number, number, number]} Point x, y as shares of the width, milliseconds since the first touch, pressure (0: none known) */

/** @param {CanvasRenderingContext2D} pen @param {Point[][]} strokes @param {number} width @param {number} thickness */
function draw(pen, strokes, width, thickness) {
  [pen.strokeStyle, pen.lineWidth, pen.lineCap, pen.lineJoin] = [INK, (thickness * width) / 970, "round", "round"];
  for (const stroke of strokes) {
    pen.beginPath();
    stroke.forEach(([x, y], index) => (index ? pen.lineTo(x * width, y * width) : pen.moveTo(x * width, y * width)));
    if (stroke.length === 1) pen.lineTo(stroke[0][0] * width + 0.1, stroke[0][1] * width);
    pen.stroke();
  }
}

/** Four digits are finer than a screen. @param {number} value */
function short(value) {
  return Math.min(2, Math.max(-0.5, Math.round(value * 10_000) / 10_000));
}

export class SignaturePad {
  /** @param {HTMLCanvasElement} canvas @param {() => void} changed @param {number} [thickness] of the pen on a field 970 wide */
  constructor(canvas, changed, thickness = THICKNESS) {
    this.thickness = thickness;
    this.canvas = canvas;
    this.changed = changed;
    /** @type {Point[][]} */
    this.strokes = [];
    this.points = 0;
    this.began = 0;
    this.latest = 0;
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { this.pen = null; });
    this.observer = new ResizeObserver(() => this.redraw());
    this.observer.observe(canvas);
  }

  /** @param {PointerEvent} event @returns {Point} */
  place(event) {
    const box = this.canvas.getBoundingClientRect();
    if (!this.strokes.length) [this.began, this.latest] = [event.timeStamp, 0];
    this.latest = Math.max(this.latest, Math.round(event.timeStamp - this.began)); // coalesced events may step back
    const pressure = event.pointerType === "mouse" ? 0 : event.pressure;
    return [short((event.clientX - box.left) / box.width), short((event.clientY - box.top) / box.width), this.latest, short(pressure)];
  }

  /** @param {PointerEvent} event */
  begin(event) {
    if (this.pen != null) return; // a resting palm is not a second pen
    this.pen = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    const first = this.place(event);
    this.strokes.push([first]);
    this.redraw();
    this.changed();
  }

  /** @param {PointerEvent} event */
  move(event) {
    if (event.pointerId !== this.pen || this.points >= MOST_POINTS) return;
    const finer = event.getCoalescedEvents?.() || [];
    for (const one of finer.length ? finer : [event]) this.strokes[this.strokes.length - 1].push(this.place(one));
    this.points += finer.length || 1;
    this.redraw();
    this.changed();
  }

  redraw() {
    const { clientWidth, clientHeight } = this.canvas;
    const density = Math.min(2, devicePixelRatio || 1);
    [this.canvas.width, this.canvas.height] = [clientWidth * density, clientHeight * density];
    const pen = this.canvas.getContext("2d");
    if (pen) draw(pen, this.strokes, this.canvas.width, this.thickness);
  }

  clear() {
    [this.strokes, this.points, this.pen] = [[], 0, null];
    this.redraw();
    this.changed();
  }

  /** More than a dot or a slip of the hand. */
  get signed() {
    const all = this.strokes.flat();
    const spread = (/** @type {number[]} */ values) => Math.max(...values) - Math.min(...values);
    return all.length >= LEAST_POINTS && spread(all.map(([x]) => x)) + spread(all.map(([, y]) => y)) > LEAST_SPREAD;
  }

  /** What the office takes: strokes, and how high the field is for its width. */
  get drawn() {
    return { strokes: this.strokes, aspect: Math.min(1.5, Math.max(0.15, this.canvas.clientHeight / Math.max(1, this.canvas.clientWidth))) };
  }

  close() {
    this.observer.disconnect();
  }
}
