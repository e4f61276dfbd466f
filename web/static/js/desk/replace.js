// Find and replace over the whole record: every hit with its line, the clerk chooses which; what is chosen is one step.

import { ask } from "/static/js/desk/ask.js";
import { el } from "/static/js/dom.js";
import { clockAt } from "/static/js/time.js";

const MOST_SHOWN = 300;
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

/**
 * Asks what to find and what to put there; answers with what was chosen, null for nothing, or the line to look at.
 * @param {() => any} record @param {{words: string, line: string}} chosen words to begin with, and the line where the clerk is @param {boolean} editable
 * @returns {Promise<{hits: Hit[], words: string, instead: string} | {go: string} | null>}
 */
export async function findAndReplace(record, chosen, editable) {
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
  const wanted = () => (hits.length > MOST_SHOWN && all.checked ? hits : hits.filter((_hit, i) => boxes()[i]?.checked));
  const tell = () => {
    const more = hits.length > MOST_SHOWN ? `，这里列出前 ${MOST_SHOWN} 处` : "";
    count.textContent = !find.value ? "" : hits.length ? `找到 ${hits.length} 处${more}${editable ? `，选中 ${wanted().length} 处` : ""}。` : "没有找到。";
  };
  find.addEventListener("input", (event) => { if (!(/** @type {InputEvent} */ (event).isComposing)) draw(); });
  find.addEventListener("compositionend", draw);
  instead.addEventListener("input", () => { for (const place of list.querySelectorAll("ins")) place.textContent = instead.value; });
  list.addEventListener("change", () => { all.checked = boxes().every((box) => box.checked); tell(); });
  all.addEventListener("change", () => { for (const box of boxes()) box.checked = all.checked; tell(); });
  [find.value, instead.value] = chosen.words && chosen.words !== last.words ? [chosen.words, ""] : [last.words, last.instead];
  const answer = await ask({
    title: editable ? "查找、替换" : "查找",
    wide: true,
    body: [
      el("div.finder", {}, el("div.field", {}, el("label", { for: "find-words" }, "找什么"), find), editable ? el("div.field", {}, el("label", { for: "find-instead" }, "换成什么"), instead) : null),
      count, editable ? el("label.row.g2.small", { for: "find-all" }, all, "都选上") : null, list,
    ].filter((part) => part !== null),
    buttons: [...(editable ? [{ value: "yes", words: "换选中的", kind: "primary" }] : []), { value: "", words: "关上" }],
    ready: (dialog) => {
      draw();
      find.focus();
      find.select();
      onEnter(find, () => { const hit = nextAfter(hits, record().body, chosen.line); if (hit) dialog.close(`line:${hit.line.id}`); });
      onEnter(instead, () => dialog.close("yes"));
    },
  });
  Object.assign(last, { words: find.value, instead: instead.value });
  if (answer.startsWith("line:")) return { go: answer.slice(5) };
  const there = answer && find.value !== instead.value ? wanted() : [];
  return there.length ? { hits: there, words: find.value, instead: instead.value } : null;
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

/** @param {any} record @param {Hit} hit @param {number} i @param {string} words @param {string} instead @param {boolean} editable */
function row(record, { line, from }, i, words, instead, editable) {
  const who = record.participants.find((/** @type {any} */ p) => p.id === line.participant_id)?.name || "补记";
  const before = line.text.slice(Math.max(0, from - AROUND), from);
  const after = line.text.slice(from + words.length, from + words.length + AROUND);
  const box = editable ? el("input", { type: "checkbox", id: `hit-${i}`, checked: true }) : null;
  return el("li", {}, box, el("label", { for: `hit-${i}` }, el("span.small.soft", {}, `${who} ${clockAt(record.started_at, line.start)}　`), from > AROUND ? "…" : "", before, editable ? el("del", {}, words) : el("mark", {}, words), editable ? el("ins", {}, instead) : null, after),
    el("button.link", { value: `line:${line.id}` }, "看"));
}
