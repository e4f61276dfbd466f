// Asks the office every two seconds where this sitting stands; more often for who was called, slower while it answers wrongly.
import { ApiError, api } from "/static/js/api.js";

const EVERY_MS = 2000;
/** For who was called: somebody is about to come in, and waits for the picture. */
const CALLED_MS = 400;
/** A line that is away is asked again soon: somebody may have begun to wait at its other end. */
const AWAY_MS = 1500;
/** What a line swallowed is sent again after 1 and 3 s; who waits longer than this does better to ask anew. */
const LIMIT_MS = 5000;
const SLOWEST_MS = 15_000;
const GROWTH = 1.6;

/** @param {any} sitting null: none @returns {number} milliseconds until the next question */
function soon(sitting) {
  return sitting?.step === "waiting" && sitting.standing?.called ? CALLED_MS : EVERY_MS;
}

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
    this.wait = this.next(outcome);
    this.timer = window.setTimeout(() => this.now(), this.wait);
    this.dispatchEvent(outcome);
  }

  /** @param {CustomEvent} outcome */
  next({ type, detail }) {
    if (type === "sitting") return soon(detail);
    return detail.code === "offline" ? AWAY_MS : Math.min(SLOWEST_MS, Math.max(EVERY_MS, this.wait) * GROWTH);
  }

  async ask() {
    try {
      return new CustomEvent("sitting", { detail: await api("GET", "/api/kiosk/sitting", undefined, LIMIT_MS) });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 404) return new CustomEvent("sitting", { detail: null });
      return new CustomEvent("trouble", { detail: error });
    }
  }
}
