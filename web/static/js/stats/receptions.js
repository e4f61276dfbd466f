// Leaders' receptions of a period: without `what` in the address the figures, with it the receptions behind one, fifty at a time.

import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, tell, tellFetching } from "/static/js/dom.js";
import { said as inWords } from "/static/js/form.js";
import { chineseMoment } from "/static/js/time.js";

/** @typedef {{part: number, whole: number, percent: number | null}} Share */

const told = new URLSearchParams(location.search);
const main = byId("receptions");
/** @type {number} */
let shown = 0;

/** @param {Record<string, string | number>} more */
function address(more) {
  const kept = [...told].filter(([key]) => key === "organization" || key === "period");
  return `/stats/receptions?${new URLSearchParams([...kept, ...Object.entries(more).map(([key, value]) => [key, String(value)])])}`;
}

/** @param {Share} share */
const percent = (share) => (share.percent === null ? "暂无" : `${share.percent.toFixed(1)}%`);
/** @param {Share} share */
const full = (share) => (share.whole ? `${percent(share)}（${share.part} ÷ ${share.whole}）` : "—");
/** @param {{people: number, half: number, nine_tenths: number}} waits */
const waited = (waits) => `一半人 ${waits.half} 分钟以内，十人里九人 ${waits.nine_tenths} 分钟以内`;
/** Leads to all who waited, the longest first. @param {{people: number, half: number, nine_tenths: number}} waits @param {Record<string, string | number>} [more] */
const waiting = (waits, more = {}) => (waits.people ? el("a", { href: address({ what: "waited", ...more }) }, waited(waits)) : "—");

/** A number that leads to its receptions. @param {number} number @param {Record<string, string | number>} more @param {string} words */
function opens(number, more, words) {
  return number ? el("a", { href: address(more), "aria-label": words }, `${number} 次`) : "0 次";
}

/** @param {string} name @param {string} number @param {(string | Node)[]} words @param {boolean} [counts] */
function card(name, number, words, counts = true) {
  return el(`section.card.fig${counts ? "" : ".void"}`, {}, el("h2", {}, name), el("b.num", {}, number), el("p", {}, ...words));
}

/** @param {any} found */
function satisfied({ satisfied: pleased, rated, counts }) {
  const name = "接访的满意率";
  if (!pleased.whole) return card(name, "暂无", [rated.whole ? `能评的 ${rated.whole} 件，还没有人评。` : "还没有能评的：办出结果了，群众才评。"]);
  const displeased = main.dataset.role === "supervisor" && pleased.whole > pleased.part;
  return card(name, percent(pleased), [`${pleased.part} ÷ ${pleased.whole} 件，参评率 ${percent(rated)}${counts ? "" : "，太低，不作数"}`, el("br"),
    el("a", { href: address({ what: "rated" }) }, "评了的"), ...(displeased ? ["　", el("a", { href: address({ what: "displeased" }) }, "不满意的")] : [])], counts);
}

/** @param {any} found */
function atTheEnd({ at_the_end: pleased, could_say: could, least_rated: least }) {
  const name = "谈完当场评的满意率";
  if (!pleased.whole) return card(name, "暂无", [could ? `${could} 次视频接访，还没有人当场评。` : "这段时间没有视频接访。"]);
  const many = pleased.whole >= least || main.dataset.role === "supervisor";
  return card(name, percent(pleased), [`${pleased.part} ÷ ${pleased.whole} 次`, el("br"), `${could} 次视频接访里评了 `,
    many ? opens(pleased.whole, { what: "said" }, "看谈完当场评过的接访") : `${pleased.whole} 次`]);
}

/** @param {any} found */
function showCards(found) {
  const levels = found.video.map((/** @type {any} */ one) => card(`${one.name}视频接访比重`, percent(one.share),
    [opens(one.share.part, { what: "video", level: one.level }, `看${one.name}的视频接访`), " ÷ ", opens(one.share.whole, { what: "held", level: one.level }, `看${one.name}的全部接访`), el("br"), one.target === null ? "没有定目标" : one.short ? el("b.warn", {}, `目标 ${one.target}%，差 ${one.short} 次`) : `目标 ${one.target}%，够`]));
  byId("cards").replaceChildren(...levels,
    card("群众等了多久", found.waits.people ? `${found.waits.half} 分钟` : "暂无", [waiting(found.waits), el("br"), found.waits.long ? el("a", { href: address({ what: "long" }) }, `等了 ${found.long_minutes} 分钟以上的 ${found.waits.long} 次`) : ""]),
    card("答应的事按时办成", percent(found.promises), [`${found.promises.part} ÷ ${found.promises.whole} 件`, el("br"),
      ...(found.promises.whole ? [el("a", { href: address({ what: "promised" }) }, "哪几次接访"), "　"] : []),
      ...(found.promises.whole > found.promises.part ? [el("a", { href: address({ what: "unkept" }) }, "没有按时的"), "　"] : []), el("a", { href: "/promises" }, "承诺台账")]),
    satisfied(found), atTheEnd(found));
}

/** @param {any} one @param {number} least */
function leaderRow(one, least) {
  const few = one.rated.part ? `不到 ${least} 人评` : "—";
  const said = (/** @type {string} */ tag, /** @type {string} */ label, /** @type {(string | Node | null)[]} */ ...parts) => el(tag, { "data-label": label }, ...parts);
  return el("tr", {}, el("td", {}, el("b", {}, one.name), one.title ? `　${one.title}` : "", el("span.small.soft.below", {}, `${one.organization}　${one.level}`)),
    said("td.num.nb", "接访", opens(one.video.whole, { what: "held", leader: one.id }, `看${one.name}的接访`)),
    said("td.num.nb", "视频", opens(one.video.part, { what: "video", leader: one.id }, `看${one.name}的视频接访`), one.video.whole ? el("span.small.soft.below", {}, percent(one.video)) : null),
    said("td.num.nb", "现场", opens(one.video.whole - one.video.part, { what: "other", leader: one.id }, `看${one.name}的现场接访`)),
    said("td", "群众等了多久", waiting(one.waits, { leader: one.id }), one.waits.long ? el("a.below", { href: address({ what: "long", leader: one.id }) }, `久等的 ${one.waits.long} 次`) : null),
    said("td.num", "答应的事按时办成", one.promises.whole ? el("a", { href: address({ what: "promised", leader: one.id }), "aria-label": `看${one.name}答应的事` }, full(one.promises)) : "—"),
    said("td.num", "评了的里满意", one.satisfied ? el("a", { href: address({ what: "rated", leader: one.id }), "aria-label": `看评了${one.name}的接访` }, full(one.satisfied)) : few));
}

async function showFigures() {
  const found = await tellFetching(api("GET", `/api/stats/receptions?${told}`));
  byId("figures").hidden = false;
  byId("over").textContent = `${found.organization}　${found.words}`;
  showCards(found);
  byId("leaders").replaceChildren(...found.leaders.map((/** @type {any} */ one) => leaderRow(one, found.least_rated)));
  byId("nobody").hidden = found.leaders.length > 0;
  byId("least").textContent = String(found.least_rated);
}

/** @param {any} one */
function row(one) {
  const words = el("b", {}, one.title || "不归您的账号看");
  return el("tr", {}, el("td", {}, one.case_id ? el("a", { href: `/cases/${one.case_id}` }, words) : words, el("span.small.soft.below.num", {}, one.case_no || (one.title ? "还没有归档" : "")), one.said ? el("span.small.below", {}, `来访人说：「${one.said}」`) : null),
    el("td.nb", {}, chineseMoment(one.at)), el("td", {}, one.leader), el("td", {}, one.how, one.promised ? el("span.small.soft.below", {}, one.promised) : null), el("td.num.nb", { "data-label": "等了 " }, one.waited === null ? "—" : `${one.waited} 分钟`));
}

async function showList() {
  const asked = new URLSearchParams(told);
  asked.set("after", String(shown));
  const found = await tellFetching(api("GET", `/api/stats/receptions/list?${asked}`));
  byId("list").hidden = false;
  byId("heading").textContent = found.heading;
  byId("rows").append(...found.rows.map(row));
  shown = found.next ?? shown;
  byId("more").hidden = found.next === null;
  byId("empty").hidden = byId("rows").childElementCount > 0;
  byId("back").setAttribute("href", address({}));
}

async function load() {
  try {
    await (told.has("what") ? showList() : showFigures());
    tell(byId("offline"), "");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) location.assign(logInPath());
    tell(byId("offline"), inWords(error));
  }
}

if (!told.has("what")) byId("back").setAttribute("href", `/stats?${new URLSearchParams([...told].filter(([key]) => key === "organization" || key === "period"))}`);
byId("more").addEventListener("click", load);
load();
