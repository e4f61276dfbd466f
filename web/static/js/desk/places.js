// The list of places that a listener should check, most of all first: what the petitioner says is wrong.

import { el, icon } from "/static/js/dom.js";
import { clockAt, inWords } from "/static/js/time.js";
import { LongList } from "/static/js/desk/longlist.js";
import { byLine, inShort } from "/static/js/desk/others.js";
import { doubtWords, headWords, isDoubtful } from "/static/js/desk/words.js";

const ROW_PX = 56;

/** Event "go" (detail: line id). */
export class Places extends EventTarget {
  /** @param {{list: HTMLElement, count: HTMLElement, bar: HTMLElement, words: HTMLElement, left: HTMLElement}} parts */
  constructor(parts) {
    super();
    this.parts = parts;
    /** @type {any[]} */
    this.lines = [];
    this.current = "";
    this.rows = new LongList(parts.list, { height: ROW_PX, draw: (_key, place) => this.row(place), refresh: (_row, place) => this.row(place) });
    /** @type {Map<string, import("/static/js/desk/others.js").Suggestion[]>} */
    this.others = new Map();
    parts.list.addEventListener("click", (event) => {
      const row = /** @type {Element} */ (event.target).closest("[data-line]");
      if (row) this.dispatchEvent(new CustomEvent("go", { detail: row.getAttribute("data-line") }));
    });
  }

  /** @param {any} record */
  show(record) {
    const places = record.body.filter(isDoubtful);
    this.lines = [...places.filter((/** @type {any} */ l) => l.disputed), ...places.filter((/** @type {any} */ l) => !l.disputed)];
    this.startedAt = record.started_at;
    this.others = byLine(record.suggestions);
    this.rows.show(this.lines.map((line) => [line.id, line]));
    this.sum();
    this.mark(this.current);
  }

  sum() {
    const left = this.left();
    const all = this.lines.length;
    const seconds = left.reduce((sum, line) => sum + Math.max(0, line.end - line.start), 0);
    this.parts.count.textContent = all ? `${all - left.length} / ${all}` : "";
    this.parts.bar.hidden = all === 0;
    this.parts.bar.style.setProperty("--v", `${all ? Math.round((100 * (all - left.length)) / all) : 100}%`);
    this.parts.words.textContent = left.length ? `还要听 ${inWords(seconds)}` : all ? "都听过了" : "没有要紧处，看一遍就可以交";
    this.parts.left.textContent = left.length ? String(left.length) : "";
  }

  left() {
    return this.lines.filter((line) => !line.heard || line.disputed);
  }

  /** @param {any} line */
  row(line) {
    const done = line.heard && !line.disputed;
    return el(`div.place${done ? ".done" : ""}`, { role: "listitem", "data-line": line.id },
      el("button", { type: "button" },
        el("i", {}, done ? icon("check") : line.disputed ? icon("hand") : "?"),
        el("b", {}, this.short(line) || headWords(line)),
        el("small", {}, `${doubtWords(line)}　${clockAt(this.startedAt, line.start)}`)));
  }

  /** Both readings of the first place where the passes differ; "" where they do not. @param {any} line */
  short(line) {
    return line.disputed ? "" : (this.others.get(line.id) || []).map(inShort).find(Boolean) || "";
  }

  /** @param {string} id */
  mark(id) {
    this.current = id;
    this.rows.pinned = id;
    this.parts.list.querySelector("[aria-current]")?.removeAttribute("aria-current");
    const row = this.rows.ensure(id);
    row?.setAttribute("aria-current", "true");
    row?.scrollIntoView({ block: "nearest" });
  }

  /** The next place still to check, in the order of the record; null: none. @param {any[]} body @param {string} from @param {number} direction */
  next(body, from, direction) {
    const left = new Set(this.left().map((line) => line.id));
    const at = body.findIndex((line) => line.id === from);
    const order = direction > 0 ? [...body.slice(at + 1), ...body.slice(0, Math.max(at, 0))] : [...body.slice(0, Math.max(at, 0)).reverse(), ...body.slice(at + 1).reverse()];
    return order.find((line) => left.has(line.id)) || null;
  }
}
