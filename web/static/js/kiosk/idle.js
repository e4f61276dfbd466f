// Somebody who walked away leaves their name on the screen: after a while without a touch, and soon where the camera sees
// nobody, the kiosk asks, then wipes it.  Who waits in the queue sits still, and may go out for a moment: they are asked
// much later, and never once they are called.  A sitting that talks or is being prepared is never ended by this; a record
// being read is locked, not ended.  A screen that holds nothing of anybody goes back to the first page without a question.
import { api } from "/static/js/api.js";
import { asking, somebody, stillThere } from "./away.js";
import { draft } from "./memory.js";
import { Presence } from "./presence.js";
import * as voice from "./voice.js";

const ASK_AFTER_MS = 180_000;
const WIPE_AFTER_S = 90;
const GONE_WIPE_AFTER_S = 30;
const UNTOUCHED_MS = 20_000;
const LOOK_EVERY_MS = 5000;
const TELL_EVERY_MS = 20_000;
/** For who waits in the queue: how long nobody touches the screen where no camera sees them, and how long a camera sees nobody. */
const WAITING = { untouchedMs: 1_200_000, goneLooks: 60, warnS: 120 };
const AFTER_TALK = ["preparing", "read", "sign", "slip"];

const WIPING = "没有人碰屏幕的话，这一页会擦掉，免得别人看见。";
const GIVING_UP = "没有人碰屏幕的话，今天就不等了，这一页会擦掉，免得别人看见。下次来，再按“开始”。";
const LOCKING = "没有人碰屏幕的话，这一页会先锁上，免得别人看见。记录不会丢。";

/** @param {any} app */
export function watchIdle(app) {
  let touched = Date.now();
  let told = 0;
  const presence = new Presence();

  /** The office locks the kiosk when nobody touches it. */
  function tell() {
    const open = AFTER_TALK.includes(app.sitting?.step) && !app.sitting.locked && !app.wiped;
    if (!open || Date.now() - told < TELL_EVERY_MS) return;
    told = Date.now();
    api("POST", "/api/kiosk/sitting/touch").catch(() => { told = 0; });
  }
  const touch = () => {
    touched = Date.now();
    presence.missed = 0;
    tell();
  };
  for (const event of ["pointerdown", "keydown"]) addEventListener(event, touch, { capture: true, passive: true });

  /** @param {number} seconds */
  async function warn(seconds) {
    const words = app.shown.queued ? GIVING_UP : app.shown.locks ? LOCKING : WIPING;
    const here = await stillThere(words, app.shown.queued ? WAITING.warnS : seconds);
    touched = Date.now();
    if (here || !app.shown.personal) return;
    if (app.shown.locks) app.lock();
    else app.leave();
  }

  /** Pictures are taken only of who agreed to them, and not while somebody touches the screen. */
  async function lookAround() {
    const filmed = (app.alone?.sitting.consent || app.sitting?.consent || draft().consent) === "audio_video";
    if (!filmed || Date.now() - touched < UNTOUCHED_MS) return;
    const found = await presence.look();
    if (found === "here" && asking()) somebody();
    if (found === "here" && app.shown.queued) touched = Date.now(); // who is seen need not touch anything
    const long = !app.shown.queued || presence.missed >= WAITING.goneLooks;
    if (found === "gone" && long && !asking() && app.shown.personal) warn(GONE_WIPE_AFTER_S);
  }

  /** What is read aloud has somebody who listens. */
  function leftAlone() {
    if (!app.shown.left || voice.speaking() || Date.now() - touched < ASK_AFTER_MS) return;
    touched = Date.now();
    app.shown.left();
  }

  function check() {
    if (!app.shown.personal) return void leftAlone();
    if (!asking() && Date.now() - touched >= (app.shown.queued ? WAITING.untouchedMs : ASK_AFTER_MS)) warn(WIPE_AFTER_S);
    else lookAround();
  }
  setInterval(check, LOOK_EVERY_MS);
}
