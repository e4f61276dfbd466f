// How far a matter has come, by query code and digits: the same as at home.  Nothing of it is kept on this machine, so a
// reloaded page asks for the code again.
import { ApiError, api } from "/static/js/api.js";
import { nowCard, ratingCard, reviewCard, stepsCard } from "/static/js/public/shown.js";
import { wrongCode, wrongDigits } from "/static/js/public/typed.js";
import { CodePad, DigitPad } from "../keyboard.js";
import { callHelp } from "../keys.js";
import { keepDraft } from "../memory.js";
import { Screen, spaced } from "../screen.js";

const QUESTIONS = {
  code: { title: "您的查询码或预约码？", place: "第 1 项，共 2 项", label: "印在回执上，或者约的时候抄下来的，由字母和数字组成", next: "下一项", limit: 20 },
  digits: { title: "手机号的最后 4 位？", place: "第 2 项，共 2 项", label: "没有留手机号的，填 0000", next: "查一下", limit: 4 },
};

class Lookup {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    this.answers = { code: "", digits: "" };
    this.ask("code");
  }

  /** @param {"code" | "digits"} what */
  ask(what) {
    this.close();
    this.what = what;
    this.screen = new Screen("progress");
    const { title, place, label, next, limit } = QUESTIONS[what];
    this.screen.fill({ title, place, label, next });
    this.screen.on({ next: () => this.next(), lost: () => callHelp(this.app) });
    const Pad = what === "code" ? CodePad : DigitPad;
    this.pad = new Pad({ text: this.answers[what], limit, changed: () => this.changed(), done: () => this.next() });
    this.pad.show(this.screen.part("keyboard"));
    this.changed();
  }

  changed() {
    if (!this.pad || !this.screen) return;
    this.answers[this.what] = this.pad.text;
    this.screen.part("typed").textContent = this.what === "code" ? spaced(this.pad.text) : this.pad.text;
    this.hint("");
  }

  /** @param {string} words */
  hint(words) {
    const place = this.screen.part("hint");
    place.textContent = words;
    place.classList.toggle("warn", Boolean(words));
  }

  async next() {
    const wrong = this.what === "code" ? wrongCode(this.answers.code) : wrongDigits(this.answers.digits);
    if (wrong) return this.hint(wrong);
    if (this.what === "code") return this.ask("digits");
    try {
      if (!(await this.booked())) this.show(await api("POST", "/api/progress", this.query()));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.hint(error.message);
    }
    return undefined;
  }

  /** A code of a booking for today leads to the talk that was booked: what was said when booking is filled in. */
  async booked() {
    let found;
    try {
      found = await api("POST", "/api/kiosk/booking", this.query());
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return false;
      throw error;
    }
    this.close();
    this.screen = new Screen("booked");
    this.screen.fill({ time: found.time, leader: found.leader, matter: found.matter });
    this.screen.on({
      begin: () => { keepDraft({ name: found.name, matter: found.matter, booking: this.query() }); this.app.go("notice"); },
      done: () => this.app.leave(),
    });
    return true;
  }

  query() {
    return { code: this.answers.code, phone_last4: this.answers.digits };
  }

  /** @param {any} progress @param {string} [said] what was just done */
  show(progress, said = "") {
    this.close();
    this.screen = new Screen("progress-result");
    this.screen.fill({ number: progress.number, office: progress.office });
    this.screen.say("said", said);
    const how = { words: false, rate: (/** @type {any} */ rating) => this.act("rating", { rating }, "记下了"), ask: () => this.act("review", {}, "申请收到了") };
    const cards = [nowCard(progress), stepsCard(progress), reviewCard(progress, how), ratingCard(progress, how)];
    this.screen.part("cards").replaceChildren(...cards.filter((card) => card !== null));
    this.screen.on({ done: () => this.app.leave() });
  }

  /** @param {string} what @param {Object} more @param {string} said */
  async act(what, more, said) {
    this.show(await api("POST", `/api/progress/${what}`, { ...this.query(), ...more }), said);
  }

  back() {
    if (this.what === "digits" && this.pad) this.ask("code");
    else this.app.leave();
  }

  close() {
    this.pad?.close();
    this.pad = undefined;
  }
}

/** @param {any} app */
export function progress(app) {
  const lookup = new Lookup(app);
  return { speech: ["help"], back: () => lookup.back(), close: () => lookup.close(), personal: true };
}
