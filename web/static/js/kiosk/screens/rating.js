// After the slip one question: how was the talk?  Nobody has to answer it, and nobody has to say why.
import { api } from "/static/js/api.js";
import { OwnWords } from "../reasons.js";
import { Screen } from "../screen.js";
import * as voice from "../voice.js";
import { typing } from "./typing.js";

const MOST = 400;

export class Rating {
  /** @param {any} app @param {() => void} over */
  constructor(app, over) {
    [this.app, this.over] = [app, over];
    this.words = "";
    /** What is up: what it says, what 返回 does, what ends it. @type {{speech: string[], back: (() => void) | string, close?: () => void}} */
    this.view = { speech: [], back: "" };
    this.ask();
  }

  /** @param {() => any} screen */
  show(screen) {
    this.view.close?.();
    this.view = screen();
  }

  ask() {
    this.show(() => {
      const screen = new Screen("rate-talk");
      const plain = (/** @type {string} */ score) => () => this.send(score);
      screen.on({
        satisfied: plain("satisfied"), basically: plain("basically"), skip: () => this.over(), words: () => this.say(),
        dissatisfied: () => (this.words ? this.send("dissatisfied") : this.say("dissatisfied")),
      });
      screen.say("said-box", this.words);
      screen.fill({ words: this.words ? "改一改说的" : "我想说两句" });
      voice.speak("rate-talk");
      return { speech: ["rate-talk"], back: "点一个就好。不想评，请按“不评了，结束”。" };
    });
  }

  /** A sentence or two beside it. @param {string} [score] of whoever has pressed one already */
  say(score = "") {
    const on = () => (score ? this.send(score) : this.ask());
    this.show(() => {
      const screen = new Screen("rate-words");
      screen.fill({ title: score ? "哪里不满意？想说就说一句" : "想说什么，请说" });
      const own = new OwnWords(screen, {
        speak: "我来说", path: "/api/kiosk/hear?want=matter", shown: (words) => words, unheard: "没有听清，请坐近一点再说一遍，也可以打字。",
        changed: () => { this.words = own.said; screen.key("done").disabled = !own.said; },
      });
      if (this.words) own.take(this.words);
      screen.on({ type: () => this.type(score), none: () => { this.words = ""; return on(); }, done: on });
      voice.speak("rate-words");
      return { speech: ["rate-words"], back: () => this.ask(), close: () => own.close() };
    });
  }

  /** @param {string} score */
  type(score) {
    const again = () => this.say(score);
    this.show(() => {
      const done = (/** @type {string} */ words) => { this.words = words; again(); };
      const screen = typing({ title: "想说什么？", of: "", label: "用键打字", text: this.words, limit: MOST, own: false }, done, again);
      voice.speak("typing");
      return { speech: ["typing"], back: again, close: () => screen.close() };
    });
  }

  /** @param {string} score */
  send(score) {
    return this.app.try(() => api("POST", "/api/kiosk/sitting/rating", { score, words: this.words }), () => this.over());
  }

  close() {
    this.view.close?.();
  }
}
