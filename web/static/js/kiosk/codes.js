// Code and digits of a matter: two questions, one after the other, then what they are for.
import { ApiError } from "/static/js/api.js";
import { wrongCode, wrongDigits } from "/static/js/public/typed.js";
import { CodePad, DigitPad } from "./keyboard.js";
import { callHelp } from "./keys.js";
import { Screen, spaced } from "./screen.js";
import { tellWhileDoing } from "./toast.js";
import * as voice from "./voice.js";

const CODE = { place: "第 1 项，共 2 项", limit: 20, speech: "code" };
const DIGITS = { place: "第 2 项，共 2 项", limit: 4, speech: "digits" };

/** @typedef {{code: string, phone_last4: string}} Key */

export class CodeQuestions {
  /**
   * @param {any} app
   * @param {{title: string, label: string, go: string, found: (key: Key) => Promise<void>, back: () => void}} options `found` throws ApiError for what is not there
   */
  constructor(app, options) {
    this.app = app;
    this.options = options;
    this.answers = { code: "", digits: "" };
    this.ask("code");
  }

  /** @param {"code" | "digits"} what */
  ask(what) {
    this.close();
    this.what = what;
    this.screen = new Screen("progress");
    const { place, limit, speech } = what === "code" ? CODE : DIGITS;
    const words = what === "code"
      ? { title: this.options.title, label: this.options.label, next: "下一项" }
      : { title: "手机号的最后 4 位？", label: "没有留手机号的，填 0000", next: this.options.go };
    this.screen.fill({ ...words, place: place });
    this.screen.on({ next: () => this.next(), lost: () => callHelp(this.app) });
    const Pad = what === "code" ? CodePad : DigitPad;
    this.pad = new Pad({ text: this.answers[what], limit, changed: () => this.changed(), done: () => this.next() });
    this.pad.show(this.screen.part("keyboard"));
    this.changed();
    this.speech = [speech];
    voice.speak(...this.speech);
  }

  changed() {
    if (!this.pad || !this.screen) return;
    this.answers[this.what] = this.pad.text;
    this.screen.part("typed").textContent = this.what === "code" ? spaced(this.pad.text) : this.pad.text;
    this.hint("");
  }

  /** @param {string} words */
  hint(words) {
    if (!this.screen?.own[0].isConnected) return;
    const place = this.screen.part("hint");
    place.textContent = words;
    place.classList.toggle("warn", Boolean(words));
  }

  async next() {
    const wrong = this.what === "code" ? wrongCode(this.answers.code) : wrongDigits(this.answers.digits);
    if (wrong) return this.hint(wrong);
    if (this.what === "code") return this.ask("digits");
    try {
      await tellWhileDoing(this.options.found(this.key()));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.hint(error.message);
    }
    return undefined;
  }

  key() {
    return { code: this.answers.code, phone_last4: this.answers.digits };
  }

  back() {
    if (this.what === "digits" && this.pad) this.ask("code");
    else this.options.back();
  }

  close() {
    this.pad?.close();
    this.pad = undefined;
  }
}
