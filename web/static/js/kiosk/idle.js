// Somebody who walked away leaves their name on the screen: after a while the kiosk asks, then wipes it.
// A sitting that waits, talks or is being prepared is never ended by this.
import { resetLooks } from "./keys.js";

const ASK_AFTER_MS = 180_000;
const WIPE_AFTER_MS = 90_000;
const LOOK_EVERY_MS = 5000;

/** @param {any} app */
export function watchIdle(app) {
  let touched = Date.now();
  let asking = false;
  const touch = () => { touched = Date.now(); };
  for (const event of ["pointerdown", "keydown"]) addEventListener(event, touch, { capture: true, passive: true });

  async function check() {
    if (asking || !app.shown.personal || Date.now() - touched < ASK_AFTER_MS) return;
    asking = true;
    const question = app.ask({ title: "您还在吗？", text: "没有人按键的话，这一页会擦掉，免得别人看见。", yes: "我还在", no: "擦掉" });
    const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("question"));
    const timer = setTimeout(() => dialog.close("no"), WIPE_AFTER_MS);
    const here = await question;
    clearTimeout(timer);
    [asking, touched] = [false, Date.now()];
    if (!here && app.shown.personal) {
      resetLooks();
      app.leave();
    }
  }
  setInterval(check, LOOK_EVERY_MS);
}
