// 领导答复: what was undertaken in a talk, at the head of its record.
import { el } from "/static/js/dom.js";
import { chineseMoment } from "/static/js/time.js";

/** @typedef {{who: string, what: string, by: string, text: string, state: string, decided_by: string, decided_at: string | null}} Undertaking as in server/protocol/office.py */

/** Hidden where nothing was undertaken. @param {HTMLElement} place a details element @param {Undertaking[]} promises */
export function showUndertakings(place, promises) {
  place.hidden = !promises.length;
  const left = promises.filter((one) => one.state === "heard").length;
  place.replaceChildren(
    el("summary", {}, el("b", {}, `领导答复 ${promises.length} 条`), el("span.soft", {}, left ? `${left} 条是机器记下的，没有核对` : "都核对过")),
    el("ul", {}, ...promises.map((one) => el("li", {}, el("b", {}, one.who || "接谈方"),
      el("span", {}, one.by ? `${one.what}（${one.by}）` : one.what, el("small.soft", {}, `　${stateWords(one)}　原话：${one.text}`))))),
  );
}

/** @param {Undertaking} one */
function stateWords(one) {
  return one.state === "confirmed" ? `${one.decided_by} ${chineseMoment(one.decided_at)} 核对过` : "机器记下，未核对";
}
