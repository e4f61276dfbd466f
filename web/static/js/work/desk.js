// 待办 and 督办: lists of what waits for somebody, one at a time.

import { api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { showKeys, walkByKeys } from "/static/js/work/keys.js";
import { Kept } from "/static/js/work/kept.js";
import { supervise } from "/static/js/cases/supervise.js";
import { matterRow } from "/static/js/work/rows.js";
import { doSeveral, showChosen } from "/static/js/work/several.js";

const SKELETON_MS = 400;
const root = byId("work");
/** Supervisors write letters to units; leaders only read this list. */
const writes = root.dataset.supervision === "yes" && root.dataset.role === "supervisor";
const kept = new Kept(root.dataset.user || "", location.pathname);

/** @type {{desks: any[], desk: any, rows: any[], next: string, asked: number}} */
const page = { desks: [], desk: null, rows: [], next: "", asked: 0 };

// --- showing -----------------------------------------------------------------------------------------------------

function showTabs() {
  const shown = page.desks.filter((desk) => desk.shown || desk.key === page.desk?.key);
  byId("tabs").replaceChildren(...shown.map((desk) => {
    const late = desk.key.endsWith("late") && desk.count;
    const tab = el(`button${late ? ".late" : ""}`, { role: "tab", type: "button", "data-desk": desk.key, "aria-selected": String(desk.key === page.desk?.key), "aria-controls": "panel" }, desk.name, " ", el("span.num", {}, desk.more ? `${desk.count}+` : desk.count ? String(desk.count) : ""));
    tab.addEventListener("click", () => open(desk.key, true));
    return tab;
  }));
  byId("waits").textContent = page.desk?.waits || "";
}

function showRows() {
  byId("skeleton").hidden = true;
  byId("table").hidden = !page.rows.length;
  byId("empty").hidden = page.rows.length > 0;
  byId("further").hidden = !page.next;
  byId("empty").replaceChildren(icon("okc"), el("h2", {}, page.desk?.empty || "没有要办的"));
  const able = page.desk?.bulk.length > 0;
  byId("rows").replaceChildren(...page.rows.map((row) => matterRow(row, { chosen: able && kept.chosen.has(row.id), pick: able ? (on) => choose(row, on) : null, verb: writes ? ["督办", () => superviseOne(row)] : null, urges: page.desk.bulk.includes("urge") })));
  byId("all").hidden = !able;
  showBar();
}

function showBar() {
  const all = /** @type {HTMLInputElement} */ (byId("all"));
  all.checked = page.rows.length > 0 && page.rows.every((row) => kept.chosen.has(row.id));
  showChosen(page.desk?.bulk || [], kept, start, () => { kept.chosen.clear(); kept.write(); showRows(); });
}

/** @param {any} row @param {boolean} on */
function choose(row, on) {
  kept.choose(row, on);
  showBar();
}

/** @param {any} row */
async function superviseOne(row) {
  if (await supervise(row)) await load();
}

/** @param {string} action */
async function start(action) {
  const done = await doSeveral(action, kept);
  for (const id of done) kept.chosen.delete(id);
  kept.write();
  await load();
}

// --- fetching ----------------------------------------------------------------------------------------------------

/** @param {string} key @param {boolean} remember */
async function open(key, remember) {
  if (remember && page.desk && key !== page.desk.key) { kept.chosen.clear(); kept.write(); }
  page.desk = page.desks.find((desk) => desk.key === key);
  if (remember) history.pushState(null, "", `?list=${key}`);
  showTabs();
  await fetchRows("");
}

/** @param {string} after */
async function fetchRows(after) {
  const asked = ++page.asked;
  const { rows, next } = await api("GET", `/api/work/${page.desk.key}?after=${encodeURIComponent(after)}`).catch(failed);
  if (asked !== page.asked || !rows) return;
  page.rows = after ? [...page.rows, ...rows] : rows;
  page.next = next;
  kept.seen(page.rows);
  showRows();
}

async function load() {
  const { desks } = await api("GET", `/api/work?supervision=${root.dataset.supervision ? "true" : "false"}`).catch(failed);
  if (!desks) return;
  tell(byId("offline"), "");
  page.desks = desks;
  const wanted = new URLSearchParams(location.search).get("list");
  const first = desks.find((/** @type {any} */ desk) => desk.key === wanted) || desks.find((/** @type {any} */ desk) => desk.count) || desks[0];
  await open(first.key, false);
}

/** @param {any} error @returns {any} */
function failed(error) {
  byId("skeleton").hidden = true;
  if (error.status === 401) location.assign(logInPath());
  else tell(byId("offline"), error.status === 0 ? "网断了。网一通，会自己再取一次。" : `${error.message}${error.reference ? `报修时说这个号：${error.reference}` : ""}`);
  return {};
}

byId("further").addEventListener("click", () => fetchRows(page.next));
byId("all").addEventListener("change", (event) => {
  for (const row of page.rows) kept.choose(row, /** @type {HTMLInputElement} */ (event.target).checked);
  showRows();
});
byId("keys").addEventListener("click", showKeys);
walkByKeys(byId("table"));
window.addEventListener("popstate", load);
window.addEventListener("online", load);
setTimeout(() => { if (!page.desks.length && byId("offline").hidden) byId("skeleton").hidden = false; }, SKELETON_MS);
await load();
if (kept.draft && page.desk?.bulk.includes(kept.draft.action) && kept.chosen.size) start(kept.draft.action);
