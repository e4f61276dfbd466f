// Name, phone and matter: one question per screen, typed or spoken.
import { ApiError, api } from "/static/js/api.js";
import { LONGEST_S, SpokenAnswer } from "../hear.js";
import { DigitPad, PinyinKeyboard } from "../keyboard.js";
import { callHelp } from "../keys.js";
import { Meter } from "../media.js";
import { draft, keepDraft, wipeDraft } from "../memory.js";
import { Screen } from "../screen.js";
import { tellWhileDoing } from "../toast.js";
import { nextStep, placeOf, stepBefore } from "../way.js";
import * as voice from "../voice.js";
import { book } from "./another_day.js";

const FIELDS = {
  name: { title: "您叫什么名字？", label: "姓名", note: "", placeholder: "请用下面的键打拼音", limit: 50, skip: "不会打，叫人帮忙", next: "下一项" },
  phone: { title: "您的手机号？", label: "手机号或座机号", note: "没有就不填", placeholder: "请按下面的数字", limit: 13, skip: "没有手机", next: "下一项" },
  matter: { title: "想谈什么事？", label: "用一句话说", note: "不说也行，见到领导再说", placeholder: "可以打字，也可以说", limit: 200, skip: "先不说", next: "好了，去排队" },
};
/** What is other for whoever books another day: the office must be able to call them, and the leader to know what it is about. */
const BOOKING = {
  name: {},
  phone: { note: "时间要改，会打给您", skip: "没有电话，叫人帮忙", speech: "book-phone" },
  matter: { note: "领导好先看一看", skip: "不会打，叫人帮忙", next: "好了，约下来", speech: "book-matter" },
};
const SHORTEST_MATTER = 2;
const MOBILE = 11;
const LANDLINE = /^0\d{2,3}-?\d{7,8}$/;

/** What is wrong with a telephone number; "" if nothing. @param {string} digits */
export function phoneTrouble(digits) {
  if (!digits || LANDLINE.test(digits) || /^1\d{10}$/.test(digits)) return "";
  if (digits.startsWith("0")) return "座机号要带区号，请看看有没有漏掉的数字";
  if (!digits.startsWith("1")) return "手机号第一位是 1；座机号请带区号";
  if (digits.length < MOBILE) return `还差 ${MOBILE - digits.length} 位，一共是 ${MOBILE} 位`;
  return `多了 ${digits.length - MOBILE} 位，一共是 ${MOBILE} 位`;
}

/** A spoken name without what people say before it. @param {string} text */
export function spokenName(text) {
  return text.replace(/[\s，。、！？,.!?]/g, "").replace(/^(我的名字叫做?|我的名字是|我名字叫|我叫做?|我是|名字叫|姓名是?|叫)/, "");
}

/** @param {string} field @param {{text: string, digits: string}} heard */
function understood(field, heard) {
  if (field === "phone") return heard.digits;
  return field === "name" ? spokenName(heard.text) : heard.text.trim();
}

class Question {
  /** @param {any} app @param {"name"|"phone"|"matter"} field */
  constructor(app, field) {
    this.app = app;
    this.field = field;
    this.books = Boolean(draft().wish);
    this.words = { ...FIELDS[field], speech: field, ...(this.books ? BOOKING[field] : {}) };
    this.screen = new Screen("identity", this.books ? 0 : undefined);
    const { title, label, note, skip, next } = this.words;
    const [place, all] = placeOf(field, app.draft());
    this.screen.fill({ title, place: `第 ${place} 项，共 ${all} 项`, label, note, skip, next });
    this.screen.part("placeholder").textContent = this.words.placeholder;
    this.screen.on({ next: () => this.next(), skip: () => this.skip(), speak: () => this.listen(), said: () => this.answer?.stopRecording(), "heard-yes": () => this.accept(), "heard-no": () => this.listen() });
    this.keyboard = this.makeKeyboard();
    this.keyboard.show(this.screen.part("keyboard"));
    this.changed();
  }

  makeKeyboard() {
    const options = { text: draft()[this.field], limit: this.words.limit, changed: () => this.changed(), done: () => this.next() };
    if (this.field === "phone") return new DigitPad(options);
    return new PinyinKeyboard({ ...options, name: this.field === "name", digits: this.field === "matter" });
  }

  changed() {
    if (!this.keyboard) return;
    const { text, letters } = this.keyboard;
    this.screen.part("typed").textContent = text;
    this.screen.part("composition").textContent = letters;
    this.screen.part("placeholder").hidden = Boolean(text || letters);
    keepDraft({ [this.field]: text });
    this.hint(this.field === "phone" && text ? phoneTrouble(text) : "");
    const least = this.books && this.field === "matter" ? SHORTEST_MATTER : 1;
    this.offer(text.trim().length >= least && !letters);
  }

  /** @param {boolean} ready */
  offer(ready) {
    const missing = { name: "先填姓名", phone: "先填手机号", matter: "先说一句" }[this.field];
    const unfinished = this.keyboard.letters ? "先选字" : missing;
    const wrong = this.field === "phone" && Boolean(phoneTrouble(this.keyboard.text));
    this.screen.key("next").disabled = !ready || wrong;
    this.screen.fill({ next: ready ? (wrong ? "号码还不全" : this.words.next) : unfinished });
  }

  /** @param {string} words */
  hint(words) {
    const place = this.screen.part("hint");
    place.textContent = words;
    place.classList.toggle("warn", Boolean(words));
  }

  skip() {
    if (this.field === "name" || this.books) return callHelp(this.app);
    keepDraft({ [this.field]: "" });
    return this.forward();
  }

  next() {
    if (this.screen.key("next").disabled) return undefined;
    return this.forward();
  }

  forward() {
    const next = nextStep(this.field, this.app.draft());
    if (next !== "queue") return this.app.go(next);
    return (this.books ? book : enqueue)(this.app, (words) => this.hint(words));
  }

  async listen() {
    this.answer?.close();
    voice.stop();
    this.showHeard(false);
    const answer = this.answer = new SpokenAnswer(`/api/kiosk/hear?want=${this.field}`);
    try {
      await answer.start((sound) => this.showListening(sound));
      const heard = await answer.done();
      if (this.answer === answer) this.offerHeard(understood(this.field, heard));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.hint(error.message);
    } finally {
      if (this.answer === answer) this.hideListening();
    }
  }

  /** @param {MediaStream} sound */
  showListening(sound) {
    this.hint("");
    this.screen.part("listening").hidden = false;
    this.screen.key("speak").hidden = true;
    this.meter = new Meter(this.screen.part("meter"));
    this.meter.start(sound);
    this.screen.part("listening-words").textContent = "请说，说完按“说完了”";
    this.screen.part("listening-left").textContent = `还有 ${LONGEST_S} 秒`;
    this.countdown = setInterval(() => this.count(), 250);
  }

  count() {
    const recording = this.answer?.recorder?.state === "recording";
    this.screen.part("listening-words").textContent = recording ? "请说，说完按“说完了”" : "正在听写您说的话";
    this.screen.part("listening-left").textContent = recording ? `还有 ${this.answer?.left()} 秒` : "";
  }

  hideListening() {
    clearInterval(this.countdown);
    this.meter?.close();
    this.screen.part("listening").hidden = true;
    this.screen.key("speak").hidden = !this.screen.part("heard").hidden;
  }

  /** @param {string} words */
  offerHeard(words) {
    this.heard = words;
    if (!words) return this.hint("没有听清，请坐近一点再说一遍，也可以打字。");
    this.screen.part("heard-words").textContent = words;
    this.showHeard(true);
    return undefined;
  }

  /** What was heard, with yes and no where the keys for typing were. @param {boolean} on */
  showHeard(on) {
    for (const part of ["heard", "heard-keys"]) this.screen.part(part).hidden = !on;
    for (const part of ["keyboard", "typing-keys"]) this.screen.part(part).hidden = on;
    this.screen.key("speak").hidden = on;
  }

  accept() {
    this.showHeard(false);
    this.keyboard.set(this.heard || "");
  }

  close() {
    this.answer?.close();
    this.answer = undefined;
    clearInterval(this.countdown);
    this.meter?.close();
    this.keyboard.close();
  }
}

/** Gets a number; what was typed stays until the office has it. @param {any} app @param {(words: string) => void} hint */
async function enqueue(app, hint) {
  const { consent, name, phone, matter, booking, card, earlier } = draft();
  try {
    const sitting = await tellWhileDoing(api("POST", "/api/kiosk/sittings", { consent, name, phone, matter, booking, card, earlier }));
    wipeDraft();
    app.petitioner = name;
    app.take(sitting);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    hint(error.message);
    if (error.status === 409) app.refresh();
  }
}

/** @param {any} app @param {"name"|"phone"|"matter"} field */
export function identity(app, field) {
  const question = new Question(app, field);
  return { speech: [question.words.speech], back: () => app.go(stepBefore(field, app.draft())), close: () => question.close(), personal: true };
}
