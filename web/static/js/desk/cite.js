// What was chosen in the transcript, and how it becomes the value of a field of the form.

const SPOKEN_DIGITS = { 零: "0", 〇: "0", 一: "1", 幺: "1", 二: "2", 两: "2", 三: "3", 四: "4", 五: "5", 六: "6", 七: "7", 八: "8", 九: "9" };
const DIGITS = new Set(["phone", "id_number"]);

/** @typedef {{text: string, lines: any[]}} Picked words of the record and the lines they stand in */

/**
 * The selected words; where nothing is selected, all of the current line.  Null: no line is chosen.
 * @param {import("/static/js/desk/lines.js").Lines} lines
 * @returns {Picked | null}
 */
export function picked(lines) {
  const selection = document.getSelection();
  const range = selection?.rangeCount && !selection.isCollapsed ? selection.getRangeAt(0) : null;
  const parts = range && lines.host.contains(range.commonAncestorContainer) ? partsOf(range, lines) : [];
  if (parts.length) return { text: parts.map((part) => part.text).join(""), lines: parts.map((part) => part.line) };
  const line = lines.byId.get(lines.current);
  return line && !line.deleted ? { text: lines.pending(`line:${line.id}`) ?? line.text, lines: [line] } : null;
}

/** The selected part of every line that the range touches. @param {Range} range @param {import("/static/js/desk/lines.js").Lines} lines */
function partsOf(range, lines) {
  const found = [];
  const rows = [...lines.host.querySelectorAll(".u")];
  const place = (/** @type {Node} */ node, /** @type {number} */ otherwise) => { const row = rowOf(node); return row ? rows.indexOf(row) : otherwise; };
  for (const row of rows.slice(place(range.startContainer, 0), place(range.endContainer, rows.length - 1) + 1)) {
    const line = lines.byId.get(row.getAttribute("data-id") || "");
    const say = row.querySelector(".say");
    const text = line && say && !line.deleted ? within(range, say).trim() : "";
    if (text) found.push({ line, text });
  }
  return found;
}

/** @param {Node} node */
function rowOf(node) {
  return (node instanceof Element ? node : node.parentElement)?.closest(".u") || null;
}

/** The text of an element as far as the range holds it. @param {Range} range @param {Element} element */
function within(range, element) {
  const part = document.createRange();
  part.selectNodeContents(element);
  if (range.comparePoint(element, 0) === 0 || range.startContainer !== element && element.contains(range.startContainer)) part.setStart(range.startContainer, range.startOffset);
  if (element.contains(range.endContainer)) part.setEnd(range.endContainer, range.endOffset);
  return part.collapsed ? "" : part.toString();
}

/**
 * What a field says once these words were put into it; null: they say nothing that it can hold.
 * @param {any} field the form's value @param {string} now what stands in it @param {string} said @param {boolean} long further words are added to what stands there
 */
export function fitted(field, now, said, long) {
  const words = said.trim();
  if (field.choices.length) return field.choices.find((/** @type {[string, string]} */ [key, label]) => key && words.includes(label))?.[0] ?? null;
  if (DIGITS.has(field.field)) return digitsOf(words) || null;
  if (!long) return words.replace(/[，。、；：？！,.;:?!\s]+$/u, "");
  if (!now.trim() || now.includes(words)) return now.trim() || words;
  return now.trim().replace(/([^。；！？.;!?])$/u, "$1；") + words;
}

/** Digits as they were said: 一三八零零… @param {string} words */
function digitsOf(words) {
  return [...words].map((c) => SPOKEN_DIGITS[/** @type {keyof typeof SPOKEN_DIGITS} */ (c)] ?? c).filter((c) => /[\dXx]/.test(c)).join("").toUpperCase();
}
