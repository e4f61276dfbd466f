// Find and replace over the whole record: every hit with its line, the clerk chooses which; what is chosen is one step.

import { ask } from "/static/js/desk/ask.js";
import { el } from "/static/js/dom.js";
import { clockAt } from "/static/js/time.js";

const AT_A_TIME = 300;
const AROUND = 14;

/** @typedef {{line: any, from: number}} Hit */

/** What was looked for last, so that the next look goes on with it. */
const last = { words: "", instead: "" };

/** Every place of these words in lines that stand. @param {any[]} body @param {string} words @returns {Hit[]} */
export function hitsIn(body, words) {
  const found = [];
  if (!words) return [];
  for (const line of body) {
    if (line.deleted) continue;
    for (let from = line.text.indexOf(words); from >= 0; from = line.text.indexOf(words, from + words.length)) found.push({ line, from });
  }
  return found;
}

/** The edits that put other words in these places. @param {Hit[]} hits in the order of the record @param {string} words @param {string} instead */
function editsFor(hits, words, instead) {
  /** @type {Map<any, string>} */
  const texts = new Map();
  for (const { line, from } of [...hits].reverse()) {
    const text = texts.get(line) ?? line.text;
    texts.set(line, text.slice(0, from) + instead + text.slice(from + words.length));
  }
  return [...texts].reverse().map(([line, text]) => ({ kind: "text", line_id: line.id, version: line.version, text }));
}

/** Those of the hits whose line stands as it did when it was shown, with that line as it is now. @param {Hit[]} hits @param {any[]} body @returns {Hit[]} */
function standing(hits, body) {
  const now = new Map(body.map((line) => [line.id, line]));
  return hits.flatMap((hit) => {
    const line = now.get(hit.line.id);
    return line && !line.deleted && line.text === hit.line.text ? [{ ...hit, line }] : [];
  });
}

/**
 * The edits that put other words in these places, how many places that is, and what is said of those that are left out: their
 * line was changed meanwhile, or nothing would be left of it.
 * @param {Hit[]} hits @param {any[]} body as it stands now @param {string} words @param {string} instead
 */
export function planned(hits, body, words, instead) {
  const now = standing(hits, body);
  const edits = editsFor(now, words, instead);
  const empty = new Set(edits.filter((edit) => !edit.text.trim()).map((edit) => edit.line_id));
  const missed = hits.length - now.length ? `有 ${hits.length - now.length} 处刚被改过，没有换。` : "";
  const emptied = empty.size ? `有 ${empty.size} 句换了就一个字不剩，没有换；不要的句子请删。` : "";
  return { wanted: edits.filter((edit) => !empty.has(edit.line_id)), count: now.filter((hit) => !empty.has(hit.line.id)).length, left: missed + emptied };
}

/** The places that were found, some at a time, and which of them the clerk wants. */
class Found {
  /** @param {() => any} record @param {boolean} editable */
  constructor(record, editable) {
    this.record = record;
    this.editable = editable;
    this.find = /** @type {HTMLInputElement} */ (el("input.input", { id: "find-words", autocomplete: "off", maxlength: 200 }));
    this.instead = /** @type {HTMLInputElement} */ (el("input.input", { id: "find-instead", autocomplete: "off", maxlength: 200 }));
    this.all = /** @type {HTMLInputElement} */ (el("input", { type: "checkbox", id: "find-all", checked: true }));
    this.list = el("ol.hits", { "aria-label": "找到的地方" });
    this.count = el("p.small", { role: "status" });
    this.more = el("button.btn.small", { type: "button" });
    /** @type {Hit[]} */
    this.hits = [];
    /** By their place in `hits`. @type {Set<number>} */
    this.unwanted = new Set();
    this.listen();
  }

  listen() {
    this.find.addEventListener("input", (event) => { if (!(/** @type {InputEvent} */ (event).isComposing)) this.draw(); });
    this.find.addEventListener("compositionend", () => this.draw());
    this.instead.addEventListener("input", () => { for (const place of this.list.querySelectorAll("ins")) place.textContent = this.instead.value; });
    this.list.addEventListener("change", (event) => this.chose(/** @type {HTMLInputElement} */ (event.target)));
    this.all.addEventListener("change", () => this.choseAll(this.all.checked));
    this.more.addEventListener("click", () => this.listMore());
  }

  get wanted() {
    return this.hits.filter((_hit, i) => !this.unwanted.has(i));
  }

  draw() {
    this.hits = hitsIn(this.record().body, this.find.value);
    this.unwanted = new Set();
    this.list.replaceChildren();
    this.listMore();
  }

  listMore() {
    const from = this.list.children.length;
    const record = this.record();
    this.list.append(...this.hits.slice(from, from + AT_A_TIME).map((hit, i) => this.row(record, hit, from + i)));
    const left = this.hits.length - this.list.children.length;
    this.more.hidden = !left;
    this.more.textContent = `再列后面的 ${Math.min(left, AT_A_TIME)} 处`;
    this.tell();
  }

  /** @param {HTMLInputElement} box */
  chose(box) {
    const at = Number(box.id.slice("hit-".length));
    if (box.checked) this.unwanted.delete(at);
    else this.unwanted.add(at);
    this.tell();
  }

  /** @param {boolean} all */
  choseAll(all) {
    this.unwanted = new Set(all ? [] : this.hits.keys());
    for (const box of this.list.querySelectorAll("input")) box.checked = all;
    this.tell();
  }

  tell() {
    this.all.checked = !this.unwanted.size;
    const shown = this.list.children.length;
    const part = shown < this.hits.length ? `，这里列出前 ${shown} 处` : "";
    const chosen = this.editable ? `，选中 ${this.wanted.length} 处` : "";
    this.count.textContent = !this.find.value ? "" : this.hits.length ? `找到 ${this.hits.length} 处${part}${chosen}。` : "没有找到。";
  }

  /** @param {any} record @param {Hit} hit @param {number} i */
  row(record, { line, from }, i) {
    const words = this.find.value;
    const who = record.participants.find((/** @type {any} */ p) => p.id === line.participant_id)?.name || "补记";
    const before = line.text.slice(Math.max(0, from - AROUND), from);
    const after = line.text.slice(from + words.length, from + words.length + AROUND);
    const box = this.editable ? el("input", { type: "checkbox", id: `hit-${i}`, checked: !this.unwanted.has(i) }) : null;
    const place = this.editable ? [el("del", {}, words), el("ins", {}, this.instead.value)] : [el("mark", {}, words)];
    return el("li", {}, box, el("label", { for: `hit-${i}` }, el("span.small.soft", {}, `${who} ${clockAt(record.started_at, line.start)}　`), from > AROUND ? "…" : "", before, ...place, after),
      el("button.link", { value: `line:${line.id}` }, "看"));
  }
}

/**
 * Asks what to find and what to put there; answers with what was chosen, null for nothing, or the line to look at.
 * @param {() => any} record @param {{words: string, line: string}} chosen words to begin with, and the line where the clerk is @param {boolean} editable
 * @returns {Promise<{hits: Hit[], words: string, instead: string} | {go: string} | null>}
 */
export async function findAndReplace(record, chosen, editable) {
  const found = new Found(record, editable);
  const { find, instead } = found;
  [find.value, instead.value] = chosen.words && chosen.words !== last.words ? [chosen.words, ""] : [last.words, last.instead];
  const answer = await ask({
    title: editable ? "查找、替换" : "查找",
    wide: true,
    body: [
      el("div.finder", {}, el("div.field", {}, el("label", { for: "find-words" }, "找什么"), find), editable ? el("div.field", {}, el("label", { for: "find-instead" }, "换成什么"), instead) : null),
      found.count, editable ? el("label.row.g2.small", { for: "find-all" }, found.all, "都选上") : null, found.list, found.more,
    ].filter((part) => part !== null),
    buttons: [...(editable ? [{ value: "yes", words: "换选中的", kind: "primary" }] : []), { value: "", words: "关上" }],
    ready: (dialog) => {
      found.draw();
      find.focus();
      find.select();
      onEnter(find, () => { const hit = nextAfter(found.hits, record().body, chosen.line); if (hit) dialog.close(`line:${hit.line.id}`); });
      onEnter(instead, () => dialog.close("yes"));
    },
  });
  Object.assign(last, { words: find.value, instead: instead.value });
  if (answer.startsWith("line:")) return { go: answer.slice(5) };
  const hits = answer && find.value !== instead.value ? found.wanted : [];
  return hits.length ? { hits, words: find.value, instead: instead.value } : null;
}

/** @param {HTMLInputElement} input @param {() => void} act */
function onEnter(input, act) {
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    act();
  });
}

/** The first hit in a line after this one, or from the beginning again. @param {Hit[]} hits @param {any[]} body @param {string} id of a line */
function nextAfter(hits, body, id) {
  const place = new Map(body.map((line, i) => [line.id, i]));
  const from = place.get(id) ?? -1;
  return hits.find((hit) => (place.get(hit.line.id) ?? 0) > from) || hits[0];
}
