// A sentence of the person's own, spoken or typed, and beside it reasons to press: why a sentence is wrong and what should
// stand there, why somebody does not sign, what they think of the talk.
import { ApiError } from "/static/js/api.js";
import { el } from "/static/js/dom.js";
import { SpokenAnswer } from "./hear.js";
import * as voice from "./voice.js";

const MOST = 400;
const UNREAD = "录下来了，字没有认出来。工作人员会听您说的这一句。";

/** @param {Blob} blob @returns {Promise<string>} a data URL without parameters that the office does not know */
async function dataUrl(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 32_768) text += String.fromCharCode(...bytes.subarray(at, at + 32_768));
  return `data:${blob.type.split(";")[0]};base64,${btoa(text)}`;
}

/** @typedef {{speak: string, path: string, shown: (words: string) => string, unheard: string, keep?: boolean, changed?: () => void}} Options
 * `shown`: how what was understood is shown; `keep`: what was spoken goes along, so that words that were not understood are not lost */

/** What somebody says on a screen with parts note-box and hint and the key speak. */
export class OwnWords {
  /** @param {import("./screen.js").Screen} screen @param {Options} options */
  constructor(screen, { speak, path, shown, unheard, keep = false, changed }) {
    this.screen = screen;
    this.speakWords = speak;
    this.path = path;
    this.shown = shown;
    this.unheard = unheard;
    this.keep = keep;
    this.changed = changed;
    this.said = "";
    this.sound = "";
    screen.key("speak").addEventListener("click", () => this.speak());
  }

  async speak() {
    if (this.answer) return this.answer.stopRecording();
    voice.stop();
    const answer = this.answer = new SpokenAnswer(this.path);
    try {
      await answer.start(() => this.screen.fill({ speak: "正在听，说完按这里" }));
      answer.recorder?.addEventListener("stop", () => { if (this.answer === answer) this.screen.fill({ speak: "正在听写您说的话" }); });
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
    this.screen.say("note-box", UNREAD);
    return this.screen.say("hint", "");
  }

  /** @param {string} words typed, or as they were understood */
  take(words) {
    this.said = words.trim().slice(0, MOST);
    this.screen.say("note-box", this.said ? this.shown(this.said) : "");
    this.screen.say("hint", this.said ? "" : this.unheard);
    this.changed?.();
  }

  close() {
    this.answer?.close();
  }
}

/** The same, with reasons that are pressed, in the part reasons. */
export class Reasons extends OwnWords {
  /** @param {import("./screen.js").Screen} screen @param {Omit<Options, "unheard"> & {choices: string[]}} options */
  constructor(screen, { choices, ...options }) {
    super(screen, { ...options, unheard: "没有听清，请再说一遍，或者点一个原因。" });
    this.chosen = "";
    this.buttons = choices.map((words) => {
      const button = el("button.btn", { type: "button", "aria-pressed": "false" }, words);
      button.addEventListener("click", () => this.choose(words));
      return button;
    });
    screen.part("reasons").replaceChildren(...this.buttons);
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

  /** What was said here before another screen was up. @param {{chosen: string, said: string, sound: string}} kept */
  restore({ chosen, said, sound }) {
    if (chosen) this.choose(chosen);
    if (said) this.take(said);
    else if (sound) this.screen.say("note-box", UNREAD);
    this.sound = sound;
  }

  /** To come back to. @returns {{chosen: string, said: string, sound: string}} */
  get kept() {
    return { chosen: this.chosen, said: this.said, sound: this.sound };
  }
}
