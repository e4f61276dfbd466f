// 到期: what is late and what falls within a week, by unit and step, to be urged and to be printed.

import { api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { chineseDay } from "/static/js/time.js";
import { showKeys, walkByKeys } from "/static/js/work/keys.js";
import { Kept } from "/static/js/work/kept.js";
import { matterRow } from "/static/js/work/rows.js";
import { doSeveral, showChosen } from "/static/js/work/several.js";

const SKELETON_MS = 400;
const MOST_PRINTED = 500;
const root = byId("work");
const urges = root.dataset.role !== "handler";
const kept = new Kept(root.dataset.user || "", location.pathname);
const unit = /** @type {HTMLSelectElement} */ (byId("unit"));
const rule = /** @type {HTMLSelectElement} */ (byId("rule"));

/** @type {{parts: any[], asked: number, known: boolean}} */
const page = { parts: [], asked: 0, known: false };

/** Every row that was fetched. @returns {any[]} */
const rows = () => page.parts.flatMap((part) => part.page.rows);
/** @param {any} part */
const count = (part) => `${part.count}${part.more ? "+" : ""}`;
const narrowed = () => new URLSearchParams([["unit", unit.value], ["rule", rule.value]].filter(([, value]) => value));

// --- showing -----------------------------------------------------------------------------------------------------

function show() {
  byId("skeleton").hidden = true;
  const some = page.parts.filter((part) => part.count);
  byId("table").hidden = !some.length;
  byId("empty").hidden = some.length > 0;
  byId("empty").replaceChildren(icon("okc"), el("h2", {}, "7 天内没有到期的，也没有过期的"));
  for (const old of byId("table").querySelectorAll("tbody")) old.remove();
  byId("table").append(...some.map(body));
  showSum();
  showBar();
}

/** @param {any} part */
function body(part) {
  const lines = part.page.rows.map((/** @type {any} */ row) => matterRow(row, {
    chosen: urges && kept.chosen.has(row.id), pick: urges ? (on) => { kept.choose(row, on); twins(row, on); showBar(); } : null,
    verb: urges ? [row.deadline.overdue ? "催办" : "提醒", () => urgeOne(row)] : null, urges,
  }));
  const more = part.page.next ? el("tr", {}, el("td", { colspan: 7 }, further(part))) : null;
  return el("tbody", { "data-part": part.key }, el("tr", {}, el("th", { colspan: 7, scope: "rowgroup" }, `${part.name}　${count(part)} 件`)), ...lines, more);
}

/** One matter may have two limits in the list. @param {any} row @param {boolean} on */
function twins(row, on) {
  for (const line of byId("table").querySelectorAll(`tr[data-case="${row.id}"]`)) {
    line.classList.toggle("picked", on);
    /** @type {HTMLInputElement} */ (line.querySelector(".pick input")).checked = on;
  }
}

/** @param {any} part */
function further(part) {
  const button = el("button.btn", { type: "button" }, `${part.name}的，再往后看`);
  button.addEventListener("click", async () => { await fetchFurther(part); show(); });
  return button;
}

function showSum() {
  const [late, today, soon] = page.parts;
  const near = today.count + soon.count;
  byId("sum").replaceChildren(`${chineseDay(new Date())}，已过期 `, el(`b.num${late.count ? ".bad" : ""}`, {}, count(late)), " 件，3 天内到期 ", el("b.num", {}, `${near}${today.more || soon.more ? "+" : ""}`), " 件");
}

function showBar() {
  const all = /** @type {HTMLInputElement} */ (byId("all"));
  all.hidden = !urges;
  all.checked = rows().length > 0 && rows().every((row) => kept.chosen.has(row.id));
  showChosen(urges ? ["urge"] : [], kept, start, () => { kept.chosen.clear(); kept.write(); show(); });
}

/** @param {any[]} options @param {HTMLSelectElement} select @param {string} first @param {string} value */
function fill(options, select, first, value) {
  select.replaceChildren(el("option", { value: "" }, first), ...options.map((one) => el("option", { value: one.id }, one.name)));
  select.value = value;
}

// --- doing -------------------------------------------------------------------------------------------------------

/** @param {any} row */
function urgeOne(row) {
  kept.chosen.clear();
  kept.choose(row, true);
  return start("urge");
}

/** @param {string} action */
async function start(action) {
  const done = await doSeveral(action, kept);
  for (const id of done) kept.chosen.delete(id);
  kept.write();
  await load();
}

/** @param {any} part */
async function fetchFurther(part) {
  const query = narrowed();
  query.set("after", part.page.next);
  const got = await api("GET", `/api/due/${part.key}?${query}`).catch(failed);
  if (got.rows) part.page = { rows: [...part.page.rows, ...got.rows], next: got.next };
  return Boolean(got.rows);
}

/** Everything on paper, up to a number that somebody can still go through. */
async function print() {
  for (const part of page.parts) while (part.page.next && rows().length < MOST_PRINTED) if (!(await fetchFurther(part))) return;
  show();
  window.print();
}

async function load() {
  const asked = ++page.asked;
  const found = await api("GET", `/api/due?${narrowed()}`).catch(failed);
  if (asked !== page.asked || !found.parts) return;
  tell(byId("offline"), "");
  page.known = true;
  page.parts = found.parts;
  fill(found.units, unit, "全部单位", unit.value || new URLSearchParams(location.search).get("unit") || "");
  fill(found.rules, rule, "全部步骤", rule.value || new URLSearchParams(location.search).get("rule") || "");
  kept.seen(rows());
  show();
}

/** @param {any} error @returns {any} */
function failed(error) {
  byId("skeleton").hidden = true;
  if (error.status === 401) location.assign(logInPath());
  else tell(byId("offline"), error.status === 0 ? "网断了。网一通，会自己再取一次。" : `${error.message}${error.reference ? `报修时说这个号：${error.reference}` : ""}`);
  return {};
}

function fromAddress() {
  const query = new URLSearchParams(location.search);
  for (const select of [unit, rule]) {
    const value = query.get(select.id) || "";
    if (value && ![...select.options].some((one) => one.value === value)) select.append(el("option", { value }, value));
    select.value = value;
  }
  return load();
}

for (const select of [unit, rule]) select.addEventListener("change", () => {
  history.pushState(null, "", narrowed().size ? `?${narrowed()}` : location.pathname);
  load();
});
byId("all").addEventListener("change", (event) => {
  for (const row of rows()) kept.choose(row, /** @type {HTMLInputElement} */ (event.target).checked);
  show();
});
byId("print").addEventListener("click", print);
byId("keys").addEventListener("click", showKeys);
walkByKeys(byId("table"));
window.addEventListener("popstate", fromAddress);
window.addEventListener("online", load);
setTimeout(() => { if (!page.known && byId("offline").hidden) byId("skeleton").hidden = false; }, SKELETON_MS);
await fromAddress();
if (kept.draft && urges && kept.chosen.size) start(kept.draft.action);
