import { ApiError, api } from "/static/js/api.js";
import { el } from "/static/js/dom.js";
import { language, offered, speakIn } from "../lang.js";
import { isLow, otherLow } from "../looks.js";
import { wipeDraft } from "../memory.js";
import { askOfPlace } from "../place.js";
import { Screen } from "../screen.js";
import * as voice from "../voice.js";
import { askToBook } from "./another_day.js";

const EVERY_MS = 5000;

/** While copies of earlier talks are on their way, how far that is; where it cannot be known, nothing is said. */
class Uploading {
  /** @param {Screen} screen */
  constructor(screen) {
    this.screen = screen;
    this.timer = 0;
    this.look();
  }

  async look() {
    const words = await this.words();
    if (this.timer < 0) return;
    this.screen.say("uploading", words);
    this.timer = window.setTimeout(() => this.look(), EVERY_MS);
  }

  async words() {
    try {
      const { copies, share } = await api("GET", "/api/kiosk/copies");
      return copies ? `正在补传前面谈话的备份，已传 ${Math.floor(share * 100)}%，不耽误您用。` : "";
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return "";
    }
  }

  close() {
    clearTimeout(this.timer);
    this.timer = -1;
  }
}

/** Each language in its own words; one alone is no choice. @param {Screen} screen */
function offerLanguages(screen) {
  const place = screen.part("languages");
  const all = offered();
  const show = () => place.replaceChildren(...all.map(({ code, name }) => {
    const button = el("button.btn", { type: "button", lang: code, "aria-pressed": String(code === language()) }, name);
    button.addEventListener("click", async () => {
      await speakIn(code);
      show();
      voice.speak("welcome");
    });
    return button;
  }));
  place.hidden = all.length < 2;
  if (!place.hidden) show();
}

/** The first page. @param {any} app */
export function welcome(app) {
  const screen = new Screen("welcome");
  wipeDraft();
  askOfPlace();
  void askToBook(app);
  const low = screen.key("low");
  const showLow = () => low.setAttribute("aria-pressed", String(isLow()));
  screen.on({ start: () => app.go("choose"), low: () => { otherLow(); showLow(); } });
  showLow();
  offerLanguages(screen);
  const uploading = new Uploading(screen);
  return { speech: ["welcome"], quiet: true, back: () => app.asUsual(), left: () => app.asUsual(), close: () => uploading.close() };
}
