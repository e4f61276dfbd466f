// A reason, pressed or spoken: why a sentence is wrong, why somebody does not sign.
import { ApiError } from "/static/js/api.js";
import { el } from "/static/js/dom.js";
import { SpokenAnswer } from "./hear.js";
import * as voice from "./voice.js";

/** The reasons of a screen with parts reasons, note-box, note, hint and the key speak. */
export class Reasons {
  /** @param {import("./screen.js").Screen} screen @param {string[]} choices @param {string} speakWords */
  constructor(screen, choices, speakWords) {
    this.screen = screen;
    this.speakWords = speakWords;
    this.chosen = "";
    this.spoken = "";
    this.buttons = choices.map((words) => {
      const button = el("button.btn", { type: "button", "aria-pressed": "false" }, words);
      button.addEventListener("click", () => this.choose(words));
      return button;
    });
    screen.part("reasons").replaceChildren(...this.buttons);
    screen.key("speak").addEventListener("click", () => this.speak());
  }

  get text() {
    return [this.chosen, this.spoken].filter(Boolean).join("：");
  }

  /** @param {string} words */
  choose(words) {
    this.chosen = this.chosen === words ? "" : words;
    this.screen.say("hint", "");
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(button.textContent === this.chosen));
  }

  async speak() {
    if (this.answer) return this.answer.stopRecording();
    voice.stop();
    this.answer = new SpokenAnswer("matter");
    try {
      await this.answer.start(() => this.screen.fill({ speak: "正在听，说完按这里" }));
      this.take(await this.answer.done());
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.screen.say("hint", error.message);
    } finally {
      this.answer = undefined;
      this.screen.fill({ speak: this.spoken ? "重新说一遍" : this.speakWords });
    }
    return undefined;
  }

  /** @param {{text: string}} heard */
  take({ text }) {
    this.spoken = text.trim().slice(0, 400);
    this.screen.say("note-box", this.spoken ? `听到您说：${this.spoken}` : "");
    this.screen.say("hint", this.spoken ? "" : "没有听清，请再说一遍，或者点一个原因。");
  }

  close() {
    this.answer?.close();
  }
}
