// Importing matters: choose a file, say which column is what, look at every row, import.
import { ApiError, api, logInPath, send } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { said, values } from "/static/js/form.js";
import { chineseMoment } from "/static/js/time.js";

const MOST_BYTES = 20 * 1024 * 1024;
const LONG_MS = 180_000;
const POLL_MS = 700;
const LOOK_POLL_MS = 1000;
const SKELETON_MS = 400;
const STEPS = { choose: 0, brought: 1, wrong: 2, looked_at: 2, running: 3, done: 4 };

/** @type {{found: any, mappings: any[], known: boolean, timer: number}} */
const page = { found: null, mappings: [], known: false, timer: 0 };
const form = /** @type {HTMLFormElement} */ (byId("plan"));
const file = /** @type {HTMLInputElement} */ (byId("file"));

/** @param {string} name */
const input = (name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));

// --- errors ------------------------------------------------------------------------------------------------------

/** @param {unknown} error */
function failed(error) {
  if (!(error instanceof ApiError)) return tell(byId("trouble"), "这一步没办成，请刷新再试。");
  if (error.status === 401) return location.assign(logInPath());
  if (error.status === 0) return tell(byId("offline"), "网断了。没有导入的还没有导入，已经开始的会自己导完；网一通，这里会接着显示。");
  tell(byId("trouble"), error.code === "too_large" ? "这份文件超过 20 MB，请分成几份。" : said(error));
}

/** Does something once; what goes wrong is told. @param {() => Promise<void>} act */
async function attempt(act) {
  tell(byId("trouble"), "");
  try {
    await act();
    tell(byId("offline"), "");
  } catch (error) {
    failed(error);
  }
}

// --- choosing ----------------------------------------------------------------------------------------------------

/** @param {boolean} busy */
function reading(busy) {
  byId("file-words").textContent = busy ? "正在读这份文件" : "选文件";
  byId("file").toggleAttribute("disabled", busy);
  document.querySelector(".file-key")?.setAttribute("aria-disabled", String(busy));
}

/** @param {File|undefined} chosen */
async function bring(chosen) {
  if (!chosen) return;
  if (chosen.size > MOST_BYTES) return tell(byId("trouble"), "这份文件超过 20 MB，请分成几份。");
  reading(true);
  await attempt(async () => {
    const found = await send("POST", `/api/imports?name=${encodeURIComponent(chosen.name)}`, chosen, LONG_MS);
    open(found);
    if (found.state === "done") byId("running-title").textContent = "这份文件以前导入过，一件也没有再登记";
  });
  reading(false);
  file.value = "";
}

// --- columns -----------------------------------------------------------------------------------------------------

/** @param {string} column */
function shown(column) {
  const place = page.found.columns.indexOf(column);
  const cells = place < 0 ? [] : page.found.sample.map((/** @type {string[]} */ row) => row[place]).filter(Boolean).slice(0, 3);
  return cells.map((/** @type {string} */ cell) => el("span", {}, cell));
}

/** @param {any} field @param {string} column */
function fieldRow(field, column) {
  const options = [["", field.required ? "请选一列" : "不用"], ...page.found.columns.map((/** @type {string} */ name) => [name, name])];
  const select = el("select.input", { "data-field": field.field, id: `column-${field.field}` }, ...options.map(([value, words]) => el("option", { value, selected: value === column }, words)));
  const label = el("label", { for: `column-${field.field}` }, el("b", {}, field.label), field.required ? el("span.small.soft", {}, " 必填") : null);
  return el("tr", { "data-row": field.field }, el("td", {}, label), el("td", {}, select, el("span.error", { hidden: true })), el("td.shown", {}, ...shown(column)));
}

/** @param {Object<string, string>} columns */
function drawFields(columns) {
  byId("fields").replaceChildren(...page.found.fields.map((/** @type {any} */ field) => fieldRow(field, page.found.columns.includes(columns[field.field]) ? columns[field.field] : "")));
}

/** @param {Object<string, string>} wrong field → sentence */
function markFields(wrong) {
  for (const row of byId("fields").querySelectorAll("tr")) {
    const message = wrong[row.dataset.row || ""] || "";
    row.classList.toggle("wrong", Boolean(message));
    const place = /** @type {HTMLElement} */ (row.querySelector(".error"));
    place.hidden = !message;
    place.replaceChildren(...(message ? [icon("alert"), message] : []));
  }
  /** @type {HTMLElement|null} */ (byId("fields").querySelector("tr.wrong select"))?.focus();
}

function chosenColumns() {
  const found = {};
  for (const select of /** @type {NodeListOf<HTMLSelectElement>} */ (byId("fields").querySelectorAll("select"))) {
    if (select.value) found[select.dataset.field || ""] = select.value;
  }
  return found;
}

function drawSaved() {
  const select = /** @type {HTMLSelectElement} */ (byId("saved"));
  const chosen = select.value;
  select.replaceChildren(el("option", { value: "" }, "按列名自动对"), ...page.mappings.map((one) => el("option", { value: one.id, selected: String(one.id) === chosen }, one.name)));
}

/** The saved mapping whose columns are all in the file. */
function fitting() {
  return page.mappings.find((one) => Object.values(one.columns).every((column) => page.found.columns.includes(column)));
}

function startMapping() {
  const plan = page.found.plan;
  const kept = plan ? null : fitting();
  drawSaved();
  /** @type {HTMLSelectElement} */ (byId("saved")).value = kept ? String(kept.id) : "";
  input("channel").value = plan?.channel || kept?.channel || "hotline";
  input("received_on").value = plan?.received_on || "";
  drawFields(plan?.columns || kept?.columns || page.found.proposed);
}

/** @param {boolean} busy */
function looking(busy) {
  byId("look").toggleAttribute("disabled", busy);
  byId("look").replaceChildren(icon(busy ? "clock" : "check"), busy ? "正在一行一行核对" : "核对一遍");
}

async function look() {
  const fields = values(form);
  const plan = { channel: fields.channel, columns: chosenColumns(), received_on: fields.received_on || null, save_as: fields.save_as.trim() };
  markFields({});
  looking(true);
  const watched = watchLook(page.found.id, page.found.rows);
  await attempt(async () => {
    try {
      open(await api("POST", `/api/imports/${page.found.id}/look`, plan, LONG_MS));
      input("save_as").value = "";
      byId("looked").scrollIntoView({ block: "start" });
    } catch (error) {
      const wrong = error instanceof ApiError ? error.details.fields : null;
      if (!wrong) throw error;
      markFields(wrong);
      tell(byId("trouble"), /** @type {ApiError} */ (error).message);
    }
  });
  clearInterval(watched);
  looking(false);
}

/** How far a long look is, on the key itself. @param {number} id @param {number} rows */
function watchLook(id, rows) {
  return setInterval(async () => {
    const found = await api("GET", `/api/imports/${id}`).catch(() => null);
    const busy = byId("look").hasAttribute("disabled");
    if (busy && found?.handled) byId("look").replaceChildren(icon("clock"), `核对了 ${found.handled} 行，一共 ${rows} 行`);
  }, LOOK_POLL_MS);
}

// --- what was found ------------------------------------------------------------------------------------------------

/** @param {any} error */
function errorRow(error) {
  return el("tr", {}, el("td.num", {}, String(error.row)), el("td", {}, error.column || "（没有这一列）"), el("td", {}, error.value || el("span.mute", {}, "空着")), el("td", {}, error.message));
}

function drawLooked() {
  const found = page.found;
  const fresh = found.matters - found.known;
  const more = found.errors_in_all > found.errors.length ? `这里只列前 ${found.errors.length} 处，全部 ${found.errors_in_all} 处在清单里。` : "";
  byId("looked-title").textContent = found.wrong ? `有 ${found.wrong} 行不对，一行也没有导入` : `${found.rows} 行都对`;
  byId("looked-words").textContent = found.wrong
    ? `请在原来的文件里把这些改好，存一下，再用“换一份文件”选一次；是栏目对错了的，在下面改了再核对。${more}`
    : `${fresh} 件是新的。${found.known ? `${found.known} 件以前登记过，不会再登一次。` : ""}${found.rows > found.matters ? `${found.rows - found.matters} 行和前面的行一样，只算一次。` : ""}`;
  byId("errors-file").hidden = !found.wrong;
  byId("errors-file").setAttribute("href", `/api/imports/${found.id}/errors.csv`);
  byId("errors-table").hidden = !found.wrong;
  byId("errors").replaceChildren(...found.errors.map(errorRow));
  byId("begin").hidden = Boolean(found.wrong);
  byId("begin").replaceChildren(icon("send"), fresh ? `导入 ${fresh} 件` : "都登记过了，记下这份文件");
}

async function begin() {
  byId("begin").toggleAttribute("disabled", true);
  await attempt(async () => open(await api("POST", `/api/imports/${page.found.id}/begin`, { plan_sha256: page.found.plan_sha256 })));
  byId("begin").toggleAttribute("disabled", false);
}

function drawRunning() {
  const found = page.found;
  const done = found.state === "done";
  const registered = found.handled >= found.matters;
  byId("running-title").textContent = done ? `导入完了：新登记 ${found.added} 件` : "正在导入";
  const known = found.matters - found.added;
  byId("running-words").textContent = done
    ? `${found.author}，${chineseMoment(found.done_at)}。${known ? `另外 ${known} 件以前登记过，没有再登。` : ""}`
    : registered
      ? `${found.matters} 件都登记好了，还在编全文检索，过一会儿才都搜得到。可以离开这一页。`
      : `${found.matters} 件一起登记，登记完了才看得见，不会只进去一半。可以离开这一页；中途停电，开机后会自己重来。`;
  byId("stop").hidden = done || registered;
  byId("after").hidden = !done;
}

// --- the page ------------------------------------------------------------------------------------------------------

/** @param {any} found null: choose a file */
function open(found) {
  const other = found?.id !== page.found?.id;
  page.found = found;
  clearTimeout(page.timer);
  history.replaceState(null, "", found ? `/cases/import?id=${found.id}` : "/cases/import");
  const going = found && ["running", "done"].includes(found.state);
  byId("choose").hidden = Boolean(found);
  byId("mapping").hidden = !found || going;
  byId("looked").hidden = !found || found.state !== "looked_at";
  byId("look").classList.toggle("primary", found?.state !== "looked_at" || found.wrong > 0);
  byId("running").hidden = !going;
  byId("earlier").hidden = Boolean(found) && found.state !== "done";
  walk(found ? (found.state === "looked_at" && found.wrong ? "wrong" : found.state) : "choose");
  if (found && !going) {
    byId("file-title").textContent = found.file_name;
    byId("file-rows").textContent = `${found.rows} 行`;
    if (other) startMapping();
  }
  if (found?.state === "looked_at") drawLooked();
  if (going) drawRunning();
  if (found?.state === "running") page.timer = window.setTimeout(follow, POLL_MS);
  if (!found || going || other) load();
}

/** @param {string} state */
function walk(state) {
  [...byId("walk").children].forEach((step, place) => {
    step.classList.toggle("done", place < STEPS[state]);
    step.toggleAttribute("aria-current", false);
    if (place === STEPS[state]) step.setAttribute("aria-current", "step");
  });
}

async function follow() {
  const id = page.found?.id;
  await attempt(async () => {
    const found = await api("GET", `/api/imports/${id}`);
    if (page.found?.id === id) open(found);
  });
  if (!byId("offline").hidden && page.found?.state === "running") page.timer = window.setTimeout(follow, 5 * POLL_MS);
}

/** @param {any} one */
function outcome(one) {
  if (one.state === "done") return el("span.badge.ok", {}, icon("okc"), `新登记 ${one.added} 件`);
  if (one.state === "running") return el("span.badge.accent", {}, icon("clock"), `正在导入 ${one.matters} 件`);
  return el("span.badge.warn", {}, icon("edit"), "还没有导入");
}

/** @param {any} one */
function earlierRow(one) {
  const words = one.state === "done" ? "看" : one.state === "running" ? "看进度" : "接着办";
  return el("tr", {}, el("td.matter", {}, el("b.t", {}, one.file_name), el("span.small.soft.below", {}, `　${one.rows} 行`)), el("td", {}, one.author, el("span.small.soft", {}, `　${chineseMoment(one.done_at || one.made_at)}`)), el("td", {}, outcome(one)), el("td.r", {}, el("button.btn", { type: "button", "data-open": one.id }, words)));
}

async function load() {
  await attempt(async () => {
    const { imports, mappings } = await api("GET", "/api/imports");
    page.mappings = mappings;
    page.known = true;
    byId("skeleton").hidden = true;
    byId("table").hidden = !imports.length;
    byId("empty").hidden = imports.length > 0;
    byId("rows").replaceChildren(...imports.map(earlierRow));
    drawSaved();
  });
}

/** @param {string} id */
async function openById(id) {
  await attempt(async () => open(await api("GET", `/api/imports/${id}`)));
}

async function giveUp() {
  await attempt(async () => {
    await api("DELETE", `/api/imports/${page.found.id}`);
    open(null);
  });
}

async function start() {
  await load();
  const id = new URLSearchParams(location.search).get("id");
  if (id && /^\d+$/.test(id)) await openById(id);
  else open(null);
}

file.addEventListener("change", () => bring(file.files?.[0]));
byId("drop").addEventListener("dragover", (event) => { event.preventDefault(); byId("drop").classList.add("over"); });
byId("drop").addEventListener("dragleave", () => byId("drop").classList.remove("over"));
byId("drop").addEventListener("drop", (event) => {
  event.preventDefault();
  byId("drop").classList.remove("over");
  bring(event.dataTransfer?.files[0]);
});
byId("saved").addEventListener("change", () => {
  const kept = page.mappings.find((one) => String(one.id) === /** @type {HTMLSelectElement} */ (byId("saved")).value);
  if (kept) input("channel").value = kept.channel;
  drawFields(kept?.columns || page.found.proposed);
});
byId("fields").addEventListener("change", (event) => {
  const select = /** @type {HTMLSelectElement} */ (event.target);
  select.closest("tr")?.querySelector(".shown")?.replaceChildren(...shown(select.value));
});
form.addEventListener("submit", (event) => { event.preventDefault(); look(); });
byId("begin").addEventListener("click", begin);
byId("give-up").addEventListener("click", giveUp);
byId("stop").addEventListener("click", giveUp);
byId("another").addEventListener("click", () => open(null));
byId("rows").addEventListener("click", (event) => {
  const button = /** @type {Element} */ (event.target).closest("[data-open]");
  if (button) openById(button.getAttribute("data-open") || "");
});
window.addEventListener("online", start);
setTimeout(() => { if (!page.known && byId("offline").hidden) byId("skeleton").hidden = false; }, SKELETON_MS);
start();
