// One matter as a row: what it is, who has to do what, until when, why then, and what was done about it.

import { el, icon } from "/static/js/dom.js";
import { ask } from "/static/js/desk/ask.js";
import { chineseDay } from "/static/js/time.js";
import { daysLeft, whyThisDate } from "/static/js/why_this_date.js";

/** "7月6日" of an ISO day or moment, with the year where it is another. @param {string} value */
export function shortDay(value) {
  const day = value.length > 10 ? new Date(value) : new Date(`${value}T00:00:00+08:00`);
  return chineseDay(day).split(" ")[0];
}

/** @param {any} deadline */
function due(deadline) {
  if (!deadline) return el("td", {});
  const [tone, drawing, words] = daysLeft(deadline);
  return el("td", {}, el("span.nb", {}, shortDay(deadline.due)), el("br"), el(`span.badge.${tone}`, {}, icon(drawing), words));
}

/** @param {any} row */
function basis(row) {
  if (!row.deadline) return el("td", {});
  const open = el("button.why-day", { type: "button", "aria-label": `${row.basis}，为什么是这一天` }, row.basis);
  open.addEventListener("click", () => explain(row));
  return el("td", {}, open);
}

/** @param {any} row */
function explain(row) {
  const { deadline } = row;
  return ask({
    title: `${deadline.name}　${shortDay(deadline.due)} ${deadline.weekday}`,
    wide: true,
    body: [el("p.soft", {}, row.title), el("dl.work-why", {}, ...whyThisDate(deadline).flat())],
    buttons: [{ value: "", words: "关上", kind: "primary" }],
  });
}

/** @param {any} row @param {boolean} urges */
function told(row, urges) {
  const counts = [row.urged ? `催过 ${row.urged} 次` : "", row.written ? `发过函 ${row.written} 次` : "", row.returned ? `退回 ${row.returned} 次` : ""].filter(Boolean).join("，");
  const since = row.deadline && !row.said ? "" : `${shortDay(row.since)} 起`;
  return el("td.small.soft.told", {}, ...[row.said, counts || (urges && row.deadline?.overdue ? "还没催过" : since)].filter(Boolean).map((words) => el("span.below", {}, words)));
}

/** @param {any} row */
function matter(row) {
  const title = row.id ? el("a.t", { href: `/cases/${row.id}` }, row.title) : el("a.t", { href: `/leader/receptions/${row.reception_id}` }, row.title || "接谈");
  const people = row.people > 1 ? `${row.petitioner}等 ${row.people} 人` : row.petitioner;
  return el("td.matter", {}, title, el("span.small.soft", {}, [people, row.place, row.case_no].filter(Boolean).join("　"), row.id && row.reception_id ? el("a.talk", { href: `/leader/receptions/${row.reception_id}` }, `${shortDay(row.since)}的接谈`) : null), promises(row));
}

/** @param {any} row */
function promises(row) {
  if (!row.promises.length) return null;
  return el("ul.kept", { "aria-label": "答应的事" }, ...row.promises.map((/** @type {any} */ one) =>
    el("li", {}, [one.who, one.what, one.by].filter(Boolean).join("，"), one.confirmed ? "" : el("span.badge.line", {}, "机器记下，未核对"))));
}

/** @param {any} row */
function who(row) {
  const officer = row.officer ? `　经办 ${row.officer}` : "";
  return el("td.what", {}, row.who || "", el("span.small.soft", {}, `${row.what}${officer}`), row.promises.length || row.reception_id ? el("span.small", {}, row.state) : null);
}

/**
 * The row; `verb` is what its button says and does, none: it opens the matter.
 * @param {any} row
 * @param {{chosen: boolean, pick: ((on: boolean) => void) | null, verb: [string, () => void] | null, urges: boolean}} options
 */
export function matterRow(row, { chosen, pick, verb, urges }) {
  const box = /** @type {HTMLInputElement} */ (el("input", { type: "checkbox", "aria-label": `选${row.title}` }));
  box.checked = chosen;
  const path = row.id ? `/cases/${row.id}` : `/leader/receptions/${row.reception_id}`;
  const last = verb ? el("button.btn", { type: "button" }, verb[0]) : el("a.btn", { href: path, tabindex: "-1", "aria-hidden": "true" }, "打开");
  if (verb) last.addEventListener("click", verb[1]);
  const line = el(`tr${chosen ? ".picked" : ""}`, { "data-case": row.id }, el("td.pick", {}, pick ? box : null), matter(row), who(row), due(row.deadline), basis(row), told(row, urges), el("td.r", {}, last));
  box.addEventListener("change", () => { line.classList.toggle("picked", box.checked); pick?.(box.checked); });
  return line;
}
