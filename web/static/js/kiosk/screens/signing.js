// Signing exactly what was read, with a drawn name or a finger, or the reason why not; each reader in their turn.
import { ApiError, send } from "/static/js/api.js";
import { el } from "/static/js/dom.js";
import { chineseDay } from "/static/js/time.js";
import { hasPad, press } from "../fingerprint.js";
import { Film } from "../film.js";
import { SignaturePad } from "../pad.js";
import { Reasons } from "../reasons.js";
import { Screen } from "../screen.js";
import * as voice from "../voice.js";
import { typing } from "./typing.js";

const UNWILLING = ["记得不对", "想先和家里人商量", "想等处理结果", "不想说原因"];
const UNABLE = ["不识字，不会写", "手不方便", "看不清楚", "身体不舒服"];
const MOST_NAME = 50;

/** Where several read and sign: whose turn is it now? @param {import("./reading.js").Reading} reading @param {any[]} left @returns {any} what a screen hands back */
export function whose(reading, left) {
  const screen = reading.screen = new Screen("whose");
  const done = reading.record.signers.filter((/** @type {any} */ one) => one.done).map((/** @type {any} */ one) => one.name);
  screen.fill({ title: "现在是哪一位在看？", lead: done.length ? `${done.join("、")} 办好了。还有 ${left.length} 位，每一位都自己看、自己签。` : `有 ${left.length} 位要看、要签，每一位都自己看、自己签。` });
  screen.part("names").replaceChildren(...left.map((one) => {
    const button = el("button.btn.big", { type: "button", translate: "no" }, one.name);
    button.addEventListener("click", () => reading.take(one));
    return button;
  }));
  voice.speak("whose");
  return { speech: ["whose"], back: "请点一下自己的名字。" };
}

/** What was seen before the signature; whole sentences, so that each can be said in another language. @param {number} seen @param {boolean} form @param {number} changed */
function looked(seen, form, changed) {
  if (!seen && !changed) return "这份记录里没有一句话。";
  if (form) return changed ? `您看过 ${seen} 句和登记表，都说对。改过 ${changed} 处：` : `您看过 ${seen} 句和登记表，都说对。`;
  return changed ? `您看过 ${seen} 句，都说对。改过 ${changed} 处：` : `您看过 ${seen} 句，都说对。`;
}

/** @param {import("./reading.js").Reading} reading @returns {any} what a screen hands back */
export function sign(reading) {
  const screen = reading.screen = new Screen("sign");
  const pad = new SignaturePad(screen.part("canvas"), () => {
    screen.key("sign").disabled = !pad.signed;
    screen.part("pad-hint").style.visibility = pad.strokes.length ? "hidden" : "visible";
    screen.fill({ sign: pad.signed ? "签好了" : "先签名，再按这里" });
  });
  const camera = new Camera(reading, screen);
  const signed = async () => {
    const film = await camera.sent();
    if (film !== null) await reading.send("signature", { ...pad.drawn, clip_sha256: film });
  };
  const changes = reading.changes();
  const seen = reading.pieces.length;
  screen.fill({ checked: looked(seen, reading.record.form.length > 0, changes.length), date: chineseDay(new Date()), name: reading.signer.name });
  screen.part("changes").hidden = !changes.length;
  screen.part("changes").replaceChildren(...changes.map(([place, text]) => el("li", {}, el("span.mute", {}, place), el("span", { translate: "no" }, ...text))));
  screen.on({
    clear: () => pad.clear(), sign: () => signed(), film: () => camera.toggle(), again: () => reading.readAgain(),
    refuse: () => reading.show(() => reason(reading, "refused")), cannot: () => reading.show(() => cannot(reading)),
  });
  screen.key("again").hidden = !reading.pieces.length;
  voice.speak("sign");
  return { speech: ["sign"], back: () => reading.readAgain(), close: () => { pad.close(); camera.close(); } };
}

/** On camera only where pictures were agreed to before the talk, and the person presses the key for it now. */
class Camera {
  /** @param {import("./reading.js").Reading} reading @param {Screen} screen */
  constructor(reading, screen) {
    [this.reading, this.screen] = [reading, screen];
    /** @type {Film | null} */
    this.film = null;
    screen.part("camera").hidden = reading.sitting.consent !== "audio_video";
    this.show();
  }

  show() {
    this.screen.fill({ film: this.film ? "正在录像，按这里就不录" : "录下签名的样子（可以不录）" });
    this.screen.key("film").setAttribute("aria-pressed", String(Boolean(this.film)));
    this.screen.part("mirror").hidden = !this.film;
  }

  async toggle() {
    if (this.film) return this.close();
    const film = new Film();
    try {
      await film.start(this.screen.part("mirror"));
      this.film = film;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.screen.say("hint", error.message);
    }
    if (!this.screen.own[0].isConnected) return this.close();
    return this.show();
  }

  /** The film's name at the office, "" without one; null: it did not get there, and the person is told. @returns {Promise<string | null>} */
  async sent() {
    if (!this.film) return "";
    try {
      this.kept ||= await this.film.end();
      return (await send("POST", `${this.reading.path}/clip`, this.kept)).sha256;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.screen.say("hint", `${error.message}不录也能签：先按“正在录像，按这里就不录”。`);
      return null;
    }
  }

  close() {
    this.film?.close();
    [this.film, this.kept] = [null, undefined];
    if (this.screen.own[0].isConnected) this.show();
  }
}

/** Whoever cannot write: a finger where there is a pad, else the reason and somebody who saw it. @param {import("./reading.js").Reading} reading @returns {any} */
function cannot(reading) {
  const screen = reading.screen = new Screen("cannot");
  const key = screen.key("finger");
  const back = () => reading.sign();
  screen.on({ finger: () => finger(reading, screen), reason: () => reading.show(() => reason(reading, "unable")), cancel: back });
  key.disabled = true;
  screen.fill({ finger: "正在看有没有手印板" });
  hasPad(reading.app).then((there) => {
    if (!screen.own[0].isConnected) return;
    key.disabled = !there;
    screen.fill({ finger: there ? "按手印" : "这里没有接手印板" });
  });
  voice.speak("cannot");
  return { speech: ["cannot"], back };
}

/** @param {import("./reading.js").Reading} reading @param {Screen} screen */
async function finger(reading, screen) {
  screen.say("hint", "请把手指放在手印板上，按住不动。");
  try {
    const print = await press();
    if (!screen.own[0].isConnected) return;
    screen.say("hint", "");
    const picture = /** @type {HTMLImageElement} */ (screen.part("print"));
    [picture.src, picture.hidden] = [print.image, false];
    const sure = await reading.app.ask({ title: "用这个手印吗？", text: "只把图放在签名的地方，不拿去比对。", yes: "就用这个", no: "再按一次" });
    if (sure) await reading.send("fingerprint", print);
    else picture.hidden = true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    screen.say("hint", error.message);
  }
}

const WORDS = {
  refused: {
    title: "不签也行，请说一句原因", choices: UNWILLING, save: "记上，不签了",
    seen: (/** @type {string} */ name) => `看见${name}没有签名的人，可以是家里人，也可以是工作人员。`,
  },
  unable: {
    title: "不能签，是因为什么？", choices: UNABLE, save: "记上，请见证人写名字",
    seen: (/** @type {string} */ name) => `看见${name}不能签名的人，可以是家里人，也可以是工作人员。`,
  },
};

/** @param {import("./reading.js").Reading} reading @param {"refused" | "unable"} way
 * @param {{chosen: string, said: string, sound: string}} [kept] what was said before the witness was asked @returns {any} */
function reason(reading, way, kept) {
  const screen = reading.screen = new Screen("refuse");
  const { title, choices, save: words } = WORDS[way];
  screen.fill({ title, save: words });
  const reasons = new Reasons(screen, { choices, speak: "我来说原因", path: `${reading.path}/hear`, shown: (said) => `您说的原因：${said}` });
  if (kept) reasons.restore(kept);
  const noted = (/** @type {boolean} */ seen) => {
    if (!reasons.text) return screen.say("hint", "请点一个原因，或者说一句。");
    const said = { way, reason: reasons.text.slice(0, 300) };
    return seen ? reading.show(() => witness(reading, said, reasons.kept)) : reading.send("refusal", said);
  };
  // Who does not wish to sign needs no witness; who cannot does.
  screen.key("witness").hidden = way === "unable";
  screen.on({ save: () => noted(way === "unable"), witness: () => noted(true), cancel: () => reading.sign() });
  if (!kept) voice.speak("refuse");
  return { speech: ["refuse"], back: () => reading.sign(), close: () => reasons.close() };
}

/** @param {import("./reading.js").Reading} reading @param {{way: "refused" | "unable", reason: string}} said
 * @param {{chosen: string, said: string, sound: string}} kept the same as it was pressed and spoken @returns {any} */
function witness(reading, said, kept) {
  const back = () => reading.show(() => reason(reading, said.way, kept));
  const words = { title: "请见证人写上名字", of: WORDS[said.way].seen(reading.signer.name), label: "见证人", limit: MOST_NAME, own: Boolean(reading.app.ownKeyboard), name: true };
  const screen = typing(words, (text) => reading.send("refusal", { ...said, witness: text }), back);
  voice.speak("witness");
  return { speech: ["witness"], back, close: () => screen.close() };
}
