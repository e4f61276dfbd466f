// 领导承诺台账: what leaders undertook in talks and what became of it, the overdue first.

import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell, tellFetching } from "/static/js/dom.js";
import { onSend, said } from "/static/js/form.js";
import { chineseDay } from "/static/js/time.js";
import { Typing } from "/static/js/typed.js";

const asked = new URLSearchParams(location.search);
const page = { part: asked.get("part") || "open", leader: asked.get("leader") || "", unit: asked.get("unit") || "", office: asked.get("office") || "", mine: asked.has("mine") ? asked.get("mine") === "1" : byId("promises").dataset.role === "leader" && !asked.has("leader") && !asked.has("office"), after: asked.get("after") || "", next: "" };
const selects = { leader: /** @type {HTMLSelectElement} */ (byId("leader")), unit: /** @type {HTMLSelectElement} */ (byId("unit")) };
const mine = /** @type {HTMLInputElement | null} */ (document.getElementById("mine"));
const dialog = /** @type {HTMLDialogElement} */ (byId("ending"));
/** @type {{row: any, deed: string, typing: Typing} | null} */
let ending = null;

/** @param {string} day */
const told = (day) => chineseDay(`${day}T12:00:00+08:00`);

/** @param {any} one */
function standing(one) {
  if (one.late) return el("span.badge.bad", {}, icon("alert"), `过期 ${-one.days_left} 天`);
  if (one.state === "done") return el("span.badge.ok", {}, icon("check"), one.ended_on > one.due_on ? "办成了，过了日子" : "办成了");
  if (one.state === "withdrawn") return el("span.badge.line", {}, icon("info"), one.state_words);
  return el(`span.badge.${one.days_left <= 3 ? "warn" : "accent"}`, {}, icon("clock"), one.days_left ? `还有 ${one.days_left} 天` : "今天到期");
}

/** @param {any} one @param {string} deed @param {string} words */
function button(one, deed, words) {
  const made = el("button.btn.small", { type: "button", "aria-label": `${words}：${one.what}` }, words);
  made.addEventListener("click", () => open(one, deed));
  return made;
}

/** @param {any} one */
function row(one) {
  const talk = one.record_id ? el("a", { href: `/desk/${one.record_id}` }, "看接谈") : null;
  const matter = one.case_id ? el("a", { href: `/cases/${one.case_id}` }, "看这件事") : null;
  const ended = one.ended_on ? el("span.small.soft.below", {}, `${told(one.ended_on)} ${one.ended_by}：${one.words}`) : null;
  return el("tr", { "data-id": one.id },
    el("td.matter", {}, el("b.t", {}, one.what), el("span.small.soft.links", {}, [one.petitioner, `${told(one.talked_on)}接谈`].filter(Boolean).join("　"), talk, matter)),
    el("td", {}, one.unit, el("span.small.soft.below", {}, `${one.leader_title}${one.leader}答应的`)),
    el("td.nb", {}, el("b", {}, told(one.due_on))),
    el("td", {}, standing(one), ended),
    el("td.r", {}, el("div.row.g2.ends", {}, one.may_finish ? button(one, "done", "记办成") : null, one.may_withdraw ? button(one, "withdraw", "办不成") : null)));
}

/** @param {HTMLSelectElement} select @param {any[]} all @param {string} chosen */
function choices(select, all, chosen) {
  const known = all.some((one) => String(one.id) === chosen);
  select.replaceChildren(select.options[0], ...all.map((one) => el("option", { value: one.id }, one.name)));
  select.value = known ? chosen : "";
}

async function load() {
  const query = new URLSearchParams({ part: page.part });
  for (const name of /** @type {const} */ (["leader", "unit", "office", "after"])) if (page[name]) query.set(name, page[name]);
  if (mine) query.set("mine", page.mine ? "1" : "0");
  try {
    const told = await tellFetching(api("GET", `/api/commitments?${query}`));
    tell(byId("offline"), "");
    byId("title").textContent = told.office ? `${told.office}接谈里答应的事` : page.mine ? "我答应的事" : "领导承诺台账";
    for (const place of byId("counts").querySelectorAll("[data-count]")) {
      const which = place.getAttribute("data-count") || "", count = told.counts[which];
      place.textContent = String(count);
      place.parentElement?.classList.toggle("bad", which === "late" && count > 0);
    }
    byId("table").hidden = !told.rows.length;
    byId("empty").hidden = told.rows.length > 0;
    byId("rows").replaceChildren(...told.rows.map(row));
    byId("pages").hidden = !told.next;
    page.next = told.next;
    choices(selects.leader, told.leaders, page.leader);
    choices(selects.unit, told.units, page.unit);
    selects.leader.disabled = page.mine;
    for (const tab of byId("tabs").children) tab.setAttribute("aria-selected", String(tab.getAttribute("data-part") === page.part));
    history.replaceState(null, "", `/promises?${query}`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) return location.assign(logInPath());
    tell(byId("offline"), error.status === 0 ? "网断了。网一通，会自己再取一次。" : said(error));
  }
}

/** @param {any} share */
const words = (share) => (share.percent === null ? "还没有到期的" : `${share.percent}%（${share.whole} 件里 ${share.part} 件）`);

async function figures() {
  try {
    const told = await api("GET", "/api/commitments/figures");
    byId("kept").textContent = `${told.words}，${told.share.percent === null ? "还没有到期的" : `按时办成 ${words(told.share)}`}`;
    byId("formula").textContent = `${told.name} = ${told.formula}。答应的日子按${told.words}算；没到日子的、到日子以前就收回的，不算。`;
    const table = (/** @type {string} */ head, /** @type {any[]} */ rows, /** @type {(one: any) => string} */ link) => el("table.table", {},
      el("thead", {}, el("tr", {}, el("th", {}, head), el("th", {}, "按时办成率"))),
      el("tbody", {}, ...rows.map((one) => el("tr", {}, el("td", {}, link(one) ? el("a", { href: link(one) }, one.name) : one.name), el("td", {}, words(one.share))))));
    byId("kept-tables").replaceChildren(table("领导", told.leaders, (one) => `/promises?part=all&leader=${one.id}`), table("在哪个单位谈的", told.organizations, (one) => `/promises?part=all&office=${one.id}`));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    byId("figures").hidden = true;
  }
}

/** @param {any} one @param {string} deed */
function open(one, deed) {
  const done = deed === "done";
  byId("ending-title").textContent = done ? "这件事办成了？" : "这件事办不成？";
  byId("ending-what").textContent = `${one.unit}：${one.what}`;
  byId("words-label").textContent = done ? "怎么办成的，凭什么看得出" : "为什么办不成，怎么跟群众说的";
  byId("day-field").hidden = !done;
  const today = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai" }).format(new Date());
  const day = /** @type {HTMLInputElement} */ (byId("day"));
  day.max = today;
  day.min = one.talked_on;
  day.value = today;
  /** @type {HTMLTextAreaElement} */ (byId("words")).value = "";
  tell(byId("trouble"), "");
  ending?.typing.stop();
  ending = { row: one, deed, typing: new Typing(byId("ending-form"), `promise ${one.id} ${deed}`) };
  byId("ending-what").after(ending.typing.note);
  dialog.showModal();
}

onSend(/** @type {HTMLFormElement} */ (byId("ending-form")), (fields) => (fields.words.trim() ? {} : { words: "请写一句" }), async (fields) => {
  if (!ending) return;
  const { row: one, deed, typing } = ending;
  const done = deed === "done";
  await api("POST", `/api/commitments/${one.id}/${deed}`, { version: one.version, words: fields.words.trim(), ...(done && fields.day ? { day: fields.day } : {}) });
  void typing.sent();
  dialog.close();
  await Promise.all([load(), figures()]);
});
byId("ending-no").addEventListener("click", () => dialog.close());
byId("tabs").addEventListener("click", (event) => {
  const tab = /** @type {Element} */ (event.target).closest("[data-part]");
  if (!tab) return;
  page.part = tab.getAttribute("data-part") || "open";
  page.after = "";
  load();
});
for (const name of /** @type {const} */ (["leader", "unit"])) selects[name].addEventListener("change", () => { page[name] = selects[name].value; page.after = ""; load(); });
mine?.addEventListener("change", () => { page.mine = mine.checked; page.leader = page.after = ""; load(); });
if (mine) mine.checked = page.mine;
byId("older").addEventListener("click", () => { page.after = page.next; load(); scrollTo(0, 0); });
byId("print").addEventListener("click", () => print());
addEventListener("online", load);
await load();
if (byId("promises").dataset.role === "handler") byId("figures").hidden = true;
else await figures();
