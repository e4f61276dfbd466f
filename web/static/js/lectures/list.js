// The list of lectures, and entering a new one.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, tell, tellFetching } from "/static/js/dom.js";
import { chineseMoment } from "/static/js/time.js";

const TONES = { planned: "line", running: "accent", closing: "line", ended: "line", cancelled: "line" };
const form = /** @type {HTMLFormElement} */ (byId("new-lecture"));
const search = /** @type {HTMLInputElement} */ (byId("find-place"));
/** From so many offices on one looks for one by its name. */
const MANY = 12;
const dialog = /** @type {HTMLDialogElement} */ (byId("ask-new"));
/** @type {{last: string, places: any[]}} */
const page = { last: "", places: [] };

/** @param {unknown} error @param {string} banner */
function said(error, banner) {
  if (!(error instanceof ApiError)) throw error;
  if (error.status === 401) return location.assign(logInPath());
  return tell(byId(banner), error.message);
}

/** @param {any} row */
function line(row) {
  const open = row.state === "planned" || row.state === "running";
  const words = open ? (row.mine ? "去讲" : "去看") : row.film ? "回看" : "打开";
  return el("tr", { "data-lecture": row.id },
    el("td.matter", {}, el("b.t", {}, row.title)),
    el("td.nb", {}, chineseMoment(row.started_at || row.planned_at)), el("td", {}, row.speaker), el("td", {}, row.office),
    el("td", {}, el(`span.badge.${TONES[/** @type {keyof typeof TONES} */ (row.state)]}`, {}, row.state_words)),
    el("td.r", {}, el(`a.btn${row.state === "running" ? ".primary" : ""}`, { href: `/lectures/${row.id}`, "aria-label": `${words}：${row.title}` }, words)));
}

/** @param {boolean} [more] */
async function load(more = false) {
  const found = await tellFetching(api("GET", `/api/lectures${more ? `?before=${page.last}` : ""}`));
  byId("rows").append(...found.rows.map(line));
  page.last = found.rows.at(-1)?.id || page.last;
  byId("lectures").hidden = !byId("rows").children.length;
  byId("none").hidden = byId("rows").children.length > 0;
  byId("more-line").hidden = !found.more;
}

async function choices() {
  const found = await api("GET", "/api/lectures/choices");
  page.places = found.offices;
  byId("speaker_id").replaceChildren(el("option", { value: "" }, "我自己讲"), ...found.speakers.map((/** @type {any} */ one) => el("option", { value: one.id }, one.name)));
  byId("places").replaceChildren(...found.offices.flatMap((/** @type {any} */ one, /** @type {number} */ i) => (one.beside && !found.offices[i - 1]?.beside ? [el("p.small.soft", {}, "上级和同级单位，来不来由他们定"), place(one, i)] : [place(one, i)])));
  byId("all").hidden = !found.offices.some((/** @type {any} */ one) => one.depth > 0);
  search.hidden = found.offices.length < MANY;
  search.value = "";
  count();
}

/** Shows those whose name has what was typed; what is chosen stays chosen. */
function find() {
  const words = search.value.trim();
  for (const label of byId("places").querySelectorAll("label")) label.hidden = Boolean(words) && !label.textContent?.includes(words);
}

/** @param {any} one @param {number} index */
function place(one, index) {
  const box = /** @type {HTMLInputElement} */ (el("input", { type: "checkbox", value: one.id }));
  box.addEventListener("change", () => { below(index, box.checked); count(); });
  const label = el("label.check", {}, box, one.name);
  label.style.paddingInlineStart = `${one.depth * 24}px`;
  return label;
}

const boxes = () => /** @type {HTMLInputElement[]} */ ([...byId("places").querySelectorAll("input")]);

/** Those below go with the office above them.  @param {number} index @param {boolean} checked */
function below(index, checked) {
  const all = boxes();
  for (let at = index + 1; at < all.length && page.places[at].depth > page.places[index].depth; at += 1) all[at].checked = checked;
}

function count() {
  byId("chosen").textContent = `请了 ${boxes().filter((box) => box.checked).length} 个单位`;
}

/** @param {SubmitEvent} event */
async function enter(event) {
  event.preventDefault();
  const data = new FormData(form);
  const offices = boxes().filter((box) => box.checked).map((box) => Number(box.value));
  const [title, day, time] = ["title", "on_day", "at_time"].map((name) => String(data.get(name) || "").trim());
  const lacks = !title ? "请写讲座的题目。" : !day || !time ? "请填哪天、几点。" : !offices.length ? "请至少选一个单位。" : "";
  if (lacks) return tell(byId("new-trouble"), lacks);
  const speaker = String(data.get("speaker_id") || "");
  try {
    const made = await api("POST", "/api/lectures", { title, planned_at: `${day}T${time}:00+08:00`, speaker_id: speaker ? Number(speaker) : null, offices });
    return location.assign(`/lectures/${made.row.id}`);
  } catch (error) {
    return said(error, "new-trouble");
  }
}

/** @param {() => Promise<void>} work @param {string} banner */
function kept(work, banner) {
  void work().then(() => tell(byId(banner), ""), (error) => said(error, banner));
}

document.getElementById("new")?.addEventListener("click", () => { dialog.showModal(); kept(choices, "new-trouble"); });
byId("new-no").addEventListener("click", () => dialog.close());
byId("more").addEventListener("click", () => kept(() => load(true), "trouble"));
byId("all").addEventListener("click", () => { boxes().forEach((box, index) => { if (!page.places[index].beside) box.checked = true; }); count(); });
search.addEventListener("input", find);
search.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
form.addEventListener("input", () => tell(byId("new-trouble"), ""));
form.addEventListener("submit", (event) => void enter(event));
kept(() => load(), "trouble");
