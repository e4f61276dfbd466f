// One matter on 积案台账: what is known, what was done, and what can be done now.

import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, tell } from "/static/js/dom.js";
import { onSend, required, said, wrongOnly } from "/static/js/form.js";
import { chineseDay } from "/static/js/time.js";
import { Typing } from "/static/js/typed.js";

const id = byId("entry").getAttribute("data-case");
const form = /** @type {HTMLFormElement} */ (byId("form"));
const LABELS = {
  list: "为什么列入台账", measure: "化解措施：谁、做什么、到哪天", progress: "有什么进展", resolve: "怎么化解的，信访人认不认", not_resolved: "为什么说没有化解",
  ask_closing: "为什么可以销号", refuse: "为什么不同意", list_again: "为什么重新列入", leader: "说明（可以不写）", approve: "意见（可以不写）",
};
/** @type {{view: any, offer: any}} */
const page = { view: null, offer: null };
/** @type {Typing | null} */
let typing = null;

/** @param {string} name @param {string} value */
function fact(name, value) {
  return value ? [el("dt", {}, name), el("dd", {}, value)] : [];
}

function draw() {
  const { view } = page;
  const row = view.row;
  byId("found").hidden = false;
  byId("title").textContent = view.title;
  byId("state").textContent = row ? row.state_words : "不在台账上";
  byId("facts").replaceChildren(...(row ? [
    ...fact("编号", view.case_no), ...fact("为什么挂号", row.reason), ...fact("风险等级", `${row.risk_words}：${row.risk_reason}`),
    ...fact("包案领导", row.leader || "还没有定"), ...fact("化解措施", row.measures || "还没有定"),
    ...fact("挂号", `${chineseDay(`${row.listed_on}T00:00:00+08:00`)}，${row.days} 天`), ...fact("销号", row.closed_on ? chineseDay(`${row.closed_on}T00:00:00+08:00`) : ""),
  ] : [...fact("编号", view.case_no), ...fact("台账", "这件事没有列入积案台账。")]));
  byId("deeds").replaceChildren(...(view.offers.length ? view.offers.map(button) : [el("p.mute", {}, "这件事现在没有要您办的。")]));
  byId("past").hidden = !view.events.length;
  byId("events").replaceChildren(...view.events.map((/** @type {any} */ one) => el("li", {}, el("div.d", {}, el("b", {}, chineseDay(one.at)), el("small", {}, one.author)), el("div.b"), el("div.c", {}, el("b", {}, one.what), el("p", {}, one.words)))));
  form.hidden = true;
}

/** @param {any} offer */
function button(offer) {
  const made = el("button.btn", { type: "button", "data-deed": offer.deed }, offer.name);
  made.addEventListener("click", () => begin(offer));
  return made;
}

/** @param {any} offer */
function begin(offer) {
  page.offer = offer;
  form.reset();
  form.hidden = false;
  tell(byId("trouble"), "");
  byId("form-title").textContent = offer.name;
  byId("send").textContent = offer.name;
  byId("words-label").textContent = LABELS[/** @type {keyof typeof LABELS} */ (offer.deed)] || "情况";
  for (const part of form.querySelectorAll("[data-needs]")) {
    const name = part.getAttribute("data-needs") || "";
    /** @type {HTMLElement} */ (part).hidden = !offer.needs.includes(name) && !(name === "words" && ["leader", "approve"].includes(offer.deed));
  }
  const leaders = page.view.leaders.map((/** @type {any} */ one) => el("option", { value: one.id }, [one.name, one.title].filter(Boolean).join("，")));
  byId("leader_id").replaceChildren(el("option", { value: "" }, leaders.length ? "请选" : "没有领导的账号，请管理员先建"), ...leaders);
  const first = form.querySelector("[data-needs]:not([hidden]) .input");
  if (first instanceof HTMLElement) first.focus();
  typing?.stop();
  typing = new Typing(form, `ledger ${id} ${offer.deed}`);
  byId("form-title").after(typing.note);
}

async function load() {
  try {
    page.view = await api("GET", `/api/ledger/${id}`);
    tell(byId("offline"), "");
    draw();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) return location.assign(logInPath());
    if (error.status === 404) { byId("missing").hidden = false; byId("found").hidden = true; return; }
    tell(byId("offline"), error.status === 0 ? "网断了。网一通，会自己再取一次。" : said(error));
  }
}

const WHAT = { words: "情况", risk: "风险等级", risk_reason: "为什么是这个等级", leader_id: "包案领导" };
onSend(form, (fields) => wrongOnly(Object.fromEntries(page.offer.needs.map((/** @type {keyof typeof WHAT} */ name) => [name, required(fields[name] || "", WHAT[name])]))), async (fields) => {
  const body = { version: page.view.version, words: fields.words, risk: fields.risk, risk_reason: fields.risk_reason, leader_id: fields.leader_id ? Number(fields.leader_id) : null };
  page.view = await api("POST", `/api/ledger/${id}/${page.offer.deed}`, body);
  void typing?.sent();
  draw();
});
document.querySelector("#make-model")?.addEventListener("click", async () => {
  try {
    const made = await api("POST", "/api/models", { case_id: Number(id) });
    location.assign(`/models/${made.id}`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    tell(byId("offline"), said(error));
  }
});
byId("leave").addEventListener("click", () => { form.hidden = true; });
addEventListener("online", load);
load();
