// A sentence is not right: what should stand there, spoken, typed, or as a reason that is pressed.
import { el } from "/static/js/dom.js";
import { Reasons } from "../reasons.js";
import { Screen } from "../screen.js";
import * as voice from "../voice.js";
import { typing } from "./typing.js";

const WRONG = ["数字、日期不对", "人名、地名不对", "我没这么说", "还漏了话", "拿不准，请再听一遍"];
const MOST = 400;

/** @param {import("./reading.js").Reading} reading @param {any} piece @param {{chosen: string, said: string, sound: string}} [kept] what was said before it was typed @returns {any} what a screen hands back */
export function dispute(reading, piece, kept) {
  const screen = reading.screen = new Screen("dispute");
  const reasons = new Reasons(screen, { choices: WRONG, speak: "说一遍", path: `${reading.path}/hear`, shown: (words) => `应该是：${words}`, keep: true });
  screen.part("text").textContent = piece.text;
  screen.part("sentence").classList.toggle("me", piece.line.participant_id === reading.record.own);
  if (kept) reasons.restore(kept);
  const back = () => reading.read(reading.index);
  const save = () => {
    if (reasons.empty) return screen.say("hint", "请点一个原因，或者说一遍，工作人员才知道怎么改。");
    return reading.tellWrong(piece, { reason: reasons.chosen, said: reasons.said, sound: reasons.sound });
  };
  const write = () => reading.show(() => type(reading, piece, reasons.kept));
  screen.on({ save, cancel: back, type: write });
  if (!kept) voice.speak("dispute");
  return { speech: ["dispute"], back, close: () => reasons.close() };
}

/** Typed words take the place of spoken ones. @param {import("./reading.js").Reading} reading @param {any} piece @param {{chosen: string, said: string, sound: string}} kept */
function type(reading, piece, kept) {
  const again = (/** @type {{chosen: string, said: string, sound: string}} */ now) => reading.show(() => dispute(reading, piece, now));
  const words = { title: "应该怎么说？", of: ["现在记的：", el("span", { translate: "no" }, piece.text)], label: "应该是", text: kept.said, limit: MOST, own: Boolean(reading.app.ownKeyboard) };
  const screen = typing(words, (text) => again({ ...kept, said: text, sound: text === kept.said ? kept.sound : "" }), () => again(kept));
  voice.speak("typing");
  return { speech: ["typing"], back: () => again(kept), close: () => screen.close() };
}
