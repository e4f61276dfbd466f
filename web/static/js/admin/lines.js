// The administrator's page of lines: each kiosk's last talk, or the one that runs.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, tell } from "/static/js/dom.js";
import { said } from "/static/js/form.js";
import { course, lineReport } from "/static/js/line_report.js";
import { chineseMoment } from "/static/js/time.js";

/** The office hears of a running talk's line every half minute. */
const EVERY_MS = 10_000;

/** @param {any} kiosk KioskLine of server/protocol/lines.py */
function moment(kiosk) {
  if (!kiosk.talked_at) return "还没有谈过";
  return `${kiosk.talking ? "正在接谈，开始于" : "上一次接谈："}${chineseMoment(kiosk.talked_at)}`;
}

/** @param {any} kiosk */
function nothing(kiosk) {
  if (kiosk.talking) return "刚开始谈，半分钟以内就有线路的情况。";
  return kiosk.talked_at ? "那一次没有量到线路。" : "谈过一次，这里就有线路的情况。";
}

/** @param {any} kiosk */
function panel(kiosk) {
  const when = moment(kiosk);
  const body = kiosk.report ? [course(kiosk.bars), lineReport(kiosk.report)] : [el("p.mute", {}, nothing(kiosk))];
  if (kiosk.others.length) body.push(el("h3", {}, "同一场里别的席位"), ...kiosk.others.map(lineReport));
  return el("section.panel", { "data-kiosk": kiosk.kiosk_id }, el("header", {}, el("h2", {}, kiosk.kiosk), el("span.soft", {}, kiosk.organization), el("span.small.soft.end", {}, when)), el("div.in.stack.g3", {}, ...body));
}

async function load() {
  try {
    const { kiosks } = await api("GET", "/api/admin/lines");
    byId("kiosks").replaceChildren(...(kiosks.length ? kiosks.map(panel) : [el("p.mute", {}, "还没有终端。")]));
    tell(byId("offline"), "");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) location.assign(logInPath());
    tell(byId("offline"), error.code === "offline" ? "网断了。网一通，会自己再取一次。" : said(error));
  }
}

addEventListener("online", load);
setInterval(load, EVERY_MS);
load();
