// The matters behind a number, fifty at a time.

import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, tell, tellFetching } from "/static/js/dom.js";
import { said } from "/static/js/form.js";
import { chineseDay } from "/static/js/time.js";

const told = new URLSearchParams(location.search);
/** @type {number | null} */
let next = null;

/** @param {any} one */
function row(one) {
  return el("tr", {}, el("td", {}, el("a", { href: `/cases/${one.id}` }, el("b", {}, one.title)), ...one.said.map((/** @type {string} */ words) => el("span.small.below", {}, words))), el("td.num", {}, one.case_no), el("td", { "data-label": "登记单位" }, one.organization), el("td", { "data-label": "承办单位" }, one.unit || "—"),
    el("td", { "data-label": "到哪一步" }, one.state), el("td.nb", { "data-label": "收到" }, chineseDay(`${one.received_on}T00:00:00+08:00`)));
}

async function load() {
  const asked = new URLSearchParams(told);
  if (next !== null) asked.set("after", String(next));
  try {
    const found = await tellFetching(api("GET", `/api/stats/cases?${asked}`));
    byId("heading").textContent = found.heading;
    byId("explanation").textContent = found.explanation;
    byId("rows").append(...found.rows.map(row));
    next = found.next;
    byId("more").hidden = next === null;
    byId("empty").hidden = byId("rows").childElementCount > 0;
    tell(byId("offline"), "");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) location.assign(logInPath());
    tell(byId("offline"), said(error));
  }
}

const back = new URLSearchParams([...told].filter(([key]) => key === "organization" || key === "period"));
byId("back").setAttribute("href", `/stats?${back}`);
byId("more").addEventListener("click", load);
load();
