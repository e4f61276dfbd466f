// The administrator's page of stricter local limits.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, tell } from "/static/js/dom.js";
import { onSend, required, said, wrongOnly } from "/static/js/form.js";
import { chineseMoment } from "/static/js/time.js";

/** @type {{place: number, rule: string}} */
const page = { place: 0, rule: "" };
const form = /** @type {HTMLFormElement} */ (byId("form"));
const places = /** @type {HTMLSelectElement} */ (byId("organization"));

/** @param {any} limit LimitRow of server/protocol/limits.py */
function open(limit) {
  page.rule = limit.rule;
  byId("changing").hidden = false;
  byId("changing-title").textContent = `${limit.name}，规定 ${limit.law}（${limit.article}）`;
  const fields = /** @type {any} */ (form.elements);
  for (const one of fields.unit.options) one.hidden = one.disabled = (one.value === "percent") !== (limit.unit === "percent");
  [fields.value.value, fields.unit.value, fields.source.value] = [limit.value, limit.unit, limit.own ? limit.source : ""];
  byId("drop").hidden = !limit.own;
  tell(byId("trouble"), "");
  fields.value.focus();
}

/** @param {any} limit */
function row(limit) {
  const button = el("button.btn.small", { type: "button" }, limit.own ? "改" : limit.unit === "percent" ? "定得更高" : "定得更紧");
  button.addEventListener("click", () => open(limit));
  const local = limit.source ? [el("b", {}, limit.holds), el("div.small.soft", {}, `${limit.set_by}定的`)] : [limit.holds];
  return el("tr", { "data-rule": limit.rule },
    el("td", {}, el("b", {}, limit.name)), el("td.nb", {}, limit.law), el("td", {}, ...local),
    el("td", {}, limit.source ? `${limit.article}；${limit.source}` : limit.article),
    el("td.r", {}, limit.changeable ? button : el("span.small.mute", {}, "信访人的权利，不能改")));
}

/** @param {any} change */
function changed(change) {
  return el("tr", {}, el("td.nb", {}, chineseMoment(change.at)), el("td", {}, change.name), el("td", {}, change.old), el("td", {}, change.new), el("td", {}, change.author));
}

/** @param {any} found Limits */
function draw(found) {
  byId("rows").replaceChildren(...found.limits.map(row));
  byId("changes").replaceChildren(...(found.changes.length ? found.changes.map(changed) : [el("tr", {}, el("td.mute", { colspan: 5 }, "还没有改过，都照法律规定。"))]));
  byId("changing").hidden = true;
  tell(byId("offline"), "");
}

/** @param {() => Promise<void>} work */
async function kept(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) location.assign(logInPath());
    tell(byId("offline"), error.code === "offline" ? "网断了。网一通请再试。" : said(error));
  }
}

async function load() {
  draw(await api("GET", `/api/admin/limits/${page.place}`));
}

places.addEventListener("change", () => { page.place = Number(places.value); kept(load); });
byId("close").addEventListener("click", () => { byId("changing").hidden = true; });
byId("drop").addEventListener("click", () => kept(async () => draw(await api("DELETE", `/api/admin/limits/${page.place}/${page.rule}`))));
onSend(form, (fields) => wrongOnly({ value: required(fields.value, "多少"), source: required(fields.source, "依据的文件") }), async (fields) => {
  draw(await api("PUT", `/api/admin/limits/${page.place}/${page.rule}`, { value: Number(fields.value), unit: fields.unit, source: fields.source }));
});

kept(async () => {
  const { organizations } = await api("GET", "/api/admin/overview");
  places.replaceChildren(...organizations.map((/** @type {any} */ one) => el("option", { value: one.id }, one.name)));
  page.place = organizations[0].id;
  await load();
});
