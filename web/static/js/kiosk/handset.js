// The hand-set beside the screen: lifted, the others are heard in it and no longer in the room (server/protocol/devices.py).
// Without one, or where the browser knows no loudspeaker that calls itself so, nothing happens.
import { ApiError } from "/static/js/api.js";
import { ask } from "./door.js";

const WAIT_S = 7;
const AGAIN_MS = 5000;
const HANDSET = /hand-?set|receiver|telephone|听筒|耳机|话柄/i;

/** Where its sound comes out. @returns {Promise<string>} "" where there is none */
async function output() {
  const all = await navigator.mediaDevices.enumerateDevices();
  return all.find((device) => device.kind === "audiooutput" && HANDSET.test(device.label))?.deviceId || "";
}

export class Handset {
  /** @param {any} app @param {() => HTMLMediaElement[]} heard what is to be heard in it */
  constructor(app, heard) {
    this.app = app;
    this.heard = heard;
    this.sink = "";
    /** @type {boolean | null} */
    this.lifted = null;
    this.over = false;
    this.timer = 0;
    if (!app.ownKeyboard) this.follow();
  }

  /** Each answer comes as soon as it is lifted or put back. */
  async follow() {
    let wait = 0;
    try {
      const answer = await ask({ type: "handset", known: this.lifted, wait_s: this.lifted === null ? 0 : WAIT_S });
      if (this.over || answer.type !== "handset_is") return;
      if (answer.lifted !== this.lifted) await this.moved(answer.lifted);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === "no_agent") return;
      wait = AGAIN_MS;
    }
    if (!this.over) this.timer = window.setTimeout(() => this.follow(), wait);
  }

  /** @param {boolean} lifted */
  async moved(lifted) {
    const before = this.lifted;
    this.lifted = lifted;
    this.sink = lifted ? await output() : "";
    await this.apply();
    if (lifted && this.sink) this.app.toast("听筒拿起来了，声音只有您听得见。");
    else if (before && !lifted) this.app.toast("听筒放下了，声音从喇叭里出来。");
  }

  /** Again, where something new is heard. */
  async apply() {
    for (const one of this.heard()) {
      const media = /** @type {any} */ (one);
      if (media.setSinkId && media.sinkId !== this.sink) await media.setSinkId(this.sink).catch(() => undefined); // unplugged meanwhile: the loudspeaker stays
    }
  }

  close() {
    this.over = true;
    clearTimeout(this.timer);
  }
}
