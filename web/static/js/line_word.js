// How everybody's line does, in a word that does not flicker; for the office also in numbers.
import { el, icon } from "/static/js/dom.js";

/**
 * @typedef {"good"|"fair"|"poor"|"lost"} Word
 * @typedef {Object<string, number|null>} Numbers as in LineNumbers of server/protocol/signalling.py
 * @typedef {{participant_id: string, word: Word, numbers: Numbers|null}} SeatLine
 */

/** @type {Word[]} */
const ORDER = ["good", "fair", "poor", "lost"];
/** @type {Record<Word, [string, string, string]>} tone, drawing, word */
export const LOOKS = { good: ["ok", "bars3", "好"], fair: ["warn", "bars2", "一般"], poor: ["bad", "bars1", "差"], lost: ["bad", "netoff", "断了"] };

/** Below this, −60 dB, a microphone gives nothing. */
const SILENT = 0.001;

/** The word for each seat: another one is taken only when it was told some times running. */
export class SteadyWords {
  /** @param {{worse: number, better: number}} times */
  constructor(times) {
    this._times = times;
    /** @type {Map<string, {word: Word, other: number}>} */
    this._known = new Map();
  }

  /** @param {SeatLine[]} seats @returns {Map<string, Word>} by participant */
  take(seats) {
    const now = new Map(seats.map((seat) => [seat.participant_id, this._next(seat)]));
    this._known = now;
    return new Map([...now].map(([id, { word }]) => [id, word]));
  }

  /** @param {SeatLine} seat @returns {{word: Word, other: number}} */
  _next({ participant_id: id, word }) {
    const known = this._known.get(id);
    if (!known) return { word, other: 0 };
    const step = ORDER.indexOf(word) - ORDER.indexOf(known.word);
    const other = step === 0 ? 0 : known.other * step < 0 ? step : known.other + Math.sign(step);
    const enough = Math.abs(other) >= (step > 0 ? this._times.worse : this._times.better);
    return step && enough ? { word, other: 0 } : { word: known.word, other };
  }
}

/** What the petitioner reads; a line that is gone is told elsewhere. @param {Word|undefined} own @param {Word|undefined} leader */
export function plainWords(own, leader) {
  if (own === "poor") return "线路不好，请说慢一点。";
  if (leader === "poor") return "领导那边线路不好，请说慢一点。";
  return own === "fair" ? "线路有点慢，请接着说。" : "";
}

/** @param {number|null|undefined} value @param {string} unit @param {number} [times] */
function said(value, unit, times = 1) {
  return value === null || value === undefined ? "不清楚" : `${Math.round(value * times * 10) / 10} ${unit}`;
}

/** Names and values; up is what the seat sends. @param {Numbers} numbers @returns {[string, string][]} */
export function inNumbers(numbers) {
  return [
    ["往返", said(numbers.round_trip_ms, "毫秒")],
    ["丢包", `发出 ${said(numbers.loss_up, "%", 100)}，收到 ${said(numbers.loss_down, "%", 100)}`],
    ["抖动", said(numbers.jitter_ms, "毫秒")],
    ["码率", `发出 ${said(numbers.up_kbps, "kbit/s")}，收到 ${said(numbers.down_kbps, "kbit/s")}`],
    ["停顿", said(numbers.frozen_s, "秒")],
    ["音量", loudness(numbers.level)],
  ];
}

/** @param {number|null|undefined} level linear, 0 to 1 */
function loudness(level) {
  if (level === null || level === undefined) return "不清楚";
  return level < SILENT ? "没有声音" : `最响 ${Math.round(20 * Math.log10(level))} dB`;
}

/** Chips with name and word, the numbers under a touch or the mouse. */
export class LineChips {
  /** @param {HTMLElement} place a list @param {(id: string) => string} nameOf */
  constructor(place, nameOf) {
    this._place = place;
    this._nameOf = nameOf;
    this._steady = new SteadyWords({ worse: 1, better: 3 });
    /** @type {Map<string, HTMLElement>} */
    this._chips = new Map();
  }

  /** @param {SeatLine[]} seats */
  show(seats) {
    const words = this._steady.take(seats);
    for (const [id, chip] of this._chips) if (!words.has(id)) chip.remove();
    this._chips = new Map(seats.map((seat) => [seat.participant_id, this._draw(seat, words.get(seat.participant_id) ?? seat.word)]));
  }

  /** A chip stays the same element: what is open or under the finger stays so. @param {SeatLine} seat @param {Word} word */
  _draw(seat, word) {
    const chip = this._chips.get(seat.participant_id) ?? this._make();
    const [button, numbers] = /** @type {HTMLElement[]} */ ([...chip.children]);
    const [tone, drawing, said] = LOOKS[word];
    const name = this._nameOf(seat.participant_id);
    if (chip.dataset.shown !== name + word) {
      button.className = `badge ${tone}`;
      button.replaceChildren(icon(drawing), `${name} ${said}`);
      chip.dataset.shown = name + word;
    }
    numbers.replaceChildren(...inNumbers(seat.numbers ?? {}).flatMap(([key, value]) => [el("dt", {}, key), el("dd.num", {}, value)]));
    return chip;
  }

  _make() {
    const button = el("button", { type: "button", "aria-expanded": "false" });
    button.addEventListener("click", () => button.setAttribute("aria-expanded", String(button.getAttribute("aria-expanded") !== "true")));
    const chip = el("li", {}, button, el("dl.line-numbers", {}));
    this._place.append(chip);
    return chip;
  }
}
