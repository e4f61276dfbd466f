// The identity card is put on the reader, and what it says is looked at before it is used.
import { ApiError } from "/static/js/api.js";
import { covered, readCard } from "../card.js";
import { callHelp } from "../keys.js";
import { draft, keepDraft } from "../memory.js";
import { Screen } from "../screen.js";
import { nextStep, placeOf, stepBefore } from "../way.js";
import * as voice from "../voice.js";

const PAUSE_MS = 1500;
const SEX = { male: "男", female: "女", "": "" };
const TROUBLE = { card_unreadable: "读不出来。请拿起来，擦一擦，再放一次。", no_reader: "读卡的地方没有接好。请自己填，或者叫工作人员。" };

class Reading {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    this.closed = false;
    this.wait();
  }

  /** Waits until a card is there, for as long as the screen is up. */
  wait() {
    this.screen = new Screen("card");
    const [place, all] = placeOf("card", this.app.draft());
    this.screen.fill({ place: `第 ${place} 项，共 ${all} 项` });
    this.screen.on({ type: () => this.type(), help: () => callHelp(this.app) });
    this.speech = ["card"];
    this.listen(this.screen);
  }

  /** @param {Screen} screen */
  async listen(screen) {
    while (!this.closed && this.screen === screen) {
      const answer = await readCard().catch((error) => {
        if (!(error instanceof ApiError)) throw error;
        return { type: "refused", code: "no_reader" };
      });
      if (this.closed || this.screen !== screen) return;
      if (answer.type === "card_read") return this.show(answer);
      this.tell(answer.code || "");
      if (answer.code !== "no_card") await new Promise((done) => { setTimeout(done, PAUSE_MS); });
    }
  }

  /** @param {string} code */
  tell(code) {
    const words = TROUBLE[/** @type {keyof TROUBLE} */ (code)];
    this.screen.fill({ state: words || "正在等身份证。放平，有照片的一面朝上。" });
    if (code === "card_unreadable") voice.speak("card-again");
  }

  /** @param {any} read */
  show(read) {
    const screen = this.screen = new Screen("card-read");
    const { name, number, sex, ethnic_group, address } = read;
    screen.fill({ name, number: covered(number), sex: SEX[/** @type {keyof SEX} */ (sex)] || "", group: ethnic_group, address });
    screen.on({ no: () => this.type(), yes: () => this.take(name, { number, sex, ethnic_group, address }) });
    this.speech = ["card-read"];
    voice.speak("tick", "card-read");
  }

  /** @param {string} name @param {import("../memory.js").Card} card */
  take(name, card) {
    keepDraft({ name, card });
    this.app.go(nextStep("card", this.app.draft()));
  }

  type() {
    keepDraft({ card: null });
    this.app.go("name");
  }

  back() {
    if (this.screen.name === "card-read") return this.wait();
    return this.app.go(stepBefore("card", this.app.draft()));
  }
}

/** @param {any} app */
export function card(app) {
  keepDraft({ card: null, ...(draft().card ? { name: "" } : {}) });
  const reading = new Reading(app);
  return { get speech() { return reading.speech; }, back: () => reading.back(), close: () => { reading.closed = true; }, personal: true };
}
