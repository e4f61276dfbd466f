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

/** What comes of it: where in the way this stands, and what is done with what was read.
 * @typedef {{place: string, typed: string, speech: string, taken: (name: string, card: import("../memory.js").Card) => void, type: () => void, back: () => void}} Way */

class Reading {
  /** @param {any} app @param {Way} way */
  constructor(app, way) {
    this.app = app;
    this.way = way;
    this.closed = false;
    this.wait();
  }

  /** Waits until a card is there, for as long as the screen is up. */
  wait() {
    this.screen = new Screen("card");
    this.screen.fill({ place: this.way.place, type: this.way.typed });
    this.screen.find(".badge").hidden = !this.way.place;
    this.screen.on({ type: () => this.way.type(), help: () => callHelp(this.app) });
    this.speech = [this.way.speech];
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
    screen.on({ no: () => this.way.type(), yes: () => this.way.taken(name, { number, sex, ethnic_group, address }) });
    this.speech = ["card-read"];
    voice.speak("tick", "card-read");
  }

  back() {
    if (this.screen.name === "card-read") return this.wait();
    return this.way.back();
  }
}

/** @param {any} app @param {Way} way */
export function cardScreen(app, way) {
  const reading = new Reading(app, way);
  return { get speech() { return reading.speech; }, back: () => reading.back(), close: () => { reading.closed = true; }, personal: true };
}

/** On the way to a talk. @param {any} app */
export function card(app) {
  keepDraft({ card: null, ...(draft().card ? { name: "" } : {}) });
  const [place, all] = placeOf("card", app.draft());
  return cardScreen(app, {
    place: `第 ${place} 项，共 ${all} 项`,
    typed: "没带身份证，我自己填",
    speech: "card",
    taken: (name, read) => { keepDraft({ name, card: read }); app.go(nextStep("card", app.draft())); },
    type: () => { keepDraft({ card: null }); app.go("name"); },
    back: () => app.go(stepBefore("card", app.draft())),
  });
}
