// The leader's private notes: kept as they are typed, on this computer's disk while the office cannot be reached.
import { ApiError, api } from "/static/js/api.js";
import { clockTime } from "/static/js/time.js";
import { Kept } from "/static/js/typed.js";

const PAUSE_MS = 800;
const AGAIN_MS = 4000;

export class Notes {
  /** @param {string} receptionId @param {HTMLTextAreaElement} area @param {HTMLElement} state */
  constructor(receptionId, area, state) {
    this.path = `/api/receptions/${receptionId}/notes`;
    this.kept = new Kept(`notes ${receptionId}`);
    this.area = area;
    this.state = state;
    this.saved = "";
    this.busy = false;
    this.timer = 0;
    area.addEventListener("input", () => this.typed());
    area.addEventListener("blur", () => this.save());
    addEventListener("pagehide", () => this.save());
  }

  /** @param {string} text as the office has it */
  async load(text) {
    this.saved = this.area.value = text;
    const kept = await this.kept.read();
    if (kept === null || kept === text || this.area.value !== text) return;
    this.area.value = kept;
    this.later(0);
  }

  typed() {
    this.kept.write(this.area.value);
    this.say("正在记");
    this.later(PAUSE_MS);
  }

  /** @param {number} pause */
  later(pause) {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.save(), pause);
  }

  /** One request at a time; what was typed meanwhile goes with the next. */
  async save() {
    const text = this.area.value;
    if (this.busy || text === this.saved) return;
    this.busy = true;
    try {
      await api("PUT", this.path, { text });
      this.done(text);
    } catch (error) {
      this.failed(error);
    } finally {
      this.busy = false;
    }
  }

  /** @param {string} text */
  done(text) {
    this.saved = text;
    if (text !== this.area.value) return this.later(0);
    void this.kept.drop();
    return this.say(`已记下 ${clockTime(new Date())}，只有您看得见`);
  }

  /** @param {unknown} error */
  failed(error) {
    const wait = !(error instanceof ApiError) || error.status === 0 || error.status >= 500;
    this.say(wait ? "网断了，先记在这台电脑上" : /** @type {ApiError} */ (error).message);
    if (wait) this.later(AGAIN_MS);
  }

  /** @param {string} words */
  say(words) {
    this.state.textContent = words;
  }
}
