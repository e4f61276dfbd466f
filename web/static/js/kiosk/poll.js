// Asks the office every two seconds where this sitting stands, slower while it answers wrongly.  For who was called the office
// keeps the question until the talk begins: somebody is about to come in, and waits for the picture.
import { ApiError, api } from "/static/js/api.js";

const EVERY_MS = 2000;
/** For who was called, where the office answers at once all the same. */
const CALLED_MS = 400;
/** A line that is away is asked again soon: somebody may have begun to wait at its other end. */
const AWAY_MS = 1500;
/** What a line swallowed is sent again after 1 and 3 s; who waits longer than this does better to ask anew. */
const LIMIT_MS = 5000;
const SLOWEST_MS = 15_000;
const GROWTH = 1.6;

/** @param {any} sitting null: none */
const called = (sitting) => sitting?.step === "waiting" && Boolean(sitting.standing?.called);

/** Events: "sitting" (detail: Sitting or null), "trouble" (detail: ApiError). */
export class SittingPoll extends EventTarget {
  constructor() {
    super();
    this.wait = EVERY_MS;
    this.timer = 0;
    this.turn = 0;
    this.called = false;
    /** How long the last answer took. */
    this.took = 0;
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
    this.called = type === "sitting" && called(detail);
    if (this.called) return Math.max(0, CALLED_MS - this.took);
    if (type === "sitting") return EVERY_MS;
    return detail.code === "offline" ? AWAY_MS : Math.min(SLOWEST_MS, Math.max(EVERY_MS, this.wait) * GROWTH);
  }

  async ask() {
    const begun = performance.now();
    try {
      const detail = await api("GET", `/api/kiosk/sitting${this.called ? "?beginning=true" : ""}`, undefined, LIMIT_MS);
      this.took = performance.now() - begun;
      return new CustomEvent("sitting", { detail });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 404) return new CustomEvent("sitting", { detail: null });
      return new CustomEvent("trouble", { detail: error });
    }
  }
}
