// Somebody who walked away leaves their name on the screen: after a while the kiosk asks, then wipes it.
// A sitting that waits, talks or is being prepared is never ended by this; a record being read is locked, not ended.
import { api } from "/static/js/api.js";
import { resetLooks } from "./keys.js";

const ASK_AFTER_MS = 180_000;
const WIPE_AFTER_MS = 90_000;
const LOOK_EVERY_MS = 5000;
const TELL_EVERY_MS = 20_000;
const AFTER_TALK = ["preparing", "read", "sign", "slip"];

const WIPING = { text: "没有人按键的话，这一页会擦掉，免得别人看见。", no: "擦掉" };
const LOCKING = { text: "没有人按键的话，这一页会先锁上，免得别人看见。记录不会丢。", no: "锁上" };

/** @param {any} app */
export function watchIdle(app) {
  let touched = Date.now();
  let asking = false;
  let told = 0;

  /** The office locks the kiosk when nobody touches it. */
  function tell() {
    const open = AFTER_TALK.includes(app.sitting?.step) && !app.sitting.locked && !app.wiped;
    if (!open || Date.now() - told < TELL_EVERY_MS) return;
    told = Date.now();
    api("POST", "/api/kiosk/sitting/touch").catch(() => { told = 0; });
  }
  const touch = () => {
    touched = Date.now();
    tell();
  };
  for (const event of ["pointerdown", "keydown"]) addEventListener(event, touch, { capture: true, passive: true });

  async function check() {
    if (asking || !app.shown.personal || Date.now() - touched < ASK_AFTER_MS) return;
    asking = true;
    const words = app.shown.locks ? LOCKING : WIPING;
    const question = app.ask({ title: "您还在吗？", yes: "我还在", ...words });
    const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("question"));
    const timer = setTimeout(() => dialog.close("no"), WIPE_AFTER_MS);
    const here = await question;
    clearTimeout(timer);
    [asking, touched] = [false, Date.now()];
    if (!here && app.shown.personal) {
      resetLooks();
      if (app.shown.locks) app.lock();
      else app.leave();
    }
  }
  setInterval(check, LOOK_EVERY_MS);
}
