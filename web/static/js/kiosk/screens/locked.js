// Nobody has touched the kiosk for a while since the talk ended: whoever sits here first says who they are.
import { ApiError, api } from "/static/js/api.js";
import { DigitPad } from "../keyboard.js";
import { Screen, spaced } from "../screen.js";
import { tellWhileDoing } from "../toast.js";
import * as voice from "../voice.js";

const WORDS = {
  phone: { title: "请按手机号的后四位", label: "谈话时留的手机号，后四位" },
  number: { title: "请按您的排队号", label: "等候时的号，只按数字，例如 A07 就按 7" },
};
const STAFF_ONLY = "对不上的次数太多了，请按“叫工作人员”，工作人员来帮您打开。";

/** Somebody who does not wait until the record can be read; with the code they read and sign it here another day. @param {any} app */
export async function comeAnotherDay(app) {
  const text = `您的查询码是 ${spaced(app.sitting.query_code)}。改天再到这台机器来，按“看我的记录，签字”，报查询码就打开。`;
  const sure = await app.ask({ title: "查询码记下了吗？", text, yes: "记下了，我先走", no: "再等等" });
  if (sure) await app.leave();
}

/** Somebody who sits down where the one before went without a word. @param {any} app */
export async function justCame(app) {
  const sure = await app.ask({ title: "您是刚来的吗？", text: "前一位的内容会从这台机器上拿走，记录还在，交给工作人员。前一位只是离开一会儿的，请先叫工作人员。", yes: "我是刚来的", no: "不是", danger: true });
  if (sure) await app.leave();
}

/** @param {any} app */
export function locked(app) {
  const screen = new Screen("locked");
  /** @type {DigitPad | undefined} */
  let pad;
  let asked = "";

  const changed = () => {
    screen.part("typed").textContent = pad?.text || "";
    screen.say("hint", "");
    screen.key("open").disabled = !pad?.text;
  };
  const open = async () => {
    if (!pad?.text) return;
    try {
      await tellWhileDoing(api("POST", "/api/kiosk/sitting/unlock", { answer: pad.text }));
      await app.unlocked();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      pad.set("");
      screen.say("hint", error.message);
    }
  };
  const update = (/** @type {any} */ sitting) => {
    if (!sitting) return;
    const kind = sitting.unlock_with || (sitting.phone_last4 ? "phone" : "number");
    const { title, label } = WORDS[kind];
    screen.fill({ title, label });
    if (sitting.locked && !sitting.unlock_tries_left) screen.say("hint", STAFF_ONLY);
    if (kind === asked) return;
    asked = kind;
    pad?.close();
    pad = new DigitPad({ text: "", limit: 4, changed, done: open });
    pad.show(screen.part("keyboard"));
    changed();
  };
  screen.on({ open, other: () => justCame(app) });
  update(app.sitting);
  if (!app.wiped) voice.speak("ring", "locked");
  return { speech: ["locked"], back: "先按数字打开，或者叫工作人员。", update, close: () => pad?.close() };
}
