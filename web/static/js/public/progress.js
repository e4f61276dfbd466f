// Public query: how far a matter has come.  Shows no names and no content, because the answer has none.
import { api } from "/static/js/api.js";
import { byId, el, icon } from "/static/js/dom.js";
import { mark, onSend, wrongOnly } from "/static/js/form.js";
import { whyThisDate } from "/static/js/why_this_date.js";

const form = /** @type {HTMLFormElement} */ (byId("query"));

/** What was typed, as the office writes it. @param {string} typed */
export function tidyCode(typed) {
  return typed.normalize("NFKC").toUpperCase().replace(/[\s·.，,]/g, "").replace(/[–—－]/g, "-");
}

/** @param {string} typed */
function digits(typed) {
  return typed.normalize("NFKC").trim();
}

/** @param {string} code */
function wrongCode(code) {
  if (!code) return "请填回执上的查询码";
  if (/[^A-Z0-9-]/.test(code)) return "查询码只有字母和数字，请再对一遍";
  if (code.length < 6) return `还差 ${6 - code.length} 位，一共不少于 6 位`;
  return code.length > 20 ? "填多了，请再对一遍回执" : "";
}

/** @param {string} last4 */
function wrongDigits(last4) {
  if (!last4) return "请填手机号的最后 4 位";
  if (/\D/.test(last4)) return "这里只填数字";
  return last4.length < 4 ? `还差 ${4 - last4.length} 位，一共是 4 位` : "";
}

/** @param {{at: string, what: string, done: boolean}} step */
function stepItem(step) {
  const mayCome = step.at ? el("small", {}, step.at) : null;
  return el(step.done ? "li" : "li.to", {}, icon(step.done ? "okc" : "clock"), el("div", {}, step.what, mayCome));
}

/** @param {{name: string, due: string, weekday: string, overdue: boolean, article: string, starts: string, counted: string, left_out: string[], extension: string, notes: string[]}} deadline */
function deadlineParts(deadline) {
  const [year, month, day] = deadline.due.split("-").map(Number);
  const weekday = deadline.weekday.startsWith("星期") ? deadline.weekday : `星期${deadline.weekday}`;
  const why = el("dl", {});
  for (const pair of whyThisDate(deadline)) why.append(el("div", {}, ...pair));
  return [
    el("hr.rule"),
    el("b", {}, `最迟哪天：${deadline.name}`),
    el("p.big", {}, el("span.nb", {}, `${year}年${month}月${day}日`), " ", el("span.nb", {}, weekday)),
    deadline.overdue ? el("p.bad", {}, el("b", {}, "已经过了这一天，您可以到接谈室来问。")) : null,
    el("details.why", {}, el("summary", {}, icon("ask"), "为什么是这一天"), why),
  ].filter((part) => part !== null);
}

/** @param {any} progress */
function show(progress) {
  const again = el("button.btn.block", { type: "button" }, icon("back"), "查另一件");
  again.addEventListener("click", ask);
  const now = el("section.card.tint.now.stack.g2", {}, el("b", {}, "现在到哪一步"), el("p.lead", {}, el("b", {}, progress.state)));
  if (progress.next_step) now.append(el("p", {}, progress.next_step));
  if (progress.deadline) now.append(...deadlineParts(progress.deadline));
  const steps = el("ol.steps", {}, ...progress.steps.map(stepItem));
  byId("result").replaceChildren(
    el("div", {}, el("h1", { tabindex: "-1" }, "办理进度"), el("p.small.mute", {}, el("span.num", {}, progress.number), `　${progress.office}`)),
    now,
    el("section.card.stack", {}, el("h2", {}, "一步一步"), steps),
    again,
  );
  turn(true);
}

/** @param {boolean} found */
function turn(found) {
  byId("ask").hidden = found;
  byId("result").hidden = !found;
  window.scrollTo(0, 0);
  const place = found ? byId("result").querySelector("h1") : byId("code");
  if (place instanceof HTMLElement) place.focus({ preventScroll: true });
}

function ask() {
  form.reset();
  turn(false);
}

onSend(
  form,
  (fields) => wrongOnly({ code: wrongCode(tidyCode(fields.code)), phone_last4: wrongDigits(digits(fields.phone_last4)) }),
  async (fields) => show(await api("POST", "/api/progress", { code: tidyCode(fields.code), phone_last4: digits(fields.phone_last4) })),
);

form.addEventListener("input", (event) => {
  if (event.target instanceof HTMLInputElement) mark(form, event.target.name, "");
});
