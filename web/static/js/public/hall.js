// A hall's screen: which number is called to which kiosk, who is next, and by which rules.  No names.
import { ApiError, api } from "/static/js/api.js";
import { byId, el, tell } from "/static/js/dom.js";
import { chineseDay, clockTime } from "/static/js/time.js";

const EVERY_MS = 3000;
const main = /** @type {HTMLElement} */ (document.querySelector("main"));
let known = "";

/** @param {any} one */
function called(one) {
  return el("li", {}, el("b", {}, one.number), el("span", {}, `请到${one.kiosk}`));
}

/** @param {any} hall */
function draw(hall) {
  const shown = JSON.stringify(hall);
  if (shown === known) return;
  known = shown;
  byId("hall").textContent = hall.hall;
  byId("called").replaceChildren(...(hall.called.length ? hall.called.map(called) : [el("li.none", {}, hall.seats ? "还没有叫到下一位。" : "现在没有人在岗，有人上岗就按次序叫。")]));
  byId("next").textContent = hall.next.join("　") || "没有人在等";
  byId("count").textContent = hall.waiting ? `一共 ${hall.waiting} 位在等，${hall.seats} 个人在接。` : "";
  byId("talking").textContent = hall.talking.map((/** @type {any} */ one) => one.number).join("　") || "没有";
  const rules = hall.rules.map((/** @type {any} */ rule) => el("li", {}, `${rule.who}，${rule.effect}。`));
  byId("rules").replaceChildren(el("li", {}, "先到的先叫。"), ...rules, el("li", {}, "叫号时人不在的，让后面两位，再叫。"));
}

async function refresh() {
  const now = new Date();
  byId("clock").textContent = `${chineseDay(now)} ${clockTime(now)}`;
  try {
    draw(await api("GET", `/api/hall/${main.dataset.token}`));
    tell(byId("offline"), "");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    tell(byId("offline"), error.code === "offline" ? "网断了，正在自己重连。下面是断开以前的号。" : error.message);
  }
}

async function start() {
  for (;;) {
    await refresh();
    await new Promise((resume) => setTimeout(resume, EVERY_MS));
  }
}

tell(byId("offline"), "");
start();
