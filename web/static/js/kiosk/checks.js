// The kiosk tests itself, before each sitting and every hour while nobody is there: camera, microphone, loudspeaker,
// disk, network.  The kiosk's program judges; without it the page goes on as if there were no tests.
import { ApiError } from "/static/js/api.js";
import { byId, tell } from "/static/js/dom.js";
import { ask } from "./door.js";
import { heard, pause, pictures } from "./measure.js";
import * as voice from "./voice.js";

const LOOK_EVERY_MS = 30_000;
const HOUR_MS = 3_600_000;
const UNTOUCHED_MS = 60_000;
const AGAIN_MS = 120_000;
const NO_PROGRAM_MS = 600_000;
const SLOW_MS = 600;
const QUIET_WAIT_MS = 6000;
const SERIOUS = ["dead", "missing"];
const LOUD = "clipping";
const SLOW = { code: "slow", words: "网络有点慢，画面可能会停，声音要紧着用。" };
const RESTARTED = "jietan.restarted";
const BEFORE_TALK = ["welcome", "notice", "name", "phone", "matter", "waiting"];

/** @typedef {{code: string, words: string}} Fault */
/** @typedef {{at: Date, faults: Fault[], serious: Fault | null}} Result */

/** Camera: what is wrong, and whether somebody is there. @param {boolean} nobody @returns {Promise<{faults: Fault[], somebody: boolean}>} */
async function camera(nobody) {
  const { faults = [], framing } = await ask({ type: "look", pictures: await pictures(), nobody });
  return { faults, somebody: Boolean(framing) && framing.code !== "nobody" };
}

/** @param {boolean} loop @returns {Promise<Fault[]>} */
async function microphoneOnce(loop) {
  const tone = loop ? (await ask({ type: "loop" })).sound || "" : "";
  const sound = await heard(tone);
  return sound === null ? [] : (await ask({ type: "listen", sound, loop: Boolean(tone) })).faults || [];
}

/** A microphone is called dead only when it is so twice. @param {boolean} loop */
async function microphone(loop) {
  const found = await microphoneOnce(loop);
  return found.some(({ code }) => SERIOUS.includes(code)) ? microphoneOnce(loop) : found;
}

/** The middle one of three times to the office and back; a line that is down is told elsewhere. @returns {Promise<Fault[]>} */
async function network() {
  const times = [];
  for (let n = 0; n < 3; n += 1) {
    const begun = performance.now();
    const answer = await fetch("/healthz", { cache: "no-store" }).catch(() => null);
    if (answer) times.push(performance.now() - begun);
  }
  return times.length === 3 && times.sort((a, b) => a - b)[1] > SLOW_MS ? [SLOW] : [];
}

export class Tests {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    /** @type {Result | null} */
    this.last = null;
    this.running = false;
    this.touchedAt = performance.now();
    /** When the idle machine is to be tested next. */
    this.due = 0;
    this.noProgramUntil = 0;
    addEventListener("pointerdown", () => { this.touchedAt = performance.now(); }, { capture: true, passive: true });
    if (app.ownKeyboard || !navigator.mediaDevices) return;
    setInterval(() => this.look(), LOOK_EVERY_MS);
    setTimeout(() => this.look(), 2000);
  }

  /** Nobody uses the kiosk: the first page, untouched. */
  idle() {
    const first = !this.app.sitting && ["welcome", "broken"].includes(document.body.dataset.screen || "");
    return first && performance.now() - this.touchedAt > UNTOUCHED_MS;
  }

  async look() {
    if (performance.now() < this.noProgramUntil) return;
    await this.asking(async () => {
      await this.orders();
      if (this.idle() && performance.now() >= this.due) await this.alone();
    });
  }

  /** Without a program, or while it does not answer, nothing is tested. @param {() => Promise<void>} act */
  async asking(act) {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.noProgramUntil = performance.now() + (error.code === "no_agent" ? NO_PROGRAM_MS : 0);
    }
  }

  /** The office may want this page opened again: done when nobody is there, and told after. */
  async orders() {
    const restarted = sessionStorage.getItem(RESTARTED) || "";
    const { restart } = await ask({ type: "page", restarted });
    if (restarted) sessionStorage.removeItem(RESTARTED);
    if (!restart || restart === restarted || this.running || !this.idle()) return;
    sessionStorage.setItem(RESTARTED, restart);
    location.reload();
  }

  /** The hourly test; somebody in the room is not disturbed with a tone. */
  async alone() {
    await this.once(async () => {
      const seen = await camera(true);
      if (!this.idle() || seen.somebody) {
        this.due = performance.now() + AGAIN_MS;
        return;
      }
      await this.rest(seen.faults, true);
    });
  }

  /** Before a sitting; the camera only where the person agreed to it. @param {boolean} filmed */
  async before(filmed) {
    if (performance.now() < this.noProgramUntil) return;
    await this.asking(() => this.once(async () => {
      await this.rest([], await this.silence(), filmed ? camera(false) : null);
    }));
  }

  /** Once more, because somebody asked. */
  async again() {
    await this.asking(() => this.once(() => this.rest([], true)));
  }

  /** The tone is played into silence only. @returns {Promise<boolean>} */
  async silence() {
    const until = performance.now() + QUIET_WAIT_MS;
    while (voice.speaking() && performance.now() < until) await pause(200);
    return !voice.speaking();
  }

  /** @param {() => Promise<void>} act */
  async once(act) {
    if (this.running) return;
    this.running = true;
    try {
      await act();
    } finally {
      this.running = false;
    }
  }

  /** @param {Fault[]} found @param {boolean} loop @param {Promise<{faults: Fault[]}> | null} [looking] */
  async rest(found, loop, looking = null) {
    const [sound, seen, disk, line] = await Promise.all([microphone(loop), looking, ask({ type: "disk" }), network()]);
    const device = sound.filter(({ code }) => code !== LOUD); // of whoever speaks just now, not of the device
    const faults = [...device, ...found, ...(seen?.faults || []), ...(disk.faults || []), ...line];
    this.last = { at: new Date(), faults, serious: sound.find(({ code }) => SERIOUS.includes(code)) || null };
    this.due = performance.now() + (this.last.serious ? AGAIN_MS : HOUR_MS);
    this.app.render();
  }

  /** Small faults as one sentence at a time, until the talk begins. @param {string} name of the screen that is up */
  show(name) {
    const words = this.last && !this.last.serious && BEFORE_TALK.includes(name) ? this.last.faults[0]?.words : "";
    tell(byId("devices"), words || "");
  }
}
