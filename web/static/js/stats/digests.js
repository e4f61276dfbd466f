// 研判和通报: those that were kept, the newest first.

import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, tell } from "/static/js/dom.js";
import { said } from "/static/js/form.js";

const PAGE = 50;
const kind = /** @type {HTMLSelectElement} */ (byId("kind"));
const whose = /** @type {HTMLSelectElement} */ (byId("whose"));
/** @type {number | null} */
let last = null;

/** @param {any} one */
function row(one) {
  return el("tr", {}, el("td", {}, el("b", {}, one.title), el("div.small.soft", {}, one.words)), el("td", {}, one.organization), el("td", {}, one.span), el("td.num", {}, `${one.registered} 件`),
    el("td", {}, el("a", { href: `/stats/digests/${one.id}`, "aria-label": `看${one.organization}${one.words}${one.title}` }, "看")));
}

async function load() {
  const asked = new URLSearchParams({ kind: kind.value });
  if (whose.value) asked.set("organization", whose.value);
  if (last !== null) asked.set("before", String(last));
  try {
    const { digests } = await api("GET", `/api/digests?${asked}`);
    byId("rows").append(...digests.map(row));
    last = digests.length ? digests[digests.length - 1].id : last;
    byId("more").hidden = digests.length < PAGE;
    byId("empty").hidden = byId("rows").childElementCount > 0;
    tell(byId("offline"), "");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) location.assign(logInPath());
    tell(byId("offline"), said(error));
  }
}

for (const choice of [kind, whose]) {
  choice.addEventListener("change", () => {
    last = null;
    byId("rows").replaceChildren();
    load();
  });
}
byId("more").addEventListener("click", load);
load();
