// What the clerk does to a line, turned into edits of the office's API.

import { ask, askReason, toast } from "/static/js/desk/ask.js";
import { isNobodys, people } from "/static/js/desk/speakers.js";
import { codePoints } from "/static/js/desk/words.js";
import { el } from "/static/js/dom.js";

const REASONS = ["不是说话，是杂音", "重复了上一句", "机器自己补的，没有人说"];

/** Structural changes of lines; text goes through the saver directly. */
export class Edits {
  /**
   * @param {import("/static/js/desk/saver.js").Saver} saver @param {import("/static/js/desk/lines.js").Lines} lines
   * @param {import("/static/js/desk/half.js").Half} half @param {() => any} record
   */
  constructor(saver, lines, half, record) {
    this.saver = saver;
    this.lines = lines;
    this.half = half;
    this.record = record;
    /** What was put in last and is not there yet. @type {{after: string, text: string} | null} */
    this.awaited = null;
  }

  /** @param {string} id @param {string} name */
  run(id, name) {
    const line = this.lines.byId.get(id);
    const deed = { heard: this.heard, mark: this.mark, speaker: this.nextSpeaker, split: this.split, join: this.join, insert: this.insert, delete: this.remove, restore: this.restore }[name];
    if (line && deed) deed.call(this, line);
  }

  /** @param {any} line @param {Object} edit @param {string} [nextId] */
  send(line, edit, nextId) {
    this.saver.change(`line:${line.id}`, { line_id: line.id, version: line.version, ...edit }, nextId);
  }

  /** @param {any} line */
  heard(line) {
    this.send(line, { kind: "heard", heard: !line.heard });
  }

  /** Come back to it later, or that is done. @param {any} line */
  mark(line) {
    this.send(line, { kind: "mark", marked: !line.marked });
  }

  /** The next person in the order of seats said it. @param {any} line */
  nextSpeaker(line) {
    const those = people(this.record());
    const at = those.findIndex((/** @type {any} */ p) => p.id === line.participant_id);
    if (those.length) this.speaker(line, those[(at + 1) % those.length].id);
  }

  /** Another reading is right. @param {any} one a suggestion */
  take(one) {
    const line = one.line_id && this.lines.byId.get(one.line_id);
    const key = line ? `line:${line.id}` : `other:${one.id}`;
    this.saver.change(key, { kind: "take", suggestion_id: one.id, line_id: line ? line.id : null, version: line ? line.version : 0 });
  }

  /** What stands is right. @param {any} one a suggestion */
  dismiss(one) {
    this.saver.change(`other:${one.id}`, { kind: "dismiss", suggestion_id: one.id });
  }

  /** What is proposed for a field is right. @param {any} one @param {any} value the field */
  takeProposal(one, value) {
    this.saver.change(`field:${one.field}`, { kind: one.of === "line" ? "take_wording" : "take_proposal", proposal_id: one.id, version: value.version });
  }

  /** It is not wanted. @param {any} one */
  dismissProposal(one) {
    this.saver.change(`proposal:${one.id}`, { kind: one.of === "line" ? "dismiss_wording" : "dismiss_proposal", proposal_id: one.id });
  }

  /** What was undertaken is so, in these words, or is no promise. @param {{one: any, state: string, who: string, what: string, by: string}} decision */
  decidePromise({ one, ...said }) {
    this.saver.change(`promise:${one.id}`, { kind: "promise", promise_id: one.id, version: one.version, ...said });
  }

  /** @param {any} line */
  restore(line) {
    this.send(line, { kind: "restore" });
  }

  /** @param {any} line @param {string} participantId */
  speaker(line, participantId) {
    if (participantId && participantId !== line.participant_id) this.send(line, { kind: "speaker", participant_id: participantId });
  }

  /** @param {any} line */
  split(line) {
    this.lines.rememberCaret();
    const text = this.saver.pending(`line:${line.id}`) ?? line.text;
    const at = codePoints(text, this.lines.caret);
    if (at < 1 || at >= [...text].length) return toast("先在要拆开的地方点一下，再按“拆开”", "info");
    this.send(line, { kind: "split", at });
  }

  /** @param {any} line */
  join(line) {
    const next = this.lines.neighbour(1);
    if (!next) return toast("后面没有句子了", "info");
    if (next.participant_id !== line.participant_id) return toast("后一句是另一个人说的，不能并", "info");
    this.send(line, { kind: "join", next_version: next.version }, next.id);
  }

  /** What was deleted is restored. @param {any} line */
  async remove(line) {
    if (line.deleted) return this.restore(line);
    await askReason({
      title: "删这一句？", explain: `“${line.text}”　删了也还在原处留着，划一道线，随时可以恢复。录音不会删。`, usual: REASONS, words: "删", danger: true, most: 200,
      what: `delete ${line.id}`,
      send: (reason) => {
        const now = this.lines.byId.get(line.id);
        if (now) this.send(now, { kind: "delete", reason });
      },
    });
  }

  /** @param {any} line @param {{who: string, text: string}} [begun] what was begun and not given to the record */
  async insert(line, begun = this.half.of("insert") || { who: isNobodys(this.record(), line) ? "" : line.participant_id || "", text: "" }) {
    const who = /** @type {HTMLSelectElement} */ (el("select.input", { id: "insert-who" }, ...this.speakers()));
    const text = /** @type {HTMLTextAreaElement} */ (el("textarea.input", { id: "insert-text", rows: 3, maxlength: 10000, required: true }));
    [who.value, text.value] = [begun.who, begun.text];
    const fields = el("div.stack.g3", {}, el("div.field", {}, el("label", { for: "insert-who" }, "谁说的"), who), el("div.field", {}, el("label", { for: "insert-text" }, "说了什么"), text));
    fields.addEventListener("input", () => this.half.keep("insert", { after: line.id, who: who.value, text: text.value }));
    const answer = await ask({
      title: "在这一句后面补一句",
      body: [el("p.soft", {}, begun.text ? "上次这一句补到一半，写的字还在。" : "补的话会写明是谁手写的，不会和机器听出来的混在一起。"), fields],
      buttons: [{ value: "yes", words: "补上", kind: "primary" }, { value: "", words: "先不" }],
      ready: () => text.focus(),
    });
    const words = text.value.replace(/\s*[\r\n]+\s*/g, "").trim();
    if (!answer && words) {
      this.half.keep("insert", { after: line.id, who: who.value, text: text.value, closed: true });
      return toast("还没补上，写的字留着，再按“补一句”接着写", "info");
    }
    if (words) this.awaited = { after: line.id, text: words };
    if (words) this.saver.change("insert", { kind: "insert", after_id: line.id, participant_id: who.value || null, text: words });
    this.half.drop("insert");
    return undefined;
  }

  /** The sentence that was put in, once it is there, if the clerk is still at the one before it; "": none.  The next one goes after it. */
  arrived() {
    const body = this.record().body;
    const line = this.awaited && body[body.findIndex((/** @type {any} */ one) => one.id === this.awaited?.after) + 1];
    if (!line || line.recognised || line.text.replace(/\s/g, "") !== this.awaited?.text.replace(/\s/g, "")) return "";
    const { after } = this.awaited;
    this.awaited = null;
    return this.lines.current === after ? line.id : "";
  }

  /** The line after which a sentence was begun when the page went away; null: there is none. */
  get begun() {
    const begun = this.half.of("insert");
    return this.lines.editable && begun && !begun.closed ? this.lines.byId.get(begun.after) || null : null;
  }

  /** Goes on with it. @param {any} line */
  resume(line) {
    return this.insert(line, this.half.of("insert"));
  }

  speakers() {
    const those = people(this.record()).map((/** @type {any} */ p) => el("option", { value: p.id }, p.name));
    return [...those, el("option", { value: "" }, "不是谁说的，只作说明")];
  }
}
