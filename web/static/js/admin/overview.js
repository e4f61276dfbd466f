// The administrator's page: whether everything runs, and adding organizations, accounts and kiosks.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { onSend, required, said, wrongOnly } from "/static/js/form.js";
import { chineseMoment } from "/static/js/time.js";

const EVERY_MS = 10_000;
const LOW_DISK_BYTES = 5e9;
const LEVELS = [["", "没有定"], ["city", "市级"], ["county", "县级"], ["township", "乡镇街道"], ["department", "职能部门"]];
const ROLES = { leader: "接访领导", clerk: "接谈员", handler: "承办单位经办人", supervisor: "督查督办", administrator: "系统管理员", security: "安全管理员", auditor: "审计管理员" };

/** @type {{shown: string, organizations: any[], cameras: any[], asked: HTMLElement|null}} */
const page = { shown: "", organizations: [], cameras: [], asked: null };

// --- whether everything runs ----------------------------------------------------------------------------------

/** @param {string} title @param {string} tone @param {string} drawing @param {string} state @param {string} words */
function card(title, tone, drawing, state, words) {
  return el(tone === "bad" ? "li.card.kk.off" : "li.card.kk", {}, el("div.row", {}, el("b", {}, title), el(`span.badge.${tone}`, {}, icon(drawing), state)), el("p", {}, words));
}

/** @param {any} node */
function mediaCard(node) {
  if (!node) return card("接谈和录制", "bad", "alert", "没有在跑", "现在不能开始新的接谈。已经录下的都在，程序会自己再启动；一直不好请看服务器。");
  const running = node.rooms.length ? `正在谈 ${node.rooms.length} 场，${node.participants} 人在线。` : "现在没有人在谈。";
  return card("接谈和录制", "ok", "okc", "正常", `${running}从${chineseMoment(node.started_at)}起一直在跑。`);
}

/** @param {number} minutes */
function duration(minutes) {
  return minutes < 120 ? `${Math.floor(minutes)} 分钟` : `${Math.floor(minutes / 60)} 小时`;
}

/** @param {any} node */
function diskCard(node) {
  if (!node) return card("录制用的磁盘", "line", "disk", "不清楚", "等接谈和录制的程序跑起来才看得到。");
  const lasts = node.disk_minutes !== null && node.disk_minutes < 48 * 60 ? `，照现在的写法还能录 ${duration(node.disk_minutes)}` : "";
  const free = `还剩 ${(node.disk_free_bytes / 1e9).toFixed(1)} GB${lasts}`;
  if (!node.disk_low && node.disk_free_bytes >= LOW_DISK_BYTES) return card("录制用的磁盘", "ok", "okc", "够用", `${free}。`);
  return card("录制用的磁盘", "bad", "alert", "快满了", `${free}。请尽快腾出地方，满了就录不下来。`);
}

/** @param {boolean} missing */
function transcriberCard(missing) {
  if (missing) return card("语音转写", "warn", "alert", "没有在跑", "接谈和录音照常，字幕先没有，好了会自动补上。");
  return card("语音转写", "ok", "okc", "正常", "字幕和笔录草稿都能出。");
}

/** @param {any} status */
function statusCards(status) {
  return [mediaCard(status.media), diskCard(status.media), transcriberCard(!status.transcriber)];
}

// --- the three tables -----------------------------------------------------------------------------------------

/** @type {Object<string, [string, string, string]>} */
const COPIES = {
  none: ["line", "disk", "不留备份"],
  keeps: ["ok", "okc", "留备份"],
  silent: ["warn", "alert", "备份程序没在跑"],
  full: ["bad", "alert", "硬盘满了，不留备份了"],
};

/** Whether this kiosk keeps copies of its talks, and what waits to be sent. @param {any} copies */
function copiesCell(copies) {
  const [tone, drawing, words] = COPIES[copies.state];
  const since = copies.state === "silent" && copies.seen_at ? `最后一次见到：${chineseMoment(copies.seen_at)}　` : "";
  const oldest = copies.oldest ? `，最早的是${chineseMoment(copies.oldest)}` : "";
  const waiting = copies.waiting ? `等着传 ${copies.waiting} 份，${(copies.waiting_bytes / 1e6).toFixed(1)} MB${oldest}` : "";
  return el("td", {}, el(`span.badge.${tone}`, {}, icon(drawing), words), el("div.small.soft", {}, `${since}${waiting}`));
}

/** @param {any} kiosk */
function cameraBadge(kiosk) {
  if (!kiosk.camera) return null;
  const camera = page.cameras.find((one) => one.camera_id === kiosk.camera_id);
  const sends = camera?.sends ?? [];
  if (!sends.length) return el("span.badge.warn", {}, "编码器没有连上");
  return el("span.badge.ok", {}, `编码器已连上${sends.includes("video") ? "" : "（没有画面）"}`);
}

/** @param {any} kiosk */
function cameraButton(kiosk) {
  return el("button.btn.small.quiet", { type: "button", "data-camera": kiosk.id, "data-name": kiosk.name, "data-has": kiosk.camera ? "1" : "" }, kiosk.camera ? "编码器" : "接编码器");
}

/** @param {any} kiosk */
function kioskRow(kiosk) {
  const state = kiosk.enrolled ? el("span.badge.ok", {}, icon("okc"), "已接入") : el("span.badge.warn", {}, icon("link"), "还没接入");
  const words = kiosk.enrolled ? "换一台电脑" : "取接入链接";
  const button = el("button.btn.small", { type: "button", "data-renew": kiosk.id, "data-name": kiosk.name, "data-enrolled": kiosk.enrolled }, words);
  const keep = el("button.btn.small", { type: "button", "data-copies": kiosk.id, "data-name": kiosk.name, "data-keeps": kiosk.copies.state !== "none" }, kiosk.copies.state === "none" ? "装备份程序" : "重装备份程序");
  return el("tr", {}, el("td", {}, el("b", {}, kiosk.name)), el("td", {}, kiosk.organization), el("td", {}, state, " ", cameraBadge(kiosk)), copiesCell(kiosk.copies), el("td.r", {}, cameraButton(kiosk), " ", keep, " ", button));
}

/** @param {any} user */
function userRow(user) {
  const off = user.active ? null : el("span.badge.line", {}, "没有授权");
  return el("tr", {}, el("td", {}, el("b", {}, user.name), " ", off), el("td", {}, user.username), el("td", {}, ROLES[user.role] || user.role, user.title ? `　${user.title}` : ""), el("td", {}, user.organization), el("td.r", {}, el("button.btn.small.quiet", { type: "button", "data-password-of": user.id, "data-name": user.name }, "给新密码")));
}

/** Where an organization stands; kept as soon as it is chosen. @param {any} organization */
function levelChoice(organization) {
  const select = /** @type {HTMLSelectElement} */ (el("select.input", { "aria-label": `${organization.name}的级别` }));
  select.append(...LEVELS.map(([value, words]) => el("option", { value }, words)));
  select.value = organization.level;
  select.addEventListener("change", async () => {
    try {
      await api("PUT", `/api/admin/organizations/${organization.id}/level`, { level: select.value });
      organization.level = select.value;
      tell(byId("offline"), "");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      select.value = organization.level;
      tell(byId("offline"), said(error));
    }
  });
  return select;
}

/** @param {any} organization @param {any[]} all */
function organizationRow(organization, all) {
  const parent = all.find((one) => one.id === organization.parent_id);
  return el("tr", {}, el("td", {}, el("b", {}, organization.name)), el("td.num", {}, organization.code), el("td", {}, levelChoice(organization)), el("td", {}, parent ? parent.name : ""));
}

/** @param {string} kind @param {HTMLElement[]} rows @param {string} unit @param {string} nothing */
function fill(kind, rows, unit, nothing) {
  const count = byId(`count-${kind}`);
  count.hidden = rows.length === 0;
  count.textContent = `${rows.length} ${unit}`;
  byId(`rows-${kind}`).replaceChildren(...(rows.length ? rows : [el("tr", {}, el("td.mute", { colspan: 5 }, nothing))]));
}

/** Choices of an organization keep what was chosen. @param {any[]} organizations */
function fillChoices(organizations) {
  for (const id of ["kiosk-organization", "user-organization", "organization-parent"]) {
    const select = /** @type {HTMLSelectElement} */ (byId(id));
    const chosen = select.value;
    select.replaceChildren(...organizations.map((one) => el("option", { value: one.id }, one.name)));
    if (organizations.some((one) => String(one.id) === chosen)) select.value = chosen;
  }
}

/** The three administrators are three people. @param {any[]} users */
function missingRoles(users) {
  const missing = ["security", "auditor"].filter((role) => !users.some((user) => user.role === role && user.active)).map((role) => ROLES[role]);
  if (!missing.length) return "";
  const until = missing.includes(ROLES.security) ? "有了安全管理员以后，新添的账号由他授权才能登录。" : "";
  return `还没有${missing.join("和")}，请各添一个账号，由不同的人来当。${until}`;
}

/** @param {any} overview */
function draw(overview) {
  byId("status").replaceChildren(...statusCards(overview.status));
  tell(byId("templates"), overview.template_problems.join(""));
  tell(byId("timestamps"), overview.timestamp_trouble);
  tell(byId("apart"), missingRoles(overview.users));
  tell(byId("calendar"), overview.calendar_missing ? `${overview.calendar_missing}年的放假安排这里还没有，按工作日算的期限先照星期一到星期五数，日子可能会变。国务院公布以后，请更新放假安排（服务器上 pip install -U chinesecalendar），再重启。` : "");
  const { organizations, users, kiosks } = overview;
  page.cameras = overview.status.media?.cameras ?? [];
  const shown = JSON.stringify([organizations, users, kiosks, page.cameras], (key, value) => (key === "seen_at" ? undefined : value));
  if (shown === page.shown) return;
  page.shown = shown;
  page.organizations = organizations;
  fill("kiosks", kiosks.map(kioskRow), "台", "还没有终端。先添一台，再到那台电脑上打开接入链接。");
  fill("users", users.map(userRow), "个", "还没有账号。");
  fill("organizations", organizations.map((/** @type {any} */ one) => organizationRow(one, organizations)), "个", "还没有机构。");
  fillChoices(organizations);
}

async function refresh() {
  try {
    draw(await api("GET", "/api/admin/overview"));
    tell(byId("offline"), "");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) location.assign(logInPath());
    tell(byId("offline"), error.code === "offline" ? "网断了，正在自己重连。下面是断开以前的情况。" : said(error));
  }
}

// --- adding ---------------------------------------------------------------------------------------------------

/** @param {string} kind @param {boolean} open */
function turn(kind, open) {
  const form = /** @type {HTMLFormElement} */ (byId(kind));
  form.hidden = !open;
  document.querySelector(`[data-open="${kind}"]`)?.setAttribute("aria-expanded", String(open));
  if (open) /** @type {HTMLElement|null} */ (form.querySelector("input"))?.focus();
  else form.reset();
}

/** @param {{url: string}} enrolment @param {string} name */
function showLink(enrolment, name) {
  showOnce(`${name}的接入链接`, "在那台终端的浏览器里打开这个链接。", enrolment.url);
}

/** @param {{code: string}} enrolment @param {string} name */
function showCommand(enrolment, name) {
  const words = "在那台终端上运行这一行命令，以后开机让它自己跑（不用再带 --code）。它把谈话另存一份，线路断了也不丢。";
  showOnce(`${name}的备份程序`, words, `jietan kiosk agent --server ${location.origin} --code ${enrolment.code}`);
}

/** What is told only once. @param {string} title @param {string} words @param {string} value */
function showOnce(title, words, value) {
  byId("enrolment-title").textContent = title;
  byId("enrolment-words").textContent = words;
  const field = /** @type {HTMLInputElement} */ (byId("enrolment-url"));
  field.value = value;
  byId("enrolment-copy").textContent = "复制";
  byId("enrolment").hidden = false;
  byId("enrolment").scrollIntoView({ block: "nearest" });
  field.select();
}

async function copyLink() {
  const field = /** @type {HTMLInputElement} */ (byId("enrolment-url"));
  field.select();
  const copied = navigator.clipboard ? await navigator.clipboard.writeText(field.value).then(() => true, () => false) : false;
  byId("enrolment-copy").textContent = copied ? "已复制" : "已选中，请按 Ctrl+C";
}

function closeLink() {
  /** @type {HTMLInputElement} */ (byId("enrolment-url")).value = "";
  byId("enrolment").hidden = true;
}

/** @param {HTMLElement} button */
async function renew(button) {
  const { renew: id, name = "" } = button.dataset;
  const sure = button.dataset.enrolled === undefined || window.confirm(`${name}现在接入的那台电脑会立刻断开，要用新链接重新接入。要换吗？`);
  if (!sure) return;
  try {
    showLink(await api("POST", `/api/admin/kiosks/${id}/enrolment`), name);
    await refresh();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    tell(byId("offline"), said(error));
  }
}

/** @param {HTMLElement} button */
async function installCopies(button) {
  const { copies: id, name = "" } = button.dataset;
  const sure = button.dataset.keeps === undefined || window.confirm(`用了新的接入码，${name}上现在的备份程序就不能再传了，没传完的要留在那台电脑上由新登记的程序接着传。要换吗？`);
  if (!sure) return;
  try {
    showCommand(await api("POST", `/api/admin/kiosks/${id}/agent`), name);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    tell(byId("offline"), said(error));
  }
}

// --- an encoder as a kiosk's camera ---------------------------------------------------------------------------

/** @param {HTMLElement} button */
function askCamera(button) {
  page.asked = button;
  byId("camera-title").textContent = `${button.dataset.name}的编码器`;
  byId("camera-key").hidden = true;
  byId("camera-drop").hidden = !button.dataset.has;
  tell(byId("trouble-camera"), "");
  byId("camera").hidden = false;
  byId("camera").scrollIntoView({ block: "nearest" });
}

function closeCamera() {
  for (const id of ["camera-url", "camera-token"]) /** @type {HTMLInputElement} */ (byId(id)).value = "";
  byId("camera").hidden = true;
}

/** @param {"POST"|"DELETE"} method */
async function changeCamera(method) {
  const { camera: id, has } = page.asked?.dataset ?? {};
  if (has && !window.confirm("现在用着的编码器会马上断开。要继续吗？")) return;
  const sound = /** @type {HTMLInputElement} */ (byId("camera-sound")).checked;
  try {
    const key = await api(method, `/api/admin/kiosks/${id}/camera`, method === "POST" ? { sound } : undefined);
    if (method === "DELETE") closeCamera();
    else showCameraKey(key);
    await refresh();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    tell(byId("trouble-camera"), said(error));
  }
}

/** @param {{url: string, token: string}} key */
function showCameraKey(key) {
  if (page.asked) page.asked.dataset.has = "1";
  /** @type {HTMLInputElement} */ (byId("camera-url")).value = key.url;
  /** @type {HTMLInputElement} */ (byId("camera-token")).value = key.token;
  byId("camera-key").hidden = byId("camera-drop").hidden = false;
}

/**
 * @param {string} kind plural, as in the path
 * @param {(fields: Object<string, string>) => Object<string, string>} check
 * @param {(fields: Object<string, string>) => Object} body
 * @param {(answer: any, fields: Object<string, string>) => void} [done]
 */
function adding(kind, check, body, done = () => {}) {
  onSend(/** @type {HTMLFormElement} */ (byId(`form-${kind}`)), (fields) => wrongOnly(check(fields)), async (fields) => {
    const answer = await api("POST", `/api/admin/${kind}`, body(fields));
    turn(`form-${kind}`, false);
    done(answer, fields);
    await refresh();
  }, byId(`trouble-${kind}`));
}

// --- a password for somebody who forgot theirs ----------------------------------------------------------------

/** @param {HTMLElement} button */
function askPassword(button) {
  page.asked = button;
  byId("given-title").textContent = `给${button.dataset.name}一个新密码`;
  byId("given").hidden = false;
  byId("given").scrollIntoView({ block: "nearest" });
  byId("given-password").focus();
}

function closePassword() {
  /** @type {HTMLFormElement} */ (byId("given-form")).reset();
  byId("given").hidden = true;
}

onSend(/** @type {HTMLFormElement} */ (byId("given-form")), (f) => wrongOnly({ password: required(f.password, "密码", 10) }), async (f) => {
  const { passwordOf, name } = page.asked?.dataset ?? {};
  await api("POST", `/api/admin/users/${passwordOf}/password`, { password: f.password });
  closePassword();
  await refresh();
  byId("summary").textContent = `${name}的新密码设好了，请当面交给本人。`;
}, byId("trouble-given"));

/** @param {string} code */
function wrongCode(code) {
  return required(code, "代码") || (/^[A-Z0-9]{1,12}$/.test(code.trim().toUpperCase()) ? "" : "代码只用大写字母和数字，最多 12 位");
}

adding("kiosks", (f) => ({ name: required(f.name, "终端名称"), organization_id: required(f.organization_id || "", "机构") }),
  (f) => ({ name: f.name.trim(), organization_id: Number(f.organization_id) }), (answer, f) => showLink(answer, f.name.trim()));
adding("users", (f) => ({ name: required(f.name, "姓名"), username: required(f.username, "登录账号", 2), organization_id: required(f.organization_id || "", "机构"), password: required(f.password, "密码", 10) }),
  (f) => ({ name: f.name.trim(), username: f.username.trim(), role: f.role, title: f.title.trim(), organization_id: Number(f.organization_id), password: f.password }));
adding("organizations", (f) => ({ name: required(f.name, "机构名称", 2), code: wrongCode(f.code), parent_id: required(f.parent_id || "", "上级机构") }),
  (f) => ({ name: f.name.trim(), code: f.code.trim().toUpperCase(), level: f.level, parent_id: Number(f.parent_id) }));

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target.closest("button") : null;
  if (!target) return;
  if (target.dataset.open) turn(target.dataset.open, byId(target.dataset.open).hidden);
  else if (target.dataset.close) turn(target.dataset.close, false);
  else if (target.dataset.renew) renew(target);
  else if (target.dataset.passwordOf) askPassword(target);
  else if (target.dataset.camera) askCamera(target);
  else if (target.dataset.copies) installCopies(target);
});
byId("enrolment-copy").addEventListener("click", copyLink);
byId("camera-make").addEventListener("click", () => changeCamera("POST"));
byId("camera-drop").addEventListener("click", () => changeCamera("DELETE"));
byId("given-close").addEventListener("click", closePassword);
byId("camera-close").addEventListener("click", closeCamera);
byId("enrolment-close").addEventListener("click", closeLink);
refresh();
setInterval(refresh, EVERY_MS);
