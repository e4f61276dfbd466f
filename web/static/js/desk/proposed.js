// What is proposed for a field: by the office's language model, or because the sentence that the field quotes was corrected.
// Shown under it, taken or dismissed, never in it by itself.

import { el, icon } from "/static/js/dom.js";
import { clockAt } from "/static/js/time.js";
import { quoted } from "/static/js/desk/others.js";
import { difference } from "/static/js/kiosk/changes.js";

/** @typedef {{id: number, field: string, value: string, evidence: any[], of: "model" | "line"}} Proposal */

/** @param {Proposal} one @param {any} value the field @param {any} record @param {boolean} editable */
export function proposal(one, value, record, editable) {
  const said = one.evidence.map((place, turn) => el("button.src", { type: "button", "data-play-proposal": one.id, "data-turn": turn, "aria-label": `${clockAt(record.started_at, place.start)} 听出处：${value.label}`, title: `“${place.text}”` }, icon("play"), clockAt(record.started_at, place.start)));
  const [title, take] = one.of === "line" ? ["引的话改过了", "跟着改"] : ["模型建议", "采用"];
  const deeds = editable ? [
    el("button.btn.small", { type: "button", "data-take-proposal": one.id }, take, el("span.kbd", {}, "F4")),
    el("button.link", { type: "button", "data-dismiss-proposal": one.id }, "不用"),
  ] : [];
  const words = value.choices.find((/** @type {[string, string]} */ [key]) => key === one.value)?.[1] || one.value;
  const shown = one.of === "line" && !value.choices.length ? corrected(value.value, one.value) : el("span.words", {}, words);
  return el("div.proposed", { "data-proposal": one.id, role: "group", "aria-label": `${title}：${value.label}` },
    el("p", {}, el("b", {}, title), shown),
    el("div.row.wrap.g2", {}, ...said, ...deeds));
}

/** The new words of a field with what is beside them. @param {string} stands @param {string} now */
function corrected(stands, now) {
  const { head, old, fresh } = difference(stands, now);
  const first = [...head].length;
  return quoted(stands, { first, last: first + [...old].length }, fresh);
}
