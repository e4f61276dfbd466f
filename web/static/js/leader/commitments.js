// After the talk: everything that the leader undertook on one page, confirmed in one step (server/protocol/commitments.py).
import { ApiError, api } from "/static/js/api.js";
import { byId, el, icon, tell, worded } from "/static/js/dom.js";
import { chineseDay, mediaTime } from "/static/js/time.js";

const EVERY_MS = 3000;
const QUICK = [["3 天", 3], ["一周", 7], ["15 天", 15]];

/** @typedef {{promise_id: string, version: number, id: number | null, said: string, start: number, who: string, by: string, what: string, unit_id: number | null, due_on: string | null, typed: boolean, on_record: boolean}} Card */
/** @typedef {{card: Card, node: HTMLElement, get: () => {what: string, unit_id: number, due_on: string}, struck: boolean}} Row */

/** @param {string} day @param {number} days */
function later(day, days) {
  const at = new Date(`${day}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

/** @param {string} day */
const told = (day) => chineseDay(`${day}T12:00:00+08:00`);

export class Commitments {
  /** @param {string} receptionId */
  constructor(receptionId) {
    this.path = `/api/receptions/${receptionId}/commitments`;
    /** @type {Map<string, Row>} */
    this.rows = new Map();
    /** @type {any} */
    this.sheet = null;
    this.typed = 0;
    this.sending = false;
    this.list = byId("commit-cards");
    byId("commit-add").addEventListener("click", () => this.add());
    byId("commit").addEventListener("submit", (event) => { event.preventDefault(); void this.send(); });
    this.list.addEventListener("input", () => this.draw());
  }

  /** Shows what there is and goes on asking while words are still coming in. */
  async begin() {
    for (;;) {
      try {
        if (!this.sending) this.take(await api("GET", this.path));
        tell(byId("commit-trouble"), "");
        if (!this.sheet.growing) return;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.status >= 400 && error.status < 500) return;
        tell(byId("commit-trouble"), `${error.message}`);
      }
      await new Promise((resume) => setTimeout(resume, EVERY_MS));
    }
  }

  /** Nothing that somebody has changed or struck is drawn anew. @param {any} sheet */
  take(sheet) {
    this.sheet = sheet;
    byId("commit").hidden = !sheet.may_confirm && !sheet.cards.length;
    byId("commit-foot").hidden = !sheet.may_confirm;
    for (const card of sheet.cards) {
      const before = this.rows.get(card.promise_id);
      if (before && (before.card.id !== null || card.id === null)) continue;
      const row = this.build(card);
      if (before) before.node.replaceWith(row.node);
      else this.list.append(row.node);
      this.rows.set(card.promise_id, row);
    }
    this.draw();
  }

  /** @param {Card} card @returns {Row} */
  build(card) {
    return card.id === null && this.sheet.may_confirm ? this.open(card) : this.settled(card);
  }

  /** @param {Card} card @returns {Row} */
  settled(card) {
    const sure = card.id === null ? el("span.badge.line", {}, "没有确认") : el("span.badge.ok", {}, icon("check"), card.on_record ? "已确认" : "已确认，笔录里没有");
    const node = el("li.commit-card.settled", { "data-id": card.promise_id }, el("span.commit-no"), el("div.commit-what", {}, el("b", {}, card.what), this.quote(card)),
      el("span", {}, card.who || "本单位"), el("span.nb", {}, card.due_on ? `${told(card.due_on)} 前` : card.by || "没有说时间"), sure);
    return { card, node, struck: false, get: () => ({ what: card.what, unit_id: card.unit_id || 0, due_on: card.due_on || "" }) };
  }

  /** @param {Card} card */
  quote(card) {
    if (!card.said) return el("p.small.soft", {}, "补的，没有原话");
    return el("p.small.soft.quote", {}, `${mediaTime(card.start)}　“${card.said}”`);
  }

  /** @param {Card} card @returns {Row} */
  open(card) {
    const key = card.promise_id.replace(/\W/g, "-");
    const what = /** @type {HTMLTextAreaElement} */ (el("textarea.input", { id: `what-${key}`, rows: 1, maxlength: 1000, placeholder: "答应办什么" }));
    what.value = card.what;
    const unit = /** @type {HTMLSelectElement} */ (el("select.input", { id: `unit-${key}` }, el("option", { value: "" }, card.who ? `“${card.who}”是哪个单位？` : "请选谁来办"),
      ...this.sheet.units.map((/** @type {any} */ one, /** @type {number} */ i) => el("option", { value: one.id }, i ? one.name : `${one.name}（我们自己）`))));
    unit.value = card.unit_id ? String(card.unit_id) : "";
    const due = /** @type {HTMLInputElement} */ (el("input.input", { type: "date", id: `due-${key}`, min: this.sheet.today }));
    due.value = card.due_on || "";
    const about = el("div.commit-day.small", { role: "status" });
    const strike = /** @type {HTMLButtonElement} */ (el("button.btn.small", { type: "button", "aria-label": `不算：${card.what || "补的这一件"}` }));
    strike.append(worded("cross", card.typed ? "去掉" : "不算"));
    const node = el("li.commit-card", { "data-id": card.promise_id }, el("span.commit-no"),
      el("div.commit-what", {}, el("label.vh", { for: what.id }, "办什么"), what, this.quote(card)),
      el("div.field", {}, el("label.small", { for: unit.id }, "谁来办"), unit),
      el("div.field", {}, el("label.small", { for: due.id }, "什么时候前"), due, about), strike);
    /** @type {Row} */
    const row = { card, node, struck: false, get: () => ({ what: what.value.trim(), unit_id: Number(unit.value), due_on: due.value }) };
    const day = () => this.day(about, due, card);
    due.addEventListener("input", day);
    strike.addEventListener("click", () => this.strike(row));
    day();
    return row;
  }

  /** What is to be said of the day: that nobody works then, or what can be chosen. @param {HTMLElement} about @param {HTMLInputElement} due @param {Card} card */
  day(about, due, card) {
    const set = (/** @type {string} */ day) => { due.value = day; this.day(about, due, card); this.draw(); };
    const button = (/** @type {string} */ words, /** @type {string} */ day) => {
      const made = el("button.link", { type: "button" }, words);
      made.addEventListener("click", () => set(day));
      return made;
    };
    const off = this.sheet.days_off[due.value];
    if (!due.value) {
      about.replaceChildren(el("span.soft", {}, card.by ? `说的是“${card.by}”：` : "没听到日子："), ...QUICK.map(([words, days]) => button(String(words), later(this.sheet.today, Number(days)))));
    } else if (off) {
      let before = due.value;
      while (this.sheet.days_off[before] && before > this.sheet.today) before = later(before, -1);
      about.replaceChildren(el("b.warn.row", {}, icon("alert"), off === "周末" ? "这天是周末" : `这天${off}放假`), button(`改成 ${told(before)}`, before));
    } else about.replaceChildren(el("span.soft", {}, told(due.value)));
  }

  /** @param {Row} row */
  strike(row) {
    if (row.card.typed && !row.card.version) {
      row.node.remove();
      this.rows.delete(row.card.promise_id);
    } else {
      row.struck = !row.struck;
      row.node.toggleAttribute("data-struck", row.struck);
      const button = /** @type {HTMLElement} */ (row.node.querySelector("button.btn"));
      button.replaceChildren(worded(row.struck ? "undo" : "cross", row.struck ? "还是算" : "不算"));
      for (const input of row.node.querySelectorAll("input, select, textarea, .link")) /** @type {HTMLInputElement} */ (input).disabled = row.struck;
    }
    this.draw();
  }

  add() {
    this.typed += 1;
    const name = `typed-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`;
    /** @type {Card} */
    const card = { promise_id: name, version: 0, id: null, said: "", start: 0, who: "", by: "", what: "", unit_id: null, due_on: null, typed: true, on_record: false };
    const row = this.open(card);
    this.rows.set(name, row);
    this.list.append(row.node);
    this.draw();
    /** @type {HTMLElement} */ (row.node.querySelector("textarea")).focus();
  }

  waiting() {
    return [...this.rows.values()].filter((row) => row.card.id === null);
  }

  draw() {
    const all = [...this.rows.values()];
    const open = this.waiting().filter((row) => !row.struck);
    const unfit = open.filter((row) => { const { what, unit_id, due_on } = row.get(); return !what || !unit_id || !due_on; });
    all.forEach((row, i) => { /** @type {HTMLElement} */ (row.node.querySelector(".commit-no")).textContent = String(i + 1); });
    const done = all.length > 0 && !this.waiting().length;
    byId("commit-title").textContent = !all.length ? "没有听到您答应的事" : done ? `您答应的 ${all.length} 件事，都确认了` : `请核对您答应的 ${all.length} 件事`;
    byId("commit-lead").textContent = done ? `${this.where(all)}到期以前提醒您和承办单位，可以在“领导承诺台账”里看办得怎样。`
      : !all.length ? "答应过什么而没有听到的，可以补一件。没听到的，不会自己加上。"
      : this.sheet.late || `核对后印在${this.sheet.petitioner}的回执上，笔录归档后交给承办单位。`;
    const button = /** @type {HTMLButtonElement} */ (byId("commit-send"));
    const some = this.waiting().length > 0;
    button.hidden = !some;
    byId("commit-at-once").hidden = !open.length;
    button.disabled = this.sending || unfit.length > 0;
    byId("commit-send-words").textContent = unfit.length ? `还有 ${unfit.length} 件没填全` : open.length ? `都对，确认这 ${open.length} 件` : "都不算，确认";
  }

  /** Where those that were confirmed stand: those that came late are not on the record. @param {Row[]} all */
  where(all) {
    const late = all.filter((row) => !row.card.on_record).length;
    if (!late) return "印在群众的回执上；";
    return `${late < all.length ? `有 ${late} 件` : late > 1 ? `这 ${late} 件` : "这一件"}确认得晚，没有写进笔录，也不一定在群众的回执上，请让接谈员告诉群众。`;
  }

  async send() {
    const open = this.waiting();
    this.sending = true;
    this.draw();
    try {
      const items = open.filter((row) => !row.struck).map((row) => ({ promise_id: row.card.promise_id, version: row.card.version, ...row.get() }));
      const struck = open.filter((row) => row.struck).map((row) => row.card.promise_id);
      const assign = /** @type {HTMLInputElement} */ (byId("commit-assign")).checked;
      const sheet = await api("POST", this.path, { items, struck, assign });
      for (const row of open.filter((one) => one.struck)) { row.node.remove(); this.rows.delete(row.card.promise_id); }
      tell(byId("commit-trouble"), "");
      this.take(sheet);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      tell(byId("commit-trouble"), `${error.message}　还没有确认，填的都在。`);
      if (error.status === 409) this.again(error.details.promise_id);
    } finally {
      this.sending = false;
      this.draw();
    }
  }

  /** Somebody decided about this one meanwhile: it is shown as it is now. @param {string} name */
  again(name) {
    const row = this.rows.get(name);
    if (row) { row.node.remove(); this.rows.delete(name); }
    void this.begin();
  }
}
