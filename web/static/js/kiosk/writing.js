// Characters written with a finger: what the kiosk's own program reads in the strokes (server/protocol/screens.py, Written).
import { api } from "/static/js/api.js";
import { agent } from "./agent.js";
import { SignaturePad } from "./pad.js";

const PAUSE_MS = 300;
const EXTENT = 1000;
const NEAR = 8;
const MOST_POINTS = 400;
const THICKNESS = 22;

/** Whether the program on this computer reads handwriting; only it does. */
export function canWrite() {
  return Boolean(agent.state?.handwriting);
}

/** Points on the program's grid, without those that lie on the one before. @param {import("./pad.js").Point[]} stroke @returns {[number, number][]} */
function thinned(stroke) {
  /** @type {[number, number][]} */
  const kept = [];
  for (const [x, y] of stroke) {
    const point = /** @type {[number, number]} */ ([x, y].map((share) => Math.min(EXTENT, Math.max(0, Math.round(share * EXTENT)))));
    const last = kept.at(-1);
    if (!last || Math.hypot(point[0] - last[0], point[1] - last[1]) >= NEAR) kept.push(point);
  }
  return kept.slice(0, MOST_POINTS);
}

/** A square to write one character in. */
export class WritingPad {
  /** @param {HTMLCanvasElement} canvas @param {() => void} changed when there are strokes or none @param {(characters: string[]) => void} found likeliest first */
  constructor(canvas, changed, found) {
    this.found = found;
    this.changed = changed;
    this.pad = new SignaturePad(canvas, () => this.written(), THICKNESS);
  }

  get empty() {
    return !this.pad.strokes.length;
  }

  written() {
    clearTimeout(this.asking);
    if (!this.empty) this.asking = setTimeout(() => this.read(), PAUSE_MS);
    this.changed();
  }

  /** What was written in the meantime is read by itself. */
  async read() {
    const { strokes, pen } = this.pad;
    const count = strokes.length;
    if (pen != null) return this.written();
    try {
      const { characters } = await api("POST", "/agent/handwriting", { strokes: strokes.map(thinned) });
      if (this.pad.strokes === strokes && strokes.length === count) this.found(characters);
    } catch {
      this.found([]); // the program is being started again: whoever writes on is read then
    }
    return undefined;
  }

  clear() {
    this.pad.clear();
  }

  close() {
    clearTimeout(this.asking);
    this.pad.close();
  }
}
