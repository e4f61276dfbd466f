// Asks the office every two seconds where this sitting stands; slower while it does not answer.
import { ApiError, api } from "/static/js/api.js";

const EVERY_MS = 2000;
const SLOWEST_MS = 15_000;
const GROWTH = 1.6;

/** Events: "sitting" (detail: Sitting or null), "trouble" (detail: ApiError). */
export class SittingPoll extends EventTarget {
  constructor() {
    super();
    this.wait = EVERY_MS;
    this.timer = 0;
    this.turn = 0;
  }

  /** Asks now, and goes on asking.  An answer that a later question overtook is not used. */
  async now() {
    clearTimeout(this.timer);
    const turn = ++this.turn;
    const outcome = await this.ask();
    if (turn !== this.turn) return;
    this.wait = outcome.type === "sitting" ? EVERY_MS : Math.min(SLOWEST_MS, this.wait * GROWTH);
    this.timer = window.setTimeout(() => this.now(), this.wait);
    this.dispatchEvent(outcome);
  }

  async ask() {
    try {
      return new CustomEvent("sitting", { detail: await api("GET", "/api/kiosk/sitting") });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 404) return new CustomEvent("sitting", { detail: null });
      return new CustomEvent("trouble", { detail: error });
    }
  }
}
