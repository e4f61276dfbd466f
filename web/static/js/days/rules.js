// The office's rules of the queue: everybody reads them, a leader sets what is different here.
import { api } from "/static/js/api.js";
import { byId, el, tell } from "/static/js/dom.js";
import { onSend, required, wrongOnly } from "/static/js/form.js";

const MOST_MINUTES = 120;
const SAID_BY = /** @type {Object<string, string>} */ ({ petitioner: "本人在接谈机上说", staff: "工作人员看过定", booking: "约的时候就定了" });

/** @param {any} queue Queue of server/protocol/queueing.py @param {boolean} may whether whoever looks may change them */
export function showRules(queue, may) {
  byId("rules").replaceChildren(...queue.rules.map((/** @type {any} */ rule) => row(rule, may)));
}

/** @param {any} rule @param {boolean} may */
function row(rule, may) {
  const change = el("button.btn.small", { type: "button", "aria-label": `改：${rule.name}` }, "改");
  const line = el("tr", { "data-rule": rule.id }, el("td", {}, el("b", {}, rule.name), el("span.small.soft.below", {}, rule.who)),
    el("td.nb", {}, rule.active ? rule.effect : el("span.badge.line", {}, "本单位不用")), el("td", {}, SAID_BY[rule.said_by]), el("td.small", {}, rule.source),
    el("td.r", {}, may ? change : ""));
  change.addEventListener("click", () => open(rule, line));
  return line;
}

/** @param {any} rule @param {HTMLElement} line */
function open(rule, line) {
  if (line.nextElementSibling?.classList.contains("why-row")) return;
  const minutes = /** @type {HTMLInputElement} */ (el("input.input", { id: "rule-minutes", name: "minutes", type: "number", min: 1, max: MOST_MINUTES, value: rule.minutes || "" }));
  const source = /** @type {HTMLInputElement} */ (el("input.input", { id: "rule-source", name: "source", maxlength: 200, placeholder: "哪个文件，或本单位哪天定的" }));
  const active = /** @type {HTMLInputElement} */ (el("input", { type: "checkbox", id: "rule-active", name: "active" }));
  active.checked = rule.active;
  const trouble = el("p.error", { role: "alert", hidden: true }, el("div"));
  const leave = el("button.btn.quiet", { type: "button" }, "先不改");
  const form = /** @type {HTMLFormElement} */ (el("form.row.wrap.g3", { novalidate: true },
    rule.absolute ? null : el("div.field", {}, el("label", { for: "rule-minutes" }, rule.said_by === "booking" ? "往前算几分钟" : "算早到几分钟"), minutes, el("span.error", { id: "rule-minutes-error", hidden: true })),
    el("div.field.grow", {}, el("label", { for: "rule-source" }, "依据"), source, el("span.error", { id: "rule-source-error", hidden: true })),
    el("label.check", {}, active, "本单位用这一条"), el("button.btn.primary", { type: "submit" }, "定下来"), leave, trouble));
  leave.addEventListener("click", () => sheet.remove());
  onSend(form, (fields) => wrongOnly({ source: required(fields.source, "依据"), ...(rule.absolute ? {} : { minutes: required(fields.minutes, "几分钟") }) }), async (fields) => {
    showRules(await api("PUT", `/api/queue/rules/${rule.id}`, { minutes: rule.absolute ? 0 : Number(fields.minutes), active: active.checked, source: fields.source.trim() }), true);
  }, trouble);
  const sheet = el("tr.why-row", {}, el("td", { colspan: 5 }, form));
  line.after(sheet);
  tell(trouble, "");
  (rule.absolute ? source : minutes).focus();
}
