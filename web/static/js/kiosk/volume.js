// How loud this machine speaks: guidance and the leader's voice alike.  At 0 the guidance is silent; a leader is never.
import { byId } from "/static/js/dom.js";

const KEPT = "jietan.volume";
const STEPS = [0, 0.25, 0.5, 0.75, 1];
const USUAL = 3;
const SOFTEST_TALK = 0.25;

/** @type {Set<(volume: number) => void>} */
const listeners = new Set();
let step = USUAL;

/** Of the guidance, 0 to 1. */
export const volume = () => STEPS[step];
/** Of somebody who talks. */
export const talkVolume = () => Math.max(SOFTEST_TALK, volume());

/** Is told of every change. @param {(volume: number) => void} listener @returns {() => void} which ends that */
export function onVolume(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** @param {number} to */
function set(to) {
  step = Math.min(STEPS.length - 1, Math.max(0, to));
  if (step === USUAL) localStorage.removeItem(KEPT);
  else localStorage.setItem(KEPT, String(step));
  for (const listener of listeners) listener(volume());
}

/** @returns {string} what the person is told */
function words() {
  if (step === STEPS.length - 1) return "声音已经最大了";
  return step === 0 ? "不出声了。想听，按“大声”。" : `声音 ${step}`;
}

/** The next person hears it as loud as usual. */
export const resetVolume = () => set(USUAL);

/** @param {any} app */
export function setUpVolume(app) {
  const kept = localStorage.getItem(KEPT);
  if (kept !== null) step = Math.min(STEPS.length - 1, Math.max(0, Number(kept) || 0));
  for (const [id, by] of /** @type {[string, number][]} */ ([["key-softer", -1], ["key-louder", 1]])) {
    byId(id).addEventListener("click", () => {
      set(step + by);
      app.toast(words());
    });
  }
}
