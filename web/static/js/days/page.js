// Reception days and bookings as their office works with them: three lists under tabs.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell, tellFetching } from "/static/js/dom.js";
import { onSend, required, said, wrongOnly } from "/static/js/form.js";
import { chineseDay } from "/static/js/time.js";
import { Asking } from "./asking.js";
import { openBooking, shutBooking } from "./booking.js";
import { showRules } from "./rules.js";

const WEEKS = 26;
const root = byId("office");
const place = /** @type {HTMLSelectElement} */ (byId("unit"));
const state = /** @type {HTMLSelectElement} */ (byId("state"));
/** @type {{tab: string, last: number, leaders: any[]}} */
const page = { tab: "bookings", last: 0, leaders: [] };

/** Does something that may fail, and says so. @param {() => Promise<void>} work */
async function kept(work) {
  try {
    await work();
    tell(byId("offline"), "");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) return location.assign(logInPath());
    tell(byId("offline"), error.status === 0 ? "网断了。网一通请再试。" : said(error));
  }
}

/** Days from today on, as the API writes them. @param {number} days */
function dayIn(days) {
  return new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai" }).format(new Date(Date.now() + days * 86_400_000));
}

/** A booking whose time is over and of which nobody said what became of it. @param {any} one */
function overdue(one) {
  if (one.state === "approved" && one.may.includes("no_show")) return el("span.badge.warn.below", {}, icon("alert"), "来没来还没记");
  return one.state === "asked" && one.on_day && one.on_day < dayIn(0) ? el("span.badge.warn.below", {}, icon("alert"), "日子过了，还没安排") : null;
}

/** @param {any} one */
function bookingRow(one) {
  const open = el("button.btn", { type: "button", "aria-label": `打开：${one.matter}` }, "打开");
  open.addEventListener("click", () => kept(() => openBooking(one.id, () => kept(loadBookings))));
  return el("tr", { "data-booking": one.id },
    el("td.matter", {}, el("b.t", {}, one.matter), el("span.small.soft", {}, `${one.name}　`, el("span.num", {}, one.phone))),
    el("td", {}, el("span.nb", {}, one.on_day ? chineseDay(one.on_day) : "还没有定"), one.time ? el("span.small.soft.below.nb", {}, one.time) : null, overdue(one)),
    el("td", {}, one.leader || "还没有定", el("span.small.soft.below", {}, one.kind_words || `由${one.office}排`)),
    el("td", {}, one.where), el("td.r", {}, open));
}

/** @param {number | null} [before] */
async function loadBookings(before = null) {
  shutBooking();
  const { rows, more } = await tellFetching(api("GET", `/api/bookings?state=${state.value}${before ? `&before=${before}` : ""}`));
  byId("rows").replaceChildren(...rows.map(bookingRow));
  byId("bookings").hidden = !rows.length;
  byId("no-bookings").hidden = rows.length > 0;
  byId("older-line").hidden = !more;
  page.last = rows.length ? rows[rows.length - 1].id : 0;
}

/** @param {any} day @param {string} deed @param {string} words @param {boolean} asks */
function dayKey(day, deed, words, asks) {
  const button = el("button.btn.small", { type: "button" }, words);
  button.addEventListener("click", () => {
    if (asks) return askWhy(day);
    kept(async () => { await api("POST", `/api/reception-days/${day.id}/${deed}`, { version: day.version }); await loadDays(); });
  });
  return button;
}

/** A line under the day asks why; nothing is cancelled with one press. @param {any} day */
function askWhy(day) {
  const row = byId("days").querySelector(`[data-day="${day.id}"]`);
  if (!row || row.nextElementSibling?.classList.contains("why-row")) return;
  const input = /** @type {HTMLInputElement} */ (el("input.input", { maxlength: 200, "aria-label": "为什么取消，约好的人会看到" , placeholder: "为什么取消，约好的人会看到" }));
  const sure = el("button.btn.danger", { type: "button" }, "取消这一天");
  const leave = el("button.btn.quiet", { type: "button" }, "不取消");
  const line = el("tr.why-row", {}, el("td", { colspan: 6 }, el("div.row.g2", {}, input, sure, leave)));
  leave.addEventListener("click", () => line.remove());
  sure.addEventListener("click", () => kept(async () => {
    await api("POST", `/api/reception-days/${day.id}/cancel`, { version: day.version, why: input.value.trim() });
    await loadDays();
  }));
  row.after(line);
  input.focus();
}

const TONES = { planned: "line", held: "ok", cancelled: "line" };

/** @param {any} day */
function dayRow(day) {
  const past = day.on_day <= dayIn(0);
  const begins = day.may_change && day.kind !== "video" && day.on_day === dayIn(0) ? el("a.btn.small.primary", { href: `/on-site?${new URLSearchParams({ kind: day.kind, leader_id: String(day.leader_id), place: day.place })}` }, "开始现场接访") : null;
  const keys = day.may_change ? [past ? dayKey(day, "held", "接了", false) : null, dayKey(day, "cancel", "取消", true)] : [];
  return el("tr", { "data-day": day.id },
    el("td.nb", {}, el("b", {}, chineseDay(day.on_day)), el("span.small.soft.below.nb", {}, day.hours)),
    el("td", {}, el("b", {}, day.leader), day.title ? `　${day.title}` : "", el("span.small.soft.below", {}, day.charge)),
    el("td", {}, day.kind_words, el("span.small.soft.below", {}, day.place)),
    el("td.num.nb", { "data-label": "约了" }, `${day.booked} / ${day.slots}`),
    el("td", {}, el(`span.badge.${TONES[/** @type {"planned"|"held"|"cancelled"} */ (day.state)]}`, {}, day.state_words), el("span.small.soft.below", {}, day.why)),
    el("td.r", {}, begins, " ", ...keys.flatMap((key) => (key ? [key, " "] : []))));
}

async function loadDays() {
  const { days } = await api("GET", `/api/reception-days?office=${place.value}&first=${dayIn(-31)}&last=${dayIn(WEEKS * 7)}`);
  byId("days").replaceChildren(...days.map(dayRow));
  byId("days-table").hidden = !days.length;
  byId("no-days").hidden = days.length > 0;
  const leaders = page.leaders.filter((one) => String(one.organization_id) === place.value);
  byId("leader_id").replaceChildren(...leaders.map((one) => el("option", { value: one.id }, one.title ? `${one.name}（${one.title}）` : one.name)));
}

/** @param {string[]} days */
function dayBadges(days) {
  return el("span.met-days", {}, ...days.map((day) => el("span.badge.line.nb", {}, chineseDay(day))));
}

/** @param {any} one @param {boolean} counted */
function dutyRow(one, counted) {
  const met = one.missing ? el("span.badge.warn", {}, icon("alert"), `还差 ${one.missing} 天`) : el("span.badge.ok", {}, icon("okc"), "够了");
  return el("tr", {}, el("td", {}, el("b", {}, one.name), one.title ? `　${one.title}` : ""),
    el("td", { "data-label": "接了" }, one.days.length ? dayBadges(one.days) : el("span.mute", {}, "还没有")), el("td", { "data-label": "还排了" }, one.ahead.length ? dayBadges(one.ahead) : el("span.mute", {}, "没有排")),
    el("td", {}, counted ? met : el("span.mute", {}, "不按次数算")));
}

async function loadDuty() {
  const found = await api("GET", `/api/reception-days/duty?office=${place.value}&day=${dayIn(0)}`);
  const rule = found.level ? [el("b", {}, found.words), found.source ? `　依据：${found.source}` : ""] : ["这个单位还没有定是市级、县级还是乡镇，请系统管理员在“管理 → 机构”里定，才知道几天接一次。"];
  byId("duty-rule").replaceChildren(...rule, found.times ? `　现在看的是${found.period}` : "");
  byId("duty").replaceChildren(...found.leaders.map((/** @type {any} */ one) => dutyRow(one, found.times > 0)));
  byId("duty-table").hidden = !found.leaders.length;
  const missing = found.times ? found.leaders.filter((/** @type {any} */ one) => one.missing).length : 0;
  byId("sum").textContent = missing ? `${found.period}还有 ${missing} 位领导没有接够` : "";
}

async function loadRules() {
  showRules(await api("GET", "/api/queue"), root.dataset.role === "leader");
}

const LOADS = { bookings: () => loadBookings(), days: loadDays, duty: loadDuty, rules: loadRules };

/** @param {string} tab */
function turn(tab) {
  page.tab = tab in LOADS ? tab : "bookings";
  for (const button of byId("tabs").children) button.setAttribute("aria-selected", String(button.getAttribute("data-tab") === page.tab));
  for (const name of Object.keys(LOADS)) byId(`tab-${name}`).hidden = name !== page.tab;
  place.hidden = page.tab === "bookings" || page.tab === "rules";
  byId("sum").textContent = "";
  kept(LOADS[/** @type {"bookings"|"days"|"duty"|"rules"} */ (page.tab)]);
}

byId("tabs").addEventListener("click", (event) => {
  const tab = /** @type {Element} */ (event.target).closest("[data-tab]");
  if (!tab) return;
  turn(tab.getAttribute("data-tab") || "");
  history.replaceState(null, "", `/reception-days?tab=${page.tab}`);
});
state.addEventListener("change", () => kept(loadBookings));
byId("older").addEventListener("click", () => kept(() => loadBookings(page.last)));
place.addEventListener("change", () => {
  /** @type {HTMLAnchorElement} */ (byId("public")).href = `/schedule?office=${place.value}`;
  turn(page.tab);
});
const form = /** @type {HTMLFormElement} */ (byId("new-day"));
onSend(form, (fields) => wrongOnly({ leader_id: required(fields.leader_id || "", "领导"), on_day: required(fields.on_day, "哪天"), begins: required(fields.begins, "几点起") }), async (fields) => {
  const day = { ...fields, leader_id: Number(fields.leader_id), slots: Number(fields.slots), slot_minutes: Number(fields.slot_minutes) };
  await api("POST", "/api/reception-days", day);
  await loadDays();
}, byId("day-trouble"));

const asking = document.getElementById("new-booking") ? new Asking({ dayIn, days: WEEKS * 7, kept, booked: () => { state.value = "asked"; kept(loadBookings); } }) : null;

kept(async () => {
  const { leaders } = await api("GET", "/api/reception-days/leaders");
  page.leaders = leaders;
  const own = root.getAttribute("data-place") || "";
  const found = new Map(leaders.map((/** @type {any} */ one) => [String(one.organization_id), one.organization]));
  place.replaceChildren(...[...found].map(([id, name]) => el("option", { value: id }, name)));
  if (!found.size) place.replaceChildren(el("option", { value: own }, "本单位"));
  if (found.has(own)) place.value = own;
  asking?.offer(found.size ? found : new Map([[own, "本单位"]]), own);
  /** @type {HTMLAnchorElement} */ (byId("public")).href = `/schedule?office=${place.value}`;
  turn(new URLSearchParams(location.search).get("tab") || "bookings");
});
