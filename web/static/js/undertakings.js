// 领导答复: what was undertaken in a talk, on a case's page, on the desk and beside the talk.
import { el, worded } from "/static/js/dom.js";
import { chineseMoment } from "/static/js/time.js";

const FIELDS = [["who", "谁来办", 100], ["what", "办什么", 1000], ["by", "什么时候以前", 100]];

/** @typedef {{id: string, who: string, what: string, by: string, text: string, start: number, state: string, version: number, decided_by: string, decided_at: string | null}} Undertaking as in server/protocol/receptions.py */
/** @typedef {{state: string, who: string, what: string, by: string}} Decision */

/** Hidden where nothing was undertaken. @param {HTMLElement} place a details element @param {Undertaking[]} all */
export function showUndertakings(place, all) {
  const promises = all.filter((one) => one.state !== "struck");
  place.hidden = !promises.length;
  place.replaceChildren(
    headOf(promises),
    el("ul", {}, ...promises.map((one) => el("li", {}, el("b", {}, one.who || "接谈方"),
      el("span", {}, one.by ? `${one.what}（${one.by}）` : one.what, el("small.soft", {}, `　${stateWords(one)}　原话：${one.text}`))))),
  );
}

/** @param {Undertaking[]} promises those that were not struck */
export function headOf(promises) {
  const left = promises.filter((one) => one.state === "heard").length;
  return el("summary", {}, el("b", {}, `领导答复 ${promises.length} 条`), el("span.soft", {}, left ? `${left} 条是机器记下的，没有核对` : "都核对过"));
}

/** @param {Undertaking} one */
export function stateWords(one) {
  return one.state === "confirmed" ? `${one.decided_by} ${chineseMoment(one.decided_at)} 核对过` : "机器记下，未核对";
}

/** A decision as one phrase, the same for two that say the same. @param {Decision} one */
export function decisionWords(one) {
  if (one.state === "struck") return "不是答复";
  return `${one.what.trim()}，由${one.who.trim() || "接谈方"}办，${one.by.trim() || "没有说时间"}`;
}

/**
 * Who, what, by when, to write anew.
 * @param {Undertaking} one @param {string} own what an empty 谁来办 means @param {(said: any) => void} save @param {() => void} leave
 */
export function undertakingForm(one, own, save, leave) {
  /** @type {Object<string, string>} */
  const hints = { who: own, by: "没说时间" };
  const inputs = FIELDS.map(([name, words, most]) => {
    const input = /** @type {HTMLInputElement} */ (el("input.input", { name, maxlength: most, autocomplete: "off", placeholder: hints[name] || "", required: name === "what" }));
    input.value = /** @type {any} */ (one)[name];
    return el("label.field", {}, el("span.small", {}, String(words)), input);
  });
  const back = el("button.btn.small", { type: "button" });
  back.append(worded("back", "不改了"));
  back.addEventListener("click", leave);
  const form = /** @type {HTMLFormElement} */ (el("form.stack.g2", {}, ...inputs, el("div.row.g2", {}, el("button.btn.small.primary", { type: "submit" }, "记下"), back)));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save(Object.fromEntries(new FormData(form)));
  });
  return form;
}
