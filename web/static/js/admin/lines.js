// The administrator's page of lines: each kiosk's last talk.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, tell } from "/static/js/dom.js";
import { said } from "/static/js/form.js";
import { course, lineReport } from "/static/js/line_report.js";
import { chineseMoment } from "/static/js/time.js";

/** @param {any} kiosk KioskLine of server/protocol/office.py */
function panel(kiosk) {
  const when = kiosk.talked_at ? `上一次接谈：${chineseMoment(kiosk.talked_at)}` : "还没有谈过";
  const body = kiosk.report ? [course(kiosk.bars), lineReport(kiosk.report)] : [el("p.mute", {}, kiosk.talked_at ? "那一次没有量到线路。" : "谈过一次，这里就有线路的情况。")];
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
load();
