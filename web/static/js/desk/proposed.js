// What the office's language model proposes for a field: shown under it, taken or dismissed, never in it by itself.

import { el, icon } from "/static/js/dom.js";
import { clockAt } from "/static/js/time.js";

/** @typedef {{id: number, field: string, value: string, evidence: any[]}} Proposal */

/** @param {Proposal} one @param {any} value the field @param {any} record @param {boolean} editable */
export function proposal(one, value, record, editable) {
  const said = one.evidence.map((place, turn) => el("button.src", { type: "button", "data-play-proposal": one.id, "data-turn": turn, "aria-label": `${clockAt(record.started_at, place.start)} 听出处：${value.label}`, title: `“${place.text}”` }, icon("play"), clockAt(record.started_at, place.start)));
  const deeds = editable ? [
    el("button.btn.small", { type: "button", "data-take-proposal": one.id }, "采用"),
    el("button.link", { type: "button", "data-dismiss-proposal": one.id }, "不用"),
  ] : [];
  const words = value.choices.find((/** @type {[string, string]} */ [key]) => key === one.value)?.[1] || one.value;
  return el("div.proposed", { "data-proposal": one.id, role: "group", "aria-label": `模型建议：${value.label}` },
    el("p", {}, el("b", {}, "模型建议"), el("span.words", {}, words)),
    el("div.row.wrap.g2", {}, ...said, ...deeds));
}
