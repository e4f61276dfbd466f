// 办结期限: the day, how much of the time has gone, and why it is that day.
import { byId, el } from "/static/js/dom.js";
import { ANSWERING, OBJECTING, shortDay } from "/static/js/cases/timeline.js";
import { daysLeft, whyThisDate } from "/static/js/why_this_date.js";

const DAY_MS = 86_400_000;
/** Shares of the time at which today's words meet those of the beginning or of the end. */
const NEAR_START = 0.3, NEAR_END = 0.7, AT_START = 0.15, AT_END = 0.85;

/** The duty that a case waits for: a unit's right to object is none, and what it owes a supervisor is no limit of the matter. @param {any[]} deadlines */
export function nextDuty(deadlines) {
  return deadlines.find((one) => one.organization_id !== null && ![OBJECTING, ANSWERING].includes(one.rule)) || deadlines.find((one) => one.rule !== OBJECTING) || deadlines[0] || null;
}

/** @param {any} deadline CaseDeadline, or null: nothing is due */
export function showDeadline(deadline) {
  byId("deadline-panel").hidden = !deadline;
  if (!deadline) return;
  const [tone, , words] = daysLeft(deadline);
  byId("deadline-name").textContent = `${deadline.name}期限`;
  byId("days").className = `badge end ${tone}`;
  byId("days").textContent = words;
  const [year, month, day] = deadline.due.split("-").map(Number);
  byId("due").textContent = `${year}年${month}月${day}日`;
  byId("weekday").textContent = deadline.weekday;
  byId("bar").replaceChildren(...bar(deadline));
  byId("why").replaceChildren(...whyThisDate(deadline).flat());
}

/** @param {any} deadline */
function bar(deadline) {
  const all = Math.round((Date.parse(deadline.due) - Date.parse(deadline.starts_on)) / DAY_MS), gone = all - deadline.days_left;
  const share = all > 0 ? Math.min(1, Math.max(0, gone / all)) : 1;
  const today = deadline.days_left < 0 ? `今天，${deadline.overdue ? "过期" : "过了"} ${-deadline.days_left} 天` : `今天，第 ${gone} 天`;
  const end = deadline.left_out.length ? shortDay(deadline.due) : `第 ${all} 天`;
  const place = share < AT_START ? ".first" : share > AT_END ? ".late" : "";
  return [
    el(`div.track${deadline.overdue ? ".late" : ""}`, { role: "img", style: `--v: ${share * 100}%`, "aria-label": `从${shortDay(deadline.starts_on)}到${shortDay(deadline.due)}，${today}` }, el("i"), el("span.mark")),
    el(`div.ends${place}`, { "aria-hidden": "true", style: `--v: ${share * 100}%` },
      share < NEAR_START ? null : el("span", {}, shortDay(deadline.starts_on)), el("b", {}, today), share > NEAR_END ? null : el("span.last", {}, end)),
  ];
}
