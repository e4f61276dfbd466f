// 我的接谈: the talks that one held, what was promised in each and what became of it.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell, tellFetching } from "/static/js/dom.js";
import { said } from "/static/js/form.js";
import { chineseDay, chineseMoment, inWords } from "/static/js/time.js";

let next = "";

/** @param {() => Promise<void>} work */
async function kept(work) {
  try {
    await work();
    tell(byId("offline"), "");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) location.assign(logInPath());
    tell(byId("offline"), error.code === "offline" ? "网断了。网一通请再试。" : said(error));
  }
}

/** @param {any} one OwnPromise of server/protocol/briefs.py */
function promise(one) {
  const [tone, drawing] = one.late ? ["bad", "alert"] : one.state === "done" ? ["ok", "check"] : one.state === "withdrawn" ? ["line", "info"] : ["accent", "clock"];
  const words = one.late ? "过期没办" : one.state_words;
  return el("li", {}, el(`span.badge.${tone}`, {}, icon(drawing), words), el("span.grow", {}, el("b", {}, one.what), el("span.small.soft", {}, `　${one.unit}　`, el("span.nb", {}, `${chineseDay(`${one.due_on}T12:00:00+08:00`)}前`)), one.words ? el("span.small.below", {}, one.words) : null));
}

/** How the record stands before there is a case. @param {any} one OwnReception */
function recordWords(one) {
  if (one.record_id) return "还没有归档";
  return { running: "正在谈", closing: "正在出笔录草稿" }[/** @type {string} */ (one.state)] || "没有笔录";
}

/** @param {any} one OwnReception */
function talk(one) {
  const links = [one.unconfirmed ? el("a.btn.small.primary", { href: `/leader/receptions/${one.id}` }, icon("check"), `还有 ${one.unconfirmed} 件没确认`) : null, one.record_id ? el("a.btn.small", { href: `/desk/${one.record_id}` }, icon("paper"), "看笔录") : null, one.case_id ? el("a.btn.small", { href: `/cases/${one.case_id}` }, "看办理") : null];
  return el("li.talk", {},
    el("div.grow.stack.g1", {}, el("b.t", {}, one.matter || "没有先说是什么事"), el("span.small.soft", {}, `${one.petitioner}　${one.kiosk}　`, el("span.nb", {}, `${chineseMoment(one.started_at)}${one.seconds ? `，谈了 ${inWords(one.seconds)}` : ""}`))),
    one.case_state ? el("span.badge.line", {}, one.case_state) : el("span.badge.line", {}, recordWords(one)), el("span.row.g2", {}, ...links),
    one.promises.length ? el("ol.kept", {}, ...one.promises.map(promise)) : el("p.small.soft.kept", {}, one.unconfirmed ? "答应的还没有确认。" : "没有答应什么。"));
}

/** @param {string} number @param {string} words @param {string} [tone] */
const tally = (number, words, tone = "") => el("div", {}, el(`dt${tone ? `.${tone}` : ""}`, {}, number), el("dd", {}, words));

/** @param {any} found OwnReceptions */
function draw(found) {
  byId("sum").textContent = found.talks ? `一年来谈了 ${found.talks} 场` : "";
  byId("tallies").hidden = !found.rows.length;
  const content = found.content === null ? "" : `，满意和基本满意 ${found.content} 件`;
  const pleased = found.pleased === null ? "" : `，满意和基本满意 ${found.pleased} 场`;
  const said = found.said ? `；谈完当场评过 ${found.said} 场${pleased}` : "";
  byId("tallies").replaceChildren(tally(String(found.promises_done), "件办成了"), tally(String(found.promises_open - found.promises_late), "件正在办"),
    tally(String(found.promises_late), "件过期没办", found.promises_late ? "bad" : ""), tally(String(found.rated), `件群众评过${content}${said}`));
}

async function load() {
  const found = await api("GET", `/api/receptions/own?after=${encodeURIComponent(next)}`);
  byId("rows").append(...found.rows.map(talk));
  if (!next) draw(found);
  byId("empty").hidden = byId("rows").childElementCount > 0;
  next = found.next;
  byId("older-line").hidden = !next;
}

byId("older").addEventListener("click", () => kept(load));
kept(() => tellFetching(load()));
