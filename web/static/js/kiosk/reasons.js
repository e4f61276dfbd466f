// A reason, pressed, spoken or typed: why a sentence is wrong and what should stand there, why somebody does not sign.
import { ApiError } from "/static/js/api.js";
import { el } from "/static/js/dom.js";
import { SpokenAnswer } from "./hear.js";
import * as voice from "./voice.js";

const MOST = 400;

/** @param {Blob} blob @returns {Promise<string>} a data URL without parameters that the office does not know */
async function dataUrl(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 32_768) text += String.fromCharCode(...bytes.subarray(at, at + 32_768));
  return `data:${blob.type.split(";")[0]};base64,${btoa(text)}`;
}

/** The reasons of a screen with parts reasons, note-box, note, hint and the key speak. */
export class Reasons {
  /**
   * @param {import("./screen.js").Screen} screen
   * @param {{choices: string[], speak: string, path: string, keep?: boolean}} options `keep`: what was spoken goes along, so that words that were not understood are not lost
   */
  constructor(screen, { choices, speak, path, keep = false }) {
    this.screen = screen;
    this.speakWords = speak;
    this.path = path;
    this.keep = keep;
    this.chosen = "";
    this.said = "";
    this.sound = "";
    this.buttons = choices.map((words) => {
      const button = el("button.btn", { type: "button", "aria-pressed": "false" }, words);
      button.addEventListener("click", () => this.choose(words));
      return button;
    });
    screen.part("reasons").replaceChildren(...this.buttons);
    screen.key("speak").addEventListener("click", () => this.speak());
  }

  /** As one sentence. */
  get text() {
    return [this.chosen, this.said].filter(Boolean).join("：");
  }

  get empty() {
    return !this.chosen && !this.said && !this.sound;
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
    const answer = this.answer = new SpokenAnswer(this.path);
    try {
      await answer.start(() => this.screen.fill({ speak: "正在听，说完按这里" }));
      this.take((await answer.done()).text);
      if (this.keep && answer.blob) this.sound = await dataUrl(answer.blob);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      await this.notUnderstood(answer, error);
    } finally {
      this.answer = undefined;
      if (this.screen.own[0].isConnected) this.screen.fill({ speak: this.said || this.sound ? "重新说一遍" : this.speakWords });
    }
    return undefined;
  }

  /** Recorded, but nobody understands it now: the clerk hears it. @param {SpokenAnswer} answer @param {ApiError} error */
  async notUnderstood(answer, error) {
    if (!this.keep || !answer.blob) return this.screen.say("hint", error.message);
    this.sound = await dataUrl(answer.blob);
    this.said = "";
    this.screen.say("note-box", "录下来了，字没有认出来。工作人员会听您说的这一句。");
    return this.screen.say("hint", "");
  }

  /** @param {string} words typed, or as they were understood */
  take(words) {
    this.said = words.trim().slice(0, MOST);
    this.screen.say("note-box", this.said ? `应该是：${this.said}` : "");
    this.screen.say("hint", this.said ? "" : "没有听清，请再说一遍，或者点一个原因。");
  }

  close() {
    this.answer?.close();
  }
}
