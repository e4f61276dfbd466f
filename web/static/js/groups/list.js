// Groups of like cases.

import { api, logInPath } from "/static/js/api.js";
import { byId, el, tell } from "/static/js/dom.js";
import { chineseDay } from "/static/js/time.js";

/** @param {any} one */
function row(one) {
  const link = el("a.btn.small", { href: `/groups/${one.id}` }, "看");
  return el("tr", {}, el("td", {}, el("b", {}, one.name)), el("td", {}, one.organization), el("td", {}, one.lead_unit ? `${one.lead_unit}牵头` : "还没定牵头单位"),
    el("td.nb", {}, chineseDay(one.made_at)), el("td", {}, one.closed_on ? el("span.badge.ok", {}, "销号了") : el("span.badge.accent", {}, "在办")), el("td", {}, link));
}

async function load() {
  try {
    const { groups } = await api("GET", "/api/groups");
    byId("table").hidden = !groups.length;
    byId("empty").hidden = groups.length > 0;
    byId("rows").replaceChildren(...groups.map(row));
    tell(byId("offline"), "");
  } catch (error) {
    const { status, message } = /** @type {any} */ (error);
    if (status === 401) return location.assign(logInPath());
    tell(byId("offline"), status === 0 ? "网断了。网一通，会自己再取一次。" : message);
  }
}

window.addEventListener("online", load);
await load();
