// Every change of a record, who made it and when, newest first.

import { api } from "/static/js/api.js";
import { ask } from "/static/js/desk/ask.js";
import { el } from "/static/js/dom.js";
import { chineseDay, clockSeconds } from "/static/js/time.js";

const AT_ONCE = 300;

/** @param {any} revision */
function row(revision) {
  const texts = revision.before !== revision.after && (revision.before || revision.after)
    ? el("p.change", {}, revision.before ? el("del", {}, revision.before) : null, revision.after ? el("ins", {}, revision.after) : null)
    : null;
  const go = revision.line_id ? el("button.src", { value: `line:${revision.line_id}` }, "看这一句") : null;
  return el("li", {}, el("span.d", {}, el("b.num", {}, clockSeconds(revision.at)), el("small", {}, chineseDay(revision.at))),
    el("div", {}, el("b", {}, revision.author), `　${revision.summary}　`, go, texts));
}

/**
 * Shows the history; answers with the line the clerk wants to see, "" for none.
 * @param {string} recordId
 */
export async function showHistory(recordId) {
  const { revisions } = await api("GET", `/api/records/${recordId}/revisions`);
  const newest = [...revisions].sort((a, b) => b.number - a.number);
  const list = el("ol.history", {}, ...newest.slice(0, AT_ONCE).map(row));
  const more = newest.length > AT_ONCE ? el("button.btn.small", { type: "button" }, `再看前面的 ${newest.length - AT_ONCE} 次`) : null;
  more?.addEventListener("click", () => { list.append(...newest.slice(AT_ONCE).map(row)); more.remove(); });
  const words = newest.length ? `一共 ${newest.length} 次。机器原来听成什么，永远留着。` : "还没有人改过。";
  const answer = await ask({ title: "修改历史", wide: true, body: [el("p.soft", {}, words), list, more || ""], buttons: [{ value: "", words: "关上" }] });
  return answer.startsWith("line:") ? answer.slice(5) : "";
}
