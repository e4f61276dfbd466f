// The audit administrator's page: who looked at what.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, tell } from "/static/js/dom.js";
import { said } from "/static/js/form.js";
import { chineseMoment } from "/static/js/time.js";

/** @type {{before: number | null, day: string}} */
const page = { before: null, day: "" };

/** @param {any} entry */
function row(entry) {
  return el("tr", {}, el("td.nb", {}, chineseMoment(entry.at)), el("td", {}, el("b", {}, entry.who)), el("td", {}, entry.organization), el("td", {}, `${entry.action}${entry.thing}`), el("td.num", {}, entry.thing_id));
}

/** @param {boolean} fresh from the newest on */
async function load(fresh) {
  const query = new URLSearchParams();
  if (page.day) query.set("day", page.day);
  if (!fresh && page.before) query.set("before", String(page.before));
  try {
    const found = await api("GET", `/api/admin/log?${query}`);
    const rows = found.entries.map(row);
    if (fresh) byId("rows").replaceChildren(...(rows.length ? rows : [el("tr", {}, el("td.mute", { colspan: 5 }, "没有记录。"))]));
    else byId("rows").append(...rows);
    page.before = found.before;
    byId("older").hidden = !found.before;
    tell(byId("offline"), "");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) location.assign(logInPath());
    tell(byId("offline"), said(error));
  }
}

byId("choose").addEventListener("submit", (event) => {
  event.preventDefault();
  page.day = /** @type {HTMLInputElement} */ (byId("day")).value;
  load(true);
});
byId("older").addEventListener("click", () => load(false));
load(true);
