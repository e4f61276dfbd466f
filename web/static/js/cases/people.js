// Who is responsible, which letters there are, and who brings the matter.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon } from "/static/js/dom.js";
import { ask, toast } from "/static/js/desk/ask.js";
import { answering } from "/static/js/cases/answer.js";
import { ANSWERING, OBJECTING, shortDay } from "/static/js/cases/timeline.js";
import { daysLeft } from "/static/js/why_this_date.js";

const TO_UNITS = ["assignment", "pass_on", "handle_anew", "supervision", "risk_warning", "accountability"];
const TONES = /** @type {Object<string, string[]>} */ ({ 待签收: ["warn", "clock"], 已签收: ["accent", "check"], 提了异议: ["bad", "alert"], 已反馈: ["ok", "check"], 反馈被退回: ["bad", "alert"], 已收回: ["line", "undo"] });

/** @typedef {{path: string, unit: number, user: number, able: boolean, show: (found: any) => void}} Own path of the case, the actor and their unit, whether they may say who works on its share */

/** @param {any} found Case @param {Own} own */
export function showUnits(found, own) {
  const units = found.assignments;
  byId("units-panel").hidden = false;
  const standing = units.filter((/** @type {any} */ one) => one.state !== "已收回");
  const both = standing.some((/** @type {any} */ one) => one.part === "属地") && standing.some((/** @type {any} */ one) => one.part === "主办");
  byId("units-how").textContent = both ? "双交办，双反馈" : standing.length > 1 ? "几家都要反馈" : "";
  const gone = units.filter((/** @type {any} */ one) => !standing.includes(one));
  byId("units").replaceChildren(...(units.length ? [...standing, ...gone].map((/** @type {any} */ one) => unit(one, found, own)) : [el("p.mute", {}, found.stage === "registered" ? "还没有交给哪个单位。" : "没有交给哪个单位。")]));
}

/** @param {any} one AssignmentView @param {any} found @param {Own} own */
function unit(one, found, own) {
  const [tone, drawing] = TONES[one.state] || ["line", "info"];
  const due = found.deadlines.filter((/** @type {any} */ d) => d.organization_id === one.organization_id && d.rule !== OBJECTING && one.open)[0];
  const facts = [one.kind, one.officer ? `经办 ${one.officer}` : "", one.task].filter(Boolean).join("　");
  const when = due ? el(due.overdue ? "b.bad" : "span.soft", { title: due.name }, due.overdue ? daysLeft(due)[2] : `${due.rule === ANSWERING ? "回督办" : "应"} ${shortDay(due.due)}`) : el("span.soft", {}, shortDay(one.fed_back_at || one.given_at));
  return el("div.unit", {}, el("b", {}, `${one.unit}　${one.part}`), el(`span.badge.${tone}`, {}, icon(drawing), one.state), el("span.soft", {}, facts), when, own.able && one.open && one.organization_id === own.unit ? officerButton(one, own) : null);
}

/** @param {any} one AssignmentView @param {Own} own */
function officerButton(one, own) {
  const button = el("button.btn.small.quiet.officer", { type: "button" }, icon("user"), one.officer ? "换经办人" : "定经办人");
  button.addEventListener("click", () => chooseOfficer(one, own));
  return button;
}

/** @param {any} one AssignmentView @param {Own} own */
async function chooseOfficer(one, own) {
  const got = await api("GET", "/api/work/officers").catch(away);
  if (!got) return;
  const select = /** @type {HTMLSelectElement} */ (el("select.input", { id: "officer" }, ...got.officers.map((/** @type {any} */ officer) => el("option", { value: officer.id }, officer.name))));
  const current = got.officers.find((/** @type {any} */ officer) => officer.name === one.officer);
  if (current || got.officers.some((/** @type {any} */ officer) => officer.id === own.user)) select.value = String(current?.id || own.user);
  /** @type {any} */
  let fresh = null;
  await ask({
    title: one.officer ? "换经办人" : "定经办人",
    body: [el("div.field", {}, el("label", { for: "officer" }, `${one.unit}由谁办这件事`), select)],
    buttons: [{ value: "yes", words: "就是他", kind: "primary" }, { value: "", words: "先不" }],
    act: async () => {
      try {
        fresh = await api("PUT", `${own.path}/assignments/${one.id}/officer`, { user_id: Number(select.value) });
        return "";
      } catch (error) {
        return error instanceof ApiError ? error.message : "没有记下，再按一次。";
      }
    },
  });
  if (fresh) own.show(fresh);
}

/** @param {unknown} error */
function away(error) {
  if (error instanceof ApiError && error.status === 401) location.assign(logInPath());
  else toast(error instanceof ApiError ? error.message : "人暂时取不到，再按一次。", "alert");
  return null;
}

/** @param {any} found Case */
export function showLetters(found) {
  byId("letters-panel").hidden = !found.letters.length;
  byId("letters").replaceChildren(...[...found.letters].reverse().map((/** @type {any} */ one) => el("li", { "data-letter": one.id }, icon("paper"),
    el("span.grow", {}, el("b", {}, one.name), " ", one.number ? el("span.small.soft.num.nb", {}, one.number) : null,
      el("span.small.soft.block", {}, `给${one.to}　${shortDay(one.issued_at)} ${one.author}　`, ...one.urls.map((/** @type {string} */ url) => el("a.file-kind", { href: url, download: "", "aria-label": `${one.name} ${kindOf(url)}` }, kindOf(url)))), answering(one)), delivered(one))));
}

/** @param {string} url */
function kindOf(url) {
  return url.endsWith("pdf") ? "PDF" : "Word";
}

/** @param {any} letter */
function delivered(letter) {
  if (letter.delivered_on) return el("span.badge.ok.end", { title: letter.delivered_how }, icon("check"), `${shortDay(letter.delivered_on)} ${letter.delivered_how || "送达"}`);
  return TO_UNITS.includes(letter.kind) ? null : el("span.badge.warn.end", {}, "还没送达");
}

/** @param {any} found Case @param {string} path */
export function showPersons(found, path) {
  byId("persons-panel").hidden = !found.persons.length;
  byId("persons").replaceChildren(...found.persons.map((/** @type {any} */ one) => person(one, path)));
}

/** @param {any} one CasePersonView @param {string} path */
function person(one, path) {
  const numbers = el("dl.kv.small", {}, ...numbered(one));
  const open = /** @type {HTMLButtonElement} */ (el("button.btn.small.end", { type: "button", "aria-label": `打开${one.name}的号码` }, icon("eye"), "打开"));
  open.addEventListener("click", async () => {
    open.disabled = true;
    try {
      numbers.replaceChildren(...numbered(await api("POST", `${path}/persons/${one.id}/open`)));
      open.replaceWith(el("span.badge.line.end", {}, "记下了"));
    } catch (error) {
      open.disabled = false;
      if (error instanceof ApiError && error.status === 401) return location.assign(logInPath());
      toast(error instanceof ApiError ? error.message : "号码暂时打不开，再按一次。", "alert");
    }
  });
  const masked = `${one.phone}${one.id_number}`.includes("*");
  return el("div.person", {}, el("div.row.g2", {}, el("b", {}, one.name), masked ? open : null), numbers);
}

/** @param {any} one */
function numbered(one) {
  return [["电话", one.phone], ["证件号", one.id_number], ["住址", one.address]].filter(([, value]) => value).flatMap(([label, value]) => [el("dt", {}, label), el("dd.num", {}, value)]);
}
