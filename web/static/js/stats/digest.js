// One digest, for reading and printing.

import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, tell } from "/static/js/dom.js";
import { said } from "/static/js/form.js";

/** @typedef {{name: string, now: number, before: number, value: string | null}} Counted */

const main = byId("digest");
/** Of the digest that is shown, for the addresses of its lists. */
const shown = { period: "", organization: "" };

/** More or fewer than in the period before, in words and by a sign. @param {number} now @param {number} before */
function trend(now, before) {
  if (now === before) return "一样";
  return now > before ? el("span.up", {}, `▲ 多 ${now - before}`) : el("span.down", {}, `▼ 少 ${before - now}`);
}

/** Where the matters behind a number are. @param {string} what @param {Record<string, string>} [more] */
function list(what, more = {}) {
  return `/stats/${what === "held" ? "receptions" : "cases"}?${new URLSearchParams({ what, period: shown.period, organization: shown.organization, ...more })}`;
}

/** A number that leads to the matters it counts. @param {Counted} one @param {string} by */
function opens(one, by) {
  if (!one.now || (by && one.value === null)) return `${one.now} 件`;
  const words = `看${one.name}的 ${one.now} 件`;
  return el("a", { href: list("registered", by ? { by, value: one.value || "" } : {}), "aria-label": words }, `${one.now} 件`);
}

/** @param {string} title @param {string} head @param {string} by @param {Counted[]} rows */
function counted(title, head, by, rows) {
  if (!rows.length) return el("div", {}, el("h2", {}, title), el("p.soft", {}, "没有。"));
  return el("div", {}, el("h2", {}, title), el("table.table", {}, el("thead", {}, el("tr", {}, ...[head, "这一期", "上一期", "变化"].map((words) => el("th", {}, words)))),
    el("tbody", {}, ...rows.map((one) => el("tr", {}, el("td", {}, one.name), el("td.num", {}, opens(one, by)), el("td.num", {}, `${one.before} 件`), el("td", {}, trend(one.now, one.before)))))));
}

/** @param {{part: number, whole: number, percent: number | null}} share */
const full = (share) => (share.percent === null ? "—" : `${share.percent.toFixed(1)}%（${share.part} ÷ ${share.whole}）`);

/** @param {any} one */
function figure(one) {
  const now = one.now.whole ? el("a", { href: list(one.id === "video" ? "held" : one.id), "aria-label": `看${one.name}的${one.measure === "次" ? "接访" : "事项"}` }, full(one.now)) : full(one.now);
  return el("tr", {}, el("td", {}, one.name), el("td.num", { "data-label": "这一期" }, now), el("td.num", { "data-label": "上一期" }, full(one.a_year_before)), el("td", {}, one.remark || ""));
}

/** @param {any} one */
function look(one) {
  const may = one.cases && (!one.private || main.dataset.role === "supervisor");
  return el("tr", {}, el("td", {}, one.name), el("td.num", {}, may ? el("a", { href: list(one.id), "aria-label": `看${one.name}的事项` }, `${one.cases} 件`) : `${one.cases} 件`));
}

/** @param {any} told */
function show({ digest, organization_id: organization }) {
  Object.assign(shown, { period: digest.period, organization: String(organization) });
  byId("title").textContent = `${digest.organization}${digest.title}`;
  byId("span").textContent = `${digest.words}　${digest.span}`;
  const figures = el("table.table.figs", {}, el("thead", {}, el("tr", {}, ...["指标", "这一期", "上一期", "说明"].map((words) => el("th", {}, words)))),
    el("tbody", {}, ...digest.figures.map(figure)));
  const looks = el("table.table", {}, el("tbody", {}, ...digest.looks.map(look)));
  byId("content").replaceChildren(counted("登记", "", "", [digest.registered]), counted("按内容", "类别", "category", digest.by_category),
    counted("按问题发生的地方", "地方", "place", digest.by_place), counted("按承办单位", "单位", "unit", digest.by_unit), counted("按来的方式", "方式", "channel", digest.by_channel),
    el("h2", {}, "指标"), figures, el("h2", {}, "要人看一眼的"), looks, el("p.small.soft.no-print", {}, "数是当时算好留底的。点开的名单按现在的情况列，后来并了件、补了手续的，会有一两件出入。"));
  byId("content").removeAttribute("aria-busy");
}

async function load() {
  try {
    show(await api("GET", `/api/digests/${main.dataset.id}`));
    tell(byId("offline"), "");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) location.assign(logInPath());
    tell(byId("offline"), said(error));
  }
}

byId("print").addEventListener("click", () => print());
load();
