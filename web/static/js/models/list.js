// 典型案例库: what can be learned from cases, for everybody of the staff.

import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { said } from "/static/js/form.js";

const page = { q: "", before: "", last: 0 };

/** @param {any} one */
function row(one) {
  return el("li", {}, el("a.t", { href: `/models/${one.id}` }, one.title), el("p.soft", {}, one.excerpt), el("span.small.soft", {}, [one.category, one.organization].filter(Boolean).join("　"), one.state === "published" ? "" : el("span.badge.warn", {}, one.state_words)));
}

async function load() {
  const query = new URLSearchParams();
  if (page.q) query.set("q", page.q);
  if (page.before) query.set("before", page.before);
  try {
    const { rows, more, in_work } = await api("GET", `/api/models?${query}`);
    tell(byId("offline"), "");
    byId("rows").replaceChildren(...rows.map(row));
    byId("empty").hidden = rows.length > 0;
    byId("empty").replaceChildren(icon("papers"), ...(page.q ? [el("h2", {}, `没有找到“${page.q}”`), el("p", {}, "少写几个字再找。")] : [el("h2", {}, "还没有入库的案例"), el("p", {}, "打开一件办结了的事，点“积案与案例”，从那里做成典型案例。")]));
    byId("works-panel").hidden = !in_work.length || page.q !== "";
    byId("works").replaceChildren(...in_work.map(row));
    byId("pages").hidden = !more;
    page.last = rows.length ? rows[rows.length - 1].id : 0;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) return location.assign(logInPath());
    tell(byId("offline"), error.status === 0 ? "网断了。网一通，会自己再取一次。" : said(error));
  }
}

function fromAddress() {
  page.q = (new URLSearchParams(location.search).get("q") || "").trim();
  page.before = "";
  /** @type {HTMLInputElement} */ (byId("q")).value = page.q;
  load();
}

byId("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const q = /** @type {HTMLInputElement} */ (byId("q")).value.trim();
  history.pushState(null, "", q ? `/models?q=${encodeURIComponent(q)}` : "/models");
  fromAddress();
});
byId("older").addEventListener("click", () => { page.before = String(page.last); load(); scrollTo(0, 0); });
addEventListener("popstate", fromAddress);
addEventListener("online", load);
fromAddress();
