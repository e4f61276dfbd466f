// One group of like cases: its cases and how far each is, the measures for all of them, and what happened.

import { api, logInPath } from "/static/js/api.js";
import { byId, el, tell } from "/static/js/dom.js";
import { chineseDay } from "/static/js/time.js";
import { daysLeft } from "/static/js/why_this_date.js";
import { ask, attempt, toast } from "/static/js/desk/ask.js";
import { moment } from "/static/js/cases/timeline.js";

const path = `/api/groups/${byId("group").dataset.group}`;

/** @type {any} */
let group = null;

/** @param {any} fresh */
function show(fresh) {
  group = fresh;
  document.title = `${group.name} · 接谈`;
  byId("found").hidden = false;
  byId("name").textContent = group.name;
  byId("state").className = `badge ${group.closed_on ? "ok" : "accent"}`;
  byId("state").textContent = group.closed_on ? "销号了" : "在办";
  const facts = [["机构", group.organization], ["牵头单位", group.lead_unit || "还没定"], ["结果", group.outcome]];
  byId("facts").replaceChildren(...facts.filter(([, value]) => value).map(([label, value]) => el("span", {}, `${label} `, el("b", {}, value))));
  byId("states").replaceChildren(...group.states.map((/** @type {[string, number]} */ [state, number]) => el("span.badge.line", {}, `${state} ${number} 件`)));
  byId("none").hidden = group.cases.length > 0;
  byId("rows").replaceChildren(...group.cases.map(caseRow));
  byId("more").hidden = !group.next_after;
  byId("deeds").replaceChildren(...(group.may_change ? deeds() : []));
  byId("add-measure").replaceChildren(group.may_change && !group.closed_on ? button("加一条", addMeasure) : "");
  byId("measures").replaceChildren(...(group.measures.length ? group.measures.map(measure) : [el("p.mute", {}, "还没有定措施。")]));
  byId("events").replaceChildren(...group.events.map((/** @type {any} */ one) => el("li", {}, moment(one.at), el("i.b.on"),
    el("div.c", {}, el("b", {}, [one.what, one.why].filter(Boolean).join("　")), el("p", {}, one.author)))));
}

function deeds() {
  return [
    button("定牵头单位", setLead),
    group.closed_on ? button("重新挂起来", () => change("重新挂起来", { close: false })) : button("一起解决了，销号", () => change("销号", { close: true })),
  ];
}

/** @param {any} one */
function caseRow(one) {
  const { row } = one;
  const due = row.deadline ? daysLeft(row.deadline)[2] : "";
  return el("tr", {}, el("td", {}, el("a", { href: `/cases/${row.id}` }, el("b", {}, row.title)), el("p.small.soft", {}, row.petitioner)), el("td.nb", {}, row.case_no),
    el("td.nb", {}, row.state, row.unit ? el("p.small.soft", {}, row.unit) : null), el("td", {}, one.last, one.last_at ? el("p.small.soft.nb", {}, chineseDay(one.last_at)) : null),
    el("td.nb", {}, row.deadline?.overdue ? el("span.badge.bad", {}, due) : due), el("td", {}, group.may_change ? button("退出", () => leave(one)) : null));
}

/** @param {any} one */
function measure(one) {
  const when = one.done_on ? el("span.badge.ok", {}, `${chinese(one.done_on)}办好`) : one.due_on ? el(`span.badge${one.late ? ".bad" : ".line"}`, {}, `${one.late ? "过了" : ""}${chinese(one.due_on)}${one.late ? "" : "前"}`) : null;
  return el("article.supplement", {}, el("p", {}, el("b", {}, one.text), " ", when), el("p.small.soft", {}, [one.unit, one.outcome].filter(Boolean).join("　")),
    !one.done_on && group.may_report ? button("办好了", () => finish(one)) : null);
}

/** @param {string} date ISO */
function chinese(date) {
  const [, month, day] = date.split("-").map(Number);
  return `${month}月${day}日`;
}

/** @param {string} words @param {() => void} act */
function button(words, act) {
  const made = el("button.btn.small", { type: "button" }, words);
  made.addEventListener("click", act);
  return made;
}

/** Asks until it is sent.
 * @param {string} title @param {{name: string, words: string, input: HTMLElement, needed?: boolean}[]} fields @param {(values: Object<string, string>) => Promise<any>} act @param {number | string} [about] which of several the dialog is about */
async function send(title, fields, act, about = "") {
  const boxes = fields.map(({ name, words, input }) => { input.id = `group-${name}`; return el("div.field", {}, el("label", { for: input.id }, words), input); });
  const answer = await ask({
    title, body: boxes,
    buttons: [{ value: "yes", words: title, kind: "primary" }, { value: "", words: "先不" }],
    ready: () => /** @type {HTMLElement} */ (fields[0].input).focus(),
    keep: { what: `${path} ${title} ${about}` },
    act: async () => {
      const values = Object.fromEntries(fields.map(({ name, input }) => [name, /** @type {HTMLInputElement} */ (input).value.trim()]));
      const missing = fields.find(({ name, needed = true }) => needed && !values[name]);
      return missing ? `还没写：${missing.words}` : attempt(async () => show(await act(values)), load);
    },
  });
  if (answer) toast("办好了");
}

const reason = () => ({ name: "reason", words: "为什么", input: el("textarea.input", { rows: 2, maxlength: 500 }) });

/** @param {string} title @param {any} order */
function change(title, order) {
  return send(title, [{ ...reason(), words: order.close ? "怎么解决的" : "为什么" }], (values) => api("PUT", path, { version: group.version, ...order, ...values }));
}

async function setLead() {
  const units = await unitChoice();
  await send("定牵头单位", [{ name: "lead_unit_id", words: "牵头单位", input: units }, reason()], (values) => api("PUT", path, { version: group.version, reason: values.reason, lead_unit_id: Number(values.lead_unit_id) }));
}

async function unitChoice() {
  const { units } = await api("GET", "/api/groups/units").catch(() => ({ units: [] }));
  return el("select.input", {}, el("option", { value: "" }, "请选"), ...units.map((/** @type {any} */ one) => el("option", { value: one.id }, one.name)));
}

async function addMeasure() {
  const fields = [{ name: "text", words: "做什么", input: el("textarea.input", { rows: 3, maxlength: 500 }) }, { name: "unit_id", words: "哪个单位办，没定就空着", input: await unitChoice(), needed: false }, { name: "due_on", words: "什么时候办好，没定就空着", input: el("input.input", { type: "date" }), needed: false }];
  await send("加一条措施", fields, (values) => api("POST", `${path}/measures`, { text: values.text, unit_id: Number(values.unit_id) || null, due_on: values.due_on || null }));
}

/** @param {any} one */
function finish(one) {
  return send("办好了", [{ name: "outcome", words: "结果怎么样", input: el("textarea.input", { rows: 2, maxlength: 500 }) }], (values) => api("POST", `${path}/measures/${one.id}/done`, values), one.id);
}

/** @param {any} one */
function leave(one) {
  return send("退出", [reason()], (values) => api("POST", `${path}/cases/${one.row.id}/leave`, { version: one.version, ...values }), one.row.id);
}

async function load() {
  try {
    show(await api("GET", path));
    tell(byId("offline"), "");
  } catch (error) {
    const { status, message } = /** @type {any} */ (error);
    if (status === 401) return location.assign(logInPath());
    byId("missing").hidden = status !== 404;
    if (status !== 404) tell(byId("offline"), status === 0 ? "网断了。网一通，会自己再取一次。" : message);
  }
}

byId("more").addEventListener("click", async () => {
  const next = await api("GET", `${path}?after=${group.next_after}`);
  group.next_after = next.next_after;
  byId("rows").append(...next.cases.map(caseRow));
  byId("more").hidden = !next.next_after;
});
window.addEventListener("online", load);
await load();
