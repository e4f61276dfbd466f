// The leader's first page: who is waiting, who calls for help, what became of today's receptions.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { background, earlier, facts, matterOf, waited } from "/static/js/leader/brief.js";
import { drawExpected, loadExpected } from "/static/js/leader/expected.js";
import { badgeWords, deeds, inOrder, interpreterWords, load as loadQueue, placeFacts, rowOf, startQueue } from "/static/js/leader/line.js";
import { pluggedIn } from "/static/js/room/devices.js";
import { chineseDay, clockTime, inWords, sameDay } from "/static/js/time.js";

const EVERY_MS = 3000;

/** @type {{rows: any[], calls: string[], chosen: string, shown: string, detail: any}} */
const page = { rows: [], calls: [], chosen: "", shown: "", detail: null };

/** What to call the state of a record. @param {any} row */
export function recordWords(row) {
  if (row.state === "running") return ["accent", "video", "正在谈"];
  if (!row.record_id) return ["line", "clock", row.state === "abandoned" ? "没有谈成" : "正在出笔录草稿"];
  const words = {
    draft: ["line", "paper", "草稿，等校对"], correcting: ["line", "edit", "正在校对"], confirmed: ["warn", "sign", "等群众签字"],
    signed: ["ok", "check", "已签字"], refused: ["warn", "info", "没有签字，已记原因"], filed: ["ok", "okc", "已归档"],
  };
  return words[row.record_state] || ["line", "paper", "笔录"];
}

/** @param {string} tone @param {string} drawing @param {string} words */
function badge(tone, drawing, words) {
  return el(`span.badge.${tone}`, {}, icon(drawing), words);
}

/** @param {any} row @param {HTMLElement} mark @param {string} last */
function item(row, mark, last) {
  const chosen = row.id === page.chosen;
  const button = el("button.pick", { type: "button", "data-id": row.id, "aria-pressed": String(chosen) },
    el("span.no.num", {}, row.number), el("span.stack.g1", {}, mark, el("b", {}, matterOf(row)), el("span.small.soft", {}, `${row.petitioner}　${row.kiosk}　`, el("span.nb", {}, last))));
  return el("li", {}, button);
}

/** @param {any} row */
function waitingItem(row) {
  const place = rowOf(row.id);
  const words = place && badgeWords(place);
  const late = row.waiting_minutes >= 20;
  const [tone, drawing, text] = words || [late ? "warn" : "accent", "clock", waited(row)];
  return item(row, badge(tone, drawing, text), `${clockTime(row.asked_at)} 到${words ? `，${waited(row)}` : ""}${interpreterWords(place) && `，${interpreterWords(place)}`}`);
}

/** @param {any} row */
function length(row) {
  if (!row.started_at || !row.ended_at) return clockTime(row.started_at || row.asked_at);
  return inWords((new Date(row.ended_at).getTime() - new Date(row.started_at).getTime()) / 1000);
}

/** @param {any} row */
function mineItem(row) {
  const [tone, drawing, words] = row.unconfirmed ? ["warn", "alert", `还有 ${row.unconfirmed} 件没确认`] : recordWords(row);
  return item(row, badge(tone, drawing, words), length(row));
}

/** @param {string} drawing @param {string} words */
function nothing(drawing, words) {
  return el("li.none", {}, el("div.empty", {}, icon(drawing), el("p", {}, words)));
}

/** Replaces a list without losing the keyboard focus. @param {HTMLElement} list @param {HTMLElement[]} items */
function fill(list, items) {
  const focused = document.activeElement instanceof HTMLElement && list.contains(document.activeElement) ? document.activeElement.dataset.id : "";
  list.replaceChildren(...items);
  if (focused) /** @type {HTMLElement|null} */ (list.querySelector(`[data-id="${CSS.escape(focused)}"]`))?.focus();
}

/** @param {HTMLElement} place @param {number} count */
function counted(place, count) {
  place.hidden = count === 0;
  place.textContent = `${count} 位`;
}

function waitingRows() {
  return inOrder(page.rows.filter((row) => row.state === "waiting" && !row.on_site));
}

function myRows() {
  return page.rows.filter((row) => row.state !== "waiting" && row.mine);
}

function draw() {
  const waiting = waitingRows();
  const mine = myRows();
  if (!page.rows.some((row) => row.id === page.chosen)) page.chosen = (mine.find((row) => row.state === "running") || waiting[0] || mine[0] || { id: "" }).id;
  byId("headline").textContent = waiting.length ? `现在有 ${waiting.length} 位群众等您` : "现在没有人等";
  byId("day").textContent = chineseDay(new Date());
  counted(byId("waiting-count"), waiting.length);
  counted(byId("mine-count"), mine.length);
  fill(byId("waiting"), waiting.length ? waiting.map(waitingItem) : [nothing("okc", "没有人在等。有人在终端上登记，这里马上就有。")]);
  fill(byId("mine"), mine.length ? mine.map(mineItem) : [nothing("video", "今天还没有谈。")]);
  drawExpected();
  drawCalls();
  drawDetail();
}

function drawCalls() {
  const place = byId("calls");
  const sentences = page.calls.map((kiosk) => `${kiosk}有人在叫工作人员，请派人去看看。`);
  if (place.dataset.shown === sentences.join()) return;
  place.dataset.shown = sentences.join();
  place.replaceChildren(...sentences.map((sentence) => el("div.banner.bad", {}, icon("hand"), el("b", {}, sentence))));
}

/** Where a reception is held. @param {any} row */
const placeOf = (row) => (row.on_site ? `/on-site/${row.id}` : `/leader/receptions/${row.id}`);

/** @param {any} row */
function action(row) {
  const path = placeOf(row);
  const running = page.rows.find((one) => one.state === "running" && one.mine);
  if (row.state === "waiting" && running) return el("a.btn.primary", { href: placeOf(running), id: "start" }, icon(running.on_site ? "mic" : "video"), `您还在谈 ${running.number}，先回去谈完`);
  const place = row.state === "waiting" ? rowOf(row.id) : null;
  if (place && !place.mine && (place.called_by || place.place > 1)) return el("span.soft", {}, place.called_by ? `${place.called_by}已经叫了这个号。` : "前面还有人先到。要先谈，请写明原因。");
  if (row.state === "waiting") return el("a.btn.primary", { href: path, id: "start" }, icon("video"), `请 ${row.number} 上来，开始接谈`);
  if (row.state === "running" && row.mine) return el("a.btn.primary", { href: path, id: "start" }, icon(row.on_site ? "mic" : "video"), row.on_site ? "回到现场接访" : "回到接谈");
  if (row.unconfirmed) return el("span.row.wrap", {}, el("a.btn.primary", { href: `/leader/receptions/${row.id}`, id: "confirm" }, icon("check"), `核对答应的 ${row.unconfirmed} 件事`), row.record_id ? el("a.btn", { href: `/desk/${row.record_id}` }, icon("paper"), "看笔录") : null);
  if (row.record_id) return el("a.btn.primary", { href: `/desk/${row.record_id}` }, icon("paper"), "看笔录");
  return el("span.soft", {}, row.state === "abandoned" ? "没有谈成，没有笔录。" : "笔录草稿正在出，一般几秒钟就好。");
}

/** @param {any} row */
function detailParts(row) {
  const full = page.detail && page.detail.id === row.id ? page.detail : null;
  const place = row.state === "waiting" ? rowOf(row.id) : null;
  const side = el("div.stack");
  const before = full ? el("div.stack", {}, place ? placeFacts(place) : null, earlier(full), side) : el("div", { "aria-busy": "true" }, el("span.skel"));
  return [
    el("header", {}, el("span.no.num", {}, row.number), el("h2", {}, matterOf(row))),
    el("div.in.brief.scroll", {}, el("div.stack", {}, ...facts({ ...full, ...row }, true), full ? background(row.id, side) : null), before),
    el("footer.row.wrap", {}, action(row), row.state === "waiting" ? el("a.btn", { href: `/on-site?number=${row.id}` }, icon("mic"), "当面谈") : null, place ? deeds(place) : null, row.state === "waiting" ? el("span.small.mute.end", {}, "双方都出声以后开始录音录像") : null),
  ];
}

function drawDetail() {
  const row = page.rows.find((one) => one.id === page.chosen);
  const shown = JSON.stringify([row || null, row && rowOf(row.id), page.detail && page.detail.id]);
  if (shown === page.shown) return;
  page.shown = shown;
  byId("detail").replaceChildren(...(row ? detailParts(row) : [el("div.empty", {}, icon("users"), el("h2", {}, "有人来了，这里写着是谁、什么事"), el("p", {}, "页面开着就行，不用刷新。"))]));
  if (row && (!page.detail || page.detail.id !== row.id)) loadDetail(row.id);
}

/** @param {string} id */
async function loadDetail(id) {
  try {
    const detail = await api("GET", `/api/receptions/${id}`);
    if (page.chosen !== id) return;
    page.detail = detail;
    drawDetail();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    page.shown = "";
  }
}

/** @param {Event} event */
function choose(event) {
  const button = event.target instanceof Element ? event.target.closest(".pick") : null;
  if (!(button instanceof HTMLElement)) return;
  page.chosen = button.dataset.id || "";
  draw();
  if (matchMedia("(max-width: 719px)").matches) byId("detail").scrollIntoView({ block: "start" });
}

async function refresh() {
  try {
    const [answer] = await Promise.all([api("GET", "/api/receptions"), loadQueue(), loadExpected()]);
    page.rows = answer.receptions.filter((/** @type {any} */ row) => row.state === "waiting" || sameDay(row.asked_at, new Date()));
    page.calls = answer.calls;
    tell(byId("offline"), "");
    draw();
  } catch (error) {
    away(error);
  }
}

/** @param {unknown} error */
function away(error) {
  if (!(error instanceof ApiError)) throw error;
  if (error.status === 401) location.assign(logInPath());
  const words = error.code === "offline" ? "网断了，正在自己重连。下面是断开以前的名单。" : error.message;
  tell(byId("offline"), words);
}

async function showDevices() {
  const { microphone, camera } = await pluggedIn();
  const place = byId("devices");
  place.classList.add(microphone ? "ok" : "warn");
  const words = microphone ? (camera ? "找到摄像头、麦克风" : "没有摄像头，可以只用声音") : "没有找到麦克风";
  place.replaceChildren(icon(microphone ? "okc" : "alert"), el("span.wide", {}, words));
  place.title = words;
}

async function start() {
  tell(byId("offline"), "");
  byId("waiting").addEventListener("click", choose);
  byId("mine").addEventListener("click", choose);
  startQueue(draw);
  showDevices();
  for (;;) {
    await refresh();
    await new Promise((resume) => setTimeout(resume, EVERY_MS));
  }
}

start();
