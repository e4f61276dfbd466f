// One booking beside the list: what it is about, who could decide it, what was done, and what the clerk does with it.
import { ApiError, api } from "/static/js/api.js";
import { allChoices } from "/static/js/cases/choices.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { said } from "/static/js/form.js";
import { chineseDay, chineseMoment } from "/static/js/time.js";

const WORDS = { approve: "排好", move: "改时间", arrive: "来了", no_show: "没有来", refer: "转过去", late: "来晚了，可以谈", cancel: "取消" };

export function shutBooking() {
  byId("booking").hidden = true;
  byId("cols").classList.remove("open");
}

/** Marks an office that is chosen instead of a day. */
const OFFICE = "office-";

/** @param {any} found BookingView @param {any} day */
function dayWords(found, day) {
  const fits = found.fitting.includes(day.id) ? "（管这件事）" : "";
  return `${day.office ? `${day.office}　` : ""}${chineseDay(day.on_day)} ${day.leader}${fits}　${day.kind_words}`;
}

/** Days and slots to choose from, its own first, and offices to which it can be passed on. @param {any} found BookingView */
function choices(found) {
  const days = /** @type {HTMLSelectElement} */ (el("select.input", { id: "to-day" }));
  const slots = /** @type {HTMLSelectElement} */ (el("select.input", { id: "to-slot" }));
  const fill = () => {
    const day = everyDay(found).find((/** @type {any} */ one) => String(one.id) === days.value);
    const own = day ? [] : [el("option", { value: "" }, days.value ? "由它排" : found.time || "还没有能选的日子，请先排接访日")];
    slots.replaceChildren(...own, ...(day ? day.free.map((/** @type {any} */ one) => el("option", { value: one.slot }, one.time)) : []));
  };
  const offer = (/** @type {any} */ now) => {
    found = now;
    days.replaceChildren(...dayOptions(found));
    fill();
  };
  days.addEventListener("change", fill);
  offer(found);
  return { days, slots, offer, elsewhere: () => elsewhere(found, days.value) };
}

/** @param {any} found BookingView @returns {Node[]} */
function dayOptions(found) {
  const options = (/** @type {any[]} */ all) => all.map((day) => el("option", { value: day.id }, dayWords(found, day)));
  const own = [...(found.day_id ? [el("option", { value: "" }, `照约的：${chineseDay(found.on_day)} ${found.leader}`)] : []), ...options(found.fitting_days)];
  if (!found.may.includes("refer")) return own;
  const offices = found.others.map((/** @type {any} */ one) => el("option", { value: OFFICE + one.id }, one.name));
  const groups = /** @type {[string, Node[]][]} */ ([["转给上级领导", options(found.superior_days)], ["转给管这件事的部门、乡镇", options(found.department_days)], ["转给别的单位，由它排时间", offices]]);
  return [...own, ...groups.filter(([, all]) => all.length).map(([label, all]) => el("optgroup", { label }, ...all))];
}

/** @param {any} found BookingView */
const everyDay = (found) => [...found.fitting_days, ...found.superior_days, ...found.department_days];

/** What is chosen, as BookingOrder has it. @param {string} chosen value of the list @param {string} slot */
function wish(chosen, slot) {
  if (chosen.startsWith(OFFICE)) return { organization_id: Number(chosen.slice(OFFICE.length)) };
  return { day_id: chosen ? Number(chosen) : null, slot: chosen && slot !== "" ? Number(slot) : null };
}

/** Whether another office is chosen. @param {any} found BookingView @param {string} chosen */
function elsewhere(found, chosen) {
  return chosen.startsWith(OFFICE) || [...found.superior_days, ...found.department_days].some((/** @type {any} */ day) => String(day.id) === chosen);
}

/** @param {any} found @param {HTMLElement} trouble @param {() => void} done @param {() => any} order */
function keys(found, trouble, done, order) {
  return el("div.row.wrap.g2", {}, ...found.may.map((/** @type {"approve"|"move"|"arrive"|"no_show"|"refer"|"late"|"cancel"} */ deed) => {
    const button = /** @type {HTMLButtonElement} */ (el(`button.btn${deed === found.may[0] || deed === "refer" ? ".primary" : deed === "cancel" ? ".danger" : ""}`, { type: "button" }, WORDS[deed]));
    button.dataset.deed = deed;
    button.addEventListener("click", async () => {
      button.disabled = true;
      tell(trouble, "");
      try {
        await api("POST", `/api/bookings/${found.id}/${deed}`, order());
        done();
      } catch (error) {
        tell(trouble, error instanceof ApiError ? said(error) : "这一步没办成，请再试一次。");
      } finally {
        button.disabled = false;
      }
    });
    return button;
  }));
}

/** Whoever was booked for today and comes to the room. @param {any} found BookingView */
function onSite(found) {
  const today = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai" }).format(new Date());
  const here = found.on_day === today && found.kind_words !== "远程视频" && !found.reception_id && ["approved", "arrived"].includes(found.state);
  return here ? el("a.btn.primary", { href: `/on-site?booking=${found.id}` }, icon("mic"), "开始现场接访") : null;
}

/** The telephone number, masked until it is opened together with the code. @param {any} found @param {HTMLElement} trouble */
function numbers(found, trouble) {
  const phone = el("span.num", {}, found.phone);
  const open = /** @type {HTMLButtonElement} */ (el("button.btn.small", { type: "button", "aria-label": `打开${found.name}的电话和预约码，打开一次，记一次` }, icon("eye"), "打开"));
  const own = el("dd.row.g2.wrap", {}, phone, open);
  open.addEventListener("click", async () => {
    open.disabled = true;
    tell(trouble, "");
    try {
      const told = await api("POST", `/api/bookings/${found.id}/numbers`);
      phone.textContent = told.phone;
      open.replaceWith(el("span.badge.line", {}, "记下了"));
      own.after(el("dt", {}, "预约码"), el("dd.num", {}, told.code));
    } catch (error) {
      open.disabled = false;
      tell(trouble, error instanceof ApiError ? said(error) : "号码暂时打不开，再按一次。");
    }
  });
  return [el("dt", {}, "电话"), own];
}

/** @param {unknown} error @returns {null} */
function nothing(error) {
  if (!(error instanceof ApiError)) throw error;
  return null;
}

/** A field of the panel. @param {string} id @param {string} label @param {...(Node | null)} parts */
function field(id, label, ...parts) {
  return el("div.field", {}, el("label", { for: id }, label), ...parts);
}

/** What it is about, and which day, or to whom it is passed on.
 * @param {any} found BookingView @param {() => void} changed */
async function deciding(found, changed) {
  const { categories } = await allChoices();
  const { days, slots, offer, elsewhere: away } = choices(found);
  const category = /** @type {HTMLInputElement} */ (el("input.input", { id: "category", list: "categories", autocomplete: "off", maxlength: 100, value: found.category || found.proposed_category }));
  const known = el("datalist", { id: "categories" }, ...categories.map((/** @type {any} */ one) => el("option", { value: one.name }, `${one.area}，${one.kind}`)));
  const departments = el("p.small", {});
  const accused = el("p.small", { hidden: true }, "举报、控告哪个单位的，不要转给那个单位。");
  const show = (/** @type {any} */ now) => {
    departments.hidden = !now.departments.length;
    departments.replaceChildren(el("b", {}, "归口的部门："), now.departments.join("、"));
  };
  const moved = () => { accused.hidden = !away(); changed(); };
  days.addEventListener("change", moved);
  category.addEventListener("change", async () => {
    const now = await api("GET", `/api/bookings/${found.id}?category=${encodeURIComponent(category.value.trim())}`).catch(nothing);
    if (!now) return; // what fitted before is still offered
    offer(now);
    show(now);
    moved();
  });
  show(found);
  const fields = [
    departments,
    field("category", "内容类别", category, known, el("span.hint", {}, found.proposed_category && !found.category ? "照他写的话提的，您来定" : "定了类别，管这件事的领导、部门排在前面")),
    field("to-day", "排到哪天、哪位领导，或者转给谁", days, accused),
    field("to-slot", "几点", slots),
  ];
  return { fields, away, order: () => ({ category: category.value.trim(), ...wish(days.value, slots.value) }) };
}

/** @param {any} found BookingView @param {HTMLElement} trouble */
function facts(found, trouble) {
  const list = el("dl.facts", {});
  for (const [name, words] of [["谁", found.name], ["现在", found.state_words], ["哪天", found.on_day ? `${chineseDay(found.on_day)} ${found.time}` : "还没有定"], ["领导", found.leader], ["到哪里", found.where]]) {
    if (words) list.append(el("dt", {}, name), el("dd", {}, words));
  }
  list.append(...numbers(found, trouble));
  return list;
}

/** @param {any} one BookingEventView */
function eventItem(one) {
  return el("li", {}, `${chineseMoment(one.at)}　${one.author}：${one.what}${one.when ? `，${one.when}` : ""}${one.why ? `（${one.why}）` : ""}`);
}

/** @param {number} id @param {() => void} done what follows when something was done */
export async function openBooking(id, done) {
  const found = await api("GET", `/api/bookings/${id}`);
  const why = /** @type {HTMLInputElement} */ (el("input.input", { id: "why", maxlength: 200 }));
  const trouble = el("div.banner.bad", { role: "alert", hidden: true }, icon("alert"), el("div", {}));
  const shut = el("button.btn.quiet.small.end", { type: "button", "aria-label": "收起" }, icon("cross"));
  shut.addEventListener("click", shutBooking);
  const decides = found.may.includes("approve") || found.may.includes("move");
  const decision = decides ? await deciding(found, () => fitting()) : { fields: [], away: () => false, order: () => ({}) };
  const deeds = keys(found, trouble, done, () => ({ version: found.version, why: why.value.trim(), ...decision.order() }));
  const fitting = () => {
    const away = decision.away();
    for (const [name, shown] of /** @type {[string, boolean][]} */ ([["approve", !away], ["move", !away], ["refer", away]])) {
      const button = /** @type {HTMLElement | null} */ (deeds.querySelector(`[data-deed=${name}]`));
      if (button) button.hidden = !shown;
    }
  };
  fitting();
  byId("booking").replaceChildren(
    el("header", {}, el("h2", {}, found.matter), shut),
    el("div.in", {}, facts(found, trouble), ...decision.fields,
      found.may.length ? field("why", "改时间、转给别的单位、取消要写为什么，约的人会看到", why) : null,
      onSite(found), trouble, deeds,
      el("h3", {}, "经过"), el("ol.small", {}, ...found.events.map(eventItem))));
  byId("cols").classList.add("open");
  byId("booking").hidden = false;
  byId("booking").scrollIntoView({ block: "nearest" });
}
