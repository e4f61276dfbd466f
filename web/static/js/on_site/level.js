// How loud the room is, large enough to be seen from the table, and in words.
import { Meter } from "/static/js/room/meter.js";

const STEPS = 24;
/** Chosen, not measured: rooms and microphones differ, and the words only ask somebody to look. */
const HEARD_DB = -50;
const WELL_DB = -40;
const SILENT_MS = 6000;
const WEAK_MS = 4000;

export class Level {
  /** @param {HTMLElement} meter @param {HTMLElement} words */
  constructor(meter, words) {
    this.words = words;
    this.heardAt = this.wellAt = performance.now();
    this.meter = new Meter(meter, STEPS, (level) => this.told(level));
  }

  /** @param {MediaStream} stream */
  show(stream) {
    this.heardAt = this.wellAt = performance.now();
    this.meter.show(stream);
  }

  stop() {
    this.meter.stop();
    this.words.textContent = "";
  }

  /** @param {number} level dB */
  told(level) {
    const now = performance.now();
    if (level > HEARD_DB) this.heardAt = now;
    if (level > WELL_DB) this.wellAt = now;
    const silent = now - this.heardAt > SILENT_MS;
    const weak = !silent && level > HEARD_DB && now - this.wellAt > WEAK_MS;
    const words = silent ? "听不到声音。没人说话就不用管；有人说话，请看话筒插好没有。" : weak ? "声音小，请把话筒放近一点。" : "听得清";
    if (this.words.textContent === words) return;
    this.words.textContent = words;
    this.words.toggleAttribute("data-weak", silent || weak);
  }
}
