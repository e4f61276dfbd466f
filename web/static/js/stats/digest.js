// One digest, for reading and printing.

import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, tell } from "/static/js/dom.js";
import { said } from "/static/js/form.js";

/** @typedef {{name: string, now: number, before: number}} Counted */

/** More or fewer than in the period before, in words and by a sign. @param {number} now @param {number} before */
function trend(now, before) {
  if (now === before) return "一样";
  return now > before ? el("span.up", {}, `▲ 多 ${now - before}`) : el("span.down", {}, `▼ 少 ${before - now}`);
}

/** @param {string} title @param {string} head @param {Counted[]} rows */
function counted(title, head, rows) {
  if (!rows.length) return el("div", {}, el("h2", {}, title), el("p.soft", {}, "没有。"));
  return el("div", {}, el("h2", {}, title), el("table.table", {}, el("thead", {}, el("tr", {}, ...[head, "这一期", "上一期", "变化"].map((words) => el("th", {}, words)))),
    el("tbody", {}, ...rows.map((one) => el("tr", {}, el("td", {}, one.name), el("td.num", {}, `${one.now} 件`), el("td.num", {}, `${one.before} 件`), el("td", {}, trend(one.now, one.before)))))));
}

/** @param {{part: number, whole: number, percent: number | null}} share */
const full = (share) => (share.percent === null ? "—" : `${share.percent.toFixed(1)}%（${share.part} ÷ ${share.whole}）`);

/** @param {any} digest */
function show({ digest }) {
  byId("title").textContent = `${digest.organization}${digest.title}`;
  byId("span").textContent = `${digest.words}　${digest.span}`;
  const figures = el("table.table", {}, el("thead", {}, el("tr", {}, ...["指标", "这一期", "上一期", "说明"].map((words) => el("th", {}, words)))),
    el("tbody", {}, ...digest.figures.map((/** @type {any} */ one) => el("tr", {}, el("td", {}, one.name), el("td.num", {}, full(one.now)), el("td.num", {}, full(one.a_year_before)), el("td", {}, one.remark || "")))));
  const looks = el("table.table", {}, el("tbody", {}, ...digest.looks.map((/** @type {any} */ one) => el("tr", {}, el("td", {}, one.name), el("td.num", {}, `${one.cases} 件`)))));
  byId("content").replaceChildren(counted("登记", "", [digest.registered]), counted("按内容", "类别", digest.by_category), counted("按问题发生的地方", "地方", digest.by_place),
    counted("按承办单位", "单位", digest.by_unit), counted("按来的方式", "方式", digest.by_channel), el("h2", {}, "指标"), figures, el("h2", {}, "要人看一眼的"), looks);
  byId("content").removeAttribute("aria-busy");
}

async function load() {
  try {
    show(await api("GET", `/api/digests/${byId("digest").dataset.id}`));
    tell(byId("offline"), "");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) location.assign(logInPath());
    tell(byId("offline"), said(error));
  }
}

byId("print").addEventListener("click", () => print());
load();
