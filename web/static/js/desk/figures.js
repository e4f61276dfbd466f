// What correcting takes: a clerk's own figures, or those of offices.

import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, tell } from "/static/js/dom.js";
import { said } from "/static/js/form.js";
import { inWords } from "/static/js/time.js";

/** @typedef {{records: number, audio_s: number, work_s: number, marked: number, changed: number, offered: number, taken: number}} Figures */

/** Fewer marks than this say nothing about a share. */
const ENOUGH = 20;

/** Work for one minute of recording, in words; "" where nothing was recorded. @param {Figures} sums */
function perMinute(sums) {
  return sums.audio_s && sums.work_s ? inWords((sums.work_s / sums.audio_s) * 60) : "";
}

/** @param {number} part @param {number} whole */
function share(part, whole) {
  return whole ? `${Math.round((part / whole) * 100)}%` : "";
}

/** @param {string} title @param {string} figure @param {string} words @param {number | null} [filled] */
function card(title, figure, words, filled = null) {
  const part = el("i");
  part.style.inlineSize = `${Math.round((filled ?? 0) * 100)}%`;
  const bar = filled === null ? null : el("span.bar", { "aria-hidden": "true" }, part);
  return el("section.figure", {}, el("h2", {}, title), el("span.big.num", {}, figure), bar, el("p.small.soft", {}, words));
}

/** @param {string} title @param {number} part @param {number} whole @param {string} of @param {string} done */
function shareCard(title, part, whole, of, done) {
  if (!whole) return card(title, "暂无", `这段时间没有${of}。`);
  const few = whole < ENOUGH ? "太少，看不出什么。" : "";
  return card(title, `${part} / ${whole}`, `${of} ${whole} 处，${done} ${part} 处（${share(part, whole)}）。${few}`, part / whole);
}

/** @param {{days: number, now: Figures, before: Figures}} own */
function showOwn({ days, now, before }) {
  byId("about").textContent = `最近 ${days} 天，您校对、签了字的 ${now.records} 份`;
  const earlier = before.records && perMinute(before) ? `再往前 ${days} 天是 ${perMinute(before)}。` : "";
  byId("own").replaceChildren(
    card("1 分钟录音校对用", perMinute(now) || "还没有", now.records ? `录音一共 ${inWords(now.audio_s)}，校对一共 ${inWords(now.work_s)}。${earlier}` : "签了字的笔录才算进来。"),
    shareCard("波浪线标得准不准", now.changed, now.marked, "画了波浪线", "改了"),
    shareCard("两遍不一样，听谁的", now.taken, now.offered, "两遍听得不一样", "采用了另一种"));
}

/** @param {{days: number, offices: [string, Figures][], hidden_offices: number, least_clerks: number}} found */
function showOffices({ days, offices, hidden_offices, least_clerks }) {
  byId("about").textContent = `最近 ${days} 天，签了字或者写明不签的笔录`;
  const cell = (/** @type {string} */ words) => el("td.num", {}, words || "—");
  const rows = offices.map(([name, sums]) => el("tr", {}, el("td", {}, el("b", {}, name)), cell(`${sums.records} 份`), cell(inWords(sums.audio_s)), cell(perMinute(sums)),
    cell(sums.marked ? `${sums.changed} / ${sums.marked}（${share(sums.changed, sums.marked)}）` : ""), cell(sums.offered ? `${sums.taken} / ${sums.offered}（${share(sums.taken, sums.offered)}）` : "")));
  byId("offices").replaceChildren(...(rows.length ? rows : [el("tr", {}, el("td.mute", { colspan: 6 }, "还没有可以合计的单位。"))]));
  byId("hidden").textContent = hidden_offices ? `还有 ${hidden_offices} 个单位校对的不足 ${least_clerks} 人，单列出来就看得出是谁，不列。` : `不足 ${least_clerks} 人校对的单位不单列。`;
}

/** @param {{kinds: [string, string][], offices: [string, number, Object<string, number>][]}} found */
function showFound({ kinds, offices }) {
  byId("kinds").replaceChildren(...["单位", "听过的", ...kinds.map(([, words]) => words)].map((words) => el("th", {}, words)));
  const rows = offices.map(([name, heard, counted]) => el("tr", {}, el("td", {}, el("b", {}, name)), el("td.num", {}, `${heard} 份`), ...kinds.map(([kind]) => el("td.num", {}, counted[kind] ? `${counted[kind]} 条` : "—"))));
  byId("counts").replaceChildren(...(rows.length ? rows : [el("tr", {}, el("td.mute", { colspan: kinds.length + 2 }, "还没有可以合计的单位。"))]));
}

async function load() {
  try {
    if (byId("figures").dataset.role === "clerk") showOwn(await api("GET", "/api/figures/own"));
    else {
      showOffices(await api("GET", "/api/figures/offices"));
      showFound(await api("GET", "/api/reviews/counts"));
    }
    tell(byId("offline"), "");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) location.assign(logInPath());
    tell(byId("offline"), error.code === "offline" ? "网断了。网一通，会自己再取一次。" : said(error));
  }
}

addEventListener("online", load);
load();
