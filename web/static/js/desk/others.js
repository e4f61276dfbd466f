// What the second pass heard otherwise, and known names that sound like what stands: shown under its line, or as a line that
// the record does not have.

import { el, icon } from "/static/js/dom.js";
import { clockAt } from "/static/js/time.js";

/** So many characters around a place are shown, and a few more rather than dots. */
const AROUND = 6;
const RATHER = 2;

/** @typedef {{id: number, line_id: string | null, first: number, last: number, stands: string, text: string, pass_number: number, participant_id: string, start: number, end: number}} Suggestion */

/** Key of the row of what would be a new line. @param {Suggestion} one @param {boolean} editable */
export function rowKey(one, editable) {
  return `other:${one.id}:${editable}`;
}

/** Suggestions by the line they belong to. @param {Suggestion[]} suggestions */
export function byLine(suggestions) {
  /** @type {Map<string, Suggestion[]>} */
  const found = new Map();
  for (const one of suggestions) if (one.line_id) found.set(one.line_id, [...(found.get(one.line_id) || []), one]);
  return found;
}

/** Did nobody hear it, but the form or the office knows a name that sounds like it? @param {Suggestion} one */
export const isKnownName = (one) => one.pass_number === 0;

/** Where in a JavaScript string the suggestion's place is: the office counts whole characters. @param {Suggestion} one @param {string} text */
export function placeOf(one, text) {
  const characters = [...text];
  const from = characters.slice(0, one.first).join("").length;
  return { from, to: from + characters.slice(one.first, one.last).join("").length };
}

/** What it would change, in a few words: for the list of places. @param {Suggestion} one */
export function inShort(one) {
  return one.stands && one.text ? `${one.stands} / ${one.text}` : "";
}

/** A reading with what stands around it, the differing characters marked.
 * @param {string} line @param {{first: number, last: number}} one @param {string} text */
export function quoted(line, one, text) {
  const characters = [...line];
  const from = one.first > AROUND + RATHER ? one.first - AROUND : 0;
  const to = one.last + AROUND + RATHER < characters.length ? one.last + AROUND : characters.length;
  const [before, after] = [characters.slice(from, one.first), characters.slice(one.last, to)].map((part) => part.join(""));
  return el("span.quoted", {}, from ? "“…" : "“", before, text ? el("mark", {}, text) : el("i.none", {}, "（没有）"), after, to < characters.length ? "…”" : "”");
}

/** @param {Suggestion} one @param {any} record @param {boolean} editable @param {string} words of the button that takes it; "" where it cannot be taken */
function buttons(one, record, editable, words) {
  const play = el("button.src", { type: "button", "data-play-other": one.id, "aria-label": "听这一处" }, icon("play"), clockAt(record.started_at, one.start));
  if (!editable) return [play];
  const take = words && el("button.btn.small", { type: "button", "data-take": one.id }, words, el("span.kbd", {}, "F4"));
  return [play, take, el("button.link", { type: "button", "data-dismiss": one.id }, "不用")];
}

/** The other reading of a place in a line. @param {Suggestion} one @param {any} line @param {any} record @param {boolean} editable */
export function otherReading(one, line, record, editable) {
  const whole = !one.text && one.stands === line.text;
  const heard = one.pass_number === 2 ? "复听" : "当场";
  const told = isKnownName(one) ? el("span", { title: "登记表、词表或者机构里有这个名字，听着和写的相近" }, "有音近的名字") : `${heard}听成`;
  const said = whole ? [`${heard}没有听到这一句`] : [told, quoted(line.text, one, one.text)];
  const words = whole ? "" : one.text ? "采用" : "去掉";
  return el("p.other", { "data-suggestion": one.id }, icon(isKnownName(one) ? "edit" : "ear"), el("span", {}, ...said), ...buttons(one, record, editable, words));
}

/** A sentence that only the second pass heard. @param {Suggestion} one @param {any} record @param {boolean} editable */
export function otherLine(one, record, editable) {
  const who = record.participants.find((/** @type {any} */ p) => p.id === one.participant_id);
  return el(`div.u.${who?.role === "petitioner" ? "a" : "l"}.only-second`, { "data-suggestion": one.id, "data-added": rowKey(one, editable), role: "note" },
    el("span.w", {}, el("b", {}, who?.name || "")),
    el("div.t", {}, el("p.say-other", {}, "复听还听到", el("span.quoted", {}, "“", el("mark", {}, one.text), "”")), el("p.other", {}, ...buttons(one, record, editable, "加进去"))));
}
