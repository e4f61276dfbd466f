// Who spoke, where one microphone heard a whole room: nobody is guessed, the clerk says it, a sentence at a time.
import { api } from "/static/js/api.js";
import { ask, toast } from "/static/js/desk/ask.js";
import { byId, el, icon } from "/static/js/dom.js";

const PARTS = [["companion", "和信访人一起来的"], ["joint", "部门、律师、调解员"], ["interpreter", "翻译"], ["clerk", "记录的人"]];

/** Everybody who can have said something. @param {any} record @returns {any[]} */
export function people(record) {
  return record.participants.filter((/** @type {any} */ one) => one.role !== "room");
}

/** Is the sentence the room's microphone's, and nobody's yet? @param {any} record @param {any} line */
export function isNobodys(record, line) {
  return record.participants.some((/** @type {any} */ one) => one.role === "room" && one.id === line.participant_id);
}

/** The sentences that still stand and are nobody's, in the order of the record. @param {any} record @returns {any[]} */
export function nobodys(record) {
  const rooms = new Set(record.participants.filter((/** @type {any} */ one) => one.role === "room").map((/** @type {any} */ one) => one.id));
  return rooms.size ? record.body.filter((/** @type {any} */ line) => !line.deleted && rooms.has(line.participant_id)) : [];
}

/** The bar above the record. */
export class Speakers {
  /** @param {{current: () => string, assign: (line: any, participantId: string) => void, go: (id: string) => void, refresh: () => void}} desk */
  constructor(desk) {
    this.desk = desk;
    this.bar = byId("speakers");
    /** @type {any} */
    this.record = null;
    this.state = "";
    this.bar.addEventListener("pointerdown", (event) => { if (/** @type {Element} */ (event.target).closest("button")) event.preventDefault(); });
  }

  /** @param {any} record @param {boolean} editable */
  show(record, editable) {
    this.record = record;
    const left = editable ? nobodys(record).length : 0;
    this.bar.hidden = left === 0;
    const those = people(record);
    const state = JSON.stringify([left, those]);
    if (this.bar.hidden || state === this.state) return;
    this.state = state;
    this.bar.replaceChildren(icon("ear"),
      el("span", {}, el("b", {}, `还有 ${left} 句没写是谁说的。`), el("span.soft.wide", {}, "现场只有一个话筒，机器分不出谁在说。听这一句，点说话的人，就到下一句。")),
      el("span.row.wrap.g2", {}, ...those.map((one) => this.button(one)), this.another()));
  }

  /** @param {any} one */
  button(one) {
    const made = el(`button.btn.small.says-${one.role === "petitioner" ? "a" : "l"}`, { type: "button", "data-says": one.id }, one.name);
    made.addEventListener("click", () => this.says(one.id));
    return made;
  }

  another() {
    const made = el("button.btn.small", { type: "button" }, icon("plus"), "还有别人");
    made.addEventListener("click", () => void this.add());
    return made;
  }

  /** The chosen sentence, or the first that is nobody's. @param {string} participantId */
  says(participantId) {
    const left = nobodys(this.record);
    const at = left.findIndex((line) => line.id === this.desk.current());
    if (at < 0) return left.length ? this.desk.go(left[0].id) : undefined;
    this.desk.assign(left[at], participantId);
    const next = left[at + 1] || left.find((line) => line.id !== left[at].id);
    return next && this.desk.go(next.id);
  }

  async add() {
    const name = /** @type {HTMLInputElement} */ (el("input.input", { id: "another-name", maxlength: 50, autocomplete: "off" }));
    const part = /** @type {HTMLSelectElement} */ (el("select.input", { id: "another-part" }, ...PARTS.map(([value, words]) => el("option", { value }, words))));
    const answer = await ask({
      title: "当时屋里还有谁？",
      body: [el("div.field", {}, el("label", { for: "another-name" }, "姓名"), name), el("div.field", {}, el("label", { for: "another-part" }, "是什么人"), part), el("p.soft", {}, "加上以后，笔录的“在场的人”里也有他。")],
      buttons: [{ value: "yes", words: "加上", kind: "primary" }, { value: "", words: "先不" }], ready: () => name.focus(),
    });
    if (!answer || !name.value.trim()) return;
    try {
      await api("POST", `/api/on-site/${this.record.reception_id}/people`, { name: name.value.trim(), part: part.value });
      this.desk.refresh();
    } catch (error) {
      toast(/** @type {any} */ (error).message, "alert");
    }
  }
}
