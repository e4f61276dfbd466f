// The kiosk: which screen is up, and the five keys.  Where the sitting stands is decided by the office
// (GET /api/kiosk/sitting); only what comes before a sitting is remembered here.
import { ApiError, api } from "/static/js/api.js";
import { byId, tell } from "/static/js/dom.js";
import { chineseDay, clockTime } from "/static/js/time.js";
import { agent } from "./agent.js";
import { hasReader } from "./card.js";
import { Tests } from "./checks.js";
import { fitScreen } from "./fit.js";
import { followHandset } from "./handset.js";
import { forgetLanguage, speakAsBefore } from "./lang.js";
import { resetLooks } from "./looks.js";
import { watchIdle } from "./idle.js";
import { setUpKeys } from "./keys.js";
import { closeMedia } from "./media.js";
import { pause } from "./measure.js";
import * as memory from "./memory.js";
import { forgetPapers } from "./papers.js";
import { SittingPoll } from "./poll.js";
import { Screen } from "./screen.js";
import { forgetStood, keepStood, stoodBefore } from "./stood.js";
import { setUpScanning } from "./scan.js";
import { tellWhileDoing, toast } from "./toast.js";
import * as voice from "./voice.js";
import { resetVolume, setUpVolume } from "./volume.js";
import { days, made, moved, times } from "./screens/another_day.js";
import { card } from "./screens/card.js";
import { choose } from "./screens/choose.js";
import { earlier } from "./screens/earlier.js";
import { ALONE, aloneNotice } from "./screens/alone.js";
import { broken, closed, unenrolled } from "./screens/trouble.js";
import { identity } from "./screens/identity.js";
import { notice, paper } from "./screens/notice.js";
import { locked } from "./screens/locked.js";
import { progress } from "./screens/progress.js";
import { preparing, waiting } from "./screens/waiting.js";
import { reading } from "./screens/reading.js";
import { record } from "./screens/record.js";
import { slip } from "./screens/slip.js";
import { talk } from "./screens/talk.js";
import { welcome } from "./screens/welcome.js";

/**
 * What a screen hands back: `key` speech names for 念给我听, `back` what 返回 does (or why not), `update` for a newer
 * Sitting, `close` when it goes, `personal` whether it is wiped when nobody is there, `queued` whether they are given much
 * time, `locks` to what end: the sitting stays, and whoever comes back says who they are; `left` what is done without a
 * question where it is not personal and nobody has touched it for a while; `ownLine` whether it tells of a lost line itself; `quiet` whether
 * its guidance waits until it is asked for.
 * @typedef {{speech?: string[], speak?: () => void, back?: (() => void) | string, update?: (sitting: any) => void,
 *   close?: () => void, personal?: boolean, queued?: boolean, locks?: boolean, left?: (() => void) | null, ownLine?: boolean, quiet?: boolean}} Shown
 */

/** A screen that shows what only this page's memory has: the first page once that is gone. @param {"made" | "booked"} what @param {(app: any, name: string) => Shown} screen
 * @returns {(app: App, name: string) => Shown} */
const having = (what, screen) => (app, name) => (app[what] ? screen : welcome)(app, name);
/** Screens before a sitting by the draft's step.  A way that is not here is not offered (screens/choose.js). */
const BEFORE = { welcome, choose, days, times, made: having("made", made), moved: having("booked", moved), "move-days": having("booked", days), "move-times": having("booked", times), "alone-notice": aloneNotice, progress, rate: progress, record, notice, paper, card, name: identity, phone: identity, earlier, matter: identity };
const AFTER_CONSENT = ["card", "name", "phone", "earlier", "matter"];
const DURING = { waiting, talk, preparing, read: reading, sign: reading, slip, locked };
const COVERED = ["read", "sign", "slip"];
const FORBIDDEN = [401, 403];
/** Nobody waits longer for the first screen than this: a silent office must not hold it up. */
const DRAFT_MS = 1500;

class App {
  constructor() {
    this.poll = new SittingPoll();
    /** @type {any} the last Sitting; null: none */
    this.sitting = null;
    this.asked = false;
    /** What the page before this one knew, until the office is heard. @type {Awaited<ReturnType<typeof stoodBefore>>} */
    this.stood = null;
    this.started = false;
    this.place = "";
    /** @type {Shown} */
    this.shown = {};
    /** @type {ApiError | null} */
    this.trouble = null;
    /** Receptions that ended in the room before the office said so. */
    this.over = "";
    /** Reception whose screen was wiped here, whatever the office knows of it. */
    this.wiped = "";
    /** Somebody who tells their matter to the kiosk; null: nobody. @type {import("./screens/alone.js").Alone | null} */
    this.alone = null;
    this.tests = new Tests(this);
    /** Whether this kiosk has a card reader. */
    this.reader = false;
    this.going = false;
    /** Whether there are days that can be booked, as far as is known. */
    this.mayBook = false;
    /** Days that can be booked, and the booking that was just made. @type {import("./screens/another_day.js").Day[]} */
    this.days = [];
    /** @type {any} */
    this.made = null;
    /** The booking that somebody looked up, with its key. @type {any} */
    this.booked = null;
  }

  /** Is there a screen for this step before a sitting? @param {string} step */
  has(step) {
    return step in BEFORE;
  }

  /** Whether there is a card reader is asked early, so that nobody waits for the answer. */
  lookForReader() {
    this.readerAsked = hasReader().then((there) => { this.reader = there; });
  }

  /** What is known of the person, and of this machine's way with them. */
  draft() {
    return { ...memory.draft(), reader: this.reader };
  }

  /** Whoever talked here when the page was opened again goes on, be the line dead or not. */
  async recall() {
    const stood = await stoodBefore();
    if (!stood || this.asked) return;
    this.stood = stood;
    if (stood.step === "talk") this.sitting = { ...stood, receiver: "" };
    if (this.started) this.render();
  }

  start() {
    this.started = true;
    if (this.sitting) this.render();
    this.poll.addEventListener("sitting", (event) => this.take(/** @type {CustomEvent} */ (event).detail));
    this.poll.addEventListener("trouble", (event) => this.fail(/** @type {CustomEvent} */ (event).detail));
    return this.poll.now();
  }

  /** @param {any} sitting */
  take(sitting) {
    const ended = Boolean(this.sitting) && (!sitting || sitting.step === "ended");
    [this.sitting, this.asked, this.trouble, this.stood] = [sitting?.step === "ended" ? null : sitting, true, null, null];
    this.keepStood();
    tell(byId("offline"), "");
    if (ended) this.forget();
    else this.render();
  }

  /** For a page that is opened again; the talk itself knows more. */
  keepStood() {
    if (this.going) return;
    if (!this.sitting) forgetStood();
    else if (this.sitting.step !== "talk") {
      const { reception_id, participant_id, step, number, consent } = this.sitting;
      keepStood({ reception_id, participant_id, step, number, consent, started_at: null, ahead_ms: 0, held: false });
    }
  }

  /** The office could not be asked. @param {ApiError} error */
  fail(error) {
    this.trouble = error;
    const enrolled = !FORBIDDEN.includes(error.status);
    tell(byId("offline"), enrolled && this.asked && !this.shown.ownLine ? `${error.message}现在显示的还是刚才的内容，连上了会自己接着办。` : "");
    if (!enrolled || !this.asked) this.render();
  }

  /** Name of the screen to be up, and a key that changes when it has to be put up anew. */
  wanted() {
    if (this.alone) return this.alone.wanted(); // whatever the line does
    if (this.trouble && FORBIDDEN.includes(this.trouble.status)) return { name: "unenrolled", key: "unenrolled" };
    if (!this.asked && !this.sitting) return this.wantedUnasked();
    if (!this.sitting) return this.wantedBefore();
    const ended = this.sitting.step === "talk" && this.over === this.sitting.reception_id;
    const hidden = (this.sitting.locked || this.wiped === this.sitting.reception_id) && COVERED.includes(this.sitting.step);
    const step = ended ? "preparing" : hidden ? "locked" : this.sitting.step;
    return { name: step, key: `${this.sitting.reception_id}:${step}` };
  }

  /** The office was never reached: whoever is here can still tell their matter to the kiosk. */
  wantedUnasked() {
    const name = agent.served && memory.draft().step === "alone-notice" ? "alone-notice" : "closed";
    return { name, key: `unasked:${name}` };
  }

  /** Before a sitting: where the draft stands; nobody is asked for a name before they chose what is recorded. */
  wantedBefore() {
    if (this.tests.last?.serious) return { name: "broken", key: `broken:${this.tests.last.at.getTime()}` };
    const { step, consent, wish } = memory.draft();
    const name = !this.has(step) ? "welcome" : AFTER_CONSENT.includes(step) && !consent && !wish ? "notice" : step;
    return { name, key: `draft:${name}` };
  }

  render() {
    if (this.going) return undefined;
    const { name, key } = this.wanted();
    this.tests.show(name);
    if (key === this.place) return this.shown.update?.(this.sitting);
    this.shown.close?.();
    this.place = key;
    voice.stop();
    if (!this.alone && !["waiting", "talk"].includes(name)) closeMedia();
    const screen = { unenrolled, closed, broken, ...BEFORE, ...DURING, ...ALONE }[name] || welcome;
    this.shown = screen(this, name) || {};
    agent.painted();
    const { speech, quiet } = this.shown;
    if (speech?.length && !quiet && !voice.speaking()) voice.speak(...speech);
    return undefined;
  }

  /** Another screen before the sitting. @param {string} step @param {Object} [changes] of the draft */
  go(step, changes = {}) {
    memory.keepDraft({ ...changes, step });
    this.render();
  }

  /** Asks the office where things stand now. */
  refresh() {
    return this.poll.now();
  }

  /** Puts the present screen up again. */
  again() {
    this.place = "";
    this.render();
  }

  async clear() {
    await this.alone?.close();
    this.alone = null;
    closeMedia();
    [this.over, this.wiped, this.petitioner, this.made, this.booked] = ["", "", "", null, null];
    await Promise.all([memory.wipe(), resetWays(), forgetPapers()]);
  }

  /** The first page as the next person is to find it. */
  async asUsual() {
    await resetWays();
    if (this.wanted().name === "welcome") this.again();
  }

  /** Nobody is there: the screen is wiped, the record stays as it is.  Offline the office locks by itself soon. */
  async lock() {
    this.wiped = this.sitting?.reception_id || "";
    this.render();
    const locked = await api("POST", "/api/kiosk/sitting/lock").then(() => true, () => false);
    if (!locked || !(await this.openAgain())) await this.refresh();
  }

  /** The person said who they are. */
  unlocked() {
    this.wiped = "";
    return this.refresh();
  }

  /** The person goes: nothing of theirs stays on this machine. */
  async leave() {
    if (this.sitting) await this.try(() => api("POST", "/api/kiosk/sitting/leave"), () => this.forget());
    else this.forget();
  }

  /** Everything of the person is wiped, and the page is opened again, so that its memory holds nothing either. */
  async forget() {
    if (this.going) return;
    this.going = true;
    this.shown.close?.();
    this.shown = {};
    voice.stop();
    this.sitting = null;
    new Screen("leaving");
    await this.clear();
    if (await this.openAgain()) return;
    this.going = false;
    this.again();
  }

  /** Opens the page again, so that its memory holds nothing; without a line the browser would show an error instead, and the
   * page stays. @returns {Promise<boolean>} whether it goes */
  async openAgain() {
    const there = await fetch(location.pathname, { cache: "no-store" }).catch(() => null);
    if (there?.ok) location.replace(location.pathname);
    return Boolean(there?.ok);
  }

  /**
   * Does something with the office; that it takes long is told, and an error, which changes nothing.
   * @template T @param {() => Promise<T>} ask @param {(answer: T) => any} done @param {string} [doing] what is told while it takes long
   * @returns {Promise<boolean>} whether it worked
   */
  async try(ask, done, doing) {
    try {
      await done(await tellWhileDoing(ask(), doing));
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.toast(error.message + (error.reference ? `（编号 ${error.reference}）` : ""));
      if (FORBIDDEN.includes(error.status)) this.refresh();
      return false;
    }
  }

  /** A sentence for what was just done; goes by itself. @param {string} words */
  toast(words) {
    toast(words);
  }

  /** A question with two answers. @param {{title: string, text?: string, yes: string, no: string, danger?: boolean}} words
   * @returns {Promise<boolean>} */
  ask({ title, text = "", yes, no, danger = false }) {
    const dialog = /** @type {HTMLDialogElement} */ (byId("question"));
    const words = { "question-title": title, "question-text": text, "question-yes": yes, "question-no": no };
    for (const [id, sentence] of Object.entries(words)) byId(id).textContent = sentence;
    byId("question-yes").className = danger ? "btn big danger solid" : "btn big primary";
    if (dialog.open) dialog.close("no");
    dialog.showModal();
    return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
  }
}

/** Text, colours, volume and language as the office wants them. */
function resetWays() {
  resetLooks();
  resetVolume();
  return forgetLanguage();
}

function setUpQuestion() {
  const dialog = /** @type {HTMLDialogElement} */ (byId("question"));
  for (const answer of ["yes", "no"]) byId(`question-${answer}`).addEventListener("click", () => dialog.close(answer));
  dialog.addEventListener("cancel", () => { dialog.returnValue = "no"; });
}

function showClock() {
  const now = new Date();
  const day = document.createElement("span");
  [day.className, day.textContent] = ["day", `${chineseDay(now)} `];
  byId("clock").replaceChildren(day, clockTime(now));
}

fitScreen();
showClock();
setInterval(showClock, 10_000);
setUpQuestion();
const app = new App();
setUpKeys(app);
setUpVolume(app);
setUpScanning(app);
watchIdle(app);
followHandset(app);
agent.busy.push(() => Boolean(app.alone));
const loaded = memory.loadDraft();
await Promise.all([speakAsBefore(), Promise.race([Promise.all([loaded, app.recall()]), pause(DRAFT_MS)])]);
loaded.then(() => { if (app.asked) app.render(); });
if (memory.draft().step !== "welcome") app.lookForReader();
app.start();
