// How far a matter has come, by query code and digits: the same as at home.  Nothing of it is kept on this machine, so a
// reloaded page asks for the code again.
import { ApiError, api } from "/static/js/api.js";
import { nowCard, ratingCard, reviewCard, stepsCard } from "/static/js/public/shown.js";
import { CodeQuestions } from "../codes.js";
import { keepDraft } from "../memory.js";
import { Screen } from "../screen.js";
import * as voice from "../voice.js";
import { bookedLater } from "./another_day.js";

/** @typedef {import("../codes.js").Key} Key */

class Lookup {
  /** @param {any} app @param {boolean} rating whoever came to rate sees that first */
  constructor(app, rating) {
    this.app = app;
    this.rating = rating;
    /** What is said of what was found. */
    this.spoken = [rating ? "rate" : "progress"];
    const title = rating ? "评哪一件？您的查询码？" : "您的查询码或预约码？";
    const label = "印在回执上，或者约的时候抄下来的，由字母和数字组成";
    this.questions = new CodeQuestions(app, { title, label, go: "查一下", found: (key) => this.found(key), back: () => app.go("choose") });
  }

  /** @param {Key} key */
  async found(key) {
    if (!(await this.booked(key))) this.show(key, await api("POST", "/api/progress", key));
  }

  get speech() {
    return this.screen ? this.spoken : this.questions.speech;
  }

  /** A code of a booking for today leads to the talk that was booked: what was said when booking is filled in; of one for
   * another day it tells how that stands. @param {Key} key */
  async booked(key) {
    let found;
    try {
      found = await api("POST", "/api/kiosk/booking?any_day=true", key);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return false;
      throw error;
    }
    this.questions.close();
    if (found.later) {
      this.spoken = ["booked-later"];
      this.screen = bookedLater(this.app, key, found.later);
      voice.speak(...this.spoken);
      return true;
    }
    this.spoken = ["booked"];
    this.screen = new Screen("booked");
    this.screen.fill({ time: found.time, leader: found.leader, matter: found.matter });
    this.screen.on({
      begin: () => { keepDraft({ name: found.name, matter: found.matter, booking: key }); this.app.go("notice"); },
      done: () => this.app.leave(),
    });
    voice.speak(...this.spoken);
    return true;
  }

  /** @param {Key} key @param {any} progress @param {string} [said] what was just done */
  show(key, progress, said = "") {
    this.questions.close();
    this.screen = new Screen("progress-result");
    this.screen.fill({ number: progress.number, office: progress.office });
    this.screen.say("said", said);
    const act = async (/** @type {string} */ what, /** @type {Object} */ more, /** @type {string} */ done) => {
      this.show(key, await api("POST", `/api/progress/${what}`, { ...key, ...more }), done);
    };
    const how = { words: false, rate: (/** @type {any} */ rating) => act("rating", { rating }, "记下了"), ask: () => act("review", {}, "申请收到了") };
    const rating = ratingCard(progress, how);
    const cards = [nowCard(progress), stepsCard(progress), reviewCard(progress, how)];
    const shown = this.rating ? [rating, ...cards] : [...cards, rating];
    this.screen.part("cards").replaceChildren(...shown.filter((card) => card !== null));
    this.screen.on({ done: () => this.app.leave() });
    if (!said) voice.speak(...this.speech);
  }

  back() {
    if (this.screen) this.app.leave();
    else this.questions.back();
  }
}

/** @param {any} app @param {string} name progress, or rate */
export function progress(app, name) {
  const lookup = new Lookup(app, name === "rate");
  return { get speech() { return lookup.speech; }, back: () => lookup.back(), close: () => lookup.questions.close(), personal: true };
}
