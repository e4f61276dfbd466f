// Signing exactly what was read, or the reason why not.
import { el } from "/static/js/dom.js";
import { chineseDay } from "/static/js/time.js";
import { SignaturePad } from "../pad.js";
import { Reasons } from "../reasons.js";
import { Screen } from "../screen.js";
import * as voice from "../voice.js";

const UNWILLING = ["记得不对", "想先和家里人商量", "想等处理结果", "不想说原因"];

/** @param {import("./reading.js").Reading} reading @returns {any} what a screen hands back */
export function sign(reading) {
  const screen = reading.screen = new Screen("sign");
  const pad = new SignaturePad(screen.part("canvas"), () => {
    screen.key("sign").disabled = !pad.signed;
    screen.part("pad-hint").style.visibility = pad.strokes.length ? "hidden" : "visible";
    screen.fill({ sign: pad.signed ? "签好了" : "先签名，再按这里" });
  });
  const changes = reading.changes();
  const looked = reading.pieces.length ? `您看过 ${reading.pieces.length} 句，都说对。` : "这份记录里没有一句话。";
  screen.fill({ checked: looked + (changes.length ? `改过 ${changes.length} 处：` : ""), date: chineseDay(new Date()) });
  screen.part("changes").hidden = !changes.length;
  screen.part("changes").replaceChildren(...changes.map(([place, text]) => el("li", {}, el("span.mute", {}, place), el("span", {}, ...text))));
  screen.on({ clear: () => pad.clear(), sign: () => reading.send("signature", { image: pad.image() }), refuse: () => reading.refuse(), again: () => reading.readAgain() });
  screen.key("again").hidden = !reading.pieces.length;
  voice.speak("sign");
  return { speech: ["sign"], back: () => reading.readAgain(), close: () => pad.close() };
}

/** @param {import("./reading.js").Reading} reading @returns {any} what a screen hands back */
export function refuse(reading) {
  const screen = reading.screen = new Screen("refuse");
  const reasons = new Reasons(screen, { choices: UNWILLING, speak: "我来说原因", path: `${reading.path}/hear` });
  const save = () => {
    if (reasons.text) return reading.send("refusal", { reason: reasons.text });
    return screen.say("hint", "请点一个原因，或者说一句。");
  };
  screen.on({ save, cancel: () => reading.sign() });
  return { speech: ["sign"], back: () => reading.sign(), close: () => reasons.close() };
}
