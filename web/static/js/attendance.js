// 在场人员: who was in the room, at the head of a record.
import { el } from "/static/js/dom.js";

/** @typedef {{role: string, who: string, text: string, plain: string}} Attendee as in server/protocol/receptions.py */

/** Hidden where nobody was seen to come. @param {HTMLElement} place a details element @param {Attendee[]} people */
export function showAttendance(place, people) {
  place.hidden = !people.length;
  const names = people.map((one) => one.who).join("、");
  place.replaceChildren(
    el("summary", {}, el("b", {}, `在场 ${people.filter((one) => one.role !== "room").length} 人`), el("span.soft", {}, names)),
    el("ul", {}, ...people.map((one) => el(one.role === "observer" ? "li.observer" : "li", {}, el("b", {}, one.who), el("span", {}, one.text)))),
  );
}
