// The duty list of joint reception: who can be asked into talks, and when.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell, tellFetching } from "/static/js/dom.js";
import { onSend, required, said, wrongOnly } from "/static/js/form.js";
import { LANGUAGES } from "/static/js/room/words.js";

const TYPING_MS = 300;

/** @type {{editing: number, user: number | null, people: any[], typing: number}} */
const page = { editing: 0, user: null, people: [], typing: 0 };
const form = /** @type {HTMLFormElement | null} */ (document.getElementById("form"));

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

/** @param {number} minute */
const clock = (minute) => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
/** @param {string} text */
const minuteOf = (text) => { const [hours, minutes] = text.split(":"); return 60 * Number(hours) + Number(minutes); };
/** @param {string} name */
const input = (name) => /** @type {HTMLInputElement} */ (byId(name));

/** @param {any} one DutyRow */
function row(one) {
  const now = one.now ? el("span.badge.ok", {}, icon("okc"), one.way === "on_duty" ? "正在值班" : "正在听班") : el("span.badge.line", {}, icon("clock"), "不在这个时候");
  const keys = one.own && form ? [key("edit", "改", () => edit(one), one), key("cross", "去掉", () => ask(one), one)] : [];
  return el("tr", { "data-duty": one.id },
    el("td.matter", {}, el("b.t", {}, one.name), el("span.small.soft.below", {}, one.unit)),
    el("td", {}, one.kind_words, one.language === "zh" ? null : el("span.small.soft.below", {}, `说${languageWord(one.language)}`)),
    el("td", {}, now, el("span.small.soft.below", {}, one.when)),
    el("td", {}, one.user_id ? "页面上响铃" : "发链接", el("span.small.soft.below.num", {}, one.phone)),
    el("td", {}, one.own ? "本单位" : one.organization),
    el("td.r", {}, el("span.row.g2", {}, ...keys)));
}

/** @param {string} drawing @param {string} words @param {() => void} act @param {any} one */
function key(drawing, words, act, one) {
  const button = el("button.btn.small", { type: "button", "aria-label": `${words}：${one.name}` }, icon(drawing), words);
  button.addEventListener("click", act);
  return button;
}

/** @param {string} code */
const languageWord = (code) => LANGUAGES.find(([value]) => value === code)?.[1] || code;

/** Nobody is taken off with one press. @param {any} one */
function ask(one) {
  const line = byId("rows").querySelector(`[data-duty="${one.id}"]`);
  if (!line || line.nextElementSibling?.classList.contains("sure")) return;
  const sure = el("button.btn.danger", { type: "button" }, "去掉");
  const leave = el("button.btn.quiet", { type: "button" }, "不去掉");
  const below = el("tr.sure", {}, el("td", { colspan: 6 }, el("div.row.g2", {}, `把${one.name}从值班表上去掉？`, sure, leave)));
  leave.addEventListener("click", () => below.remove());
  sure.addEventListener("click", () => kept(async () => draw(await api("DELETE", `/api/joint-duty/${one.id}`))));
  line.after(below);
  sure.focus();
}

/** @param {any} list DutyList */
function draw(list) {
  byId("rows").replaceChildren(...list.rows.map(row));
  byId("table").hidden = !list.rows.length;
  byId("empty").hidden = list.rows.length > 0;
  const now = list.rows.filter((/** @type {any} */ one) => one.now).length;
  byId("sum").textContent = list.rows.length ? `名单上 ${list.rows.length} 人，这会儿叫得到 ${now} 人` : "";
}

// --- the form ------------------------------------------------------------------------------------------------

/** @param {any | null} one null: somebody new */
function edit(one) {
  if (!form) return;
  form.reset();
  page.editing = one?.id || 0;
  page.user = one?.user_id || null;
  byId("form-title").textContent = one ? `改：${one.name}` : "加一个人";
  if (one) {
    for (const name of ["kind", "way", "language", "name", "unit", "phone"]) input(name).value = one[name];
    [input("begins").value, input("ends").value] = [clock(one.begins), clock(Math.min(one.ends, 1439))];
    [input("first_on").value, input("last_on").value] = [one.first_on || "", one.last_on || ""];
    for (const box of boxes()) box.checked = one.weekdays.includes(Number(box.value));
  }
  form.hidden = false;
  input("kind").focus();
  form.scrollIntoView({ block: "nearest" });
}

/** @returns {HTMLInputElement[]} */
function boxes() {
  return [.../** @type {NodeListOf<HTMLInputElement>} */ (byId("form").querySelectorAll("[name=weekday]"))];
}

/** Somebody chosen from the suggestions fills name and unit. */
function typed() {
  const chosen = page.people.find((one) => input("colleague").value === labelOf(one));
  page.user = chosen?.id || null;
  if (chosen) [input("name").value, input("unit").value] = [chosen.name, chosen.organization];
  clearTimeout(page.typing);
  if (!chosen) page.typing = window.setTimeout(() => kept(suggest), TYPING_MS);
}

/** @param {any} one */
const labelOf = (one) => `${one.name}（${one.organization}）`;

async function suggest() {
  const { colleagues } = await api("GET", `/api/joint-duty/colleagues?q=${encodeURIComponent(input("colleague").value.trim())}`);
  page.people = colleagues;
  byId("colleagues").replaceChildren(...colleagues.map((/** @type {any} */ one) => el("option", { value: labelOf(one) })));
}

/** @param {Object<string, string>} fields */
function order(fields) {
  const ends = minuteOf(fields.ends || "17:00");
  return {
    kind: fields.kind, way: fields.way, language: fields.language, name: fields.name.trim(), unit: fields.unit.trim(), phone: fields.phone.trim(),
    user_id: page.user, weekdays: boxes().filter((box) => box.checked).map((box) => Number(box.value)), begins: minuteOf(fields.begins || "09:00"),
    ends: ends === 1439 ? 1440 : ends, first_on: fields.first_on || null, last_on: fields.last_on || null,
  };
}

/** @param {Object<string, string>} fields */
function wrong(fields) {
  return wrongOnly({ name: required(fields.name, "姓名"), unit: required(fields.unit, "单位"), ends: fields.ends <= fields.begins ? "要在开始以后" : "" });
}

if (form) {
  byId("language").append(...LANGUAGES.map(([value, words]) => new Option(words, value)));
  byId("new").addEventListener("click", () => edit(null));
  byId("form-no").addEventListener("click", () => { form.hidden = true; });
  input("colleague").addEventListener("input", typed);
  input("name").addEventListener("input", () => { page.user = null; });
  onSend(form, wrong, async (fields) => {
    const path = page.editing ? `/api/joint-duty/${page.editing}` : "/api/joint-duty";
    draw(await api(page.editing ? "PUT" : "POST", path, order(fields)));
    form.hidden = true;
  });
}
kept(async () => draw(await tellFetching(api("GET", "/api/joint-duty"))));
