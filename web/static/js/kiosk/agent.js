// The kiosk's own program, where it serves these screens (server/protocol/copies.md, "The screens"): the page tells it
// every few seconds that it is alive, and hears whether the office answers and whether to open itself again.
import { byId } from "/static/js/dom.js";

const EVERY_MS = 3000;
const WAIT_MS = 8000;
/** The program answers after 8 s at the latest. */
const REACH_MS = 10_000;
const FREE = ["welcome", "closed", "broken", "unenrolled"];
const version = document.documentElement.dataset.agent || "";

/**
 * @typedef {{kiosk: string, office: "unknown" | "answers" | "silent" | "revoked", since: string, version: string,
 *   reload: boolean, door: {url: string, secret: string}}} AgentState
 */

/** @param {any} reason @returns {[string, number]} */
function placeOf(reason) {
  const [, file = "", line = "0"] = /(\/[^\s:()]+\.js)[^:]*:(\d+)/.exec(String(reason?.stack || "").replace(location.origin, "")) || [];
  return [file, Number(line)];
}

/** Events: "change", when what is known of the office has changed. */
class Agent extends EventTarget {
  constructor() {
    super();
    /** Whether these screens come from the program on this computer; else from the office, and nothing here works. */
    this.served = Boolean(version);
    /** @type {AgentState | null} as it was last told; null: the program has not answered yet */
    this.state = null;
    /** Whether this page was in front since it was opened: a display that never says so is not taken for a covered one. */
    this.wasSeen = !document.hidden;
    /** @type {number | null} */
    this.paintedMs = null;
    /** More reasons not to open the page again, for those who do something that no screen shows. @type {(() => boolean)[]} */
    this.busy = [];
    /** Where scripts failed since the last beat: file and line, nothing of what they worked on. @type {string[]} */
    this.faults = [];
    /** When the program has answered for the first time, or was not there. @type {Promise<void>} */
    this.asked = Promise.resolve();
    if (!this.served) return;
    addEventListener("error", (event) => this.fault(event.filename, event.lineno));
    addEventListener("unhandledrejection", (event) => this.fault(...placeOf(event.reason)));
    document.addEventListener("visibilitychange", () => { this.wasSeen ||= !document.hidden; });
    this.asked = this.beat();
  }

  /** Something lies over this page, as a tab that somebody with a keyboard opened: nobody can use it, so it is as if it were
   * not there, and the program opens the browser again. */
  get covered() {
    return this.wasSeen && document.hidden;
  }

  /** @param {string} file @param {number} line */
  fault(file, line) {
    const name = (file || "unknown").split("/").pop() || "";
    if (this.faults.length < 5) this.faults.push(`${name.split("?")[0].toLowerCase().replace(/[^a-z0-9_.-]/g, "_")}-${line || 0}`.slice(0, 64));
  }

  /** The office cannot be reached, as far as the program knows. */
  get alone() {
    return this.state?.office === "silent";
  }

  /** Nobody is in the middle of anything. */
  free() {
    return FREE.includes(document.body.dataset.screen || "") && !this.busy.some((is) => is());
  }

  /** A screen is up; the first one is timed. */
  painted() {
    if (this.paintedMs !== null || !this.served) return;
    this.paintedMs = 0;
    requestAnimationFrame(() => requestAnimationFrame(() => {
      this.paintedMs = Math.round(performance.now());
      this.tell();
    }));
  }

  async beat() {
    await this.tell();
    setTimeout(() => this.beat(), EVERY_MS);
  }

  async tell() {
    if (this.covered) return;
    const said = { version, screen: document.body.dataset.screen || "", busy: Boolean(document.body.dataset.screen) && !this.free(), painted_ms: this.paintedMs || null, faults: this.faults.splice(0) };
    const options = { method: "POST", headers: { "X-Jietan": "1", "Content-Type": "application/json" }, body: JSON.stringify(said) };
    try {
      const answer = await fetch("/agent/page", { ...options, signal: AbortSignal.timeout(WAIT_MS) });
      if (answer.ok) this.take(await answer.json());
    } catch {
      // It is started again by the computer; until then the screens go on by themselves.
    }
  }

  /**
   * Whether the media node takes connections again; the program's are fresh ones, a page's wait for old ones.
   * @param {string} address empty: the office @param {number} [within_s] at most 8
   */
  async reach(address, within_s) {
    const options = { method: "POST", headers: { "X-Jietan": "1", "Content-Type": "application/json" }, body: JSON.stringify({ address, within_s }) };
    try {
      return (await fetch("/agent/reach", { ...options, signal: AbortSignal.timeout(REACH_MS) })).ok;
    } catch {
      return false;
    }
  }

  /** @param {AgentState} state */
  take(state) {
    const before = this.state?.office;
    this.state = state;
    if (state.kiosk) byId("kiosk-name").textContent = state.kiosk;
    if (before !== state.office) this.dispatchEvent(new Event("change"));
    if (state.reload && this.free()) location.reload();
  }
}

export const agent = new Agent();
