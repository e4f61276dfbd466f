// 为什么是这一天: how far off a limit's last day is, and the questions a citizen asks about it, each with its answer.
import { el } from "/static/js/dom.js";

/**
 * Tone of the badge, its icon and its words.
 * @param {{days_left: number, overdue: boolean, stands_still: boolean}} deadline
 * @returns {[string, string, string]}
 */
export function daysLeft(deadline) {
  const left = deadline.days_left;
  if (deadline.overdue) return ["bad", "alert", `过期 ${-left} 天`];
  if (deadline.stands_still) return ["accent", "pause", `停算中，还有 ${left} 天`];
  if (left < 0) return ["line", "clock", "已经过了"]; // a right that nobody used
  const words = ["今天到期", "明天到期"][left] || `还有 ${left} 天`;
  return [left <= 3 ? "warn" : "accent", "clock", words];
}

/**
 * Pairs of question and answer; what has no answer is not asked.
 * @param {{article: string, starts: string, counted: string, left_out: string[], extension: string, notes: string[]}} deadline
 * @returns {[HTMLElement, HTMLElement][]}
 */
export function whyThisDate(deadline) {
  /** @type {[string, string[]][]} */
  const questions = [
    ["哪一条", [deadline.article]], ["从哪天起", [deadline.starts]], ["怎么数", [deadline.counted]],
    ["另算的天", deadline.left_out], ["能不能延", [deadline.extension]], ["要留意", deadline.notes],
  ];
  return questions
    .filter(([, lines]) => lines.some(Boolean))
    .map(([question, lines]) => [el("dt", {}, question), el("dd", {}, ...lines.map((line) => el("div", {}, line)))]);
}
