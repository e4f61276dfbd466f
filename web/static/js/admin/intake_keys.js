// Keys with which other systems (hotline, mailbox, website) register matters: made, shown once, revoked.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { onSend, required, said, wrongOnly } from "/static/js/form.js";
import { chineseMoment } from "/static/js/time.js";

const form = /** @type {HTMLFormElement} */ (byId("form-intake"));

/** @param {boolean} open */
function turn(open) {
  form.hidden = !open;
  byId("open-intake").setAttribute("aria-expanded", String(open));
}

/** @param {any} key */
function row(key) {
  const used = key.used_at ? chineseMoment(key.used_at) : "还没有用过";
  const state = key.revoked_at ? el("span.badge.line", {}, `${chineseMoment(key.revoked_at)} 停用`) : el("span.badge.ok", {}, icon("okc"), "能用");
  const button = key.revoked_at ? null : el("button.btn.small.danger", { type: "button", "data-revoke": key.id, "data-name": key.name }, "停用");
  return el(key.revoked_at ? "tr.off" : "tr", {}, el("td", {}, el("b", {}, key.name), el("div.small.soft", {}, `${key.author}，${chineseMoment(key.made_at)}`)), el("td", {}, key.organization), el("td", {}, key.channel), el("td", {}, used), el("td", {}, state), el("td.r", {}, button));
}

async function refresh() {
  try {
    const [{ keys }, { organizations }] = await Promise.all([api("GET", "/api/admin/intake-keys"), api("GET", "/api/admin/overview")]);
    byId("rows-intake").replaceChildren(...keys.map(row));
    byId("none-intake").hidden = keys.length > 0;
    const select = byId("intake-organization");
    if (!select.children.length) select.append(...organizations.map((/** @type {any} */ one) => el("option", { value: one.id }, one.name)));
    tell(byId("trouble-intake-list"), "");
  } catch (error) {
    failed(error);
  }
}

/** @param {unknown} error */
function failed(error) {
  if (error instanceof ApiError && error.status === 401) return location.assign(logInPath());
  tell(byId("trouble-intake-list"), error instanceof ApiError ? said(error) : "这一步没办成，请刷新再试。");
}

/** A second press within the same button means it. @param {HTMLButtonElement} button */
async function revoke(button) {
  if (button.dataset.sure !== "1") {
    button.dataset.sure = "1";
    button.textContent = "再按一次，马上停用";
    return;
  }
  button.disabled = true;
  try {
    await api("DELETE", `/api/admin/intake-keys/${button.dataset.revoke}`);
  } catch (error) {
    return failed(error);
  }
  await refresh();
}

onSend(form, (f) => wrongOnly({ name: required(f.name, "哪个系统用"), organization_id: required(f.organization_id || "", "机构") }), async (f) => {
  const made = await api("POST", "/api/admin/intake-keys", { name: f.name.trim(), channel: f.channel, organization_id: Number(f.organization_id) });
  turn(false);
  form.reset();
  /** @type {HTMLInputElement} */ (byId("intake-url")).value = made.url;
  /** @type {HTMLInputElement} */ (byId("intake-key")).value = made.key;
  byId("intake-made").hidden = false;
  await refresh();
}, byId("trouble-intake"));

byId("open-intake").addEventListener("click", () => turn(form.hidden));
byId("close-intake").addEventListener("click", () => turn(false));
byId("intake-close").addEventListener("click", () => {
  byId("intake-made").hidden = true;
  /** @type {HTMLInputElement} */ (byId("intake-key")).value = "";
});
byId("rows-intake").addEventListener("click", (event) => {
  const button = /** @type {Element} */ (event.target).closest("button[data-revoke]");
  if (button) revoke(/** @type {HTMLButtonElement} */ (button));
});
refresh();
