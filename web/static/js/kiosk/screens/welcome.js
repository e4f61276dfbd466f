import { ApiError, api } from "/static/js/api.js";
import { wipeDraft } from "../memory.js";
import { Screen } from "../screen.js";
import { resetLooks } from "../keys.js";

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

/** The first page. @param {any} app */
export function welcome(app) {
  const screen = new Screen("welcome");
  wipeDraft();
  screen.on({ start: () => app.go("notice"), progress: () => app.go("progress") });
  const uploading = new Uploading(screen);
  return { speech: ["welcome"], back: () => resetLooks(), close: () => uploading.close() };
}
