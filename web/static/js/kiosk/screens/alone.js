// 语音自助登记: the kiosk asks, one thing at a time; the person speaks or types, sees what was kept, signs and goes with a slip.
// Nothing here waits for the office: all of it is with the kiosk's own program on this computer (alone/sitting.js).
import { ApiError } from "/static/js/api.js";
import { byId, el } from "/static/js/dom.js";
import { chineseDay } from "/static/js/time.js";
import { AloneSitting } from "../alone/sitting.js";
import { ask, door } from "../door.js";
import { hearInHandset } from "../handset.js";
import { DigitPad } from "../keyboard.js";
import { closeMedia, Meter, paperCamera } from "../media.js";
import { holdsSomebody } from "../memory.js";
import { pause } from "../measure.js";
import { showPhone } from "../place.js";
import { SignaturePad } from "../pad.js";
import { PaperCamera } from "../paper_camera.js";
import { printSlip, printsSlips } from "../printer.js";
import { Screen, spaced } from "../screen.js";
import { cardScreen } from "./card.js";
import * as voice from "../voice.js";
import { phoneTrouble } from "./identity.js";
import { typing } from "./typing.js";

const LONGEST_TYPED = 1000;
/** Whoever says nothing for so long is asked whether that was all: nobody may be there any more. */
const SILENT_MS = 60_000;
const LEVEL_SPOKEN = 0.008;
const EVERY_MS = 250;
/** For a program that is being started again, when somebody leaves. */
const MOST_WAITED_MS = 5000;
const STARTING = "请稍等…";
const NOT_NOW = "现在不能自己登记。请按“叫工作人员”，一样能办。";

const SPOKEN = {
  who: "alone-who", what: "alone-what", when: "alone-when", where: "alone-where", against: "alone-against", tried: "alone-tried",
  asked: "alone-asked", papers: "alone-papers",
};

/** The sentence that asks a question. @param {{id: string}} question */
function spokenOf({ id }) {
  return SPOKEN[/** @type {keyof typeof SPOKEN} */ (id)] || "";
}

const form = JSON.parse(byId("alone-form").textContent || "{}");

/** @param {string} words @param {() => void} act */
function button(words, act) {
  const made = el("button.btn", { type: "button" }, words);
  made.addEventListener("click", act);
  return made;
}

/** @param {number} seconds */
function lasting(seconds) {
  const whole = Math.max(1, Math.round(seconds));
  return whole < 60 ? `${whole} 秒` : `${Math.floor(whole / 60)} 分 ${whole % 60} 秒`;
}

/** What this kiosk asks, its sitting, and where in it the person is. */
export class Alone {
  /** @param {any} app @param {AloneSitting} sitting */
  constructor(app, sitting) {
    this.app = app;
    this.sitting = sitting;
    this.step = "question";
    this.at = 0;
    this.asked = new Set();
    this.ending = false;
    document.body.dataset.alone = "";
    sitting.addEventListener("change", () => app.shown.update?.(null));
  }

  get question() {
    return form.questions[this.at];
  }

  /** @returns {{name: string, key: string}} the screen to be up */
  wanted() {
    return { name: `alone-${this.step}`, key: `alone:${this.step}:${this.step === "question" ? this.at : ""}` };
  }

  /** @param {string} step @param {number} [at] */
  go(step, at = this.at) {
    this.sitting.stopSpeaking();
    [this.step, this.at] = [step, at];
    this.app.render();
  }

  next() {
    if (this.at + 1 < form.questions.length) this.go("question", this.at + 1);
    else this.go("review");
  }

  back() {
    if (this.at > 0) this.go("question", this.at - 1);
    else this.stop();
  }

  /** Somebody wants to go in the middle of it. */
  async stop() {
    const sure = await this.app.ask({ title: "不登记了吗？", text: "已经说的会交给工作人员，记到哪里算哪里。", yes: "不登记了", no: "接着说" });
    if (sure) this.app.leave();
  }

  /** All is on the disk; nothing of it stays here. @param {"signed" | "unsigned" | "left"} how */
  async end(how) {
    this.ending = true;
    await this.sitting.end(how);
    closeMedia();
  }

  /** The person goes: what was told until then is kept for the office. @returns {Promise<any>} when it is, or soon after */
  async close() {
    await Promise.race([this.sitting.end("left"), pause(MOST_WAITED_MS)]);
    this.sitting.line.close();
    delete document.body.dataset.alone;
  }
}

/** What it is, and what is agreed to. @param {any} app */
export function aloneNotice(app) {
  const screen = new Screen("alone-notice");
  const begin = async (/** @type {string} */ consent) => {
    screen.say("hint", STARTING);
    try {
      const sitting = new AloneSitting(await door(), form, consent);
      const why = await sitting.begin();
      if (why) return screen.say("hint", why.message || NOT_NOW);
      app.alone = new Alone(app, sitting);
      if (app.reader) app.alone.step = "card";
      app.render();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      screen.say("hint", NOT_NOW);
    }
    return undefined;
  };
  app.lookForReader();
  screen.on({ audio: () => begin("audio_only"), video: () => begin("audio_video"), paper: () => app.go("paper") });
  screen.say("hint", "");
  return { speech: ["alone-notice"], back: () => app.go("welcome"), ownLine: true, left: () => app.leave(), get personal() { return holdsSomebody(); } };
}

/** One question. */
class QuestionScreen {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    this.alone = /** @type {Alone} */ (app.alone);
    this.sitting = this.alone.sitting;
    this.question = this.alone.question;
    this.screen = new Screen("alone-question");
    this.meter = new Meter(this.screen.part("meter"), this.screen.part("level"));
    this.timer = 0;
    this.spokenAt = 0;
    /** @type {{close: () => void} | null} */
    this.typing = null;
    this.player = new Audio();
    this.endHandset = hearInHandset(() => [this.player]);
    const { title, say, hint } = this.question;
    this.screen.fill({ title, say, hint: hint || "", position: `第 ${this.alone.at + 1} 项，共 ${form.questions.length} 项` });
    this.screen.on({
      speak: () => this.speak(), again: () => this.ask(), type: () => this.type(), next: () => this.next(),
      phone: () => this.alone.go("phone"), photo: () => this.alone.go("photo"),
    });
    this.screen.key("phone").hidden = this.question.id !== "who";
    if (this.question.papers) this.offerPhotos();
    this.update();
    this.ask();
  }

  async offerPhotos() {
    const found = await paperCameraThere(this.sitting.filmed);
    this.screen.key("photo").hidden = !found;
  }

  /** The kiosk asks; that it did is kept. */
  ask() {
    this.sitting.stopSpeaking();
    voice.speak(spokenOf(this.question));
    if (!this.alone.asked.has(this.question.id)) this.sitting.asked(this.question);
    this.alone.asked.add(this.question.id);
  }

  async speak() {
    voice.stop();
    this.player.pause();
    if (this.sitting.recording) return this.sitting.stopSpeaking();
    const stream = await this.sitting.speak(this.question.id);
    if (!stream) return this.update();
    this.spokenAt = performance.now();
    this.meter.start(stream);
    this.timer = window.setInterval(() => this.count(), EVERY_MS);
    return this.update();
  }

  count() {
    const { run } = this.sitting;
    if (!run) return this.update();
    this.screen.part("seconds").textContent = lasting(this.sitting.now() - run.at);
    if (this.meter.loudest > LEVEL_SPOKEN) this.spokenAt = performance.now();
    if (performance.now() - this.spokenAt > SILENT_MS) this.sitting.stopSpeaking();
    return undefined;
  }

  type() {
    this.sitting.stopSpeaking();
    const { title, say } = this.question;
    this.typing = typing({ title, of: say, label: "用键打字", limit: LONGEST_TYPED, own: Boolean(this.app.ownKeyboard) }, (words) => {
      this.sitting.typed(this.question.id, words);
      this.app.again();
    }, () => this.app.again());
  }

  async next() {
    this.sitting.stopSpeaking();
    await this.sitting.run?.done;
    if (this.question.needed && !this.sitting.answered(this.question.id)) {
      const go = await this.app.ask({ title: "这一项还没有说", text: "不说也能往下走，只是工作人员不好办。", yes: "先不说", no: "我来说" });
      if (!go) return;
    }
    this.alone.next();
  }

  /** What was said is heard again. @param {any} answer */
  play(answer) {
    voice.stop();
    URL.revokeObjectURL(this.player.src);
    this.player.src = URL.createObjectURL(new Blob(answer.sound, { type: answer.mime }));
    this.player.play().catch(() => this.app.toast("放不出声音，录音已经存好了。"));
  }

  update() {
    if (this.typing) return;
    const { recording } = this.sitting;
    if (!recording && this.timer) {
      clearInterval(this.timer);
      this.timer = 0;
      this.meter.close();
    }
    const said = this.sitting.of(this.question.id);
    this.screen.part("listening").hidden = !recording;
    this.screen.part("others").hidden = recording; // room for what is being said
    this.screen.say("trouble", this.sitting.trouble);
    this.screen.key("speak").disabled = this.sitting.line.full;
    const answered = said.length > 0 && !recording; // then the way on is what stands out
    this.screen.key("speak").classList.toggle("primary", !answered);
    for (const look of ["primary", "big"]) this.screen.key("next").classList.toggle(look, answered);
    this.screen.fill({
      speak: recording ? "说完了" : said.length ? "再说一段" : "开始说",
      next: said.length || recording ? "说好了，下一项" : "这一项不说，下一项",
      phone: this.sitting.person.phone ? `手机号 ${this.sitting.person.phone}` : "用键填手机号",
    });
    this.screen.part("said").replaceChildren(...said.map((one) => answerRow(one, () => this.play(one))));
  }

  close() {
    clearInterval(this.timer);
    this.meter.close();
    this.typing?.close();
    this.player.pause();
    this.endHandset();
    URL.revokeObjectURL(this.player.src);
  }
}

/** What the machine made of an answer, or that somebody writes it down later. @param {any} answer @param {() => void} play */
function answerRow(answer, play) {
  const words = answer.words || (answer.state === "asking" ? "正在听写…" : "录下来了。工作人员会听着录音写下来。");
  const head = answer.typed ? "打字" : `说了 ${lasting(answer.seconds)}`;
  const hear = answer.typed ? [] : [button("听一听", play)];
  return el("li.card", {}, el("div", {}, el("b", {}, head), ...(answer.words && !answer.typed ? [el("p", {}, "听到的大概是：")] : []), el("p", answer.words ? { class: "heard-words", translate: "no" } : {}, words)), ...hear);
}

/** Whether a camera looks at papers: one that calls itself so, else a second one beside that which films. @param {boolean} filmed */
async function paperCameraThere(filmed) {
  try {
    const all = await navigator.mediaDevices.enumerateDevices();
    return Boolean(await paperCamera(null)) || (filmed && all.filter((device) => device.kind === "videoinput").length > 1);
  } catch {
    return false;
  }
}

/** @param {any} app */
export function aloneQuestion(app) {
  const screen = new QuestionScreen(app);
  return {
    speech: [spokenOf(screen.question)], quiet: true, speak: () => screen.ask(), back: () => app.alone.back(), update: () => screen.update(),
    close: () => screen.close(), ownLine: true,
    get personal() { return !screen.sitting.recording; },
  };
}

/** An identity card says who it is; then only a telephone number is asked for. @param {any} app */
export function aloneCard(app) {
  const { alone } = app;
  const shown = cardScreen(app, {
    place: "",
    typed: "没带身份证，我自己说",
    speech: "alone-card",
    taken: (name, card) => { alone.sitting.knows({ name, card }); alone.go("phone"); },
    type: () => alone.go("question"),
    back: () => alone.stop(),
  });
  return Object.defineProperty(shown, "ownLine", { value: true });
}

/** A number that the office can call, and by which the query code opens. @param {any} app */
export function alonePhone(app) {
  const screen = new Screen("alone-phone");
  const { sitting } = app.alone;
  const pad = new DigitPad({ text: sitting.person.phone, limit: 13, changed: () => show(), done: () => done() });
  const show = () => {
    screen.part("typed").textContent = pad.text || "";
    const wrong = pad.text ? phoneTrouble(pad.text) : "";
    screen.say("hint", wrong);
    screen.key("done").disabled = !pad.text || Boolean(wrong);
  };
  const done = () => {
    if (screen.key("done").disabled) return;
    sitting.knows({ phone: pad.text });
    on();
  };
  const on = () => {
    if (app.alone.at === 0 && sitting.person.card && !sitting.of(app.alone.question.id).length) app.alone.next(); // the card said who it is
    else app.alone.go("question");
  };
  screen.on({ done, cancel: on });
  pad.show(screen.part("keyboard"));
  show();
  return { speech: ["phone"], back: () => app.alone.go("question"), close: () => pad.close(), personal: true, ownLine: true };
}

/** Papers under the second camera, as fine as it gives them: straightened where the kiosk's program can. @param {any} app */
export function alonePhoto(app) {
  const screen = new Screen("alone-photo");
  const { sitting, question } = app.alone;
  const camera = new PaperCamera(screen.part("live"));
  const hint = (/** @type {string} */ words, warn = true) => {
    screen.part("hint").classList.toggle("warn", warn);
    screen.say("hint", words);
  };
  const show = () => {
    screen.part("photos").replaceChildren(...sitting.photos.map((/** @type {string} */ src, /** @type {number} */ n) => el("li", {}, el("img", { src, alt: `第 ${n + 1} 张` }))));
    screen.part("photos").lastElementChild?.scrollIntoView({ inline: "end", block: "nearest" });
  };
  const gone = () => {
    screen.key("shoot").disabled = true;
    hint("拍材料的镜头没有打开。可以说一说有哪些材料，交给工作人员。");
  };
  const open = async () => {
    try {
      const track = await camera.open(sitting.filmed ? await sitting.listen() : null);
      if (closed) return camera.close();
      track.addEventListener("ended", gone);
    } catch {
      if (!closed) gone();
    }
    return undefined;
  };
  const shoot = async (/** @type {HTMLButtonElement} */ key) => {
    key.disabled = true;
    try {
      const page = await straightened(await camera.large(), refused);
      if (closed) return;
      refused = page.readable;
      const kept = !page.words && sitting.photo(question.id, page.jpeg);
      if (kept) hint(page.whole ? `没有找到纸的四个角，第 ${sitting.photos.length} 张留的是整张照片` : `拍好了第 ${sitting.photos.length} 张`, false);
      else if (refused) hint(`${page.words}还是不行，就再按一次“拍”，留下整张照片。`);
      else hint(page.words || sitting.trouble || "存不下了，这一张没有存。");
      show();
    } catch {
      hint("没有拍到，请再拍一次。");
    } finally {
      key.disabled = false;
    }
  };
  let closed = false;
  /** The last one could not be straightened. */
  let refused = false;
  screen.on({ shoot, done: () => app.alone.go("question") });
  hint("");
  show();
  open();
  return {
    speech: ["alone-photo"], back: () => app.alone.go("question"), personal: true, ownLine: true,
    close: () => { closed = true; camera.close(); },
  };
}

/** @typedef {{jpeg: string, words: string, readable: boolean, whole: boolean}} Photo `words`: why it is of no use; `readable`: the whole of it is; `whole`: it is the whole */

/** @param {string} jpeg base64 @param {boolean} whole whether the whole photograph does where no page is found
 * @returns {Promise<Photo>} as it is, where nobody can straighten it */
async function straightened(jpeg, whole) {
  const asIs = { jpeg, words: "", readable: false, whole: false };
  try {
    const told = await ask({ type: "paper", jpeg, straighten: true, ...(whole ? { whole } : {}) });
    const [fault] = told.faults || [];
    if (told.page) return { ...asIs, jpeg: told.page, whole: Boolean(fault) };
    return fault ? { ...asIs, words: fault.words, readable: told.readable } : asIs;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return asIs;
  }
}

/** All that was said, before it is signed. @param {any} app */
export function aloneReview(app) {
  const screen = new Screen("alone-review");
  const { sitting } = app.alone;
  const row = (/** @type {any} */ one, /** @type {number} */ at) => {
    const words = sitting.told(one.id, (/** @type {any} */ answer) => `说了 ${lasting(answer.seconds)}，录下来了`);
    const more = button(words ? "补充" : "我来说", () => app.alone.go("question", at));
    return el("li", {}, el("div", {}, el("b", {}, one.title), el("p", { class: words ? null : "mute", translate: words ? "no" : null }, words || "没有说")), more);
  };
  const update = () => {
    screen.part("list").replaceChildren(...form.questions.map(row));
    screen.say("trouble", sitting.trouble);
    screen.fill({ lead: sitting.photos.length ? `拍了材料 ${sitting.photos.length} 张。要补充，按右边的键。` : "要补充，按右边的键。" });
  };
  screen.on({ sign: () => app.alone.go("sign") });
  screen.say("hint", "");
  update();
  return { speech: ["alone-review"], back: () => app.alone.go("question", form.questions.length - 1), update, personal: true, ownLine: true };
}

/** @param {any} app */
export function aloneSign(app) {
  const screen = new Screen("alone-sign");
  const { sitting } = app.alone;
  screen.fill({ summary: sitting.summary(), name: sitting.person.name, date: chineseDay(new Date()) });
  const pad = new SignaturePad(screen.part("canvas"), () => show());
  const show = () => {
    screen.part("pad-hint").hidden = Boolean(pad.strokes.length);
    screen.key("sign").disabled = !pad.signed;
    screen.fill({ sign: pad.signed ? "签好了，交上去" : "先签名，再按这里" });
  };
  const finish = async (/** @type {"signed" | "unsigned"} */ how) => {
    screen.say("hint", "正在存好，请稍等…");
    if (how === "signed") sitting.signed(pad.drawn);
    await app.alone.end(how);
    app.alone.go("slip");
  };
  screen.on({ clear: () => pad.clear(), sign: () => finish("signed"), unsigned: () => finish("unsigned"), again: () => app.alone.go("review") });
  screen.say("hint", "");
  show();
  return { speech: ["alone-sign"], back: () => app.alone.go("review"), close: () => pad.close(), personal: true, ownLine: true };
}

/** @param {any} app */
export function aloneSlip(app) {
  const screen = new Screen("alone-slip");
  const { sitting } = app.alone;
  const { phone } = sitting.person;
  screen.fill({
    kiosk: byId("kiosk-name").textContent || "", code: spaced(sitting.code), number: sitting.number, today: chineseDay(new Date()),
    "code-hint": phone ? `查的时候，还要报手机号后四位：${phone.slice(-4)}` : "没有留手机号：来窗口报查询码，工作人员帮您查",
  });
  showPhone(screen);
  screen.say("trouble", sitting.line.full ? sitting.trouble : "");
  const done = async () => {
    const sure = await app.ask({ title: "查询码记下了吗？", text: "按“记下了”以后，这台机器不再显示您的内容。", yes: "记下了", no: "再看看" });
    if (sure) await app.leave();
  };
  screen.on({ print: () => printSlip(app), done });
  printsSlips().then((there) => { screen.key("print").hidden = !there; });
  return { speech: ["slip"], back: "已经办好了，看完请按“完成”。", personal: true, ownLine: true };
}

export const ALONE = {
  "alone-card": aloneCard, "alone-question": aloneQuestion, "alone-phone": alonePhone, "alone-photo": alonePhoto, "alone-review": aloneReview,
  "alone-sign": aloneSign, "alone-slip": aloneSlip,
};
