// The administrator's page of Word templates: what holds where, a changed one put in its place, back to what held before.
import { ApiError, api, logInPath, send } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { said } from "/static/js/form.js";
import { chineseMoment } from "/static/js/time.js";

const MOST_BYTES = 5_000_000;
const LONG_MS = 60_000;

/** @type {{place: number, name: string, title: string}} */
const page = { place: 0, name: "", title: "" };
const places = /** @type {HTMLSelectElement} */ (byId("organization"));
const file = /** @type {HTMLInputElement} */ (byId("file"));

/** @param {string} name */
const address = (name) => `/api/admin/letter-templates/${page.place}/${name}`;

/** Does something once; what goes wrong is told. @param {() => Promise<void>} act */
async function attempt(act) {
  for (const banner of ["trouble", "done"]) tell(byId(banner), "");
  try {
    await act();
    tell(byId("offline"), "");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) return location.assign(logInPath());
    if (error.code === "offline") return tell(byId("offline"), "网断了，没有换。网一通请再试。");
    tell(byId("trouble"), error.code === "too_large" ? tooLarge(page.title) : said(error));
    byId("trouble").scrollIntoView({ block: "nearest" });
  }
}

/** @param {string} title */
const tooLarge = (title) => `${title}：没有换，这个文件超过 5 MB。请把里面的图片压小一点。`;

/** @param {any} row TemplateRow of server/protocol/letter_templates.py */
function holds(row) {
  if (!row.source) return [el("span.soft", {}, "程序自带的")];
  const since = row.own ? "本机构自己的" : row.source;
  const when = el("div.small.soft", {}, `${chineseMoment(row.changed_at)}换上`);
  return [el(row.own ? "b" : "span", {}, since), when, row.problem ? el("p.small.warn-words", {}, icon("alert"), `没有用上，现在用的是程序自带的。${row.problem}`) : ""];
}

/** @param {any} row */
function keys(row) {
  const own = el("button.btn.small.quiet", { type: "button", "data-drop": row.name, "data-title": row.title }, "不用自己的");
  return el("div.row.wrap.keys", {},
    el("a.btn.small", { href: address(row.name), download: "", "aria-label": `取${row.title}的模板` }, icon("save"), "取模板"),
    el("a.btn.small", { href: `${address(row.name)}/sample`, download: "", "aria-label": `看${row.title}的样张` }, "看样张"),
    el("button.btn.small", { type: "button", "data-put": row.name, "data-title": row.title, "aria-label": `换上改好的${row.title}模板` }, "换上改好的"),
    row.own ? own : "");
}

/** @param {any} row */
function drawn(row) {
  return el("tr", { "data-template": row.name }, el("td", {}, el("b", {}, row.title)), el("td", {}, ...holds(row)), el("td", {}, keys(row)));
}

/** @param {any} one TemplateWords */
function words(one) {
  const list = one.words.map((/** @type {any} */ word) => [el("dt", {}, el("code", {}, `{{ ${word.name} }}`)), el("dd.small", {}, word.shown || "（样张里空着）")]);
  return el("details", {}, el("summary", {}, `${one.of}能用的 ${one.words.length} 个`), el("p.small", {}, `必须有：${one.needed.join("、")}。`), el("dl.names", {}, ...list.flat()));
}

/** @param {any} found Templates */
function draw(found) {
  byId("rows").replaceChildren(...found.templates.map(drawn));
  byId("words").replaceChildren(...found.words.map(words));
}

async function put() {
  const chosen = file.files?.[0];
  file.value = "";
  if (!chosen) return;
  if (chosen.size > MOST_BYTES) return attempt(async () => tell(byId("trouble"), tooLarge(page.title)));
  await attempt(async () => {
    draw(await send("PUT", address(page.name), chosen, LONG_MS));
    tell(byId("done"), `${page.title}的模板换上了，从下一份起照它排。看一眼样张，比对一下。`);
    byId("done").scrollIntoView({ block: "nearest" });
  });
  /** @type {HTMLElement | null} */ (document.querySelector(`[data-put="${page.name}"]`))?.focus();
}

/** @param {string} name @param {string} title */
function drop(name, title) {
  if (!confirm(`“${title}”不再用本机构自己的模板，这份模板会删掉；要留着，请先取一份。不用了吗？`)) return;
  attempt(async () => {
    draw(await api("DELETE", address(name)));
    tell(byId("done"), `${title}不用本机构自己的模板了。`);
    /** @type {HTMLElement | null} */ (document.querySelector(`[data-put="${name}"]`))?.focus();
  });
}

byId("rows").addEventListener("click", (event) => {
  const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-put], [data-drop]"));
  if (!button) return;
  const { put: name, drop: dropped, title = "" } = button.dataset;
  if (dropped) return drop(dropped, title);
  [page.name, page.title] = [name || "", title];
  file.click();
});
file.addEventListener("change", put);

const load = () => attempt(async () => draw(await api("GET", `/api/admin/letter-templates/${page.place}`)));
places.addEventListener("change", () => { page.place = Number(places.value); load(); });

attempt(async () => {
  const { organizations } = await api("GET", "/api/admin/overview");
  places.replaceChildren(...organizations.map((/** @type {any} */ one) => el("option", { value: one.id }, one.name)));
  page.place = organizations[0].id;
  draw(await api("GET", `/api/admin/letter-templates/${page.place}`));
});
