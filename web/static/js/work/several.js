// One thing done with several matters: fill in what it needs, see what would become of each, do it, see what became of each.

import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon } from "/static/js/dom.js";
import { Typing } from "/static/js/typed.js";

const SETTLE_MS = 350;
/** @type {Record<string, {title: string, words: string, missing: string}>} */
export const ACTIONS = {
  assign: { title: "交办、转送", words: "交办", missing: "先选单位" },
  receive: { title: "签收", words: "签收", missing: "" },
  officer: { title: "定经办人", words: "定经办人", missing: "先选人" },
  urge: { title: "催办", words: "催办", missing: "先写催什么" },
};
const USUAL = ["期限快到了，请抓紧办，办完反馈。", "已经过了期限，请今天说明进展。"];

/** @param {string} id @param {string} words @param {HTMLElement} input */
const field = (id, words, input) => el("div.field", {}, el("label", { for: id }, words), input);

/** @param {string} id @param {{id: number | string, name: string}[]} options @param {string} first @param {string} value */
function choice(id, options, first, value) {
  const select = /** @type {HTMLSelectElement} */ (el("select.input", { id, name: id }, el("option", { value: "" }, first), ...options.map((one) => el("option", { value: one.id }, one.name))));
  select.value = value;
  return select;
}

/** Fields of an action. @type {Record<string, (fields: Record<string, string>) => Promise<HTMLElement[]>>} */
const FIELDS = {
  assign: unitFields,
  receive: async () => [],
  officer: async (fields) => [field("officer", "经办人", choice("officer", (await api("GET", "/api/work/officers")).officers, "选一个人", fields.officer || ""))],
  urge: async (fields) => {
    const reason = /** @type {HTMLTextAreaElement} */ (el("textarea.input", { id: "reason", name: "reason", rows: 2, maxlength: 500 }));
    reason.value = fields.reason || "";
    const chips = USUAL.map((words) => el("button.btn.small", { type: "button" }, words));
    chips.forEach((chip) => chip.addEventListener("click", () => { reason.value = chip.textContent || ""; reason.dispatchEvent(new Event("input", { bubbles: true })); }));
    return [field("reason", "催什么", reason), el("div.row.wrap.g2", {}, ...chips)];
  },
};

/** @param {Record<string, string>} fields */
async function unitFields(fields) {
  const search = /** @type {HTMLInputElement} */ (el("input.input", { id: "find-unit", name: "find", type: "search", maxlength: 50, autocomplete: "off", value: fields.find || "" }));
  const main = choice("main", [], "选一个单位", "");
  const township = choice("township", [], "不用", "");
  const refill = async () => {
    const { units } = await api("GET", `/api/work/units?q=${encodeURIComponent(search.value.trim())}`);
    for (const [select, first, value] of /** @type {[HTMLSelectElement, string, string][]} */ ([[main, "选一个单位", main.value || fields.main || ""], [township, "不用", township.value || fields.township || ""]])) {
      const kept = [...select.options].filter((one) => one.value && one.value === value);
      const rest = units.filter((/** @type {any} */ one) => String(one.id) !== kept[0]?.value);
      select.replaceChildren(el("option", { value: "" }, first), ...kept, ...rest.map((/** @type {any} */ one) => el("option", { value: one.id }, one.name)));
      select.value = value;
    }
  };
  search.addEventListener("input", debounce(() => refill().catch(() => {})));
  await refill();
  const kind = choice("kind", [{ id: "assign", name: "交办（要反馈）" }, { id: "pass_on", name: "转送" }], "", fields.kind || "assign");
  kind.options[0].remove();
  const task = /** @type {HTMLTextAreaElement} */ (el("textarea.input", { id: "task", name: "task", rows: 2, maxlength: 2000 }));
  task.value = fields.task || "";
  return [field("find-unit", "找单位", search), el("div.two", {}, field("main", "主办单位", main), field("kind", "怎么给", kind)),
    field("township", "同时交给属地（双交办双反馈）", township), field("task", "要它办什么", task)];
}

/** @param {() => void} run */
function debounce(run) {
  let timer = 0;
  return () => { clearTimeout(timer); timer = window.setTimeout(run, SETTLE_MS); };
}

/** What is sent; null: something is missing. @param {string} action @param {Record<string, string>} fields @param {{id: number, version: number}[]} items */
function orderOf(action, fields, items) {
  const order = { action, items };
  if (action === "assign") {
    if (!fields.main) return null;
    const unit = (/** @type {string} */ id, /** @type {string} */ part) => ({ organization_id: Number(id), kind: fields.kind, part, task: fields.task });
    return { ...order, units: [unit(fields.main, "main"), ...(fields.township ? [unit(fields.township, "township")] : [])] };
  }
  if (action === "officer") return fields.officer ? { ...order, officer_id: Number(fields.officer) } : null;
  if (action === "urge") return fields.reason.trim() ? { ...order, reason: fields.reason.trim() } : null;
  return order;
}

/** What decides whether a matter can be done: not the words. @param {any} order */
const gist = (order) => JSON.stringify(order, (key, value) => (["task", "reason"].includes(key) ? "" : value));

/** @param {any[]} rows @param {boolean} done */
function outcome(rows, done) {
  const good = rows.filter((row) => row.done);
  const bad = rows.filter((row) => !row.done);
  const list = (/** @type {any[]} */ some, /** @type {string} */ drawing, /** @type {string} */ tone) => el("ul.outcome", {}, ...some.map((row) =>
    el("li", {}, el(`span.${tone}`, {}, icon(drawing)), el("b", {}, [row.title, row.case_no].filter(Boolean).join("　") || "这一件"), el(`span.small.${row.done ? "soft" : "bad"}`, {}, row.words))));
  return [
    good.length ? el("h3", {}, done ? `办了 ${good.length} 件` : `能办的 ${good.length} 件`) : null, good.length ? list(good, "check", "ok") : null,
    bad.length ? el("h3", {}, done ? `没办成 ${bad.length} 件` : `办不了、不会动的 ${bad.length} 件`) : null, bad.length ? list(bad, "cross", "bad") : null,
  ].filter(Boolean);
}

/**
 * Shows the dialog for what is chosen; resolves with the cases that were done.
 * @param {string} action @param {import("/static/js/work/kept.js").Kept} kept
 * @returns {Promise<number[]>}
 */
export async function doSeveral(action, kept) {
  const { title, words, missing } = ACTIONS[action];
  const items = kept.items();
  const fields = kept.draft?.action === action ? kept.draft.fields : {};
  kept.fill({ action, fields });
  const inputs = await FIELDS[action](fields).catch(away);
  const told = el("div.stack.g2", { role: "status" });
  const go = /** @type {HTMLButtonElement} */ (el("button.btn.primary", { type: "button" }, words));
  const close = el("button.btn", { type: "submit", value: "" }, "先不");
  const form = /** @type {HTMLFormElement} */ (el("form", { method: "dialog" }, el("header", {}, el("h2", {}, `${title} ${items.length} 件`)), el("div.body", {}, ...inputs, told), el("footer", {}, go, close)));
  const dialog = /** @type {HTMLDialogElement} */ (el("dialog.dialog.several", { "aria-label": title }, form));
  document.body.append(dialog);
  dialog.showModal();
  const area = form.querySelector("textarea")?.parentElement;
  const typing = area ? new Typing(area, `several ${action}`) : null;
  if (typing) area?.append(typing.note);
  /** @type {any} */
  let order = null;
  /** @type {number[]} */
  let done = [];
  let asked = 0;
  let known = "";
  const typed = () => Object.fromEntries([...new FormData(form)].map(([key, value]) => [key, String(value)]));
  const ready = (/** @type {string} */ label, /** @type {boolean} */ able) => { go.textContent = label; go.disabled = !able; };
  const preview = async () => {
    const mine = ++asked;
    kept.fill({ action, fields: typed() });
    order = orderOf(action, typed(), items);
    if (!order) { told.replaceChildren(); known = ""; return ready(missing, false); }
    if (gist(order) === known) return;
    known = "";
    ready("正在看…", false);
    try {
      const { rows } = await api("POST", "/api/work/bulk/preview", order);
      if (mine !== asked) return;
      const able = rows.filter((/** @type {any} */ row) => row.done).length;
      known = gist(order);
      told.replaceChildren(.../** @type {Node[]} */ (outcome(rows, false)));
      ready(able ? `${words} ${able} 件` : "没有能办的", able > 0);
    } catch (error) {
      if (mine === asked) trouble(error);
    }
  };
  const trouble = (/** @type {unknown} */ error) => {
    if (error instanceof ApiError && error.status === 401) return location.assign(logInPath());
    told.replaceChildren(el("p.bad", { role: "alert" }, error instanceof ApiError ? error.message : String(error)));
    ready("再试一次", true);
    known = "";
    order = null;
  };
  form.addEventListener("input", debounce(preview));
  form.addEventListener("submit", (event) => { if (event.submitter !== close) event.preventDefault(); });
  go.addEventListener("click", async () => {
    if (!order) return preview();
    ready("正在办…", false);
    try {
      const { rows } = await api("POST", "/api/work/bulk", order);
      done = rows.filter((/** @type {any} */ row) => row.done).map((/** @type {any} */ row) => row.id);
      form.querySelector(".body")?.replaceChildren(.../** @type {Node[]} */ (outcome(rows, true)));
      go.remove();
      close.textContent = "知道了";
      close.focus();
    } catch (error) {
      trouble(error);
    }
  });
  void Promise.resolve(typing?.ready).then(preview);
  return new Promise((settle) => dialog.addEventListener("close", () => {
    dialog.remove();
    asked += 1;
    kept.fill(null);
    if (done.length) void typing?.sent();
    settle(done);
  }, { once: true }));
}

/** @param {unknown} error @returns {HTMLElement[]} */
function away(error) {
  if (error instanceof ApiError && error.status === 401) location.assign(logInPath());
  return [el("p.bad", { role: "alert" }, error instanceof ApiError ? error.message : String(error))];
}

/**
 * The bar that says how many are chosen and what can be done with them.
 * @param {string[]} actions @param {import("/static/js/work/kept.js").Kept} kept @param {(action: string) => void} start @param {() => void} none
 */
export function showChosen(actions, kept, start, none) {
  const bar = byId("chosen");
  bar.hidden = !kept.chosen.size || !actions.length;
  const buttons = actions.map((action) => {
    const button = el("button.btn.primary", { type: "button", "data-action": action }, ACTIONS[action].title);
    button.addEventListener("click", () => start(action));
    return button;
  });
  const clear = el("button.btn", { type: "button" }, "都不选");
  clear.addEventListener("click", none);
  bar.replaceChildren(el("b", {}, `选了 ${kept.chosen.size} 件`), ...buttons, clear);
}
