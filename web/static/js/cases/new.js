// Registering a matter that did not come by a talk.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { markAll, required, said, values, wrongOnly } from "/static/js/form.js";
import { categoryChooser } from "/static/js/cases/category.js";
import { allChoices } from "/static/js/cases/choices.js";
import { Typing } from "/static/js/typed.js";
import { today } from "/static/js/cases/step_form.js";

const form = /** @type {HTMLFormElement} */ (byId("form"));
const button = /** @type {HTMLButtonElement} */ (form.querySelector('[type="submit"]'));
const LIMITS = /** @type {Object<string, string>} */ ({ id_number: "证件号", phone: "电话" });

/** Doubts that the clerk has seen: the same ones do not hold them up again. @type {Set<string>} */
const seen = new Set();
/** @type {{node: HTMLElement, get: () => string, set: (name: string) => void}} */
let category;
/** @type {Typing} */
let typing;

/** @param {string} name */
function input(name) {
  return /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
}

function typed() {
  const fields = values(form);
  return { ...fields, received_by_id: fields.channel === "on_site" ? fields.received_by_id : "", category: category?.get() || "" };
}

// --- checking ----------------------------------------------------------------------------------------------------

/** What cannot be registered so. @param {Object<string, string>} fields */
function wrong(fields) {
  return wrongOnly({
    received_on: !fields.received_on ? "请选收到的日子" : fields.received_on > today() ? "收到的日子不能在今天以后" : "",
    name: required(fields.name, "姓名，没有署名就写“匿名”"),
    people: /^[1-9]\d*$/.test(fields.people) ? "" : "人数要写整数，至少 1 人",
    statement: required(fields.statement, "写的什么"),
  });
}

/** What looks wrong about ID and telephone; no answer is no doubt. @param {Object<string, string>} fields @returns {Promise<Object<string, string>>} */
async function doubts({ id_type, id_number, phone }) {
  if (!id_number && !phone) return {};
  const { fields } = await api("POST", "/api/choices/check", { id_type, id_number, phone }).catch(() => ({ fields: {} }));
  return fields;
}

/** @param {Object<string, string>} found */
function showDoubts(found) {
  for (const name of Object.keys(LIMITS)) {
    let hint = byId(name).parentElement?.querySelector(".doubt");
    if (!hint) {
      hint = el("span.hint.warn.doubt", { role: "status" });
      byId(name).parentElement?.append(hint);
    }
    if (hint.textContent !== (found[name] || "")) hint.replaceChildren(...(found[name] ? [icon("alert"), found[name]] : []));
  }
}

/** Whether the clerk is held up once by something new. @param {Object<string, string>} found */
function holdsUp(found) {
  const fresh = Object.entries(found).filter(([name, text]) => !seen.has(name + text));
  fresh.forEach(([name, text]) => seen.add(name + text));
  if (!fresh.length) return false;
  tell(byId("trouble"), `${fresh.map(([name]) => LIMITS[name] || "有一处").join("、")}好像不对，请对一遍。就是这样的话，再按一次“登记”。`);
  input(fresh[0][0]).focus();
  return true;
}

// --- sending -----------------------------------------------------------------------------------------------------

async function register() {
  tell(byId("trouble"), "");
  byId("known").hidden = true;
  const fields = typed();
  if (!markAll(form, wrong(fields))) return;
  const doubtful = await doubts(fields);
  showDoubts(doubtful);
  if (holdsUp(doubtful)) return;
  const { id, added, case_no, query_code, sent, hidden } = await api("POST", "/api/cases", { ...fields, people: Number(fields.people), received_by_id: Number(fields.received_by_id) || null, name: fields.name.trim() });
  if (!added) return showKnown(id, case_no);
  await typing.sent();
  if (hidden) return showHidden(case_no, query_code);
  sessionStorage.setItem("jietan.registered", JSON.stringify({ id, query_code, sent }));
  location.assign(`/cases/${id}`);
}

/** @param {number} id @param {string} number */
function showKnown(id, number) {
  const banner = byId("known");
  banner.hidden = false;
  banner.querySelector("div")?.replaceChildren("这个来件号登记过了，没有再登一次：", el("a", { href: `/cases/${id}` }, number), "。不是同一件的话，把来件号改对再登。");
  input("source_ref").focus();
}

/** It is against the clerk's own office: from here on it is for those above. @param {string} number @param {string} code */
function showHidden(number, code) {
  const banner = byId("hidden");
  form.replaceWith(banner);
  byId("alike").replaceChildren();
  tell(banner, `登记好了，编号 ${number}。查询码 ${code}，告诉信访人：凭它和手机号后 4 位，自己能查办到哪一步。这件事反映的就是本单位或者上级，照第三十条，从现在起本单位看不到它，由上级办，原件请交给上级信访部门。`);
  banner.querySelector("div")?.append(el("p", {}, el("a.btn.small", { href: "/cases/new" }, "再登记一件")));
  banner.focus();
}

/** @param {unknown} error */
function failed(error) {
  if (!(error instanceof ApiError)) return tell(byId("trouble"), "这一步没办成，请再试一次。写的都还在。");
  if (error.status === 401) return location.assign(logInPath());
  const fields = error.details.fields || {};
  const named = Array.isArray(fields) ? Object.fromEntries(fields.map((name) => [name, error.message])) : fields;
  const known = Object.entries(named).filter(([name]) => form.elements.namedItem(name));
  if (known.length) markAll(form, Object.fromEntries(known));
  else tell(byId("trouble"), said(error));
}

/** Only who came in person was received by a leader. */
function showReceiver() {
  byId("receiver").hidden = input("channel").value !== "on_site";
}

// --- the page ----------------------------------------------------------------------------------------------------

/** @param {string} name @param {[string, string][]} options */
function fill(name, options) {
  input(name).append(...options.map(([value, words]) => el("option", { value }, words)));
}

/** @param {Object<string, string>} before */
function restore(before) {
  for (const [name, value] of Object.entries(before)) if (form.elements.namedItem(name)) input(name).value = String(value);
  category.set(before.category || "");
  showReceiver();
}

async function keepTyped() {
  input("received_on").value = today();
  input("received_on").max = today();
  typing = new Typing(form, "new matter", { typed, restore });
  form.before(typing.note);
  await typing.ready;
}

async function begin() {
  try {
    const choices = await allChoices();
    fill("channel", choices.channels);
    fill("id_type", choices.id_types);
    fill("purpose", choices.purposes);
    category = categoryChooser(choices.categories);
    byId("category-place").replaceChildren(category.node);
    tell(byId("offline"), "");
    await keepTyped();
    button.disabled = false;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return location.assign(logInPath());
    tell(byId("offline"), error instanceof ApiError && error.status ? said(error) : "网断了。网一通，会自己再取一次。");
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.disabled) return;
  button.disabled = true;
  await register().catch(failed);
  button.disabled = false;
});
byId("channel").addEventListener("change", showReceiver);
form.addEventListener("change", async (event) => {
  const { name, value } = /** @type {HTMLInputElement} */ (event.target);
  if (name === "id_number" && value && !input("id_type").value) input("id_type").value = "identity_card";
  if (["id_number", "id_type", "phone"].includes(name)) showDoubts(await doubts(typed()));
});
window.addEventListener("online", () => { if (!category) void begin(); });
button.disabled = true;
await begin();
