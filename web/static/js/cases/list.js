// Looking for a case by number, name or what was said.

import { api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { chineseDay } from "/static/js/time.js";

const PAGE_ROWS = 20;
const SKELETON_MS = 400;

/** @type {{q: string, number: number, asked: number, known: boolean}} */
const page = { q: "", number: 1, asked: 0, known: false };

/** The words that were looked for, marked in what was found. @param {string} text @param {string} q */
function marked(text, q) {
  const words = q.split(/\s+/).filter(Boolean).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (!words.length) return [text];
  return text.split(new RegExp(`(${words.join("|")})`, "i")).map((part, i) => (i % 2 ? el("mark", {}, part) : part));
}

/** @param {any} deadline */
function due(deadline) {
  if (!deadline) return el("span.mute", {}, "没有");
  const [tone, words] = deadline.overdue ? ["bad", `过期 ${-deadline.days_left} 天`] : deadline.days_left <= 3 ? ["warn", `还有 ${deadline.days_left} 天`] : ["accent", `还有 ${deadline.days_left} 天`];
  return el("span", {}, el(`span.badge.${tone}`, {}, icon("clock"), words), el("span.small.soft.below.nb", {}, `${deadline.name} ${chineseDay(`${deadline.due}T00:00:00+08:00`)}`));
}

/** @param {any} found */
function row(found) {
  const excerpt = found.excerpt ? el("p.excerpt.small", {}, ...marked(found.excerpt, page.q)) : null;
  return el("tr", {},
    el("td.matter", {}, el("b.t", {}, ...marked(found.title, page.q)), el("span.small.soft", {}, ...marked(found.petitioner, page.q), found.purpose ? `　${found.purpose}` : ""), excerpt),
    el("td.num.case-no", {}, ...marked(found.case_no, page.q)),
    el("td.nb", {}, chineseDay(found.filed_at)),
    el("td", {}, found.organization),
    el("td", {}, due(found.deadline)),
    el("td.r", {}, el("a.btn", { href: `/cases/${found.id}` }, "打开")));
}

/** @param {any[]} cases @param {number} total */
function draw(cases, total) {
  byId("skeleton").hidden = true;
  byId("table").hidden = !cases.length;
  byId("empty").hidden = cases.length > 0;
  byId("rows").replaceChildren(...cases.map(row));
  byId("sum").textContent = total ? (page.q ? `找到 ${total} 件` : `一共 ${total} 件`) : "";
  if (!cases.length) drawEmpty();
  const last = Math.max(1, Math.ceil(total / PAGE_ROWS));
  byId("pages").hidden = last === 1;
  byId("page-words").textContent = `第 ${page.number} 页，共 ${last} 页`;
  for (const button of byId("pages").querySelectorAll("[data-page]")) {
    const to = page.number + Number(button.getAttribute("data-page"));
    button.toggleAttribute("disabled", to < 1 || to > last);
  }
}

function drawEmpty() {
  const parts = page.q
    ? [icon("search"), el("h2", {}, `没有找到“${page.q}”`), el("p", {}, "名字可能写法不同。可以只填一个地名，或者少写几个字。"), el("a.btn", { href: "/cases" }, "清空查找")]
    : [icon("papers"), el("h2", {}, "还没有归档的事项"), el("p", {}, "群众签了字、归了档，就会出现在这里。")];
  byId("empty").replaceChildren(...parts);
}

async function load() {
  const asked = ++page.asked;
  try {
    const { cases, total } = await api("GET", `/api/cases?q=${encodeURIComponent(page.q)}&page=${page.number}`);
    if (asked !== page.asked) return;
    page.known = true;
    tell(byId("offline"), "");
    draw(cases, total);
  } catch (error) {
    failed(/** @type {any} */ (error));
  }
}

/** @param {any} error */
function failed(error) {
  if (error.status === 401) return location.assign(logInPath());
  byId("skeleton").hidden = true;
  tell(byId("offline"), error.status === 0 ? "网断了。网一通，会自己再查一次。" : `${error.message}${error.reference ? `报修时说这个号：${error.reference}` : ""}`);
}

/** @param {boolean} remember */
function go(remember) {
  const query = new URLSearchParams();
  if (page.q) query.set("q", page.q);
  if (page.number > 1) query.set("page", String(page.number));
  if (remember) history.pushState(null, "", `/cases${query.size ? `?${query}` : ""}`);
  load();
}

function fromAddress() {
  const query = new URLSearchParams(location.search);
  page.q = (query.get("q") || "").trim();
  page.number = Math.max(1, Number(query.get("page")) || 1);
  /** @type {HTMLInputElement} */ (byId("q")).value = page.q;
  go(false);
}

byId("search").addEventListener("submit", (event) => {
  event.preventDefault();
  page.q = /** @type {HTMLInputElement} */ (byId("q")).value.trim();
  page.number = 1;
  go(true);
});
byId("pages").addEventListener("click", (event) => {
  const button = /** @type {Element} */ (event.target).closest("[data-page]");
  if (!button) return;
  page.number += Number(button.getAttribute("data-page"));
  go(true);
  scrollTo(0, 0);
});
window.addEventListener("popstate", fromAddress);
window.addEventListener("online", load);
setTimeout(() => { if (!page.known && byId("offline").hidden) byId("skeleton").hidden = false; }, SKELETON_MS);
fromAddress();
