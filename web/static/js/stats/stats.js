// 统计: the figures of an organization over a period; every number leads to the matters behind it.

import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, tell } from "/static/js/dom.js";
import { said } from "/static/js/form.js";
import { clear, months as drawMonths, units as drawUnits } from "/static/js/stats/charts.js";

/** @typedef {{part: number, whole: number, percent: number | null}} Share */
/** @typedef {{id: string, name: string, formula: string, day: string, source: string, measure: string, less_is_better: boolean, now: Share, a_year_before: Share, counts: boolean, remark: string, private: boolean}} Figure */

const CARDS = ["accepted_in_time", "concluded_in_time", "satisfied_unit", "repeats", "satisfied_office", "rated_unit", "rated_office", "resolved_once"];
/** What the matters that a figure misses are called. @type {Record<string, string>} */
const WORDS = { satisfied_office: "不满意的", satisfied_unit: "不满意的", rated_office: "没评的", rated_unit: "没评的", resolved_once: "又来的" };
/** What is said of a figure of nothing: there is no list behind it. @type {Record<string, string>} */
const OF_NOTHING = { satisfied_office: "这段时间还没有人评", satisfied_unit: "这段时间还没有人评", rated_office: "这段时间还没有能评的", rated_unit: "这段时间还没有能评的" };
const MOST_UNITS = 8;
const SKELETON_MS = 300;
const main = byId("stats");
let leastRated = 0;
const periodChoice = /** @type {HTMLSelectElement} */ (byId("period"));
const organizationChoice = /** @type {HTMLSelectElement} */ (byId("organization"));

/** What is shown, as it stands in the address. */
function wanted() {
  const told = new URLSearchParams(location.search);
  return { period: told.get("period") || "", organization: told.get("organization") || "" };
}

/** @param {string} path @param {Record<string, string | number>} more */
function address(path, more = {}) {
  const told = new URLSearchParams(Object.entries({ ...wanted(), ...more }).filter(([, value]) => value !== "").map(([key, value]) => [key, String(value)]));
  return `${path}?${told}`;
}

/** @param {string} what @param {string} part @param {Record<string, string | number>} more */
const listPath = (what, part, more = {}) => address("/stats/cases", { what, part, ...more });

/** @param {Share} share */
const percent = (share) => (share.percent === null ? "暂无" : `${share.percent.toFixed(1)}%`);

/** @param {Figure} figure */
function compared(figure) {
  if (!figure.a_year_before.whole) return "";
  if (figure.id === "repeats") {
    const more = figure.now.part - figure.a_year_before.part;
    return more === 0 ? "，和去年同期一样" : `，比去年同期${more > 0 ? "多" : "少"} ${Math.abs(more)} 件`;
  }
  return `，去年同期 ${percent(figure.a_year_before)}`;
}

/** Whether a list may be opened: of few, who rated says how. @param {string} what @param {string} part @param {number} rated */
const mayKnowWho = (what, part, rated) => main.dataset.role === "supervisor" || !rated || rated >= leastRated || !(what.startsWith("satisfied") ? part === "all" : what.startsWith("rated") && part !== "all");

/** @param {Figure} figure */
function card(figure) {
  const short = figure.now.whole - figure.now.part;
  const none = figure.now.whole ? "" : OF_NOTHING[figure.id] ?? "这段时间还没有能算的";
  const sum = none ? `${none}${compared(figure)}` : `${figure.now.part} ÷ ${figure.now.whole} ${figure.measure}${figure.id === "accepted_in_time" && short ? `，少 ${short} 件` : figure.id === "concluded_in_time" ? "，延期算在内" : ""}${compared(figure)}`;
  const mayOpen = !figure.private || main.dataset.role === "supervisor";
  const rated = figure.id.startsWith("satisfied") ? figure.now.whole : figure.now.part;
  const lists = none || !mayKnowWho(figure.id, "all", rated) ? [] : [el("a", { href: listPath(figure.id, "all") }, "看这些件")];
  if (short && figure.id !== "repeats" && mayOpen && mayKnowWho(figure.id, "bad", rated)) lists.push(el("a", { href: listPath(figure.id, "bad") }, WORDS[figure.id] ?? "没做到的"));
  if (figure.id === "repeats" && figure.now.part) lists.push(el("a", { href: listPath(figure.id, "good") }, "重复的"));
  const number = figure.now.percent === null ? el("b.num.mute", {}, "暂无") : el("b.num", {}, figure.now.percent.toFixed(1), el("small", {}, "%"));
  const links = lists.flatMap((link, index) => (index ? ["　", link] : [link]));
  return el(`section.card.fig${figure.counts || !figure.now.whole ? "" : ".void"}`, {}, el("h2", {}, figure.name), number,
    el("p", {}, sum, figure.remark ? el("br") : null, figure.remark ? el("span.warn", {}, figure.remark) : null, links.length ? el("br") : null, ...links));
}

/** @param {string[]} heads @param {(string | Node)[][]} rows */
function table(heads, rows) {
  return el("table.table", {}, el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", {}, head)))),
    el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map((cell, index) => el(index ? "td.num" : "td", {}, cell))))));
}

/** @param {Share} share */
const full = (share) => (share.whole ? `${percent(share)}（${share.part} ÷ ${share.whole}）` : "—");

/** A share that leads to the matters it counts. @param {Share} share @param {string} what @param {Record<string, string | number>} more @param {string} [after] */
function opens(share, what, more, after = "") {
  if (!share.whole) return "—";
  const words = [percent(share), el("span.nb", {}, `（${share.part} ÷ ${share.whole}）`), after && el("span.nb", {}, after)];
  return mayKnowWho(what, "all", share.whole) ? el("a", { href: listPath(what, "all", more) }, ...words) : el("span", {}, ...words);
}

/** @param {any} told */
function showMonths(told) {
  byId("months-note").textContent = `虚线是目标 ${told.target_in_time}%。点一个月，看这个月的件`;
  const open = (/** @type {number} */ index) => location.assign(listPath("concluded_in_time", "all", { period: told.months[index].period }));
  if (!told.months.length) clear(byId("months"));
  else drawMonths(byId("months"), told.months.map((/** @type {any} */ one) => ({ words: one.words, percent: one.concluded.percent })), told.target_in_time, open);
  byId("months-table").replaceChildren(table(["月份", "按期办结", "及时受理"], told.months.map((/** @type {any} */ one) =>
    [one.words, opens(one.concluded, "concluded_in_time", { period: one.period }), opens(one.accepted, "accepted_in_time", { period: one.period })])));
}

/** What a unit did itself, without those below it. @param {any} unit */
const alone = (unit) => ({ organization: unit.organization_id, alone: 1 });

/** @param {any} told */
function showUnits(told) {
  const rated = told.units.filter((/** @type {any} */ one) => one.rated.whole).sort((/** @type {any} */ a, /** @type {any} */ b) => b.rated.whole - a.rated.whole).slice(0, MOST_UNITS);
  byId("units-note").textContent = !rated.length ? "这段时间还没有可以评价的" : `实心是满意率，斜纹是参评率。参评低于 ${told.least_participation}% 的满意率不作数，画成空心`;
  const open = (/** @type {number} */ index, /** @type {number} */ series) => location.assign(listPath(series ? "rated_unit" : "satisfied_unit", "all", alone(rated[index])));
  if (!rated.length) clear(byId("units"));
  else drawUnits(byId("units"), rated.map((/** @type {any} */ one) => ({ name: one.name, satisfied: one.satisfied.percent, rated: one.rated.percent, counts: one.counts })), open);
  byId("units-table").replaceChildren(table(["单位", "满意率", "参评率", "按期办结", "及时受理"], told.units.map((/** @type {any} */ one) =>
    [el("a", { href: address("/stats", { organization: one.organization_id }) }, one.name), opens(one.satisfied, "satisfied_unit", alone(one), one.counts ? "" : "，不作数"),
      opens(one.rated, "rated_unit", alone(one)), opens(one.concluded, "concluded_in_time", alone(one)), opens(one.accepted, "accepted_in_time", alone(one))])));
}

/** @param {any} told */
function showVideo(told) {
  const targets = told.video.filter((/** @type {any} */ one) => one.target !== null).map((/** @type {any} */ one) => `${one.name.slice(0, 2)} ${one.target}%`);
  byId("video-note").textContent = targets.length ? `竖线是目标：${targets.join("，")}` : "这段时间没有领导接访";
  byId("video").replaceChildren(...told.video.map((/** @type {any} */ one) => {
    const part = el("i"), mark = one.target === null ? null : el("u");
    part.style.inlineSize = `${one.share.percent ?? 0}%`;
    if (mark) mark.style.insetInlineStart = `${one.target}%`;
    const reached = one.target === null ? "" : one.short ? `差 ${one.short} 次` : "够";
    return el("div.level", {}, el("span", {}, one.name), el("span.track", { "aria-hidden": "true" }, part, mark), el("b.num", {}, percent(one.share)), el("b", {}, reached), el("span.num", {}, `${one.share.part} ÷ ${one.share.whole} 次`));
  }), told.video.length ? el("p.small", {}, el("a", { href: address("/stats/receptions") }, "每位领导接了几次、群众等了多久、答应的事办成没有")) : "");
}

/** @param {any} told */
function showLooks(told) {
  const rows = told.looks.map((/** @type {any} */ one) => {
    const open = one.cases && (!one.private || main.dataset.role === "supervisor") ? el("a", { href: listPath(one.id, "all"), "aria-label": `看${one.name}的事项` }, "看") : one.private ? el("span.nb", {}, "督查看") : "";
    return el("tr", {}, el("td", {}, one.name), el("td.r.num", {}, el("b", {}, String(one.cases)), " 件"), el("td.r", {}, open));
  });
  const entered = told.entered.filter((/** @type {any} */ one) => one.by_petitioner.whole || one.by_staff.whole).map((/** @type {any} */ one) => el("tr", {}, el("td", { colspan: 3 }, `${one.body}的满意率：群众自己评的 ${full(one.by_petitioner)}，工作人员代填的 ${full(one.by_staff)}`)));
  byId("looks").replaceChildren(...rows, ...entered);
}

/** "11 月 29 日" @param {string} iso */
function shortDay(iso) {
  const [, month, day] = iso.split("-").map(Number);
  return `${month} 月 ${day} 日`;
}

/** @param {any} told */
function show(told) {
  byId("shown").hidden = false;
  byId("span").replaceChildren(`${told.organization}　${told.span}${told.until ? `，算到 ${shortDay(told.until)}` : ""}，`,
    told.registered ? el("a", { href: listPath("registered", "all") }, `登记 ${told.registered} 件`) : "登记 0 件");
  leastRated = told.least_rated;
  byId("cards").replaceChildren(...CARDS.map((id) => card(told.figures.find((/** @type {Figure} */ one) => one.id === id))));
  showMonths(told);
  showUnits(told);
  showVideo(told);
  showLooks(told);
  byId("formulas").replaceChildren(el("dl", {}, ...told.figures.flatMap((/** @type {Figure} */ one) => [el("dt", {}, one.name), el("dd", {}, `${one.formula}。按${one.day}算在哪段时间里。依据：${one.source}`)])));
  byId("table").setAttribute("href", address("/api/stats/table.xlsx", { period: told.period, organization: told.organization_id }));
  byId("report").setAttribute("href", address("/api/stats/report.pdf", { period: told.period, organization: told.organization_id }));
  periodChoice.value = told.period;
  if (periodChoice.selectedOptions.length) periodChoice.selectedOptions[0].textContent = told.words;
  organizationChoice.value = String(told.organization_id);
}

async function fillChoices() {
  const { periods, organizations } = await api("GET", "/api/stats/choices");
  const now = wanted();
  if (now.period && !periods.some((/** @type {string[]} */ [key]) => key === now.period)) periods.unshift([now.period, now.period]);
  periodChoice.replaceChildren(...periods.map((/** @type {string[]} */ [key, words]) => el("option", { value: key }, words)));
  organizationChoice.replaceChildren(...organizations.map((/** @type {any} */ one) => el("option", { value: one.id }, "　".repeat(one.depth) + one.name)));
}

/** What stood there before stays, greyed, while other figures are counted. */
async function load() {
  const slow = setTimeout(() => {
    byId("skeleton").hidden = !byId("shown").hidden;
    main.setAttribute("aria-busy", "true");
  }, SKELETON_MS);
  try {
    if (!periodChoice.options.length) await fillChoices();
    show(await api("GET", address("/api/stats")));
    tell(byId("offline"), "");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) location.assign(logInPath());
    tell(byId("offline"), error.code === "offline" ? "网断了。网一通，会自己再取一次。" : said(error));
  } finally {
    clearTimeout(slow);
    byId("skeleton").hidden = true;
    main.removeAttribute("aria-busy");
  }
}

for (const choice of [periodChoice, organizationChoice]) {
  choice.addEventListener("change", () => {
    history.pushState(null, "", address("/stats", { period: periodChoice.value, organization: organizationChoice.value }));
    load();
  });
}
addEventListener("popstate", load);
addEventListener("online", load);
load();
