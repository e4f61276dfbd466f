// Whoever would rather come another day books a leader's time here: which day, what time, then who they are (identity.js), and
// a code to take along.  Whoever has booked sees how it stands, takes another day and time, or gives it back.  Nothing is
// recorded for it.
import { ApiError, api } from "/static/js/api.js";
import { byId, el, icon } from "/static/js/dom.js";
import { chineseDay } from "/static/js/time.js";
import { draft, keepOnly } from "../memory.js";
import { showPhone } from "../place.js";
import { printSlip, printsSlips } from "../printer.js";
import { Screen, spaced } from "../screen.js";
import { tellWhileDoing } from "../toast.js";

/** @typedef {{id: number, on_day: string, kind: string, hours: string, leader: string, title: string, charge: string, place: string, office: string, free: {slot: number, time: string}[]}} Day KioskDay of server/protocol/bookings.py */

/** The days that can be booked; none while the office cannot be asked. @param {number} [office] of this one only @returns {Promise<Day[]>} */
export async function bookable(office) {
  try {
    return (await api("GET", `/api/kiosk/days${office ? `?office=${office}` : ""}`)).days;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return [];
  }
}

/** Whether there are days to book is asked on the first page, and again where it is offered. @param {any} app */
export async function askToBook(app) {
  app.mayBook = (await bookable()).length > 0;
}

/** Where they will talk. @param {Day} day */
function where(day) {
  return day.kind === "video" ? [el("span", {}, "在这里，视频谈")] : [el("span", {}, "当面谈，在"), el("span", { translate: "no" }, day.place || day.office)];
}

/** @param {Day} day @param {() => void} chosen */
function dayKey(day, chosen) {
  const leader = el("span", { translate: "no" }, `${day.leader}${day.title ? `　${day.title}` : ""}`);
  const charge = day.charge ? el("small", {}, el("span", {}, "管"), el("span", { translate: "no" }, day.charge)) : null;
  const key = el("button.want.day", { type: "button" }, icon("cal"),
    el("span", {}, el("b", {}, el("span.nb", {}, chineseDay(day.on_day))), el("b.by", {}, leader), charge, el("small", {}, ...where(day)), el("small", {}, `还有 ${day.free.length} 个时间`)), icon("right"));
  key.addEventListener("click", chosen);
  return key;
}

/** What is chosen: a first day and time, or another for the booking that is being moved.
 * @typedef {{office?: number, title: string, none: string, chosen: (day: Day) => void, at: (day: Day, slot: number, time: string) => any, day: () => number | undefined, days: string, times: string, before: string}} Choice */

/** For a new booking. @param {any} app @returns {Choice} */
function toBook(app) {
  return {
    title: "想约哪一天？", none: "不约了", days: "days", times: "times", before: "choose", day: () => draft().wish?.day_id,
    chosen: (day) => app.go("times", { wish: { day_id: day.id, slot: null } }),
    at: (day, slot) => app.go("name", { wish: { day_id: day.id, slot } }),
  };
}

/** For one that is made: at the same office, and once the new time is free. @param {any} app @returns {Choice} */
function toMove(app) {
  const { told } = app.booked;
  return {
    office: told.office_id, title: "换到哪一天？", none: "不换了", days: "move-days", times: "move-times", before: "moved", day: () => app.booked.day_id,
    chosen: (day) => { app.booked.day_id = day.id; app.go("move-times"); },
    at: (day, slot, time) => move(app, day, slot, time),
  };
}

/** @param {any} app @param {string} name of the screen */
const choiceOf = (app, name) => (name.startsWith("move-") ? toMove : toBook)(app);

/** Which day. @param {any} app @param {string} name days, or move-days */
export function days(app, name) {
  const choice = choiceOf(app, name);
  const screen = new Screen("days");
  screen.fill({ title: choice.title, none: choice.none });
  const show = (/** @type {Day[]} */ found) => {
    app.days = found;
    screen.part("none").hidden = found.length > 0;
    screen.part("asking").hidden = true;
    screen.part("days").replaceChildren(...found.map((day) => dayKey(day, () => choice.chosen(day))));
  };
  screen.on({ none: () => app.go(choice.before) });
  void bookable(choice.office).then(show);
  return { speech: ["days"], back: () => app.go(choice.before), personal: true };
}

/** What time of the day that was chosen. @param {any} app @param {string} name times, or move-times */
export function times(app, name) {
  const choice = choiceOf(app, name);
  const day = app.days.find((/** @type {Day} */ one) => one.id === choice.day());
  if (!day) return days(app, choice.days); // the page was opened anew
  const screen = new Screen("times");
  screen.fill({ day: chineseDay(day.on_day), leader: `${day.leader}${day.title ? `　${day.title}` : ""}` });
  screen.part("where").replaceChildren(...where(day));
  screen.part("times").replaceChildren(...day.free.map((/** @type {Day["free"][number]} */ { slot, time }) => {
    const key = el("button.btn.big.num", { type: "button" }, time);
    key.addEventListener("click", () => choice.at(day, slot, time));
    return key;
  }));
  screen.on({ other: () => app.go(choice.days) });
  return { speech: ["times"], back: () => app.go(choice.days), personal: true };
}

/** Somebody else has it now, or the day is off. */
const GONE = ["slot_taken", "day_full", "not_found"];
const STANDS = {
  asked: ["还没有定下来", "工作人员看过以后定，请过一天再来查。"],
  approved: ["定下来了，请按时来", "带上身份证和材料，到了在机器上按“我约好了”。"],
  arrived: ["您已经来过了", "还要谈的，请再约一次。"],
  no_show: ["那天没有等到您", "还要谈的，请再约一次。"],
  cancelled: ["这个预约取消了", "还要谈的，请再约一次。"],
};

/** How a booking for another day stands; who cannot come then takes another time, who does not come any more gives it back.
 * @param {any} app @param {import("../codes.js").Key} key @param {any} told BookingTold of server/protocol/bookings.py @returns {Screen} */
export function bookedLater(app, key, told) {
  const screen = new Screen("booked-later");
  const [stands, next] = STANDS[/** @type {keyof typeof STANDS} */ (told.state)];
  screen.fill({ stands, next, day: told.day || "还没有定", time: told.time || "还没有定", leader: told.leader, place: told.place, why: told.why });
  screen.part("facts").hidden = !["asked", "approved"].includes(told.state);
  screen.part("why").hidden = !told.why;
  screen.key("cancel").hidden = !told.may_cancel;
  void bookable(told.office_id).then((found) => {
    screen.key("move").hidden = !told.may_move || !found.length;
    screen.part("staff").hidden = !told.may_cancel || !screen.key("move").hidden;
  });
  screen.on({
    move: () => { app.booked = { key, told }; app.go("move-days"); },
    cancel: async () => {
      const sure = await app.ask({ title: "真的不去了？", text: "取消以后，这个时间给别人约。", yes: "不去了，取消", no: "还是去", danger: true });
      if (sure) await app.try(() => api("POST", "/api/schedule/cancel", key), (/** @type {any} */ now) => bookedLater(app, key, now));
    },
    done: () => app.leave(),
  });
  return screen;
}

/** The same once it has another time, or while one is chosen. @param {any} app */
export function moved(app) {
  bookedLater(app, app.booked.key, app.booked.told);
  return { speech: ["booked-later"], back: () => app.leave(), personal: true };
}

/** Takes the new time; what somebody else just took is told, and another is asked for.
 * @param {any} app @param {Day} day @param {number} slot @param {string} time */
async function move(app, day, slot, time) {
  const sure = await app.ask({ title: "换到这个时间吗？", text: `${chineseDay(day.on_day)} ${time}。换好了，原来的时间就让给别人约。`, yes: "换过去", no: "再看看" });
  if (!sure) return;
  try {
    app.booked.told = await tellWhileDoing(api("POST", "/api/kiosk/bookings/move", { ...app.booked.key, day_id: day.id, slot }));
    app.toast("换好了");
    app.go("moved");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    app.toast(error.message);
    if (GONE.includes(error.code)) app.go("move-days");
  }
}

/** Books what was chosen; a time that somebody else just took is told, and another is asked for.
 * @param {any} app @param {(words: string) => void} hint */
export async function book(app, hint) {
  const { wish, name, phone, matter } = draft();
  try {
    app.made = await tellWhileDoing(api("POST", "/api/kiosk/bookings", { ...wish, name, phone, matter }));
    app.made.phone_last4 = phone.slice(-4);
    keepOnly("made");
    app.render();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    hint(error.message);
    if (error.status === 409 || error.status === 404) {
      app.toast(error.message);
      app.go("days");
    }
  }
}

/** The code to take along. @param {any} app */
export function made(app) {
  const screen = new Screen("made");
  const { code, day, time, leader, place, phone_last4: digits } = app.made;
  screen.fill({ kiosk: byId("kiosk-name").textContent || "", code: spaced(code), "code-hint": `查的时候，还要报手机号后四位：${digits}`, day, time, leader, place });
  showPhone(screen);
  screen.on({
    print: () => printSlip(app),
    done: async () => { if (await app.ask({ title: "预约码记下了吗？", text: "按“记下了”以后，这台机器不再显示您的内容。", yes: "记下了", no: "再看看" })) await app.leave(); },
  });
  void printsSlips().then((slips) => { screen.key("print").hidden = !slips; });
  return { speech: ["made"], back: "约好了，看完请按“完成”。", personal: true };
}
