// Reading the record sentence by sentence, and signing it.
import { ApiError, api } from "/static/js/api.js";
import { el } from "/static/js/dom.js";
import { chineseDay } from "/static/js/time.js";
import { keepSitting, sittingMemory } from "../memory.js";
import { SignaturePad } from "../pad.js";
import { Playback, partsOf } from "../playback.js";
import { Reasons } from "../reasons.js";
import { Screen, spaced } from "../screen.js";
import * as voice from "../voice.js";

const WRONG = ["数字、日期不对", "人名、地名不对", "我没这么说", "还漏了话"];
const UNWILLING = ["记得不对", "想先和家里人商量", "想等处理结果", "不想说原因"];
const LONG = 34;
const LONGER = 90;
const MANY_DOTS = 40;
const RETRY_MS = 4000;

/** The person's way through a confirmed record. */
class Reading {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    this.sitting = app.sitting;
    this.closed = false;
    this.playback = new Playback({ at: (seconds) => this.light(seconds), state: (playing) => this.showPlaying(playing), failed: () => this.note("这段录音暂时放不出来，文字能照常核对。录音没有丢。") });
    /** @type {any} */
    this.view = {};
    this.wait("正在打开记录");
    this.load();
  }

  /** @param {string} words */
  wait(words) {
    this.leaveView();
    this.screen = new Screen("preparing");
    this.screen.fill({ message: words, code: spaced(this.sitting.query_code) });
    this.view = { back: "记录打开了，会请您看。", speech: ["preparing"] };
  }

  async load() {
    try {
      this.record = await api("GET", `/api/records/${this.sitting.record_id}`);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.screen?.fill({ message: error.message });
      this.retry = setTimeout(() => this.load(), RETRY_MS);
      return;
    }
    if (this.closed) return;
    this.lines = this.record.body.filter((/** @type {any} */ line) => !line.deleted).sort((/** @type {any} */ a, /** @type {any} */ b) => a.position - b.position);
    if (this.record.attendance.length && !Object.keys(this.marks).length) this.present();
    else this.begin();
  }

  /** Who was there is looked at before the first sentence. */
  present() {
    this.leaveView();
    const screen = this.screen = new Screen("present");
    screen.part("people").replaceChildren(...this.record.attendance.map((/** @type {any} */ one) => {
      const own = one.participant_id === this.sitting.participant_id;
      return el(own ? "li.me" : "li", {}, el("b", {}, own ? `您（${one.who}）` : one.who), el("span", {}, one.plain));
    }));
    screen.on({ go: () => this.begin() });
    voice.speak("present");
    this.view = { speech: ["present"], back: "还没有看到句子，这是开头。" };
  }

  begin() {
    voice.speak("read");
    this.open();
  }

  /** What the person said of each line; counts only for the version they saw. @returns {Object<string, {version: number, right: boolean, note?: string}>} */
  get marks() {
    const kept = sittingMemory(this.sitting.reception_id);
    return kept.record_id === this.sitting.record_id ? kept.marks || {} : {};
  }

  /** @param {any} line */
  markOf(line) {
    const mark = this.marks[line.id];
    return mark && mark.version === line.version ? mark : null;
  }

  /** @param {any} line @param {{right: boolean, note?: string} | null} mark */
  mark(line, mark) {
    const marks = { ...this.marks };
    if (mark) marks[line.id] = { ...mark, version: line.version };
    else delete marks[line.id];
    keepSitting(this.sitting.reception_id, { record_id: this.sitting.record_id, marks });
  }

  /** The first line not yet looked at, else what comes after the last. */
  open() {
    const next = this.lines.findIndex((line) => !this.markOf(line));
    if (next < 0) this.summary();
    else this.line(next);
  }

  /** @param {number} index */
  line(index) {
    this.leaveView();
    const line = this.lines[index];
    [this.index, this.current, this.parts] = [index, line, partsOf(this.record.segments, line)];
    const screen = this.screen = new Screen("read");
    screen.on({ right: () => this.answer({ right: true }), wrong: () => this.dispute(), skip: () => this.skip(), listen: () => this.listen() });
    screen.fill({ position: `第 ${index + 1} 句，共 ${this.lines.length} 句`, who: this.who(line), listen: "听当时说的" });
    this.showText(screen, line);
    this.showDots();
    this.showBefore();
    screen.key("listen").disabled = !this.parts.length;
    if (!this.parts.length) screen.fill({ listen: line.recognised ? "这一句没有录音可听" : "这一句是工作人员写上的，没有录音" });
    this.view = { speak: () => (this.parts.length ? this.listen() : voice.speak("read")), back: index ? () => this.line(index - 1) : "这是第一句。", close: () => this.playback.stop() };
  }

  /** @param {any} line */
  who(line) {
    if (line.kind === "note" || !line.participant_id) return "记录里的说明";
    if (line.participant_id === this.sitting.participant_id) return line.edited_by ? "您说的，工作人员对着录音改过" : "您说的，记成这样";
    const person = this.record.participants.find((/** @type {any} */ one) => one.id === line.participant_id);
    return `${person?.name || "领导"}说的`;
  }

  /** Words light up while they are heard, where the text is still what was heard. @param {Screen} screen @param {any} line */
  showText(screen, line) {
    const place = screen.part("text");
    const follows = line.words.length && line.words.map((/** @type {any} */ word) => word.text).join("") === line.text;
    const pieces = follows ? line.words : [{ text: line.text, start: -1, end: -1 }];
    this.spans = pieces.map((/** @type {any} */ word) => ({ start: word.start, end: word.end, node: el("span", {}, word.text) }));
    place.replaceChildren(...this.spans.map((/** @type {any} */ span) => span.node));
    place.classList.toggle("long", line.text.length > LONG && line.text.length <= LONGER);
    place.classList.toggle("longer", line.text.length > LONGER);
    screen.part("sentence").classList.toggle("me", line.participant_id === this.sitting.participant_id);
    if (line.disputed && !this.markOf(line)) this.note(`您上次说：${line.disputed}`);
  }

  showDots() {
    const dots = this.screen.part("dots");
    dots.classList.toggle("many", this.lines.length > MANY_DOTS);
    dots.replaceChildren(...this.lines.map((line, index) => {
      const mark = this.markOf(line);
      return el(`i${mark ? (mark.right ? ".y" : ".n") : ""}${index === this.index ? ".at" : ""}`);
    }));
  }

  showBefore() {
    const before = this.lines[this.index - 1];
    const place = this.screen.part("near");
    if (!before) return place.replaceChildren("一句一句看。可以先听当时说的，再按“对”或者“不对”。");
    const mark = this.markOf(before);
    const said = mark ? el(mark.right ? "b" : "b.n", {}, mark.right ? "✓ 您说对" : "✗ 要改") : el("b.n", {}, "还没定");
    return place.replaceChildren("上一句 ", said, ` ${before.text}`);
  }

  /** @param {string} words */
  note(words) {
    if (this.screen?.name === "read") this.screen.part("note").textContent = words;
  }

  listen() {
    voice.stop();
    if (this.playback.playing) return this.playback.stop();
    return this.playback.play(this.parts);
  }

  /** @param {boolean} playing */
  showPlaying(playing) {
    if (this.screen?.name !== "read") return;
    this.screen.fill({ listen: playing ? "停一下" : "再听一遍" });
    if (!playing) for (const span of this.spans) span.node.classList.remove("rd");
  }

  /** @param {number} seconds */
  light(seconds) {
    for (const span of this.spans) span.node.classList.toggle("rd", span.start >= 0 && span.start <= seconds);
  }

  /** @param {{right: boolean, note?: string}} mark */
  answer(mark) {
    this.mark(this.current, mark);
    this.after();
  }

  after() {
    if (this.review && this.index + 1 < this.lines.length) return this.line(this.index + 1);
    this.review = false;
    const later = this.lines.findIndex((line, index) => index > this.index && !this.markOf(line));
    if (later >= 0) return this.line(later);
    return this.open();
  }

  skip() {
    const undecided = this.lines.filter((line) => !this.markOf(line));
    if (undecided.length === 1 && undecided[0] === this.current) return this.app.toast("就剩这一句了。拿不准，可以按“不对”，或者叫工作人员。");
    return this.after();
  }

  dispute() {
    const line = this.current;
    this.leaveView();
    const screen = this.screen = new Screen("dispute");
    const reasons = new Reasons(screen, WRONG, "说一遍");
    screen.part("text").textContent = line.text;
    screen.part("sentence").classList.toggle("me", line.participant_id === this.sitting.participant_id);
    const save = () => {
      if (reasons.text) this.answer({ right: false, note: reasons.text });
      else screen.say("hint", "请点一个原因，或者说一遍，工作人员才知道怎么改。");
    };
    screen.on({ save, cancel: () => this.line(this.index) });
    voice.speak("dispute");
    this.view = { speech: ["dispute"], back: () => this.line(this.index), close: () => reasons.close() };
  }

  wrongLines() {
    return this.lines.filter((line) => this.markOf(line)?.right === false);
  }

  /** After the last sentence: what is to be corrected, or what was not recorded, or straight to the signature. */
  summary() {
    const wrong = this.wrongLines();
    if (wrong.length) return this.showCorrections(wrong);
    if (this.record.gaps.length || !this.lines.length) return this.showGaps();
    return this.showPromises();
  }

  /** What the leader undertook stands on the paper, so it is seen before the signature. */
  showPromises() {
    const rows = this.record.promises.map((/** @type {any} */ one) => /** @type {[string, string]} */ ([one.who || "接谈方", `${one.what}（${one.by || "没有说时间"}）`]));
    if (!rows.length) return this.sign();
    const words = { title: `领导当场答应了 ${rows.length} 件事`, lead: "这些会写在记录后面。和您听到的不一样，请叫工作人员。", go: "知道了，去签名" };
    return this.showSummary(words, rows, () => this.sign());
  }

  /** @param {{title: string, lead: string, go: string}} words @param {[string, string][]} rows @param {() => any} go */
  showSummary(words, rows, go) {
    this.leaveView();
    const screen = this.screen = new Screen("summary");
    screen.fill(words);
    screen.part("list").replaceChildren(...rows.map(([place, text]) => el("li", {}, el("span.mute", {}, place), el("span", {}, text))));
    screen.key("again").hidden = !this.lines.length;
    screen.on({ go, again: () => this.readAgain() });
    this.view = { speech: ["read"], back: this.lines.length ? () => this.line(this.lines.length - 1) : "这是最后一步。" };
  }

  /** @param {any[]} wrong */
  showCorrections(wrong) {
    const rows = wrong.map((line) => /** @type {[string, string]} */ ([`第 ${this.lines.indexOf(line) + 1} 句`, `${line.text}（${this.markOf(line)?.note || ""}）`]));
    const words = { title: `有 ${wrong.length} 句要改`, lead: "工作人员会对着录音改。改好了，再请您看改过的地方。", go: "请工作人员改" };
    this.showSummary(words, rows, () => this.sendDisputes(wrong));
  }

  showGaps() {
    const rows = this.record.gaps.map((/** @type {any} */ gap) => /** @type {[string, string]} */ ([gap.cause === "nothing_understood" ? "没听出来" : "没录上", gap.text]));
    const empty = !this.lines.length;
    const words = {
      title: empty ? "这份记录里没有一句话" : "有几段没有录上",
      lead: empty ? "您谈过话，这里却没有，请按“叫工作人员”，先不要签名。" : "没录上的地方已经写在记录里。里面有要紧的话，请叫工作人员补上。",
      go: "知道了，去签名",
    };
    this.showSummary(words, rows, () => this.showPromises());
  }

  /** @param {any[]} wrong */
  async sendDisputes(wrong) {
    const disputes = wrong.map((line) => ({ line_id: line.id, note: this.markOf(line)?.note || "" }));
    const ask = () => api("POST", `/api/records/${this.record.id}/disputes`, { disputes, version: this.record.version });
    const sent = await this.app.try(() => this.asShown(ask), () => wrong.forEach((line) => this.mark(line, null)));
    if (!sent) return;
    keepSitting(this.sitting.reception_id, { corrected: true });
    await this.app.refresh();
  }

  sign() {
    this.leaveView();
    const screen = this.screen = new Screen("sign");
    const pad = new SignaturePad(screen.part("canvas"), () => {
      screen.key("sign").disabled = !pad.signed;
      screen.part("pad-hint").style.visibility = pad.strokes.length ? "hidden" : "visible";
      screen.fill({ sign: pad.signed ? "签好了" : "先签名，再按这里" });
    });
    screen.fill({ checked: this.lines.length ? `您看过 ${this.lines.length} 句，都说对。` : "这份记录里没有一句话。", date: chineseDay(new Date()) });
    screen.on({ clear: () => pad.clear(), sign: () => this.send("signature", { image: pad.image() }), refuse: () => this.refuse(), again: () => this.readAgain() });
    screen.key("again").hidden = !this.lines.length;
    voice.speak("sign");
    this.view = { speech: ["sign"], back: () => this.readAgain(), close: () => pad.close() };
  }

  /** From the first sentence, also those that were right. */
  readAgain() {
    this.review = true;
    if (this.lines.length) this.line(0);
    else this.showGaps();
  }

  refuse() {
    this.leaveView();
    const screen = this.screen = new Screen("refuse");
    const reasons = new Reasons(screen, UNWILLING, "我来说原因");
    const save = () => {
      if (reasons.text) return this.send("refusal", { reason: reasons.text });
      return screen.say("hint", "请点一个原因，或者说一句。");
    };
    screen.on({ save, cancel: () => this.sign() });
    this.view = { speech: ["sign"], back: () => this.sign(), close: () => reasons.close() };
  }

  /** Asks for something about the record as it was shown; one that was changed since then is read again. @template T @param {() => Promise<T>} ask */
  async asShown(ask) {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof ApiError && error.code === "record_changed" && !this.closed) this.reload();
      throw error;
    }
  }

  /** What was said of unchanged lines still counts: marks are kept with the line's version. */
  reload() {
    this.review = false;
    this.wait("记录改过，正在重新打开");
    return this.load();
  }

  /** @param {string} what signature or refusal @param {Object} body */
  async send(what, body) {
    const ask = () => api("POST", `/api/records/${this.record.id}/${what}`, { ...body, version: this.record.version });
    const gone = await this.app.try(() => this.asShown(ask), () => this.app.refresh());
    if (!gone && !this.closed) this.app.refresh();
  }

  leaveView() {
    this.view.close?.();
    this.view = {};
  }

  close() {
    this.closed = true;
    clearTimeout(this.retry);
    this.leaveView();
    this.playback.close();
  }
}

/** @param {any} app */
export function reading(app) {
  const screen = new Reading(app);
  return {
    get speech() { return screen.view.speech; },
    get speak() { return screen.view.speak; },
    get back() { return screen.view.back; },
    close: () => screen.close(),
    personal: true,
    locks: true,
  };
}
