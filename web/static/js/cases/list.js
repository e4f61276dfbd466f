// Looking for cases by words and filters.  What is asked for stays in the address, but never a telephone or ID number.

import { ApiError, api, logInPath } from "/static/js/api.js";
import { drawKept, keepButton } from "/static/js/cases/kept.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { onSend, required, wrongOnly } from "/static/js/form.js";
import { chineseDay } from "/static/js/time.js";
import { daysLeft } from "/static/js/why_this_date.js";

const SKELETON_MS = 400;
const FILTERS = ["state", "channel", "purpose", "office", "unit", "place", "category", "person", "since", "until"];
/** As server/domain/searchtokens.py has it. */
const CHINESE = "\\u3400-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{3ffff}";
const RUN = new RegExp(`[0-9A-Za-z]+|[${CHINESE}]+`, "gu");
const BETWEEN = `[^0-9A-Za-z${CHINESE}]*`;
const form = /** @type {HTMLFormElement} */ (byId("search"));

/** @type {{asked: URLSearchParams, before: string, after: string, run: number, known: boolean, sum: string, first: number, last: number}} */
const page = { asked: new URLSearchParams(), before: "", after: "", run: 0, known: false, sum: "", first: 0, last: 0 };

/** The words that are looked for. */
function words() {
  return page.asked.get("q") || "";
}

/** Full-width letters and digits as half-width ones, each in its place. @param {string} text */
const halfWidth = (text) => text.replace(/[０-９Ａ-Ｚａ-ｚ]/g, (one) => String.fromCharCode(one.charCodeAt(0) - 0xfee0));

/** The words that were looked for, marked in what was found; marks between their letters may be others. @param {string} text @param {string} q */
function marked(text, q) {
  const words = halfWidth(q).split(/\s+/).map((word) => (word.match(RUN) || []).join(BETWEEN)).filter(Boolean);
  if (!words.length) return [text];
  const parts = [];
  let at = 0;
  for (const found of halfWidth(text).matchAll(new RegExp(words.join("|"), "giu"))) {
    parts.push(text.slice(at, found.index), el("mark", {}, text.slice(found.index, found.index + found[0].length)));
    at = found.index + found[0].length;
  }
  return [...parts, text.slice(at)];
}

/** @param {any} deadline */
function due(deadline) {
  if (!deadline) return el("span.mute", {}, "没有");
  const [tone, drawing, words] = daysLeft(deadline);
  return el("span", {}, el(`span.badge.${tone}`, {}, icon(drawing), words), el("span.small.soft.below.nb", {}, `${deadline.name} ${chineseDay(`${deadline.due}T00:00:00+08:00`)}`));
}

/** @param {any} found */
function row(found) {
  const q = words();
  const excerpt = found.excerpt ? el("p.excerpt.small", {}, ...marked(found.excerpt, q)) : null;
  return el("tr", {},
    el("td.matter", {}, el("b.t", {}, ...marked(found.title, q)), el("span.small.soft", {}, ...marked(found.petitioner, q), `　${[found.purpose, found.state].filter(Boolean).join("，")}`), excerpt),
    el("td.num.case-no", {}, ...marked(found.case_no, q), el("span.small.soft.below", {}, found.channel)),
    el("td.nb", {}, chineseDay(found.filed_at)),
    el("td", {}, found.organization, found.unit ? el("span.small.soft.below", {}, `主办：${found.unit}`) : null),
    el("td", {}, found.merged_into ? el("span", {}, "并到 ", el("a", { href: `/cases/${found.merged_into.id}` }, found.merged_into.case_no)) : due(found.deadline)),
    el("td.r", {}, el("a.btn", { href: `/cases/${found.id}` }, "打开")));
}

/** @param {any} answer */
function draw(answer) {
  const { cases, older, newer } = answer;
  byId("skeleton").hidden = true;
  byId("table").hidden = !cases.length;
  byId("empty").hidden = cases.length > 0;
  byId("rows").replaceChildren(...cases.map(row));
  page.first = cases.length ? cases[0].id : 0;
  page.last = cases.length ? cases[cases.length - 1].id : 0;
  byId("sum").textContent = cases.length ? page.sum : "";
  if (!cases.length) drawEmpty();
  byId("pages").hidden = !older && !newer;
  for (const [name, possible] of /** @type {[string, boolean][]} */ ([["older", older], ["newer", newer], ["newest", newer]])) {
    /** @type {HTMLElement} */ (byId("pages").querySelector(`[data-page="${name}"]`)).toggleAttribute("disabled", !possible);
  }
}

function drawEmpty() {
  const filtered = [...page.asked.keys()].some((name) => name !== "q");
  const parts = page.asked.size
    ? [icon("search"), el("h2", {}, words() ? `没有找到“${words()}”` : "没有这样的事项"), el("p", {}, filtered ? "少选一两个条件再找。姓名要写全，地点和类别写一部分就行。" : "名字可能写法不同。可以只填一个地名，或者少写几个字。"), el("a.btn", { href: "/cases" }, "清空查找")]
    : [icon("papers"), el("h2", {}, "还没有登记的事项"), el("p", {}, "群众签了字、归了档，或者登记了来信来电，就会出现在这里。")];
  byId("empty").replaceChildren(...parts);
}

/** Address of what is shown. @param {string} path */
function address(path) {
  const query = new URLSearchParams(page.asked);
  if (page.before) query.set("before", page.before);
  if (page.after) query.set("after", page.after);
  return query.size ? `${path}?${query}` : path;
}

async function load() {
  const run = ++page.run;
  try {
    const answer = await api("GET", address("/api/cases"));
    if (run !== page.run) return;
    page.known = true;
    tell(byId("offline"), "");
    if (!page.before && !page.after) page.sum = answer.total === null ? "100 件以上" : `${page.asked.size ? "找到" : "一共"} ${answer.total} 件`;
    draw(answer);
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

/** Shows what is asked for, and keeps it in the address. */
function go() {
  history.pushState(null, "", address("/cases"));
  drawForm();
  load();
}

/** @param {URLSearchParams} asked */
function ask(asked) {
  page.asked = asked;
  page.before = page.after = "";
  go();
}

/** What the form says; empty fields ask for nothing. */
function fromForm() {
  const asked = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (String(value).trim()) asked.set(name, String(value).trim());
  return asked;
}

function drawForm() {
  for (const name of ["q", ...FILTERS]) {
    const field = /** @type {HTMLInputElement|HTMLSelectElement} */ (form.elements.namedItem(name));
    field.value = page.asked.get(name) || "";
  }
  const used = FILTERS.filter((name) => page.asked.has(name)).length;
  byId("filters-word").textContent = used ? `筛选（${used}）` : "筛选";
  if (used && !matchMedia("(max-width: 719px)").matches) unfold(true);
  keepButton(page.asked);
}

/** @param {boolean} open */
function unfold(open) {
  byId("filters").hidden = !open;
  byId("more-filters").setAttribute("aria-expanded", String(open));
}

function fromAddress() {
  const query = new URLSearchParams(location.search);
  page.asked = new URLSearchParams();
  for (const name of ["q", ...FILTERS]) {
    const value = (query.get(name) || "").trim();
    if (value) page.asked.set(name, value);
  }
  page.before = query.get("before") || "";
  page.after = query.get("after") || "";
  drawForm();
  load();
}

/** @param {any[]} cases */
function drawByNumber(cases) {
  page.run++;
  page.sum = `这个号码找到 ${cases.length} 件`;
  draw({ cases, older: false, newer: false });
  if (!cases.length) byId("empty").replaceChildren(icon("search"), el("h2", {}, "没有这个号码"), el("p", {}, "号码要一位不差。换一个号码，或者按姓名找。"));
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask(fromForm());
});
byId("more-filters").addEventListener("click", () => unfold(byId("filters").hidden));
byId("clear").addEventListener("click", () => ask(new URLSearchParams(words() ? { q: words() } : {})));
byId("pages").addEventListener("click", (event) => {
  const button = /** @type {Element} */ (event.target).closest("[data-page]");
  if (!button) return;
  const to = button.getAttribute("data-page");
  page.before = to === "older" ? String(page.last) : "";
  page.after = to === "newer" ? String(page.first) : "";
  go();
  scrollTo(0, 0);
});

const numberDialog = /** @type {HTMLDialogElement} */ (byId("number-dialog"));
const numberForm = /** @type {HTMLFormElement} */ (numberDialog.querySelector("form"));
byId("by-number").addEventListener("click", () => { numberForm.reset(); numberDialog.showModal(); });
for (const button of document.querySelectorAll("dialog [data-close]")) button.addEventListener("click", () => /** @type {HTMLDialogElement} */ (button.closest("dialog")).close());
onSend(numberForm, (fields) => wrongOnly({ number: required(fields.number, "号码", 6) }), async (fields) => {
  const { cases } = await api("POST", "/api/cases/find-number", { number: fields.number.trim() });
  numberDialog.close();
  drawByNumber(cases);
}, byId("number-trouble"));

window.addEventListener("popstate", fromAddress);
window.addEventListener("online", load);
setTimeout(() => { if (!page.known && byId("offline").hidden) byId("skeleton").hidden = false; }, SKELETON_MS);
fromAddress();
drawKept(page.asked).catch((error) => { if (!(error instanceof ApiError)) throw error; });
