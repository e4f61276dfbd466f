// The signature: drawn with a finger, kept as strokes so that it can be drawn again at any size.
const INK = "#1A2325";
const THICKNESS = 6;
const EXPORT_WIDTH = 900;
const LEAST_POINTS = 12;
const LEAST_SPREAD = 0.06;
const MOST_POINTS = 20_000;

/** @param {CanvasRenderingContext2D} pen @param {[number, number][][]} strokes in 0 to 1 of the width @param {number} width */
function draw(pen, strokes, width) {
  [pen.strokeStyle, pen.lineWidth, pen.lineCap, pen.lineJoin] = [INK, (THICKNESS * width) / 970, "round", "round"];
  for (const stroke of strokes) {
    pen.beginPath();
    stroke.forEach(([x, y], index) => (index ? pen.lineTo(x * width, y * width) : pen.moveTo(x * width, y * width)));
    if (stroke.length === 1) pen.lineTo(stroke[0][0] * width + 0.1, stroke[0][1] * width);
    pen.stroke();
  }
}

export class SignaturePad {
  /** @param {HTMLCanvasElement} canvas @param {() => void} changed */
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.changed = changed;
    /** @type {[number, number][][]} */
    this.strokes = [];
    this.points = 0;
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { this.pen = null; });
    this.observer = new ResizeObserver(() => this.redraw());
    this.observer.observe(canvas);
  }

  /** @param {PointerEvent} event @returns {[number, number]} */
  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.width];
  }

  /** @param {PointerEvent} event */
  begin(event) {
    if (this.pen != null) return; // a resting palm is not a second pen
    this.pen = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.strokes.push([this.place(event)]);
    this.redraw();
    this.changed();
  }

  /** @param {PointerEvent} event */
  move(event) {
    if (event.pointerId !== this.pen || this.points > MOST_POINTS) return;
    const finer = event.getCoalescedEvents?.() || [];
    for (const one of finer.length ? finer : [event]) this.strokes[this.strokes.length - 1].push(this.place(one));
    this.points += 1;
    this.redraw();
    this.changed();
  }

  redraw() {
    const { clientWidth, clientHeight } = this.canvas;
    const density = Math.min(2, devicePixelRatio || 1);
    [this.canvas.width, this.canvas.height] = [clientWidth * density, clientHeight * density];
    const pen = this.canvas.getContext("2d");
    if (pen) draw(pen, this.strokes, this.canvas.width);
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

  /** PNG as a data URL on white, 900 px wide. */
  image() {
    const copy = document.createElement("canvas");
    [copy.width, copy.height] = [EXPORT_WIDTH, Math.round((EXPORT_WIDTH * this.canvas.height) / this.canvas.width)];
    const pen = copy.getContext("2d");
    if (!pen) throw new Error("no canvas");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, copy.width, copy.height);
    draw(pen, this.strokes, copy.width);
    return copy.toDataURL("image/png");
  }

  close() {
    this.observer.disconnect();
  }
}
