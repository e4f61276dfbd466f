// Who else has this record open: in the head of the page, and at the line where they are.

import { byId, el, icon } from "/static/js/dom.js";

/** @typedef {{name: string, role: string, line_id: string | null}} Fellow */

let shown = "";

/**
 * @param {Fellow[]} others @param {import("/static/js/desk/lines.js").Lines} lines
 * @param {(id: string) => void} go shows a line
 */
export function showFellows(others, lines, go) {
  const now = JSON.stringify([others, lines.current]);
  lines.showFellows(others);
  if (now === shown) return;
  shown = now;
  const here = others.filter((one) => one.line_id && one.line_id === lines.current);
  byId("fellows").replaceChildren(...others.map((one) => chip(one, here.includes(one), go)));
}

/** @param {Fellow} one @param {boolean} here whether both are on one line @param {(id: string) => void} go */
function chip(one, here, go) {
  const doing = one.role === "clerk" ? (here ? "也在改这一句" : "也开着") : "在看";
  const chip = el(`button.fellow${here ? ".here" : ""}`, { type: "button", title: one.line_id ? "看看在哪一句" : "" }, icon("users"), el("span", {}, `${one.name}${doing}`));
  chip.addEventListener("click", () => { if (one.line_id) go(one.line_id); });
  return chip;
}
