// One model case: everybody reads it covered; who works on it decides what is covered, stretch by stretch.

import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { onSend, required, said, wrongOnly } from "/static/js/form.js";
import { Typing } from "/static/js/typed.js";

const id = byId("model").getAttribute("data-model");
const FIELDS = /** @type {const} */ ([["title", "题目"], ["category", "类别"], ["situation", "什么事"], ["handling", "怎么办的"], ["result", "结果"], ["lesson", "可以学的"]]);
const DEEDS = { ready: "都定了，交领导看", publish: "看过了，入库", "send-back": "退回去改", withdraw: "撤下" };
/** @type {{view: any, draft: boolean}} */
const page = { view: null, draft: false };

/** @param {() => Promise<any>} deed */
async function act(deed) {
  tell(byId("trouble"), "");
  try {
    page.view = await deed();
    draw();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    tell(byId("trouble"), said(error));
  }
}

/** @param {string} name */
function may(name) {
  return page.view.may.includes(name);
}

/** @param {string} key @param {string} label */
function part(key, label) {
  if (!page.draft) return page.view.shown[key] ? el("div", {}, el("h3", {}, label), el("p.words", {}, page.view.shown[key])) : null;
  const value = page.view.draft[key];
  const box = key === "title" || key === "category" ? el("input.input", { id: `f-${key}`, name: key, maxlength: key === "title" ? 200 : 100, value }) : el("textarea.input", { id: `f-${key}`, name: key, rows: 6, maxlength: 20000 }, value);
  return el("div.field", {}, el("label", { for: `f-${key}` }, label), box);
}

function drawStory() {
  const parts = FIELDS.map(([key, label]) => part(key, label));
  if (!page.draft) return byId("story").replaceChildren(...parts.filter((one) => one !== null));
  const form = /** @type {HTMLFormElement} */ (el("form.story", { novalidate: true }, ...parts, el("button.btn.primary", { type: "submit" }, icon("save"), "存下正文，再找一遍")));
  const typing = new Typing(form, `model ${id}`);
  form.prepend(typing.note);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    act(async () => {
      const view = await api("PUT", `/api/models/${id}`, { version: page.view.version, text });
      page.draft = false;
      void typing.sent();
      return view;
    });
  });
  byId("story").replaceChildren(form);
}

/** @param {any} one */
function cover(one) {
  const input = /** @type {HTMLInputElement} */ (el("input.input", { value: one.instead, maxlength: 100, "aria-label": `${one.text}换成` }));
  const decide = (/** @type {string} */ decision) => act(() => api("PUT", `/api/models/${id}/covers/${one.id}`, { version: page.view.version, decision, instead: input.value }));
  const yes = el("button.btn.small", { type: "button", "aria-pressed": String(one.decision === "cover") }, icon("check"), "盖住");
  const no = el("button.btn.small", { type: "button", "aria-pressed": String(one.decision === "keep") }, "留着");
  yes.addEventListener("click", () => decide("cover"));
  no.addEventListener("click", () => decide("keep"));
  for (const button of [yes, no]) button.toggleAttribute("disabled", !may("edit"));
  const word = one.decision ? el("span.small.soft", {}, `${one.decision === "cover" ? "盖住" : "留着"}，${one.decided_by}定的`) : el("span.badge.warn", {}, "没有定");
  return el("li", {}, el("div.row.between", {}, el("span", {}, el("span.badge.line", {}, one.kind), " ", el("span.what", {}, one.text)), word), el("div.row.g2", {}, input, yes, no));
}

function draw() {
  const { view } = page;
  byId("found").hidden = false;
  byId("title").textContent = view.shown.title;
  byId("state").textContent = view.state_words;
  byId("facts").textContent = [view.organization, view.made_by && `${view.made_by}写的`, view.approved_by && `${view.approved_by}看过入库`].filter(Boolean).join("　");
  const working = view.draft !== null;
  byId("cols").classList.toggle("working", working);
  byId("views").hidden = !may("edit");
  if (!may("edit")) page.draft = false;
  for (const button of byId("views").querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", String((button.getAttribute("data-view") === "draft") === page.draft));
  drawStory();
  byId("covers-panel").hidden = !working;
  const left = view.covers.filter((/** @type {any} */ one) => !one.decision).length;
  byId("left").textContent = left ? `还有 ${left} 处没有定` : "都定了";
  byId("left").className = `badge ${left ? "warn" : "ok"}`;
  byId("covers").replaceChildren(...(view.covers.length ? view.covers.map(cover) : [el("li.mute", {}, "没有找到。正文里有没有，您再看一遍。")]));
  byId("add").hidden = !may("edit");
  byId("deeds").replaceChildren(...(view.case_id ? [el("a.btn", { href: `/cases/${view.case_id}` }, icon("paper"), "原来的事项")] : []), ...Object.entries(DEEDS).filter(([name]) => may(name.replace("-", "_"))).map(([name, words]) => deed(name, words, left)));
}

/** @param {string} name @param {string} words @param {number} left */
function deed(name, words, left) {
  const main = name === "ready" || name === "publish";
  const waits = main && left > 0;
  const button = el(`button.btn${main ? ".primary" : ""}`, { type: "button", disabled: waits }, waits ? `还有 ${left} 处没有定` : words);
  button.addEventListener("click", () => act(() => api("POST", `/api/models/${id}/${name}`, { version: page.view.version })));
  return button;
}

async function load() {
  try {
    page.view = await api("GET", `/api/models/${id}`);
    tell(byId("offline"), "");
    draw();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) return location.assign(logInPath());
    if (error.status === 404) { byId("missing").hidden = false; byId("found").hidden = true; return; }
    tell(byId("offline"), error.status === 0 ? "网断了。网一通，会自己再取一次。" : said(error));
  }
}

byId("views").addEventListener("click", (event) => {
  const button = /** @type {Element} */ (event.target).closest("[data-view]");
  if (!button) return;
  page.draft = button.getAttribute("data-view") === "draft";
  draw();
});
const form = /** @type {HTMLFormElement} */ (byId("add"));
onSend(form, (fields) => wrongOnly({ text: required(fields.text, "要盖住的字") }), async (fields) => {
  page.view = await api("POST", `/api/models/${id}/covers`, { version: page.view.version, text: fields.text, instead: fields.instead });
  form.reset();
  draw();
});
addEventListener("online", load);
load();
