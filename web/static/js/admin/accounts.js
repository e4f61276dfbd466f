// The security administrator's page: which account may do what.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { said } from "/static/js/form.js";

const ROLES = { leader: "接访领导", clerk: "接谈员", handler: "承办单位经办人", supervisor: "督查督办", administrator: "系统管理员", security: "安全管理员", auditor: "审计管理员" };

/** @param {unknown} error */
function trouble(error) {
  if (!(error instanceof ApiError)) throw error;
  if (error.status === 401) location.assign(logInPath());
  tell(byId("offline"), said(error));
}

/** @param {any} account @param {{role: string, active: boolean}} rights */
async function set(account, rights) {
  try {
    await api("PUT", `/api/admin/accounts/${account.id}`, rights);
    await refresh();
    byId("summary").textContent = `${account.name}：改好了。`;
  } catch (error) {
    trouble(error);
  }
}

/** For a lost telephone. @param {any} account */
async function dropTwoStep(account) {
  if (!window.confirm(`确认是${account.name}本人来说手机丢了？关掉以后，凭密码就能登录；请本人登录后马上重新开。`)) return;
  try {
    await api("DELETE", `/api/admin/accounts/${account.id}/two-step`);
    await refresh();
    byId("summary").textContent = `${account.name}：两步登录关了。`;
  } catch (error) {
    trouble(error);
  }
}

/** @param {any} account */
function secondStep(account) {
  if (!account.two_step) return el("span.small.mute", {}, "没有开");
  const drop = el("button.btn.small.quiet", { type: "button", disabled: account.own }, "关掉");
  drop.addEventListener("click", () => dropTwoStep(account));
  return el("span.row", {}, el("span.badge.ok", {}, icon("okc"), "开着"), drop);
}

/** @param {any} account */
function row(account) {
  const choice = /** @type {HTMLSelectElement} */ (el("select.input", { "aria-label": `${account.name}做什么`, disabled: account.own },
    ...Object.entries(ROLES).map(([role, words]) => el("option", { value: role, selected: role === account.role }, words))));
  choice.addEventListener("change", () => set(account, { role: choice.value, active: account.active }));
  const state = account.active ? el("span.badge.ok", {}, icon("okc"), "能登录") : el("span.badge.warn", {}, icon("lock"), "没有授权");
  const turn = el(account.active ? "button.btn.small" : "button.btn.small.primary", { type: "button", disabled: account.own }, account.active ? "停用" : "授权");
  turn.addEventListener("click", () => set(account, { role: choice.value, active: !account.active }));
  const own = account.own ? el("span.small.mute", {}, "自己的账号，请另一位安全管理员改") : turn;
  return el("tr", {}, el("td", {}, el("b", {}, account.name), account.title ? `　${account.title}` : ""), el("td", {}, account.username), el("td", {}, account.organization), el("td", {}, choice), el("td", {}, state), el("td", {}, secondStep(account)), el("td.r", {}, own));
}

async function refresh() {
  const { accounts } = await api("GET", "/api/admin/accounts");
  const waiting = accounts.filter((/** @type {any} */ one) => !one.active).length;
  byId("summary").textContent = waiting ? `有 ${waiting} 个账号没有授权` : "";
  byId("rows").replaceChildren(...accounts.map(row));
  tell(byId("offline"), "");
}

refresh().catch(trouble);
