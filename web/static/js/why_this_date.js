// 为什么是这一天: the questions a citizen asks about a date, each with its answer.
import { el } from "/static/js/dom.js";

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
