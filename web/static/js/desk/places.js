// The list of what most needs ears, the most urgent first; what was heard stays in it, done.

import { el, icon } from "/static/js/dom.js";
import { clockAt, inWords } from "/static/js/time.js";
import { LongList } from "/static/js/desk/longlist.js";
import { byLine, inShort, isKnownName, placeOf, rowKey } from "/static/js/desk/others.js";
import { nobodys } from "/static/js/desk/speakers.js";
import { KINDS, riskWords, risksIn, urgency } from "/static/js/desk/risks.js";

const ROW_PX = 56;
/** A mark set while somebody spoke belongs to their sentence, or to the one that ended not longer ago. */
const MARK_S = 10;

/** @typedef {{line: any, risk: import("/static/js/desk/risks.js").Risk, key: string, short?: string}} Place line: of what only
 * the second pass heard, what stands in a line's stead */

/** Event "go" (detail: line id). */
export class Places extends EventTarget {
  /** @param {{list: HTMLElement, count: HTMLElement, bar: HTMLElement, words: HTMLElement, left: HTMLElement}} parts */
  constructor(parts) {
    super();
    this.parts = parts;
    /** @type {Place[]} */
    this.places = [];
    /** @type {WeakMap<any, Place>} by risk, or by what only the second pass heard, so that what did not change is the same object */
    this.known = new WeakMap();
    /** Why a line is marked, by its id. @type {Map<string, string>} */
    this.marks = new Map();
    this.current = "";
    /** Key of the place that was gone to last. */
    this.at = "";
    this.rows = new LongList(parts.list, { height: ROW_PX, draw: (_key, place) => this.row(place), refresh: (_row, place) => this.row(place) });
    parts.list.addEventListener("click", (event) => {
      const row = /** @type {Element} */ (event.target).closest("[data-line]");
      if (row) this.dispatchEvent(new CustomEvent("go", { detail: row.getAttribute("data-line") }));
    });
  }

  /** @param {any} record @param {boolean} editable */
  show(record, editable) {
    this.startedAt = record.started_at;
    const others = byLine(record.suggestions);
    this.marks = markedLines(record);
    const nobody = new Set(nobodys(record));
    /** @type {Place[][]} places by urgency, each in the order of the record */
    const found = [];
    for (const line of record.body) {
      for (const place of this.placesIn(line, others.get(line.id) || [], this.marks.has(line.id), nobody.has(line))) (found[urgency(place.risk)] ??= []).push(place);
    }
    const added = record.suggestions.filter((/** @type {any} */ one) => !one.line_id).map((/** @type {any} */ one) => this.placeOfAdded(one, editable));
    for (const place of added) inTime((found[urgency(place.risk)] ??= []), place);
    this.places = found.flat();
    this.rows.show(this.places.map((place) => [place.key, place]));
    this.sum();
    this.mark(this.current);
  }

  /** @param {any} line @param {any[]} others @param {boolean} marked @param {boolean} nobody @returns {Place[]} */
  placesIn(line, others, marked, nobody) {
    return risksIn(line, others, marked, nobody).map((risk) => {
      const known = this.known.get(risk);
      if (known) return known;
      const other = others.find((one) => inShort(one) && (isKnownName(one) ? risk.kind === "name" && placeOf(one, line.text).from === risk.from : risk.kind === "differ"));
      const place = { line, risk, key: `${line.id} ${risk.kind} ${risk.from}`, short: other ? inShort(other) : "" };
      this.known.set(risk, place);
      return place;
    });
  }

  /** A sentence that only the second pass heard. @param {import("/static/js/desk/others.js").Suggestion} one @param {boolean} editable @returns {Place} */
  placeOfAdded(one, editable) {
    const id = rowKey(one, editable);
    const known = this.known.get(one);
    if (known?.key === id) return known;
    const line = { id, start: one.start, end: one.end, text: one.text, heard: false, deleted: false };
    const place = { line, risk: /** @type {import("/static/js/desk/risks.js").Risk} */ ({ from: 0, to: one.text.length, kind: "added", weak: false }), key: id };
    this.known.set(one, place);
    return place;
  }

  sum() {
    const left = this.left();
    const all = this.places.length;
    const lines = new Set(left.map((place) => place.line));
    const seconds = [...lines].reduce((sum, line) => sum + Math.max(0, line.end - line.start), 0);
    this.parts.count.textContent = all ? `${all - left.length} / ${all}` : "";
    this.parts.bar.hidden = all === 0;
    this.parts.bar.style.setProperty("--v", `${all ? Math.round((100 * (all - left.length)) / all) : 100}%`);
    this.parts.words.textContent = left.length ? `先听最要紧的，还要听 ${inWords(seconds)}` : all ? "都听过了" : "没有要紧处，看一遍就可以交";
    this.parts.left.textContent = left.length ? String(left.length) : "";
  }

  left() {
    return this.places.filter(isLeft);
  }

  /** @param {Place} place */
  row(place) {
    const { line, risk } = place;
    const done = !isLeft(place);
    const kind = (risk.kind === "marked" && this.marks.get(line.id)) || riskWords(risk, line);
    return el(`div.place.${risk.kind}${done ? ".done" : ""}`, { role: "listitem", "data-line": line.id },
      el("button", { type: "button" },
        el("i", { "aria-hidden": "true" }, done ? icon("check") : risk.kind === "disputed" ? icon("hand") : KINDS[risk.kind][0]),
        el(`b${risk.weak && risk.kind !== "differ" && !done ? ".q" : ""}`, {}, place.short || wordsOf(place)),
        el("small", {}, el("span", {}, kind), el("span", {}, clockAt(this.startedAt, line.start)), el("span", {}, done ? "听过" : `${Math.max(1, Math.round(line.end - line.start))} 秒`))));
  }

  /** @param {string} id of a line */
  mark(id) {
    this.current = id;
    for (const row of this.parts.list.querySelectorAll("[aria-current]")) row.removeAttribute("aria-current");
    const place = this.places.find((one) => one.key === this.at && one.line.id === id) || this.places.find((one) => one.line.id === id);
    this.rows.pinned = place?.key || "";
    const row = place && this.rows.ensure(place.key);
    row?.setAttribute("aria-current", "true");
    row?.scrollIntoView({ block: "nearest" });
  }

  /** The next place still to check, in the order of the list; null: none. @param {string} from id of a line @param {number} direction @param {boolean} further not in this line */
  next(from, direction, further = false) {
    const here = this.places.findIndex((place) => place.key === this.at && place.line.id === from);
    const at = here < 0 ? this.places.findIndex((place) => place.line.id === from) : here;
    const order = direction > 0 ? [...this.places.slice(at + 1), ...this.places.slice(0, Math.max(at, 0))] : [...this.places.slice(0, Math.max(at, 0)).reverse(), ...this.places.slice(at + 1).reverse()];
    const found = order.find((place) => isLeft(place) && (place.line.id !== from || (!further && here >= 0 && place.key !== this.at))) || null;
    this.at = found?.key || "";
    return found;
  }
}

/** @param {Place} place */
function isLeft({ line, risk }) {
  return !line.heard || risk.kind === "disputed" || risk.kind === "speaker" || (risk.kind === "marked" && Boolean(line.marked));
}

/** Puts a place among others that are in order of time. @param {Place[]} places @param {Place} place */
function inTime(places, place) {
  const at = places.findIndex((one) => one.line.start > place.line.start);
  places.splice(at < 0 ? places.length : at, 0, place);
}

/** The words of a place, or of its line where they say little. @param {Place} place */
function wordsOf({ line, risk }) {
  const words = line.marked && risk.kind === "marked" ? line.marked : line.text.slice(risk.from, risk.to);
  return words.length > 1 ? words : line.text;
}

/** Lines that a clerk marked, or that were spoken when somebody marked the moment, and why. @param {any} record @returns {Map<string, string>} */
function markedLines(record) {
  const found = new Map(record.body.filter((/** @type {any} */ line) => line.marked).map((/** @type {any} */ line) => [line.id, "记号"]));
  for (const mark of record.marks || []) {
    const spoken = record.body.filter((/** @type {any} */ line) => line.start <= mark.at && mark.at <= line.end + MARK_S && !line.deleted);
    if (spoken.length && !found.has(spoken[spoken.length - 1].id)) found.set(spoken[spoken.length - 1].id, markWords(mark, record));
  }
  return found;
}

/** Who marked a moment in the talk, and their words. @param {{participant_id: string, note: string}} mark @param {any} record */
export function markWords({ participant_id, note }, record) {
  const who = record.participants.find((/** @type {any} */ one) => one.id === participant_id);
  if (who?.role === "petitioner") return "群众说这里要紧";
  return `${who && who.role !== "room" ? who.name : "当场"}打了点${note ? `：${note}` : ""}`;
}
