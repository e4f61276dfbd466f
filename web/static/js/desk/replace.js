// Find and replace over the whole record: every hit with its line, the clerk chooses which; what is chosen is one step.

import { ask } from "/static/js/desk/ask.js";
import { el } from "/static/js/dom.js";
import { clockAt } from "/static/js/time.js";

const MOST_SHOWN = 300;
const AROUND = 14;

/** @typedef {{line: any, from: number}} Hit */

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
export function editsFor(hits, words, instead) {
  /** @type {Map<any, string>} */
  const texts = new Map();
  for (const { line, from } of [...hits].reverse()) {
    const text = texts.get(line) ?? line.text;
    texts.set(line, text.slice(0, from) + instead + text.slice(from + words.length));
  }
  return [...texts].reverse().map(([line, text]) => ({ kind: "text", line_id: line.id, version: line.version, text }));
}

/** Those of the hits whose line stands as it did when it was shown, with that line as it is now. @param {Hit[]} hits @param {any[]} body @returns {Hit[]} */
export function standing(hits, body) {
  const now = new Map(body.map((line) => [line.id, line]));
  return hits.flatMap((hit) => {
    const line = now.get(hit.line.id);
    return line && !line.deleted && line.text === hit.line.text ? [{ ...hit, line }] : [];
  });
}

/**
 * Asks what to find and what to put there; answers with what was chosen, null for nothing, or the line to look at.
 * @param {() => any} record @param {string} words to begin with @param {boolean} editable
 * @returns {Promise<{hits: Hit[], words: string, instead: string} | {go: string} | null>}
 */
export async function findAndReplace(record, words, editable) {
  const find = /** @type {HTMLInputElement} */ (el("input.input", { id: "find-words", autocomplete: "off", maxlength: 200 }));
  const instead = /** @type {HTMLInputElement} */ (el("input.input", { id: "find-instead", autocomplete: "off", maxlength: 200 }));
  const list = el("ol.hits", { "aria-label": "找到的地方" });
  const count = el("p.small", { role: "status" });
  /** @type {Hit[]} */
  let hits = [];
  const all = /** @type {HTMLInputElement} */ (el("input", { type: "checkbox", id: "find-all", checked: true }));
  const draw = () => {
    const now = record();
    hits = hitsIn(now.body, find.value);
    list.replaceChildren(...hits.slice(0, MOST_SHOWN).map((hit, i) => row(now, hit, i, find.value, instead.value, editable)));
    all.checked = true;
    tell();
  };
  const boxes = () => /** @type {HTMLInputElement[]} */ ([...list.querySelectorAll("input[type=checkbox]")]);
  const chosen = () => (hits.length > MOST_SHOWN && all.checked ? hits : hits.filter((_hit, i) => boxes()[i]?.checked));
  const tell = () => {
    const more = hits.length > MOST_SHOWN ? `，这里列出前 ${MOST_SHOWN} 处` : "";
    count.textContent = !find.value ? "" : hits.length ? `找到 ${hits.length} 处${more}${editable ? `，选中 ${chosen().length} 处` : ""}。` : "没有找到。";
  };
  find.addEventListener("input", (event) => { if (!(/** @type {InputEvent} */ (event).isComposing)) draw(); });
  find.addEventListener("compositionend", draw);
  instead.addEventListener("input", () => { for (const place of list.querySelectorAll("ins")) place.textContent = instead.value; });
  list.addEventListener("change", () => { all.checked = boxes().every((box) => box.checked); tell(); });
  all.addEventListener("change", () => { for (const box of boxes()) box.checked = all.checked; tell(); });
  find.value = words;
  const answer = await ask({
    title: editable ? "查找、替换" : "查找",
    wide: true,
    body: [
      el("div.finder", {}, el("div.field", {}, el("label", { for: "find-words" }, "找什么"), find), editable ? el("div.field", {}, el("label", { for: "find-instead" }, "换成什么"), instead) : null),
      count, editable ? el("label.row.g2.small", { for: "find-all" }, all, "都选上") : null, list,
    ].filter((part) => part !== null),
    buttons: [...(editable ? [{ value: "yes", words: "换选中的", kind: "primary" }] : []), { value: "", words: "关上" }],
    ready: () => { draw(); find.focus(); find.select(); },
  });
  if (answer.startsWith("line:")) return { go: answer.slice(5) };
  const wanted = answer && find.value !== instead.value ? chosen() : [];
  return wanted.length ? { hits: wanted, words: find.value, instead: instead.value } : null;
}

/** @param {any} record @param {Hit} hit @param {number} i @param {string} words @param {string} instead @param {boolean} editable */
function row(record, { line, from }, i, words, instead, editable) {
  const who = record.participants.find((/** @type {any} */ p) => p.id === line.participant_id)?.name || "补记";
  const before = line.text.slice(Math.max(0, from - AROUND), from);
  const after = line.text.slice(from + words.length, from + words.length + AROUND);
  const box = editable ? el("input", { type: "checkbox", id: `hit-${i}`, checked: true }) : null;
  return el("li", {}, box, el("label", { for: `hit-${i}` }, el("span.small.soft", {}, `${who} ${clockAt(record.started_at, line.start)}　`), from > AROUND ? "…" : "", before, editable ? el("del", {}, words) : el("mark", {}, words), editable ? el("ins", {}, instead) : null, after),
    el("button.link", { value: `line:${line.id}` }, "看"));
}
