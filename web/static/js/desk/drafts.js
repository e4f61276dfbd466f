// The list of visit records: what waits for correction, for the petitioner, and what is filed.

import { api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { chineseDay, clockSeconds, clockTime, inWords, mediaTime, sameDay } from "/static/js/time.js";
import { stateWords } from "/static/js/desk/states.js";

const REFRESH_MS = 5000;
const SKELETON_MS = 400;
const TYPING_MS = 300;

/** @type {Object<string, string[]>} */
const TABS = { correct: ["draft", "correcting"], sign: ["confirmed", "signed", "refused"], filed: ["filed"] };

/** Filed ones grow without end: they are fetched only while they are looked at. */
const OPEN = [...TABS.correct, ...TABS.sign];

/** @type {{tab: string, words: string, records: any[] | null, since: Date | null, asked: number}} */
const page = { tab: startTab(), words: "", records: null, since: null, asked: 0 };

function startTab() {
  const wanted = location.hash.slice(1);
  return TABS[wanted] ? wanted : "correct";
}

/** @param {any} record */
function tabOf(record) {
  return Object.keys(TABS).find((tab) => TABS[tab].includes(record.state)) || "correct";
}

// --- drawing -----------------------------------------------------------------------------------------------------

/** @param {any} record */
function doubts(record) {
  const badges = [];
  if (record.recognition === "waiting" || record.recognition === "failed") badges.push(el("span.badge.warn", { title: record.recognition_message }, icon("ear"), "还在等识别"));
  if (record.recognition === "running") badges.push(el("span.badge.accent", {}, icon("ear"), "正在识别"));
  if (record.doubtful_lines) badges.push(el("span.badge.line.num", {}, `要听 ${record.doubtful_lines} 句`));
  else if (record.recognition === "done") badges.push(el("span.small.mute", {}, "没有"));
  return badges;
}

/** @param {any} record */
function when(record) {
  if (!record.talked_at) return "时间不详";
  const day = sameDay(record.talked_at, new Date()) ? "今天" : chineseDay(record.talked_at);
  return `${day} ${clockTime(record.talked_at)}`;
}

/** @param {any} record */
function verb(record) {
  const correcting = tabOf(record) === "correct";
  const first = correcting && record === shown()[0];
  return el(`a.btn${first ? ".primary" : ""}`, { href: `/desk/${record.id}` }, correcting ? "校对" : record.state === "filed" ? "看" : "打开");
}

/** @param {any} record */
function rowOf(record) {
  const [words, tone] = stateWords(record.state);
  return el("tr", { "data-id": record.id },
    el("td.matter", {}, el("b.t", {}, record.matter || "没说是什么事"), el("span.small.soft", {}, record.petitioner)),
    el("td.nb", { "data-label": "接谈" }, when(record), el("span.small.soft.below", {}, record.receiver || "没有接谈人")),
    el("td.num", { "data-label": "录音" }, mediaTime(record.seconds), el("span.small.soft.below", {}, `${record.lines} 句`)),
    el("td", { "data-label": "存疑" }, el("span.row.wrap.g2", {}, ...doubts(record)), record.recognition_message && record.recognition !== "done" ? el("span.small.warn.below", {}, record.recognition_message) : null),
    el("td", { "data-label": "到哪一步" }, el(`span.badge.${tone}`, {}, words), progress(record)),
    el("td.r", {}, verb(record)));
}

/** @param {any} record */
function progress(record) {
  if (record.state === "filed") return el("span.small.soft.below.num", {}, record.case_no);
  const who = record.clerk ? `${record.clerk}　` : "";
  return el("span.small.soft.below", {}, `${who}听过 ${record.heard_lines} / ${record.lines} 句`);
}

function shown() {
  return (page.records || []).filter((record) => tabOf(record) === page.tab);
}

/** Rows stay in place while their words stay the same, so that nothing jumps under the pointer. @param {any[]} records */
function drawRows(records) {
  const body = byId("rows");
  const old = new Map([...body.children].map((row) => [row.getAttribute("data-id"), row]));
  const rows = records.map((record) => {
    const row = rowOf(record);
    const before = old.get(record.id);
    return before && before.outerHTML === row.outerHTML ? before : row;
  });
  if (rows.length === body.children.length && rows.every((row, i) => row === body.children[i])) return;
  body.replaceChildren(...rows);
}

function draw() {
  if (!page.records) return;
  const records = shown();
  byId("skeleton").hidden = true;
  byId("table").hidden = records.length === 0;
  byId("empty").hidden = records.length > 0;
  byId("foot").hidden = records.length === 0 || page.tab !== "correct";
  drawRows(records);
  if (!records.length) drawEmpty();
  drawTabs();
}

function drawTabs() {
  for (const tab of byId("tabs").querySelectorAll("[data-tab]")) {
    const name = tab.getAttribute("data-tab");
    tab.setAttribute("aria-selected", String(name === page.tab));
    const count = (page.records || []).filter((record) => tabOf(record) === name).length;
    /** @type {HTMLElement} */ (tab.querySelector(".num")).textContent = count && name !== "filed" ? String(count) : "";
  }
  const waiting = (page.records || []).filter((record) => tabOf(record) === "correct");
  const seconds = waiting.reduce((sum, record) => sum + record.seconds, 0);
  byId("sum").textContent = waiting.length ? `${waiting.length} 份待校对，录音一共 ${inWords(seconds)}` : "";
}

/** @type {Object<string, [string, string, string]>} */
const EMPTY = {
  correct: ["okc", "笔录都校对完了", "接谈一结束，新的笔录会自己出现在这里。"],
  sign: ["sign", "没有在等签字的", "校对好的笔录交给群众核对以后，在这里等签字。"],
  filed: ["papers", "还没有归档的笔录", "群众签了字，归了档的笔录在这里。"],
};

/** Drawn once for what it says: a button that is drawn again under a finger that presses it is not pressed. */
function drawEmpty() {
  const empty = byId("empty"), says = JSON.stringify([page.words, page.tab]);
  if (empty.dataset.says === says) return;
  empty.dataset.says = says;
  const [drawing, title, words] = page.words ? ["search", `没有找到“${page.words}”`, "名字可能写法不同。可以少写几个字，或者到别的格子里看看。"] : EMPTY[page.tab];
  const clear = page.words ? el("button.btn", { type: "button", id: "clear" }, "清空查找") : null;
  empty.replaceChildren(icon(drawing), el("h2", {}, title), el("p", {}, words), ...(clear ? [clear] : []));
}

// --- fetching ----------------------------------------------------------------------------------------------------

async function refresh() {
  const asked = ++page.asked;
  try {
    const groups = page.tab === "filed" ? [OPEN, TABS.filed] : [OPEN];
    const answers = await Promise.all(groups.map((group) => api("GET", `/api/records?state=${group.join(",")}&q=${encodeURIComponent(page.words)}`)));
    const records = answers.flatMap((answer) => answer.records);
    if (asked !== page.asked) return;
    page.records = records;
    page.since = new Date();
    tell(byId("offline"), "");
    draw();
  } catch (error) {
    if (asked === page.asked) failed(/** @type {any} */ (error));
  }
}

/** @param {any} error */
function failed(error) {
  if (error.status === 401) return location.assign(logInPath());
  byId("skeleton").hidden = true;
  const seen = page.since ? `下面是 ${clockSeconds(page.since)} 取到的。` : "";
  const number = error.reference ? `报修时说这个号：${error.reference}` : "";
  tell(byId("offline"), error.status === 0 ? `网断了，正在自己重连。${seen}` : `${error.message}${seen}${number}`);
}

async function keepFresh() {
  for (;;) {
    if (!document.hidden || !page.records) await refresh();
    await new Promise((done) => setTimeout(done, REFRESH_MS));
  }
}

// --- doing -------------------------------------------------------------------------------------------------------

/** @param {string} words */
function search(words) {
  page.words = words.trim();
  refresh();
}

function listen() {
  let typing = 0;
  const input = /** @type {HTMLInputElement} */ (byId("q"));
  input.addEventListener("input", (event) => {
    if (/** @type {InputEvent} */ (event).isComposing) return;
    clearTimeout(typing);
    typing = window.setTimeout(() => search(input.value), TYPING_MS);
  });
  input.addEventListener("compositionend", () => search(input.value));
  byId("search").addEventListener("submit", (event) => { event.preventDefault(); search(input.value); });
  byId("tabs").addEventListener("click", (event) => {
    const tab = /** @type {Element} */ (event.target).closest("[data-tab]");
    if (!tab) return;
    page.tab = tab.getAttribute("data-tab") || "correct";
    history.replaceState(null, "", `#${page.tab}`);
    drawTabs();
    if (page.tab === "filed") refresh();
    else draw();
  });
  byId("empty").addEventListener("click", (event) => {
    if (!(/** @type {Element} */ (event.target).closest("#clear"))) return;
    input.value = "";
    search("");
  });
  window.addEventListener("online", refresh);
}

listen();
drawTabs();
setTimeout(() => { if (!page.records && byId("offline").hidden) byId("skeleton").hidden = false; }, SKELETON_MS);
keepFresh();
