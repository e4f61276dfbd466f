// A petitioner's own telephone: code and digits open one record, which is read and signed as at a kiosk.
import { ApiError, api } from "/static/js/api.js";
import { byId, tell } from "/static/js/dom.js";
import { clockTime } from "/static/js/time.js";
import { fitScreen } from "../kiosk/fit.js";
import { setUpKeys } from "../kiosk/keys.js";
import { Screen, spaced } from "../kiosk/screen.js";
import { reading } from "../kiosk/screens/reading.js";
import { tellWhileDoing, toast } from "../kiosk/toast.js";
import * as voice from "../kiosk/voice.js";

const EVERY_MS = 3000;
const CLOSED = [401, 403];

class Reader {
  constructor() {
    /** @type {any} a ReaderPlace */
    this.sitting = null;
    this.place = "";
    /** @type {any} */
    this.shown = {};
    this.ownKeyboard = true;
    this.trouble = "";
  }

  /** Asks where the record stands, and goes on asking. */
  async refresh() {
    clearTimeout(this.timer);
    try {
      this.sitting = await api("GET", "/api/reader");
      tell(byId("offline"), "");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.fail(error);
    }
    if (this.sitting) this.timer = setTimeout(() => this.refresh(), EVERY_MS);
    this.render();
  }

  /** @param {ApiError} error */
  fail(error) {
    if (!CLOSED.includes(error.status)) return tell(byId("offline"), `${error.message}看过的都记在这部手机上。`);
    this.sitting = null;
    this.trouble = error.code === "link_expired" ? error.message : "";
    return undefined;
  }

  render() {
    const name = this.sitting?.step || "open";
    const key = `${this.sitting?.record_id || ""}:${name}`;
    if (key === this.place) return;
    this.shown.close?.();
    voice.stop();
    this.place = key;
    this.shown = { open: askForCode, preparing, read: reading, done }[/** @type {string} */ (name)]?.(this) || {};
  }

  /** The same as at the kiosk. @template T @param {() => Promise<T>} ask @param {(answer: T) => any} done_ @returns {Promise<boolean>} */
  async try(ask, done_) {
    try {
      await done_(await tellWhileDoing(ask()));
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.toast(error.message + (error.reference ? `（编号 ${error.reference}）` : ""));
      if (CLOSED.includes(error.status)) this.refresh();
      return false;
    }
  }

  /** @param {string} words */
  toast(words) {
    toast(words);
  }
}

/** @param {Reader} app */
function askForCode(app) {
  const screen = new Screen("open");
  const [code, digits] = /** @type {HTMLInputElement[]} */ ([screen.find("#code"), screen.find("#digits")]);
  code.value = byId("main").dataset.code || "";
  if (app.trouble) screen.say("trouble", app.trouble);
  const open = async () => {
    const asked = { code: code.value.toUpperCase().replace(/[^A-Z0-9]/g, ""), phone_last4: digits.value.replace(/\D/g, "") };
    if (asked.code.length < 6) return screen.say("trouble", "查看码没有填全，请照着工作人员给的填。");
    if (asked.phone_last4.length !== 4) return screen.say("trouble", "请填手机号的最后 4 位数字。");
    try {
      await api("POST", "/api/reader/open", asked);
      await app.refresh();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      screen.say("trouble", error.message);
    }
    return undefined;
  };
  screen.on({ open });
  for (const field of [code, digits]) field.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.isComposing) open(); });
  return { back: "这是第一步。", speech: [] };
}

function preparing() {
  const screen = new Screen("preparing");
  screen.part("code-box").hidden = true;
  screen.fill({ message: "工作人员正在改这份记录，改好了这里会自己打开。" });
  return { back: "记录打开了，会请您看。", speech: ["preparing"] };
}

/** @param {Reader} app */
function done(app) {
  const screen = new Screen("done");
  const { query_code, case_no, office } = app.sitting;
  screen.fill({ title: "办好了", lead: `${office}收到了。要是以后还要改，得另写一版，再请您看、再签。`, code: spaced(query_code), case: case_no ? `编号 ${case_no}` : "" });
  return { back: "已经办好了。", speech: [] };
}

fitScreen();
const app = new Reader();
const showTime = () => { byId("clock").textContent = app.sitting ? `看到 ${clockTime(new Date(app.sitting.expires_at))} 为止` : clockTime(new Date()); };
setUpKeys(app);
app.refresh().then(showTime);
setInterval(showTime, EVERY_MS);
