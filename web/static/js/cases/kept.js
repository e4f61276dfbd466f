// 存下的清单: filters under a name, one's own and those that colleagues of the office share.

import { api } from "/static/js/api.js";
import { byId, el, icon } from "/static/js/dom.js";
import { onSend, required, wrongOnly } from "/static/js/form.js";

const NOT_KEPT = ["person", "before", "after"];
const dialog = /** @type {HTMLDialogElement} */ (byId("keep-dialog"));
const form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"));

/** @type {{lists: any[], asked: URLSearchParams}} */
const kept = { lists: [], asked: new URLSearchParams() };

/** What would be kept of a query. @param {URLSearchParams} asked */
function keepable(asked) {
  return Object.fromEntries([...asked].filter(([name]) => !NOT_KEPT.includes(name)));
}

/** Address of a kept list, without the fields that ask for nothing. @param {any} query */
function address(query) {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== null && value !== "") found.set(name, String(value));
  return `/cases?${found}`;
}

/** @param {any} one */
function view(one) {
  const here = address(one.query) === `/cases?${new URLSearchParams(keepable(kept.asked))}`;
  const box = el("span.one", { "aria-current": here ? "page" : null }, el("a", { href: address(one.query) }, one.name, one.own ? null : el("small", {}, one.by)));
  if (one.own) box.append(shareButton(one), dropButton(one));
  return box;
}

/** @param {any} one */
function shareButton(one) {
  const button = el("button", { type: "button", "aria-pressed": String(one.shared) }, icon(one.shared ? "users" : "user"), one.shared ? "同事可用" : "只给自己");
  button.addEventListener("click", async () => { await api("PUT", `/api/lists/${one.id}`, { shared: !one.shared }); await load(); });
  return button;
}

/** @param {any} one */
function dropButton(one) {
  const button = el("button", { type: "button", "aria-label": `删掉清单：${one.name}` }, icon("cross"));
  button.addEventListener("click", async () => { await api("DELETE", `/api/lists/${one.id}`); await load(); });
  return button;
}

function draw() {
  const able = Object.keys(keepable(kept.asked)).length > 0;
  const add = el("button.btn.small.quiet", { type: "button" }, icon("save"), "把这次找的存成清单");
  add.addEventListener("click", () => { form.reset(); dialog.showModal(); });
  const box = byId("kept");
  box.hidden = !able && !kept.lists.length;
  box.replaceChildren(...(kept.lists.length ? [el("span.small.soft", {}, "存下的清单")] : []), ...kept.lists.map(view), ...(able ? [add] : []));
}

async function load() {
  kept.lists = (await api("GET", "/api/lists")).lists;
  draw();
}

/** Offers to keep what is asked for. @param {URLSearchParams} asked */
export function keepButton(asked) {
  kept.asked = asked;
  draw();
}

/** Shows the kept lists. @param {URLSearchParams} asked */
export async function drawKept(asked) {
  kept.asked = asked;
  await load();
}

onSend(form, (fields) => wrongOnly({ name: required(fields.name, "清单名") }), async (fields) => {
  await api("POST", "/api/lists", { name: fields.name.trim(), query: keepable(kept.asked), shared: fields.shared === "1" });
  dialog.close();
  await load();
}, byId("keep-trouble"));
