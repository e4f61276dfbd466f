// Who else has this record open: in the head of the page, and at the line where they are; and who was writing where somebody
// else wrote at the same time.

import { byId, el, icon } from "/static/js/dom.js";
import { toast } from "/static/js/desk/ask.js";

/** @typedef {{name: string, role: string, line_id: string | null, choosing: string}} Fellow choosing: the place of which they see two texts */

let shown = "";
/** What was told of whom. @type {Set<string>} */
let told = new Set();

/**
 * @param {Fellow[]} others @param {import("/static/js/desk/lines.js").Lines} lines
 * @param {(id: string) => void} go shows a line @param {(key: string) => string} placeWords of "line:…", "field:…", "promise:…"
 */
export function showFellows(others, lines, go, placeWords) {
  const now = JSON.stringify([others, lines.current]);
  lines.showFellows(others);
  if (now === shown) return;
  shown = now;
  const here = others.filter((one) => one.line_id && one.line_id === lines.current);
  byId("fellows").replaceChildren(...others.map((one) => chip(one, here.includes(one), go, placeWords)));
  tellChoosing(others.filter((one) => one.choosing), placeWords);
}

/** Once for each time that somebody stands before two texts. @param {Fellow[]} choosing @param {(key: string) => string} placeWords */
function tellChoosing(choosing, placeWords) {
  const before = told;
  told = new Set(choosing.map((one) => `${one.name} ${one.choosing}`));
  for (const one of choosing) if (!before.has(`${one.name} ${one.choosing}`)) toast(`${one.name}也改了${placeWords(one.choosing)}，和现在写着的不一样，正在选用哪一种。`, "users");
}

/** @param {Fellow} one @param {boolean} here whether both are on one line @param {(id: string) => void} go @param {(key: string) => string} placeWords */
function chip(one, here, go, placeWords) {
  const doing = one.choosing ? `也改了${placeWords(one.choosing)}，正在选` : one.role === "clerk" ? (here ? "也在改这一句" : "也开着") : "在看";
  const chip = el(`button.fellow${here || one.choosing ? ".here" : ""}`, { type: "button", title: one.line_id ? "看看在哪一句" : "" }, icon("users"), el("span", {}, `${one.name}${doing}`));
  chip.addEventListener("click", () => { if (one.line_id) go(one.line_id); });
  return chip;
}
