// The room meter's judge: every few seconds the kiosk's program hears how the person is heard, and before the talk sees
// how they sit.  It never holds up the talk: without a program, or when it does not answer, the meter judges alone.
import { ApiError } from "/static/js/api.js";
import { ask } from "./door.js";
import { Ear, shot } from "./measure.js";

const LISTEN_EVERY_MS = 4000;
const LOOK_EVERY_MS = 6000;
const FRAME = 320; // 20 ms at 16 kHz
const SPOKEN = 0.008;
const FAINTLY_SPOKEN = 0.002;
const RISE = 4; // speech goes up and down, a fan does not
const WORDS = { quiet: "请坐近一点，听不清", noisy: "屋里太吵，请关上门窗", clipping: "声音太大，请往后坐" };
const MOVE = ["far", "near", "left", "right", "low", "high"];

/** Levels of 20 ms each, softest first. @param {Float32Array} samples */
function levels(samples) {
  const found = [];
  for (let at = 0; at + FRAME <= samples.length; at += FRAME) {
    found.push(Math.sqrt(samples.subarray(at, at + FRAME).reduce((sum, value) => sum + value * value, 0) / FRAME));
  }
  return found.sort((a, b) => a - b);
}

/** Whether somebody speaks in it: silence gets no verdict. @param {Float32Array} samples */
export function spoken(samples) {
  const sorted = levels(samples);
  const [low, high] = [sorted[Math.floor(sorted.length * 0.1)], sorted[Math.floor(sorted.length * 0.9)]];
  return high > SPOKEN || (high > FAINTLY_SPOKEN && high > low * RISE);
}

/** @param {{faults: {code: string, words: string}[], words: string}} heard @returns {[string, string]} words and tone */
function verdict({ faults, words }) {
  if (faults.length) return [WORDS[/** @type {"quiet"} */ (faults[0].code)] || faults[0].words, "warn"];
  return words.startsWith("听得清") ? ["✓ 听得清", "ok"] : ["再坐近一点更好", "warn"];
}

export class Hearing {
  /** @param {any} app @param {{say: (words: string, tone: string) => void}} meter */
  constructor(app, meter) {
    this.app = app;
    this.meter = meter;
    /** @type {Ear | null} */
    this.ear = null;
    this.closed = false;
    this.timers = [0, 0];
  }

  /** @param {MediaStream} stream */
  start(stream) {
    if (this.app.ownKeyboard || this.closed) return;
    this.ear?.close();
    try {
      this.ear = new Ear(stream);
    } catch {
      return; // a browser that cannot hear at this rate: the meter judges alone
    }
    clearInterval(this.timers[0]);
    this.timers[0] = window.setInterval(() => this.asking(() => this.listen()), LISTEN_EVERY_MS);
  }

  /** @param {HTMLVideoElement} video @param {(words: string) => void} tell how to sit; empty: well */
  watch(video, tell) {
    if (this.app.ownKeyboard || this.closed) return;
    this.timers[1] = window.setInterval(() => this.asking(async () => {
      const jpeg = await shot(video);
      if (!jpeg) return;
      const { framing } = await ask({ type: "look", pictures: [{ at: performance.now() / 1000, jpeg }] });
      if (framing && !this.closed) tell(MOVE.includes(framing.code) ? framing.words : "");
    }), LOOK_EVERY_MS);
  }

  async listen() {
    if (!this.ear || !await this.ear.listens() || !spoken(this.ear.samples())) return;
    const heard = await ask({ type: "listen", sound: this.ear.sound(), speaking: true });
    if (heard.faults && !this.closed) this.meter.say(...verdict(heard));
  }

  /** @param {() => Promise<void>} act */
  async asking(act) {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === "no_agent") this.timers.forEach((timer) => clearInterval(timer));
    }
  }

  close() {
    this.closed = true;
    this.timers.forEach((timer) => clearInterval(timer));
    this.ear?.close();
  }
}
