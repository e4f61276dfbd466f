// 积案台账: hard matters, by how far they are, by risk and by the leader who took them on.

import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { said } from "/static/js/form.js";
import { chineseDay } from "/static/js/time.js";

const TONES = { high: "bad", medium: "warn", low: "line" };
const page = { state: "", risk: "", leader: "", before: "", last: 0 };
const CHOICES = /** @type {const} */ (["risk", "leader"]);

/** @param {any} one */
function row(one) {
  return el("tr", {},
    el("td.matter", {}, el("b.t", {}, one.title), el("span.small.soft", {}, `${one.petitioner}　`, el("span.num", {}, one.case_no), `　${one.case_state}`)),
    el("td", {}, el(`span.badge.${TONES[/** @type {"high"|"medium"|"low"} */ (one.risk)]}`, {}, icon("flag"), `风险${one.risk_words}`), el("span.small.soft.below.risk-why", {}, one.risk_reason)),
    el("td", {}, one.leader || el("span.badge.warn", {}, "还没有定"), el("span.small.soft.below", {}, one.unit ? `主办：${one.unit}` : one.organization)),
    el("td", {}, el("span.badge.accent", {}, one.state_words), el("span.small.soft.below.nb", {}, one.closed_on ? `用了 ${one.days} 天` : `挂号 ${one.days} 天`)),
    el("td", {}, el("span.last", {}, one.last_words), el("span.small.soft.below.nb", {}, chineseDay(one.changed_at))),
    el("td.r", {}, el("a.btn", { href: `/ledger/${one.case_id}`, "aria-label": `打开：${one.title}` }, "打开")));
}

async function load() {
  const query = new URLSearchParams();
  for (const name of /** @type {const} */ (["state", ...CHOICES, "before"])) if (page[name]) query.set(name, page[name]);
  try {
    const { rows, more } = await api("GET", `/api/ledger?${query}`);
    tell(byId("offline"), "");
    byId("table").hidden = !rows.length;
    byId("empty").hidden = rows.length > 0;
    byId("rows").replaceChildren(...rows.map(row));
    byId("pages").hidden = !more;
    page.last = rows.length ? rows[rows.length - 1].case_id : 0;
    history.replaceState(null, "", query.size ? `/ledger?${query}` : "/ledger");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) return location.assign(logInPath());
    tell(byId("offline"), error.status === 0 ? "网断了。网一通，会自己再取一次。" : said(error));
  }
}

/** @param {string} state */
function choose(state) {
  page.state = state;
  for (const tab of byId("tabs").children) tab.setAttribute("aria-selected", String(tab.getAttribute("data-state") === state));
}

byId("tabs").addEventListener("click", (event) => {
  const tab = /** @type {Element} */ (event.target).closest("[data-state]");
  if (!tab) return;
  choose(tab.getAttribute("data-state") || "");
  page.before = "";
  load();
});
for (const name of CHOICES) byId(name).addEventListener("change", () => { page[name] = /** @type {HTMLSelectElement} */ (byId(name)).value; page.before = ""; load(); });
byId("older").addEventListener("click", () => { page.before = String(page.last); load(); scrollTo(0, 0); });
addEventListener("online", load);
const asked = new URLSearchParams(location.search);
choose(asked.get("state") || "");
page.before = asked.get("before") || "";
for (const name of CHOICES) {
  const choice = /** @type {HTMLSelectElement} */ (byId(name));
  choice.value = asked.get(name) || "";
  page[name] = choice.value;
}
load();
