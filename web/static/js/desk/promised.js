// 领导答复 on the desk: each with its sentence to hear, for the clerk to confirm, to correct or to strike.
import { el, icon, worded } from "/static/js/dom.js";
import { clockAt } from "/static/js/time.js";
import { headOf, stateWords, undertakingForm } from "/static/js/undertakings.js";

/** @typedef {import("/static/js/undertakings.js").Undertaking} Undertaking */

/** Events: "hear" (detail: the promise), "decide" (detail: {one, state, who, what, by}; `one` as it was shown). */
export class Promised extends EventTarget {
  /**
   * @param {HTMLElement} place a details element @param {(id: string) => any} waiting the decision about a promise that the office does not have yet
   * @param {import("/static/js/desk/half.js").Half} half
   */
  constructor(place, waiting, half) {
    super();
    this.place = /** @type {HTMLDetailsElement} */ (place);
    this.waiting = waiting;
    this.half = half;
    this.list = el("ul.promised");
    /** @type {Map<string, {row: HTMLElement, state: string}>} */
    this.rows = new Map();
    this.editable = false;
  }

  /** Struck ones stay for whoever can take that back. @param {any} record @param {boolean} editable */
  show(record, editable) {
    this.editable = editable;
    this.startedAt = record.started_at;
    /** @type {Undertaking[]} */
    const shown = record.promises.map((/** @type {Undertaking} */ one) => ({ ...one, ...this.waiting(one.id) }));
    const standing = shown.filter((one) => one.state !== "struck");
    this.place.hidden = !(editable ? shown : standing).length;
    const head = headOf(standing);
    if (this.place.firstElementChild?.outerHTML !== head.outerHTML) this.place.replaceChildren(head, this.list);
    for (const [id, { row }] of this.rows) if (!shown.some((one) => one.id === id)) { row.remove(); this.rows.delete(id); }
    shown.forEach((one, at) => this.put(one, record.promises[at], at));
  }

  /** Nothing is drawn anew under the fingers of somebody who corrects it. @param {Undertaking} one @param {Undertaking} stored @param {number} at */
  put(one, stored, at) {
    const state = JSON.stringify([one, this.editable, Boolean(this.waiting(one.id))]);
    const known = this.rows.get(one.id);
    if (known && (known.state === state || (this.editable && known.row.querySelector("form")))) return;
    const row = this.build(one, stored);
    this.rows.set(one.id, { row, state });
    if (known) known.row.replaceWith(row);
    else this.list.insertBefore(row, this.list.children[at] || null);
  }

  /** @param {Undertaking} one @param {Undertaking} stored */
  build(one, stored) {
    const row = el("li", { "data-promise": one.id, "data-state": one.state, hidden: one.state === "struck" && !this.editable });
    const chip = this.button("button.src", "play", clockAt(this.startedAt, one.start), () => this.tell("hear", one));
    chip.setAttribute("aria-label", `${chip.textContent} 听这一句答复`);
    row.append(
      el("p.deed", {}, el("b", {}, one.who || "接谈方"), el("span", {}, one.what), one.by ? el("span.badge.line", {}, one.by) : el("span.small.mute", {}, "没有说时间")),
      el("p.small.soft.heard-as", {}, chip, el("span", {}, `「${one.text}」`), this.mark(one)));
    if (!this.editable) return row;
    row.append(this.deeds(one, stored, row));
    if (this.half.of(keyOf(one))) {
      this.rewrite(one, stored, row);
      this.place.open = true;
    }
    return row;
  }

  /** @param {Undertaking} one */
  mark(one) {
    if (this.waiting(one.id)) return el("span.mute", {}, "正在存");
    if (one.state === "struck") return el("span", {}, `${one.decided_by}定的：不是答复`);
    return one.state === "confirmed" ? el("span.ok", {}, icon("check"), stateWords(one)) : el("span.warn", {}, "听着像答复，还没有核对");
  }

  /** @param {Undertaking} one @param {Undertaking} stored @param {HTMLElement} row */
  deeds(one, stored, row) {
    const decide = (/** @type {string} */ state) => this.decide(stored, state, one);
    if (one.state === "struck") return el("div.row.g2", {}, this.button("button.btn.small", "back", "还是答复", () => decide("confirmed")));
    return el("div.row.g2", {},
      one.state === "confirmed" ? null : this.button("button.btn.small.ok-button", "check", "属实", () => decide("confirmed")),
      this.button("button.btn.small", "edit", "改", () => this.rewrite(one, stored, row).querySelector("input")?.focus()),
      this.button("button.btn.small", "cross", "不是答复", () => decide("struck")));
  }

  /**
   * The form takes the place of the buttons; the sentence stays, to be heard.  What was begun earlier stands in it, and is
   * held against the promise as it was then.
   * @param {Undertaking} one @param {Undertaking} stored @param {HTMLElement} row
   */
  rewrite(one, stored, row) {
    const deeds = /** @type {HTMLElement} */ (row.lastElementChild);
    const key = keyOf(one);
    const begun = this.half.of(key);
    const version = begun?.version ?? stored.version;
    const close = () => { this.half.drop(key); form.replaceWith(deeds); };
    const form = undertakingForm({ ...one, ...begun }, "接谈方", (said) => { close(); this.decide({ ...stored, version }, "confirmed", said); }, close);
    form.addEventListener("input", () => this.half.keep(key, { ...Object.fromEntries(new FormData(form)), version }));
    deeds.replaceWith(form);
    return form;
  }

  /** @param {Undertaking} stored @param {string} state @param {{who: string, what: string, by: string}} said */
  decide(stored, state, { who, what, by }) {
    this.tell("decide", { one: stored, state, who, what, by });
  }

  /** @param {string} tag @param {string} drawing @param {string} words @param {() => void} act */
  button(tag, drawing, words, act) {
    const button = el(tag, { type: "button" });
    button.append(worded(drawing, words));
    button.addEventListener("click", act);
    return button;
  }

  /** @param {string} type @param {any} detail */
  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** @param {Undertaking} one */
function keyOf(one) {
  return `promise:${one.id}`;
}
