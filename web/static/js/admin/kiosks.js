// The administrator's page of kiosks: how each is doing, where it stands, what is wrong, and orders to it.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { said } from "/static/js/form.js";
import { chineseMoment, clockTime, sameDay } from "/static/js/time.js";

const EVERY_MS = 15_000;
const HOUR_MS = 3_600_000;

/** @typedef {{state: string, at: string | null, words: string[], measured: string[]}} Part */

/** @type {Record<string, string>} */
const SCREENS = { unknown: "不清楚", office: "从办公室打开", current: "最新的", older: "旧一版，没有人用的时候会换", taken_back: "上一版，新的没有显示出来" };

/** What a kiosk can be told: in words, and what is asked before. @type {Record<string, [string, string]>} */
const ORDERS = {
  page: ["重新打开页面", ""],
  program: ["重启程序", ""],
  computer: ["重启电脑", "没有人用的时候，它会关掉再开，要几分钟。重启吗？"],
  room: ["重新认房间", "摄像头换了位置、房间改了样子，才要重新认：下一次自检时没有人在，就照那时的样子记。重新认吗？"],
};

let shown = "";

/** @param {string | null} at */
function when(at) {
  if (!at) return "";
  const then = new Date(at);
  return sameDay(then, new Date()) ? clockTime(then) : chineseMoment(at);
}

/** @param {any} kiosk KioskState of server/protocol/fleet.py */
const serious = (kiosk) => kiosk.alerts.some((/** @type {any} */ alert) => alert.serious);

/** Tone, drawing and word of a kiosk's badge. @param {any} kiosk @returns {[string, string, string]} */
function badge(kiosk) {
  if (kiosk.state === "never") return ["line", "ask", "没有消息"];
  if (kiosk.talking) return ["accent", "video", "正在接谈"];
  if (serious(kiosk)) return ["bad", "alert", "不能用"];
  if (kiosk.state === "late") return ["warn", "alert", "断了消息"];
  return kiosk.alerts.length ? ["warn", "alert", "要留意"] : ["ok", "okc", "空闲"];
}

/** What is wrong, else that nothing is. @param {any} kiosk @returns {string[]} */
function sentences(kiosk) {
  if (kiosk.state === "never") return [kiosk.copies.state === "none" ? "没有装备份程序，看不到这台终端的情况。" : "备份程序装了，还没有来过消息。"];
  if (kiosk.alerts.length) return kiosk.alerts.map((/** @type {any} */ alert) => alert.words);
  return [kiosk.microphone.at ? `${when(kiosk.microphone.at)} 自检通过。` : "程序在跑，还没有自检过。"];
}

/** @param {string} drawing @param {string} name @param {Part} part @param {boolean} [grave] */
function tile(drawing, name, part, grave = false) {
  const state = part.state === "fault" && grave ? "serious" : part.state;
  const words = { ok: "正常", unknown: "不清楚", fault: "有问题", serious: "不能用" }[state] || "";
  return el(`li.${state}`, { title: part.words.join("，") || words }, icon(drawing), el("span", {}, name, el("span.vh", {}, words)));
}

/** @param {any} kiosk */
function parts(kiosk) {
  return el("ul.parts", {},
    tile(kiosk.camera.state === "fault" ? "videooff" : "camera", "画面", kiosk.camera),
    tile(kiosk.microphone.state === "fault" ? "micoff" : "mic", "声音", kiosk.microphone, serious(kiosk)),
    tile("net", "网络", kiosk.line), tile("disk", "存储", kiosk.disk));
}

/** @param {Part} part @param {string} [before] */
function checked(part, before = "") {
  if (part.state === "unknown") return "还没有检过";
  const numbers = part.measured.length ? `（${part.measured.join("，")}）` : "";
  return `${before}${when(part.at)}　${part.words.join("，") || "正常"}${numbers}`;
}

/** @param {string} since */
function lasting(since) {
  const hours = Math.max(0, (Date.now() - Date.parse(since)) / HOUR_MS);
  if (hours < 1) return `${Math.floor(hours * 60)} 分钟`;
  return hours < 48 ? `${Math.floor(hours)} 小时` : `${Math.floor(hours / 24)} 天`;
}

/** @param {any} kiosk @returns {[string, string][]} */
function facts(kiosk) {
  const { copies } = kiosk;
  return [
    ["摄像头", checked(kiosk.camera)],
    ["话筒和喇叭", checked(kiosk.microphone)],
    ...(kiosk.devices.state === "unknown" ? [] : [["读卡器、打印机这些", checked(kiosk.devices)]]),
    ["线路", kiosk.line.state === "unknown" ? "还没有量到" : checked(kiosk.line, "上一次接谈 ")],
    ["硬盘", kiosk.disk_free === null ? "不清楚" : `还剩 ${(kiosk.disk_free / 1e9).toFixed(1)} GB`],
    ["等着传", copies.waiting ? `${copies.waiting} 份备份，${(copies.waiting_bytes / 1e6).toFixed(1)} MB` : "没有"],
    ["页面", kiosk.page_seen_at ? `${when(kiosk.page_seen_at)} 还在` : "没有消息"],
    ["界面", SCREENS[kiosk.screens_are] + (kiosk.screens ? `，${kiosk.screens.slice(0, 10)}` : "")],
    ["程序", kiosk.started_at ? `${kiosk.version}，跑了 ${lasting(kiosk.started_at)}${kiosk.welcome_s === null ? "" : `，启动到第一页 ${kiosk.welcome_s.toFixed(1)} 秒`}` : "不清楚"],
    ["最后一次消息", kiosk.seen_at ? when(kiosk.seen_at) : "没有"],
  ];
}

/** What happened to the program; fetched when somebody opens it. @param {any} kiosk @param {boolean} open */
function log(kiosk, open) {
  if (!kiosk.started_at) return "";
  const list = el("ol.events", { "data-events": kiosk.kiosk_id });
  const part = el("details.log", { open }, el("summary", {}, "看运行记录"), list);
  const fetchOnce = () => { if (/** @type {HTMLDetailsElement} */ (part).open && !list.childElementCount) showEvents(list, kiosk.kiosk_id); };
  part.addEventListener("toggle", fetchOnce);
  return part;
}

/** @param {HTMLElement} list @param {number} id */
async function showEvents(list, id) {
  try {
    const { events } = await api("GET", `/api/admin/fleet/${id}/events`);
    const rows = events.map((/** @type {any} */ event) => el("li", {}, el("span.num.soft", {}, when(event.at)), el("span", {}, event.words + (event.count > 1 ? `（${event.count} 次）` : "")), el("span.soft.mono", {}, event.what)));
    list.replaceChildren(...(rows.length ? rows : [el("li", {}, "还没有记录。")]));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    list.replaceChildren(el("li", {}, said(error)));
  }
}

/** @param {any} kiosk */
function orders(kiosk) {
  if (!kiosk.started_at) return "";
  const [asked] = ORDERS[kiosk.order] || [""];
  const words = { none: "", asked: `${when(kiosk.restart_at)} 叫它${asked}，没有人用的时候就办。`, done: `${when(kiosk.restart_at)} 上一次叫它办的，办好了。` }[/** @type {"none"} */ (kiosk.restart)];
  const keys = Object.entries(ORDERS).filter(([what]) => kiosk.obeys.includes(what)).map(([what, [name, question]]) =>
    el("button.btn.small", { type: "button", "data-order": what, "data-kiosk-id": kiosk.kiosk_id, "data-question": question, disabled: kiosk.restart === "asked" }, what === "page" ? icon("refresh") : "", name));
  return el("div.row.wrap", {}, ...keys, el("button.btn.small.danger", { type: "button", "data-revoke": kiosk.kiosk_id, "data-name": kiosk.kiosk }, "停用这台机器"), el("span.small.soft", {}, words));
}

/** Where it stands and what people call from home, to be written there. @param {any} kiosk */
function roomPart(kiosk) {
  const [room, phone] = [`room-${kiosk.kiosk_id}`, `phone-${kiosk.kiosk_id}`];
  return el("form.room", { "data-room": kiosk.kiosk_id },
    el("label.small.soft", { for: room }, "房间"), el("input.input", { id: room, name: "room", maxlength: 60, value: kiosk.room, autocomplete: "off", placeholder: "例如 二楼 203" }),
    el("label.small.soft", { for: phone }, "回执上的电话，群众回家后打的"), el("input.input", { id: phone, name: "phone", type: "tel", maxlength: 40, pattern: "[0-9+\\(\\) 转、，,\\/\\-]*", title: "只写号码，例如 0812-2345678 转 3", value: kiosk.phone, autocomplete: "off", placeholder: "例如 0812-2345678" }),
    el("button.btn.small", { type: "submit" }, "记下"));
}

/** @param {any} kiosk @param {boolean} open @param {boolean} logOpen */
function card(kiosk, open, logOpen) {
  const [tone, drawing, word] = badge(kiosk);
  const frame = kiosk.state === "never" ? "" : serious(kiosk) ? ".out" : kiosk.alerts.length ? ".watch" : "";
  const list = facts(kiosk).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]);
  return el(`li.card.fk${frame}`, { "data-kiosk": kiosk.kiosk_id },
    el("header", {}, el("div", {}, el("h2", {}, kiosk.kiosk), el("p.small.soft", {}, kiosk.organization + (kiosk.room ? `　${kiosk.room}` : ""))), el(`span.badge.${tone}`, {}, icon(drawing), word)),
    el("div.says", {}, ...sentences(kiosk).map((sentence) => el("p", {}, sentence))),
    parts(kiosk),
    el("details", { open }, el("summary", {}, "看自检记录、改房间和电话"), el("dl", {}, ...list), roomPart(kiosk)),
    log(kiosk, logOpen),
    orders(kiosk));
}

/** @param {any[]} kiosks @returns {(string | Node)[]} */
function summary(kiosks) {
  if (!kiosks.length) return ["还没有终端"];
  const bad = kiosks.filter(serious).length;
  const watched = kiosks.filter((kiosk) => kiosk.alerts.length).length - bad;
  const silent = kiosks.filter((kiosk) => kiosk.state === "never").length;
  const told = [el("b.out", {}, bad ? `，${bad} 台不能用` : ""), el("b.watch", {}, watched ? `，${watched} 台要留意` : ""), silent ? `，${silent} 台没有消息` : ""];
  return [`${kiosks.length} 台`, ...told, bad + watched + silent ? "" : "，都正常"];
}

/** What somebody has reached for, to be found again when it is redrawn; a key that cannot be pressed any more gives way to the card's
 * first one. @returns {string[]} */
function reached() {
  const node = /** @type {HTMLElement | null} */ (document.activeElement);
  const kiosk = /** @type {HTMLElement | null | undefined} */ (node?.closest("li.fk"))?.dataset.kiosk;
  if (!node || !kiosk) return [];
  const own = node.dataset.order ? `[data-order="${node.dataset.order}"]:enabled` : node.matches(".log > summary") ? ".log > summary" : "summary";
  return [own, "summary"].map((one) => `[data-kiosk="${kiosk}"] ${one}`);
}

/** Redrawn only when something changed, and nobody is writing: what somebody opened or reaches for stays. @param {any[]} kiosks */
function show(kiosks) {
  const now = JSON.stringify(kiosks);
  if (now === shown || document.activeElement?.closest("form.room")) return;
  shown = now;
  const list = byId("kiosks");
  const opened = (/** @type {string} */ which) => new Set([...list.querySelectorAll(`details${which}[open]`)].map((node) => /** @type {HTMLElement | null} */ (node.closest("li.fk"))?.dataset.kiosk));
  const [open, logOpen] = [opened(":not(.log)"), opened(".log")];
  const at = reached();
  list.replaceChildren(...kiosks.map((kiosk) => card(kiosk, open.has(String(kiosk.kiosk_id)), logOpen.has(String(kiosk.kiosk_id)))));
  /** @type {HTMLElement | null} */ (at.map((one) => list.querySelector(one)).find((one) => one !== null))?.focus();
  byId("summary").replaceChildren(...summary(kiosks));
}

/** @param {"GET" | "POST" | "PUT"} method @param {string} path @param {Object} [told] */
async function take(method, path, told) {
  try {
    show((await api(method, path, told)).kiosks);
    tell(byId("offline"), "");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) location.assign(logInPath());
    tell(byId("offline"), error.code === "offline" ? "网断了，现在显示的是刚才的情况。网一通，会自己再取一次。" : said(error));
  }
}

const load = () => take("GET", "/api/admin/fleet");

byId("kiosks").addEventListener("click", (event) => {
  const button = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("[data-order]"));
  if (button && (!button.dataset.question || confirm(button.dataset.question))) take("POST", `/api/admin/fleet/${button.dataset.kioskId}/restart?what=${button.dataset.order}`);
  const revoke = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("[data-revoke]"));
  if (revoke && confirm(`停用“${revoke.dataset.name}”以后，它不再显示界面，也不能接谈。要再用，得重新给接入码。停用吗？`)) take("POST", `/api/admin/fleet/${revoke.dataset.revoke}/revoke`);
});
byId("kiosks").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = /** @type {HTMLFormElement} */ (event.target);
  const told = Object.fromEntries(new FormData(form));
  /** @type {HTMLElement | null} */ (document.activeElement)?.blur();
  take("PUT", `/api/admin/fleet/${form.dataset.room}/room`, told);
});
addEventListener("online", load);
setInterval(load, EVERY_MS);
load();
