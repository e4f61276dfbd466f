// Public schedule of leaders' reception days: choose a day, book it, look a booking up and cancel it.  Code and digits live in
// this page only while it shows the booking.
import { ApiError, api } from "/static/js/api.js";
import { byId, el, icon, tell, tellFetching } from "/static/js/dom.js";
import { mark, onSend, required, said, wrongOnly } from "/static/js/form.js";
import { chineseDay } from "/static/js/time.js";
import { digits, tidyCode, wrongCode, wrongDigits } from "./typed.js";

/** `moving`: the booking that gets another time. @type {{days: any[], rooms: any[], day: any, digits: string, moving: any}} */
const page = { days: [], rooms: [], day: null, digits: "", moving: null };
const offices = /** @type {HTMLSelectElement} */ (byId("office"));
const book = /** @type {HTMLFormElement} */ (byId("book"));
const find = /** @type {HTMLFormElement} */ (byId("find"));
const AGAIN_MS = 5000;
const PHONE = /^(1\d{10}|0\d{2,3}-?\d{7,8})$/;

/** @param {"list" | "ask" | "told"} which */
function turn(which) {
  for (const id of ["list", "ask", "told"]) byId(id).hidden = id !== which;
  window.scrollTo(0, 0);
  const heading = which === "list" ? null : byId(which).querySelector("h1");
  if (heading) heading.focus({ preventScroll: true });
}

/** @param {any} day */
function leaderWords(day) {
  return day.title ? `${day.leader}（${day.title}）` : day.leader;
}

/** @param {any} day */
function dayItem(day) {
  const words = page.moving ? "改到这一天" : "约这一天";
  const button = el("button.btn.block", { type: "button", "aria-label": `${page.moving ? "改到" : "约"} ${chineseDay(day.on_day)} ${day.leader}` }, icon("cal"), words);
  button.addEventListener("click", () => ask(day));
  return el("li.day", { "data-day": day.id },
    el("h2", {}, chineseDay(day.on_day)),
    el("p.who", {}, leaderWords(day)),
    day.charge ? el("p.soft", {}, `分管：${day.charge}`) : null,
    el("p.row", {}, el("span.badge.accent", {}, day.kind_words), el("span.nb", {}, day.hours), day.place ? el("span", {}, day.place) : null),
    day.free.length ? el("p.small.soft", {}, `还能约 ${day.free.length} 位`) : el("p.small", {}, el("b", {}, "约满了，"), "当天有空会接着接待。"),
    day.free.length ? button : null);
}

/** @param {string} chosen */
async function load(chosen) {
  try {
    const found = await tellFetching(api("GET", `/api/schedule${chosen ? `?office=${encodeURIComponent(chosen)}` : ""}`));
    tell(byId("offline"), "");
    page.days = found.days;
    page.rooms = found.rooms;
    const known = found.offices.some((/** @type {any} */ one) => found.office && one.id === found.office.id);
    const all = found.office && !known ? [found.office, ...found.offices] : found.offices;
    offices.replaceChildren(...(found.office ? [] : [el("option", { value: "" }, "请选")]), ...all.map((/** @type {any} */ one) => el("option", { value: one.id }, one.name)));
    offices.value = found.office ? String(found.office.id) : "";
    byId("days").replaceChildren(...found.days.map(dayItem));
    byId("empty").hidden = found.days.length > 0 || (!found.office && all.length > 0);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    tell(byId("offline"), error.status === 0 ? "网断了，正在自己重连。" : said(error));
    if (error.status === 0) setTimeout(() => load(offices.value || chosen), AGAIN_MS);
  }
}

/** @param {any} day */
function ask(day) {
  page.day = day;
  byId("asked-day").replaceChildren(el("b", {}, chineseDay(day.on_day)), el("br"), `${leaderWords(day)}　`, el("span.nb", {}, day.kind_words));
  const slots = /** @type {HTMLSelectElement} */ (byId("slot"));
  slots.replaceChildren(...day.free.map((/** @type {any} */ one) => el("option", { value: one.slot }, one.time)));
  const rooms = /** @type {HTMLSelectElement} */ (byId("place_id"));
  byId("rooms").hidden = day.kind !== "video" || !page.rooms.length;
  rooms.replaceChildren(...page.rooms.map((/** @type {any} */ one) => el("option", { value: one.id }, one.name)));
  tell(byId("trouble"), "");
  const heading = byId("ask").querySelector("h1");
  if (heading) heading.textContent = page.moving ? "改到这一天" : "约这一天";
  for (const part of ["who-asks", "who-reads"]) byId(part).hidden = Boolean(page.moving);
  byId("send").textContent = page.moving ? "就改到这个时间" : "约好";
  turn("ask");
}

/** Choose another time for this booking, at the same office; null: no longer. @param {any} told */
function move(told) {
  page.moving = told;
  byId("moving").hidden = !told;
  if (told) byId("moving").querySelector("div")?.replaceChildren(el("b", {}, "改时间"), `　现在约的是 ${told.day} ${told.time || "还没有定"}。另选一天，新的时间约上了，原来的才让出来。`);
  offices.disabled = Boolean(told);
  byId("find-card").hidden = Boolean(told);
  if (!told) return;
  turn("list");
  load(String(told.office_id));
}

/** @param {any} told */
function show(told) {
  const facts = [["单位", told.office], ["哪天", told.day], ["几点", told.time], ["领导", told.leader], ["怎么谈", told.kind], ["到哪里", told.place], ["原因", told.why]];
  const list = el("dl.facts", {});
  for (const [name, words] of facts) if (words) list.append(el("dt", {}, name), el("dd", {}, words));
  const trouble = el("p.error", { role: "alert", hidden: true });
  const cancel = /** @type {HTMLButtonElement} */ (el("button.btn.danger.block", { type: "button" }, "不去了，取消"));
  let sure = false;
  cancel.addEventListener("click", async () => {
    if (!sure) {
      sure = true;
      cancel.textContent = "再点一次，就取消";
      return;
    }
    cancel.disabled = true;
    try {
      show(await api("POST", "/api/schedule/cancel", { code: told.code, phone_last4: page.digits }));
    } catch (error) {
      trouble.hidden = false;
      trouble.replaceChildren(icon("alert"), error instanceof ApiError ? said(error) : "这一步没办成，请再试一次。");
    } finally {
      cancel.disabled = false;
    }
  });
  const another = el("button.btn.block", { type: "button" }, icon("cal"), "换个时间");
  another.addEventListener("click", () => move(told));
  const back = el("button.btn.block", { type: "button" }, icon("back"), "回到接访日");
  back.addEventListener("click", () => {
    page.digits = "";
    find.reset();
    byId("told").replaceChildren();
    turn("list");
    load(offices.value);
  });
  const parts = [
    el("h1", { tabindex: "-1" }, "我的预约"),
    el("section.card.tint.stack.g2", {}, el("h2.small-h", {}, "预约码"), el("p.code-shown.num", {}, `${told.code.slice(0, 5)} ${told.code.slice(5)}`), el("p.small", {}, "请抄下来或者拍下来。查预约、当天取号都用它。")),
    el("section.card.stack.g3", {}, el("p", { role: "status" }, el("b", {}, told.words)), list),
    told.may_move ? another : null, told.may_cancel ? cancel : null, trouble, back,
  ];
  byId("told").replaceChildren(.../** @type {HTMLElement[]} */ (parts.filter((part) => part !== null)));
  turn("told");
}

onSend(book, (fields) => (page.moving ? {} : wrongOnly({
  name: required(fields.name, "姓名"),
  phone: PHONE.test(digits(fields.phone)) ? "" : "请填 11 位手机号，或者带区号的座机号",
  matter: required(fields.matter, "为什么事", 2),
})), async (fields) => {
  const place = page.day.kind === "video" && fields.place_id ? Number(fields.place_id) : null;
  if (page.moving) {
    const moved = await api("POST", "/api/schedule/move", { code: page.moving.code, phone_last4: page.digits, day_id: page.day.id, slot: Number(fields.slot), place_id: place });
    move(null);
    return show(moved);
  }
  const asked = { day_id: page.day.id, slot: Number(fields.slot), name: fields.name.trim(), phone: digits(fields.phone), matter: fields.matter.trim(), place_id: place };
  const told = await api("POST", "/api/schedule/bookings", asked);
  page.digits = asked.phone.slice(-4);
  book.reset();
  return show(told);
});

onSend(find, (fields) => wrongOnly({ code: wrongCode(tidyCode(fields.code)).replace("回执上的查询码", "预约码"), phone_last4: wrongDigits(digits(fields.phone_last4)) }), async (fields) => {
  const query = { code: tidyCode(fields.code), phone_last4: digits(fields.phone_last4) };
  const told = await api("POST", "/api/schedule/look", query);
  page.digits = query.phone_last4;
  show(told);
}, byId("find-trouble"));

for (const form of [book, find]) {
  form.addEventListener("input", (event) => {
    const field = /** @type {HTMLInputElement} */ (event.target);
    mark(form, field.name, "");
  });
}

byId("back").addEventListener("click", () => { turn("list"); load(offices.value); });
byId("not-moving").addEventListener("click", () => { const told = page.moving; move(null); show(told); });
offices.addEventListener("change", () => {
  history.replaceState(null, "", offices.value ? `/schedule?office=${offices.value}` : "/schedule");
  load(offices.value);
});
load(new URLSearchParams(location.search).get("office") || "");
