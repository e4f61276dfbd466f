// What is known about a reception before and while it runs.
import { ApiError, api } from "/static/js/api.js";
import { el } from "/static/js/dom.js";
import { chineseDay, clockTime } from "/static/js/time.js";

const MATTERS_SHOWN = 4;
const CONSENT = { audio_video: "同意录音录像", audio_only: "只录音，不录像" };

/** @param {{matter: string}} row */
export function matterOf(row) {
  return row.matter || "没有先说是什么事";
}

/** How long somebody has waited. @param {{waiting_minutes: number}} row */
export function waited(row) {
  return row.waiting_minutes < 1 ? "刚到" : `等了 ${row.waiting_minutes} 分钟`;
}

/** @param {string} title @param {...(Node|string)} parts */
function part(title, ...parts) {
  return el("div", {}, el("h3", {}, title), el("p", {}, ...parts));
}

/** Who, what, since when; `consent` only where the whole reception is known. @param {any} reception @param {boolean} [titled] the matter stands above already */
export function facts(reception, titled = false) {
  const since = `${clockTime(reception.asked_at)}${reception.state === "waiting" ? `，${waited(reception)}` : ""}`;
  const list = [part("是谁", `${reception.petitioner}，在${reception.kiosk}`), titled ? null : part("什么事", matterOf(reception)), part("几点到的", `${since}${reception.consent ? `。${CONSENT[reception.consent] || ""}` : ""}`)];
  return list.filter((one) => one !== null);
}

/** @param {any} before */
function earlierItem(before) {
  const by = before.receiver ? `　${before.receiver}` : "";
  return el("li", {}, el("b.nb", {}, chineseDay(before.asked_at)), el("span", {}, matterOf(before), by));
}

/** Receptions of the same person before this one. @param {any} reception */
export function earlier(reception) {
  const items = reception.earlier.map(earlierItem);
  return el("div", {}, el("h3", {}, "以前谈过的"), items.length ? el("ol.past", {}, ...items) : el("p.small.soft", {}, "这里没有以前的接谈。"));
}

/**
 * Everything else that is worth knowing before the talk; comes by itself when the office has looked.
 * @param {string} id of the reception @param {HTMLElement} [side] where what was before is put, if not here, too
 */
export function background(id, side) {
  const place = el("div.stack", { "aria-busy": "true" }, el("p.small.soft", {}, "正在找以前的事和法规。"));
  api("GET", `/api/receptions/${id}/brief`).then((found) => {
    const [now, before] = backgroundParts(found);
    place.removeAttribute("aria-busy");
    place.replaceChildren(...now, ...(side ? [] : before));
    side?.replaceChildren(...before);
  }).catch((error) => {
    if (!(error instanceof ApiError)) throw error;
    place.removeAttribute("aria-busy");
    place.replaceChildren(el("p.small.soft", {}, "以前的事和法规暂时查不到。"));
  });
  return place;
}

/** What concerns this talk, and what was before. @param {any} found Brief of server/protocol/briefs.py */
function backgroundParts(found) {
  const wants = [found.requests && found.requests !== found.matter ? part("要什么", found.requests) : null,
    found.facts.length ? el("div", {}, el("h3", {}, "说到的"), ...found.facts.map((/** @type {any} */ one) => el("p.fact", {}, el("span.soft", {}, `${one.name}　`), one.value))) : null];
  const before = [block("以前的信访事项", found.alike.slice(0, MATTERS_SHOWN).map(matter), "没有找到以前的信访事项。"),
    found.answers.length ? block("以前怎么答复的", found.answers.map(answer), "") : null,
    found.papers.length ? el("div", {}, el("h3", {}, "带来的材料"), ...found.papers.map(papers)) : null];
  const now = [...wants,
    block(found.category ? `法定途径：${found.category}` : "法定途径", found.routes.map(route), found.category ? "这一类没有列出别的法定途径，按信访办理。" : "没有先说清是哪一类，谈了才知道。"),
    block("登记以后的时限", found.limits.map(limit), "")];
  return [now, before].map((parts) => parts.filter((one) => one !== null));
}

/** @param {string} title @param {HTMLElement[]} items @param {string} none */
function block(title, items, none) {
  return el("div", {}, el("h3", {}, title), items.length ? el("ol.past", {}, ...items) : el("p.small.soft", {}, none));
}

/** @param {any} one */
function matter(one) {
  const who = one.same_person ? "同一个人" : one.strength_words;
  return el("li", {}, el("b.nb", {}, `${chineseDay(`${one.received_on}T00:00:00+08:00`)}　${who}`), el("a", { href: `/cases/${one.case_id}`, target: "_blank" }, one.title), el("span.small.soft", {}, `${one.state}${one.unit ? `　${one.unit}` : ""}`));
}

/** @param {any} one Answer */
function answer(one) {
  const name = one.url ? el("a", { href: one.url, target: "_blank" }, one.name) : one.name;
  return el("li", {}, el("b.nb", {}, one.on), el("span", {}, `${one.unit}　`, name), one.text ? el("span.small.soft.clip", {}, one.text) : null);
}

/** Pages as small pictures; each opens large beside the talk. @param {any} one PapersView of server/protocol/papers.py */
function papers(one) {
  const pages = one.pages.map((/** @type {string} */ page, /** @type {number} */ index) => el("a", { href: page, target: "_blank", rel: "noopener" }, el("img", { src: page, alt: `第 ${index + 1} 页`, loading: "lazy" })));
  return el("div.papers-row", {}, el("p.small.soft", {}, one.words), el("div.row.wrap.g2", {}, ...pages), el("a.small", { href: one.pdf, target: "_blank", rel: "noopener" }, "全部放大看"));
}

/** @param {any} one RouteView */
function route(one) {
  return el("li", {}, el("span", {}, `${one.what}，找`, el("b", {}, one.body)), el("span.small.soft", {}, `${one.law}${one.article ? ` ${one.article}` : ""}`));
}

/** @param {any} one BriefLimit */
function limit(one) {
  const when = one.due_on ? `今天登记，${chineseDay(`${one.due_on}T12:00:00+08:00`)}以前` : `${one.starts}起 ${one.limit}`;
  return el("li.limit", {}, el("span", {}, `${one.name}　`, el("b.nb", {}, when)), el("span.small.soft", {}, one.article));
}
