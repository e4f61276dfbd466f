// "Are you still there?" with a large countdown that any touch stops.
import { byId } from "/static/js/dom.js";
import * as voice from "./voice.js";

const SECOND_MS = 1000;
/** The finger is lifted from the question, not from a key that lies below it. */
const LIFT_MS = 350;
const SIGNS = ["pointerdown", "keydown"];

/** @type {((here: boolean) => void) | null} */
let settle = null;

export const asking = () => settle !== null;

/** Somebody is there after all. */
export const somebody = () => settle?.(true);

/** @param {string} words what happens else @param {number} seconds @returns {Promise<boolean>} whether somebody is there */
export function stillThere(words, seconds) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("away"));
  const left = byId("away-left");
  byId("away-text").textContent = words;
  let count = seconds;
  left.textContent = String(count);
  dialog.showModal();
  if (document.body.dataset.screen !== "talk") voice.speak("away");
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      count -= 1;
      left.textContent = String(Math.max(0, count));
      if (count <= 0) settle?.(false);
    }, SECOND_MS);
    settle = (here) => {
      clearInterval(timer);
      SIGNS.forEach((name) => removeEventListener(name, somebody, true));
      settle = null;
      if (here) setTimeout(() => dialog.close(), LIFT_MS);
      else dialog.close();
      voice.stop();
      resolve(here);
    };
    SIGNS.forEach((name) => addEventListener(name, somebody, true));
  });
}
