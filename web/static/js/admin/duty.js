// How often an organization's leaders receive people: the rule of its level, and what it set stricter for itself.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, tell } from "/static/js/dom.js";
import { onSend, required, said, wrongOnly } from "/static/js/form.js";

const form = /** @type {HTMLFormElement} */ (byId("duty-form"));
const places = /** @type {HTMLSelectElement} */ (byId("organization"));
const path = () => `/api/admin/reception-duty/${places.value}`;

/** @param {any} found DutyRow of server/protocol/bookings.py */
function draw(found) {
  const fields = /** @type {any} */ (form.elements);
  byId("duty-law").textContent = found.level ? `规定：${found.law}${found.law_source ? `（${found.law_source}）` : ""}` : "";
  byId("duty-now").textContent = !found.level ? "这个机构还没有定是哪一级，请先在“管理 → 机构”里定。" : found.own ? "本地另定了次数，照下面的算。" : "现在照规定算。";
  [fields.times.value, fields.period.value, fields.source.value] = [found.times || "", found.period || "month", found.own ? found.source : ""];
  byId("duty-drop").hidden = !found.own;
  tell(byId("duty-trouble"), "");
}

async function load() {
  if (!places.value) return;
  try {
    draw(await api("GET", path()));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) return location.assign(logInPath());
    tell(byId("duty-trouble"), said(error));
  }
}

onSend(form, (fields) => wrongOnly({ times: required(fields.times, "至少几天"), source: required(fields.source, "依据的文件") }), async (fields) => {
  draw(await api("PUT", path(), { times: Number(fields.times), period: fields.period, source: fields.source.trim() }));
}, byId("duty-trouble"));
byId("duty-drop").addEventListener("click", async () => {
  try {
    draw(await api("DELETE", path()));
  } catch (error) {
    tell(byId("duty-trouble"), error instanceof ApiError ? said(error) : "没有改成，再按一次。");
  }
});
places.addEventListener("change", load);
new MutationObserver(load).observe(places, { childList: true });
