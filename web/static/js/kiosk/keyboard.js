// The on-screen keyboard: pinyin or writing with a finger, with candidates, or a pad of digits.  A real keyboard works as well.
import { el, icon } from "/static/js/dom.js";
import { candidates, loadRare, rest } from "./pinyin.js";
import { WritingPad, canWrite } from "./writing.js";

const ROWS = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];
const PAD = ["123", "456", "789"];
const PAGE = 6;
const MOST_LETTERS = 30;
/** Stands for a character that is being written. */
const UNFINISHED = "…";

/** Whoever wrote their name writes on. */
let byHand = false;

/** @param {string} words @param {() => void} press @param {string} classes @param {string} [label] */
function key(words, press, classes = "", label = "") {
  const button = el(`button${classes}`, { type: "button", "aria-label": label || null }, words);
  button.addEventListener("click", press);
  return button;
}

/** The key belongs to the button that has the focus: whoever goes from key to key presses that one. @param {KeyboardEvent} event */
function pressesButton(event) {
  return event.target instanceof HTMLButtonElement && event.key !== "Backspace" && (event.key === " " || event.key.length > 1);
}

/** What both keyboards share: text with a limit, told to a listener on each change. */
class Keyboard {
  /** @param {{text: string, limit: number, changed: () => void, done: () => void}} options */
  constructor(options) {
    this.text = options.text;
    this.limit = options.limit;
    this.changed = options.changed;
    this.done = options.done;
    this.letters = "";
    this.onKey = this.onKey.bind(this);
    document.addEventListener("keydown", this.onKey);
  }

  /** @param {string} text */
  add(text) {
    this.text = [...(this.text + text)].slice(0, this.limit).join("");
    this.changed();
  }

  /** @param {string} text */
  set(text) {
    [this.text, this.letters] = [[...text].slice(0, this.limit).join(""), ""];
    this.changed();
  }

  back() {
    this.text = [...this.text].slice(0, -1).join("");
    this.changed();
  }

  backKey(classes = ".fn") {
    const button = key("", () => this.back(), classes, "退一格");
    button.append(icon("bksp"));
    return button;
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.altKey || event.metaKey) return;
    if (document.querySelector("dialog[open]") || pressesButton(event)) return;
    if (this.take(event.key)) event.preventDefault();
  }

  /** A key of a real keyboard; true if it was used. @param {string} name @returns {boolean} */
  take(name) {
    if (name === "Backspace") this.back();
    else if (name === "Enter") this.done();
    else return false;
    return true;
  }

  close() {
    document.removeEventListener("keydown", this.onKey);
  }
}

/** Digits for a telephone number. */
export class DigitPad extends Keyboard {
  /** @param {HTMLElement} place */
  show(place) {
    const rows = PAD.map((row) => el("div.r", {}, ...[...row].map((digit) => key(digit, () => this.add(digit)))));
    const last = el("div.r", {}, key("全删", () => this.set(""), ".fn"), key("0", () => this.add("0")), this.backKey());
    place.replaceChildren(el("div.kb.digits", { role: "group", "aria-label": "数字键" }, ...rows, last));
  }

  /** @param {string} name */
  take(name) {
    if (!/^[0-9-]$/.test(name)) return super.take(name);
    this.add(name);
    return true;
  }
}

/** Letters and digits of a query code, those that its office uses. */
export class CodePad extends Keyboard {
  /** @param {HTMLElement} place */
  show(place) {
    const row = (/** @type {string} */ signs) => [...signs].map((sign) => key(sign, () => this.add(sign)));
    const last = el("div.r", {}, key("全删", () => this.set(""), ".fn.f14"), ...row("346789"), this.backKey(".fn.f14"));
    place.replaceChildren(el("div.kb", { role: "group", "aria-label": "查询码的字母和数字" },
      ...["ACDEFGHJKM", "NPQRTUVWXY"].map((signs) => el("div.r", {}, ...row(signs))), last));
  }

  /** @param {string} name */
  take(name) {
    if (!/^[0-9a-zA-Z-]$/.test(name)) return super.take(name);
    this.add(name.toUpperCase());
    return true;
  }
}

/** Pinyin letters or a square to write in, and what they may be above them. */
export class PinyinKeyboard extends Keyboard {
  /** @param {{text: string, limit: number, changed: () => void, done: () => void, name?: boolean, digits?: boolean}} options */
  constructor(options) {
    super(options);
    this.name = Boolean(options.name);
    this.digits = Boolean(options.digits);
    this.page = 0;
    /** @type {WritingPad | null} */
    this.pad = null;
    /** What was written may be these; null: not read yet. @type {string[] | null} */
    this.readings = null;
    loadRare();
  }

  /** @param {HTMLElement} place */
  show(place) {
    this.place = place;
    this.row = el("div.cands", { role: "group", "aria-label": "候选字" });
    place.replaceChildren(this.row, byHand && canWrite() ? this.writingKeys() : this.letterKeys());
    this.offer();
  }

  letterKeys() {
    const letters = (/** @type {string} */ row) => [...row].map((letter) => key(letter, () => this.letter(letter)));
    const third = [key("全删", () => this.set(""), ".fn.f14"), ...letters(ROWS[2]), this.backKey(".fn.f14")];
    return el("div.kb", { role: "group", "aria-label": "拼音键" },
      el("div.r", {}, ...letters(ROWS[0])), el("div.r.in", {}, ...letters(ROWS[1])), el("div.r", {}, ...third), this.lastRow());
  }

  writingKeys() {
    const canvas = /** @type {HTMLCanvasElement} */ (el("canvas", { "aria-label": "写字的格子" }));
    this.pad = new WritingPad(canvas, () => this.written(), (characters) => this.read(characters));
    const side = (/** @type {HTMLElement[]} */ ...keys) => el("div.side", {}, ...keys);
    return el("div.kb.writing", { role: "group", "aria-label": "手写" },
      side(key("拼音", () => this.turnTo(false), ".fn"), key("全删", () => this.set(""), ".fn")), canvas,
      side(key("重写", () => this.pad?.clear(), ".fn"), this.backKey()));
  }

  /** @param {boolean} hand */
  turnTo(hand) {
    byHand = hand;
    this.pad?.close();
    [this.pad, this.letters, this.readings, this.page] = [null, "", null, 0];
    if (this.place) this.show(this.place);
    this.changed();
  }

  written() {
    if (this.pad?.empty) [this.letters, this.readings] = ["", null];
    else this.letters = UNFINISHED;
    if (!this.readings?.length) this.update();
    else this.changed();
  }

  /** @param {string[]} characters */
  read(characters) {
    this.readings = characters;
    this.update();
  }

  lastRow() {
    const extra = this.digits ? [key("，", () => this.mark("，"), ".fn"), key("。", () => this.mark("。"), ".fn")] : [key("·", () => this.mark("·"), ".fn.f2", "间隔号")];
    if (canWrite()) extra.push(key("手写", () => this.turnTo(true), ".fn.f2"));
    return el("div.r", {}, key("分隔 ’", () => this.letter("'"), ".fn.f2"), key("选第一个", () => this.choose(0), ".f4.fn"), ...extra);
  }

  /** @param {string} sign */
  mark(sign) {
    if (!this.letters) this.add(sign);
  }

  /** @param {string} letter */
  letter(letter) {
    if (this.letters.length >= MOST_LETTERS || (letter === "'" && !this.letters)) return;
    this.letters += letter;
    this.update();
  }

  back() {
    if (!this.letters) return super.back();
    if (this.pad) return this.pad.clear();
    this.letters = this.letters.slice(0, -1);
    return this.update();
  }

  update() {
    this.page = 0;
    this.offer();
    this.changed();
  }

  found() {
    if (this.pad) return { characters: this.readings ?? [], taken: 0 };
    const part = this.text ? "given" : "surname";
    return candidates(this.letters, { name: this.name ? part : "" });
  }

  offer() {
    if (!this.row) return;
    if (!this.letters) {
      this.row.replaceChildren(el("span.say", {}, this.pad ? "用手指在格子里写一个字，一笔一笔写，再点要的字。" : "按字母打拼音，再点要的字。ü 用 v。"));
      return;
    }
    const { characters } = this.found();
    const shown = characters.slice(this.page * PAGE, (this.page + 1) * PAGE);
    const buttons = shown.map((one, index) => this.candidate(one, index));
    if (!buttons.length) buttons.push(el("span.say", {}, this.unread()));
    if (characters.length > PAGE) buttons.push(this.pageKey("up", "前面的字", -1, this.page === 0), this.pageKey("down", "更多的字", 1, (this.page + 1) * PAGE >= characters.length));
    this.row.replaceChildren(...buttons);
  }

  /** @param {string} character @param {number} index */
  candidate(character, index) {
    const button = key(character, () => this.choose(index), index === 0 ? ".on" : "");
    [button.lang, button.translate] = ["zh", false];
    return button;
  }

  unread() {
    if (!this.pad) return "没有这个音，退一格改改看";
    return this.readings ? "没有认出来，按“重写”再写一遍" : "正在认字";
  }

  /** @param {string} drawing @param {string} label @param {number} by @param {boolean} off */
  pageKey(drawing, label, by, off) {
    const button = key("", () => { this.page += by; this.offer(); }, ".page", label);
    button.append(icon(drawing));
    /** @type {HTMLButtonElement} */ (button).disabled = off;
    return button;
  }

  /** @param {number} index on the page shown */
  choose(index) {
    const { characters, taken } = this.found();
    const one = characters[this.page * PAGE + index];
    if (!one) return;
    if (this.pad) this.pad.clear();
    else this.letters = rest(this.letters, taken);
    this.page = 0;
    this.add(one);
    this.offer();
  }

  /** @param {string} text */
  set(text) {
    this.pad?.clear();
    super.set(text);
    this.page = 0;
    this.offer();
  }

  close() {
    this.pad?.close();
    super.close();
  }

  /** @param {string} name */
  take(name) {
    if (/^[a-z']$/i.test(name)) {
      if (this.pad) this.turnTo(false);
      this.letter(name.toLowerCase());
    }
    else if (this.letters && /^[1-6]$/.test(name)) this.choose(Number(name) - 1);
    else if (this.letters && (name === " " || name === "Enter")) this.choose(0);
    else if (this.digits && /^[0-9]$/.test(name)) this.add(name);
    else if (/^\p{Script=Han}$/u.test(name)) this.add(name);
    else return super.take(name);
    return true;
  }
}
