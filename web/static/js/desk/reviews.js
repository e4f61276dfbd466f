// 每日评查: filed records that wait for a second pair of ears, and what colleagues found in one's own.

import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { said } from "/static/js/form.js";
import { chineseDay, inWords } from "/static/js/time.js";

/** @param {any} row */
function facts(row) {
  return [row.office, `${chineseDay(`${row.day}T12:00:00+08:00`)}归档`, row.seconds ? `录音 ${inWords(row.seconds)}` : "没有录音"].join("　");
}

/** @param {any} row @param {...(Node|null)} deeds */
function line(row, ...deeds) {
  return el("li", {}, el("div", {}, el("b.t", {}, row.title), el("div.small.soft", {}, el("span.num", {}, row.case_no), `　${facts(row)}`)), el("div.row.g2", {}, ...deeds));
}

/** @param {any} row */
function toHear(row) {
  const button = el("button.btn", { type: "button", "aria-label": `我来听：${row.title}` }, icon("ear"), "我来听");
  button.addEventListener("click", () => act(/** @type {HTMLButtonElement} */ (button), async () => {
    await api("POST", `/api/reviews/${row.id}/take`);
    location.assign(`/reviews/${row.id}`);
  }));
  return line(row, button);
}

/** @param {any} row */
function heardByMe(row) {
  const done = row.state === "finished";
  const count = row.findings.length ? `记了 ${row.findings.length} 条` : done ? "没有问题" : "";
  return line(row, count ? el("span.soft", {}, count) : null, el(`a.btn${done ? ".quiet" : ".primary"}`, { href: `/reviews/${row.id}` }, done ? "看" : "接着听"));
}

/** @param {any} row */
function told(row) {
  return el("li", {}, el("div", {}, el("b.t", {}, row.title), el("div.small.soft", {}, el("span.num", {}, row.case_no), `　${row.reviewer}听的`)), ...row.findings.map((/** @type {any} */ one) => finding(row, one)));
}

/** @param {any} row @param {any} one */
function finding(row, one) {
  const deeds = [el("a.btn.small", { href: `/reviews/${row.id}` }, icon("play"), "去听")];
  if (one.supplement_id) deeds.push(el("span.ok.row.g2", {}, icon("check"), "写了补正"));
  else if (one.seen) deeds.push(el("span.soft", {}, "看过了，没有补正"));
  if (!one.supplement_id) deeds.splice(1, 0, el("a.btn.small", { href: `/cases/${row.case_id}?finding=${one.id}&about=${encodeURIComponent(`${one.label}：${one.words}`)}` }, "写补正"));
  if (!one.seen) {
    const aside = el("button.btn.small.quiet", { type: "button" }, "看过了，不用补");
    aside.addEventListener("click", () => act(/** @type {HTMLButtonElement} */ (aside), async () => { await api("POST", `/api/reviews/findings/${one.id}/seen`); await load(); }));
    deeds.push(aside);
  }
  return el(`div.finding${one.seen ? "" : ".new"}`, {}, el("p", {}, el("span.badge.line", {}, one.label), " ", one.words), one.line ? el("p.small.line", {}, `笔录里写着：“${one.line}”`) : null, el("div.row.g2", {}, ...deeds));
}

/** @param {HTMLButtonElement} button @param {() => Promise<void>} deed */
async function act(button, deed) {
  button.disabled = true;
  tell(byId("trouble"), "");
  try {
    await deed();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    tell(byId("trouble"), said(error));
    button.disabled = false;
    await load();
  }
}

/** @param {string} id @param {HTMLElement[]} rows @param {string} nothing */
function fill(id, rows, nothing) {
  byId(id).replaceChildren(...(rows.length ? rows : [el("li.mute", {}, nothing)]));
}

async function load() {
  try {
    const found = await api("GET", "/api/reviews");
    byId("unseen").hidden = !found.unseen;
    byId("unseen").textContent = `${found.unseen} 条没看`;
    fill("returned", found.returned.map(told), "没有给您的意见。");
    fill("mine", found.mine.map(heardByMe), "没有在听的。");
    fill("open", found.open.map(toHear), "没有等着听的。");
    tell(byId("offline"), "");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) return location.assign(logInPath());
    tell(byId("offline"), error.code === "offline" ? "网断了。网一通，会自己再取一次。" : said(error));
  }
}

addEventListener("online", load);
load();
