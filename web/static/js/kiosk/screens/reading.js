// Reading the record sentence by sentence, and signing it: at the kiosk, and on the person's own telephone.
import { ApiError, api } from "/static/js/api.js";
import { el } from "/static/js/dom.js";
import { changed, difference } from "../changes.js";
import { language } from "../lang.js";
import { keepSitting, sittingMemory } from "../memory.js";
import { piecesOf } from "../pieces.js";
import { Playback, partsOf } from "../playback.js";
import { Screen, spaced } from "../screen.js";
import { sumsTwice } from "../sums.js";
import * as voice from "../voice.js";
import { dispute } from "./disputing.js";
import { comeAnotherDay } from "./locked.js";
import { sign, whose } from "./signing.js";

const LONG = 34;
const LONGER = 90;
const MANY_DOTS = 40;
const MOST_DOTS = 120;
const RETRY_MS = 4000;
const ASK_MS = 2000;
const TO_SIGN = "知道了，去签名";
const TO_FORM = "知道了，看登记表";
/** As the office says it of a field (server/reception/record/reading.py). */
const EMPTY = "（空着）";

/** There is sound, but no words were made of it. @param {any} gap */
const notUnderstood = (gap) => gap.cause === "nothing_understood";

/** @param {any[]} gaps */
function missing(gaps) {
  if (!gaps.some(notUnderstood)) return "没有录上";
  return gaps.every(notUnderstood) ? "没听出来" : "没录上，或者没听出来";
}

/**
 * A person's way through a record.  `app` is the kiosk or the telephone: sitting {reception_id, record_id, query_code},
 * toast, try, refresh, and `ownKeyboard` where the device has one.
 */
export class Reading {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    this.sitting = app.sitting;
    this.path = `/api/reading/${this.sitting.record_id}`;
    this.help = app.ownKeyboard ? "请打电话给工作人员" : "请按“叫工作人员”";
    this.closed = false;
    this.playback = new Playback({ at: (seconds) => this.light(seconds), state: (playing) => this.showPlaying(playing), failed: () => this.note("这段录音暂时放不出来，文字能照常核对。录音没有丢。") });
    /** What was said against a piece, as long as this page lives. @type {Map<string, string>} */
    this.said = new Map();
    /** Marks of whoever reads now; a long record has thousands, so they are read once. @type {Object<string, any> | null} */
    this.own = null;
    /** @type {any} */
    this.view = {};
    this.wait("正在打开记录");
    this.load();
  }

  /** @param {string} words */
  wait(words) {
    this.leaveView();
    this.screen = new Screen("preparing");
    this.screen.fill({ message: words, code: spaced(this.sitting.query_code || "") });
    this.screen.part("code-box").hidden = !this.sitting.query_code;
    this.screen.part("going").hidden = true; // it takes a moment
    this.view = { back: "记录打开了，会请您看。", speech: ["preparing"] };
  }

  async load() {
    try {
      this.record = await api("GET", this.path);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.screen?.fill({ message: error.message });
      this.retry = setTimeout(() => this.load(), RETRY_MS);
      return;
    }
    if (this.closed) return;
    if (this.record.state === "settled") return void this.app.refresh();
    this.pieces = piecesOf([...this.record.lines].sort((/** @type {any} */ a, /** @type {any} */ b) => a.position - b.position));
    this.chooseReader();
  }

  /** Whose turn it is: the one of the link, the only one, or whoever says so. */
  chooseReader() {
    const signers = this.record.signers;
    const left = signers.filter((/** @type {any} */ one) => !one.done);
    const turn = sittingMemory(this.sitting.reception_id).turn;
    const known = this.record.signer ?? (left.length === 1 ? left[0].number : turn);
    const signer = left.find((/** @type {any} */ one) => one.number === known);
    if (signer) return this.take(signer);
    if (!left.length) return void this.app.refresh();
    return this.show(() => whose(this, left));
  }

  /** @param {any} signer */
  take(signer) {
    [this.signer, this.own] = [signer, null];
    keepSitting(this.sitting.reception_id, { turn: signer.number });
    if (this.record.attendance.length && !Object.keys(this.marks).length) this.present();
    else this.begin();
  }

  /** Puts up another screen of this reading. @param {() => any} screen */
  show(screen) {
    this.leaveView();
    this.view = screen();
  }

  /** Who was there is looked at before the first sentence. */
  present() {
    this.leaveView();
    const screen = this.screen = new Screen("present");
    screen.part("people").replaceChildren(...this.record.attendance.map((/** @type {any} */ one) => {
      const own = one.participant_id === this.record.own;
      return el(own ? "li.me" : "li", {}, el("b", {}, own ? `${this.you}（${one.who}）` : one.who), el("span", {}, one.plain));
    }));
    screen.on({ go: () => this.begin() });
    voice.speak("present");
    const said = this.record.attendance.map((/** @type {any} */ one) => `${one.participant_id === this.record.own ? this.you : one.who}，${one.plain}`);
    this.view = { ...this.aloud("present", said), back: "还没有看到句子，这是开头。" };
  }

  /** For the key that reads a page out: what stands there where this device has a voice for it, else what was recorded for
   * the page. @param {string} recorded @param {string[]} sentences */
  aloud(recorded, sentences) {
    const speech = [recorded];
    if (!voice.canRead() || language() !== "zh-CN") return { speech };
    const title = document.querySelector("h1")?.textContent || "";
    return { speech, speak: () => { voice.stop(); voice.readOut(`${title}。${sentences.join("")}`); }, close: () => voice.hush() };
  }

  /** Representatives talked at one seat: which of them said something, the recording does not tell. */
  get you() {
    return this.signer.role === "petitioner" && this.record.signers.length === 1 ? "您" : "您这边";
  }

  begin() {
    voice.speak("read");
    this.open();
  }

  /** What each person said of each piece; counts only for the version they saw. @returns {Object<string, {version: number, right: boolean}>} */
  get marks() {
    if (!this.own) {
      const kept = sittingMemory(this.sitting.reception_id);
      this.own = (kept.record_id === this.sitting.record_id && kept.marks?.[this.signer.number]) || {};
    }
    return this.own;
  }

  /** @param {any} piece */
  markOf(piece) {
    const mark = this.marks[piece.key];
    return mark && mark.version === piece.line.version ? mark : null;
  }

  /** The first piece from here on of which nothing was said; -1: none.  @param {number} from */
  undecided(from) {
    const marks = this.marks;
    return this.pieces.findIndex((piece, index) => index >= from && marks[piece.key]?.version !== piece.line.version);
  }

  /** @param {Object<string, {version: number, right: boolean} | null>} changes null: nothing was said of it */
  keepMarks(changes) {
    const own = this.own = Object.fromEntries(Object.entries({ ...this.marks, ...changes }).filter(([, mark]) => mark));
    const kept = sittingMemory(this.sitting.reception_id);
    const others = kept.record_id === this.sitting.record_id ? kept.marks : {};
    keepSitting(this.sitting.reception_id, { record_id: this.sitting.record_id, marks: { ...others, [this.signer.number]: own } });
  }

  /** The line has another version, because something was said of one piece of it: what was said of the others still counts. @param {any} line @param {number} version */
  renew(line, version) {
    const others = this.pieces.filter((one) => one.line === line && this.markOf(one));
    const marks = Object.fromEntries(others.map((one) => [one.key, { ...this.markOf(one), version }]));
    line.version = version;
    this.keepMarks(/** @type {any} */ (marks));
  }

  /** The first piece not yet looked at, else what comes after the last. */
  open() {
    const next = this.undecided(0);
    if (next < 0) this.summary();
    else this.read(next);
  }

  /** @param {number} index */
  read(index) {
    this.leaveView();
    const piece = this.pieces[index];
    [this.index, this.current, this.parts] = [index, piece, partsOf(this.record.segments, { ...piece.line, start: piece.start, end: piece.end }, this.record.participants)];
    const screen = this.screen = new Screen("read");
    screen.on({ right: () => this.right(), wrong: () => this.wrong(), skip: () => this.skip(), listen: () => this.listen() });
    screen.fill({ position: `第 ${index + 1} 句，共 ${this.pieces.length} 句`, who: this.who(piece.line), listen: "听当时说的" });
    this.showText(screen, piece);
    this.showDots();
    this.showBefore();
    this.offerSound(screen, piece);
    this.view = { speak: () => this.listen(), back: index ? () => this.read(index - 1) : "这是第一句。", close: () => { this.playback.stop(); voice.hush(); } };
  }

  /** The recording, else a voice of this device, else it is said that there is none. @param {Screen} screen @param {any} piece */
  offerSound(screen, piece) {
    const key = screen.key("listen");
    key.disabled = !this.parts.length && !voice.canRead();
    if (this.parts.length) return;
    const why = piece.line.by_hand ? "这一句是工作人员写上的，没有录音" : "这一句没有录音可听";
    screen.fill({ listen: key.disabled ? why : "念给我听" });
    this.note(key.disabled ? `看不清楚，${this.help}，请人念给您听。` : `${why}，可以让机器念。`);
  }

  /** @param {any} line */
  who(line) {
    if (line.before !== null) return "工作人员改过，请看改得对不对";
    if (line.added) return "新补上的一句";
    if (line.kind === "note" || !line.participant_id) return "记录里的说明";
    if (line.participant_id === this.record.own) return `${this.you}说的，${line.corrected ? "工作人员对着录音改过" : "记成这样"}`;
    const person = this.record.participants.find((/** @type {any} */ one) => one.id === line.participant_id);
    return `${person?.name || "领导"}说的`;
  }

  /** Words light up while they are heard, where the text is still what was heard. @param {Screen} screen @param {any} piece */
  showText(screen, piece) {
    const { line, text } = piece;
    const place = screen.part("text");
    const fresh = line.before === null ? null : difference(line.before, text);
    const [from, to] = fresh ? [fresh.head.length, text.length - fresh.tail.length] : [0, 0];
    const words = piece.words.length ? piece.words : [{ text, start: -1, end: -1, from: 0, to: text.length }];
    this.spans = words.map((/** @type {any} */ word) => ({ start: word.start, end: word.end, node: el("span", {}, ...cutAt(word, from, to)) }));
    place.replaceChildren(...this.spans.map((/** @type {any} */ span) => span.node));
    place.classList.toggle("long", text.length > LONG && text.length <= LONGER);
    place.classList.toggle("longer", text.length > LONGER);
    screen.part("sums").textContent = sumsTwice(text);
    screen.part("sentence").classList.toggle("me", line.participant_id === this.record.own);
    screen.part("was").hidden = !fresh;
    if (fresh) screen.part("was").replaceChildren("原来记的：", el("span", { translate: "no" }, fresh.head, el("del", {}, fresh.old), fresh.tail));
    if (line.objection) this.note(`您说过：${line.objection}`);
  }

  showDots() {
    const dots = this.screen.part("dots");
    dots.classList.toggle("many", this.pieces.length > MANY_DOTS);
    const marks = this.marks;
    const each = Math.ceil(this.pieces.length / MOST_DOTS);
    const shown = [];
    for (let first = 0; first < this.pieces.length; first += each) {
      const own = this.pieces.slice(first, first + each).map((piece) => { const mark = marks[piece.key]; return mark && mark.version === piece.line.version ? mark.right : null; });
      const said = own.includes(false) ? ".n" : own.includes(null) ? "" : ".y";
      shown.push(el(`i${said}${this.index >= first && this.index < first + each ? ".at" : ""}`));
    }
    dots.replaceChildren(...shown);
  }

  showBefore() {
    const before = this.pieces[this.index - 1];
    const place = this.screen.part("near");
    if (!before) return place.replaceChildren("一句一句看。可以先听当时说的，再按“对”或者“不对”。");
    const mark = this.markOf(before);
    const said = mark ? el(mark.right ? "b" : "b.n", {}, mark.right ? "✓ 您说对" : "✗ 要改") : el("b.n", {}, "还没定");
    return place.replaceChildren("上一句 ", said, " ", el("span", { translate: "no" }, before.text));
  }

  /** @param {string} words */
  note(words) {
    if (this.screen?.name === "read") this.screen.part("note").textContent = words;
  }

  listen() {
    voice.stop();
    if (!this.parts.length) return voice.canRead() ? voice.readOut(this.current.text) : voice.speak("read");
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

  /** Right; what was said against it before is taken back. */
  async right() {
    const piece = this.current;
    if (this.markOf(piece)?.right === false && !(await this.takeBack(piece))) return;
    this.keepMarks({ [piece.key]: { version: piece.line.version, right: true } });
    this.after();
  }

  /** @param {any} piece @returns {Promise<boolean>} */
  takeBack(piece) {
    const said = { line_id: piece.line.id, piece: piece.whole ? "" : piece.text };
    return this.app.try(() => api("POST", `${this.path}/disputes/withdraw`, said), (/** @type {any} */ answer) => {
      this.said.delete(piece.key);
      this.noted(piece, answer);
    });
  }

  wrong() {
    const piece = this.current;
    this.show(() => dispute(this, piece));
  }

  /** Tells the office what should stand there. @param {any} piece @param {{reason: string, said: string, sound: string}} what */
  async tellWrong(piece, what) {
    const body = { ...what, line_id: piece.line.id, version: piece.line.version, piece: piece.whole ? "" : piece.text };
    const told = await this.app.try(() => this.asRead(() => api("POST", `${this.path}/disputes`, body)), (/** @type {any} */ answer) => {
      this.said.set(piece.key, [what.reason, what.said].filter(Boolean).join("：") || "说了一遍，工作人员会听");
      this.noted(piece, answer);
    });
    if (!told) return;
    this.keepMarks({ [piece.key]: { version: piece.line.version, right: false } });
    if (this.undecided(0) >= 0) this.app.toast("记在这一句上了，工作人员那边看得到。请接着看。");
    this.after();
  }

  /** @param {any} piece @param {{version: number, state: string}} answer */
  noted(piece, answer) {
    this.renew(piece.line, answer.version);
    this.record.state = answer.state;
    this.record.sha256 = "";
  }

  after() {
    if (this.review && this.index + 1 < this.pieces.length) return this.read(this.index + 1);
    this.review = false;
    const later = this.undecided(this.index + 1);
    if (later >= 0) return this.read(later);
    return this.open();
  }

  skip() {
    const first = this.undecided(0);
    if (first === this.index && this.undecided(first + 1) < 0) return this.app.toast("就剩这一句了。拿不准，可以按“不对”，工作人员会再听一遍录音。");
    return this.after();
  }

  /** After the last sentence: what is being put right, or what was not recorded, or straight to the signature. */
  summary() {
    if (this.record.state !== "reading" || this.pieces.some((piece) => this.markOf(piece)?.right === false)) return this.fixing();
    if (!this.record.sha256) return this.reload("正在打开记录");
    if (this.record.gaps.length || !this.pieces.length) return this.showGaps();
    return this.showPromises();
  }

  /** The clerk puts it right; the person sees what they said, and then what was changed. */
  fixing() {
    const wrong = this.pieces.filter((piece) => this.markOf(piece)?.right === false);
    this.leaveView();
    const screen = this.screen = new Screen("fixing");
    const title = wrong.length ? `有 ${wrong.length} 句，等工作人员改` : "等工作人员改这份记录";
    screen.fill({ title, lead: "您说的都记在这几句上了，工作人员对着录音改。" });
    screen.part("list").replaceChildren(...wrong.map((piece) => el("li", {}, el("span.mute", {}, `第 ${this.pieces.indexOf(piece) + 1} 句`), el("span", { translate: "no" }, piece.text, el("br"), el("b", {}, this.said.get(piece.key) || piece.line.objection)))));
    screen.on({ again: () => this.readAgain(), later: () => comeAnotherDay(this.app) });
    const timer = setInterval(() => this.askState(), ASK_MS);
    voice.speak("fixing");
    this.view = { speech: ["fixing"], back: () => this.readAgain(), close: () => clearInterval(timer) };
  }

  async askState() {
    const view = this.view;
    try {
      const now = await api("GET", `${this.path}/state`);
      if (view !== this.view || this.closed) return;
      this.screen.say("hint", "");
      if (now.state === "reading") this.reload("改好了，正在打开");
      else if (now.state === "settled") this.app.refresh();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (view === this.view && !this.closed) this.screen.say("hint", error.message);
    }
  }

  /** What the leader undertook stands on the paper, so it is seen before the signature. */
  showPromises() {
    const rows = this.record.promises.map((/** @type {any} */ one) => /** @type {[string, string]} */ ([one.who || "接谈方", `${one.what}（${one.by || "没有说时间"}）`]));
    if (!rows.length) return this.showForm();
    const words = { title: `领导当场答应了 ${rows.length} 件事`, lead: `这些会写在记录后面。和您听到的不一样，${this.help}。`, go: this.record.form.length ? TO_FORM : TO_SIGN };
    return this.showSummary(words, rows, () => this.showForm());
  }

  /** The signature is under the registration form, too, so it is seen before. */
  showForm() {
    const rows = this.record.form.map((/** @type {any} */ one) => /** @type {[string, string]} */ ([one.label, one.words]));
    if (!rows.length) return this.sign();
    const words = { title: "登记表上这样写", lead: `和记录一起签。哪一栏不对，${this.help}。`, go: "都对，去签名" };
    return this.showSummary(words, rows, () => this.sign(), true);
  }

  /** @param {{title: string, lead: string, go: string}} words @param {[string, string][]} rows @param {() => any} go @param {boolean} theirs what stands in the rows is as they said it */
  showSummary(words, rows, go, theirs = false) {
    this.leaveView();
    const screen = this.screen = new Screen("summary");
    screen.fill(words);
    screen.part("list").replaceChildren(...rows.map(([place, text]) => el("li", {}, el("span.mute", {}, place), el("span", theirs && text !== EMPTY ? { translate: "no" } : {}, text))));
    screen.key("again").hidden = !this.pieces.length;
    screen.on({ go, again: () => this.readAgain() });
    voice.speak("summary");
    this.view = { ...this.aloud("summary", [words.lead, ...rows.map(([place, text]) => `${place}，${text}。`)]), back: this.pieces.length ? () => this.read(this.pieces.length - 1) : "这是最后一步。" };
  }

  showGaps() {
    const { gaps } = this.record;
    const rows = gaps.map((/** @type {any} */ gap) => /** @type {[string, string]} */ ([notUnderstood(gap) ? "没听出来" : "没录上", gap.text]));
    const empty = !this.pieces.length;
    const words = {
      title: empty ? "这份记录里没有一句话" : `有 ${gaps.length} 段${missing(gaps)}`,
      lead: empty ? `您谈过话，这里却没有，${this.help}，先不要签名。` : `这些地方已经写在记录里。里面有要紧的话，${this.help}补上。`,
      go: this.record.promises.length ? "知道了，看领导答应的事" : this.record.form.length ? TO_FORM : TO_SIGN,
    };
    this.showSummary(words, rows, () => this.showPromises());
  }

  /** What is another than when it was first read: [place, its sentence with the change]. @returns {[string, (Node | string)[]][]} */
  changes() {
    const fields = this.record.form.filter((/** @type {any} */ one) => one.before !== null).map((/** @type {any} */ one) => /** @type {[string, (Node | string)[]]} */ ([one.label, one.before ? changed(one.before, one.words) : [el("ins", {}, one.words)]]));
    return [...this.changedLines(), ...fields];
  }

  /** @returns {[string, (Node | string)[]][]} */
  changedLines() {
    return this.pieces.flatMap((piece, index) => {
      const { before, added } = piece.line;
      if (before !== null) return [/** @type {[string, (Node | string)[]]} */ ([`第 ${index + 1} 句`, changed(before, piece.text)])];
      return added ? [/** @type {[string, (Node | string)[]]} */ ([`第 ${index + 1} 句`, [el("ins", {}, piece.text)]])] : [];
    });
  }

  sign() {
    this.show(() => sign(this));
  }

  /** From the first sentence, also those that were right. */
  readAgain() {
    this.review = true;
    if (this.pieces.length) this.read(0);
    else this.showGaps();
  }

  /** Asks for something about the record as it was read; one that was changed since then is read again. @template T @param {() => Promise<T>} ask */
  async asRead(ask) {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof ApiError && ["record_changed", "line_changed", "line_gone", "already_signed"].includes(error.code) && !this.closed) this.reload("记录改过，正在重新打开");
      throw error;
    }
  }

  /** What was said of unchanged lines still counts: marks are kept with the line's version. @param {string} words */
  reload(words) {
    this.review = false;
    this.wait(words);
    return this.load();
  }

  /** Where others have still to sign, the next one reads. @param {string} what signature, fingerprint or refusal @param {Object} body */
  async send(what, body) {
    const ask = () => api("POST", `${this.path}/${what}`, { ...body, signer: this.signer.number, sha256: this.record.sha256 });
    const done = await this.app.try(() => this.asRead(ask), async (/** @type {any} */ answer) => {
      await this.app.refresh();
      if (answer.state === "reading" && !this.closed) this.reload("记下了");
    });
    if (!done && !this.closed) this.app.refresh();
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

/** The text of a word, with what is new in the line underlined. @param {{text: string, from: number, to: number}} word @param {number} from @param {number} to */
function cutAt(word, from, to) {
  const [first, last] = [Math.max(from, word.from) - word.from, Math.min(to, word.to) - word.from];
  if (last <= first) return [word.text];
  return [word.text.slice(0, first), el("span.new", {}, word.text.slice(first, last)), word.text.slice(last)].filter((part) => part !== "");
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
