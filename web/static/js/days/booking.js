// One booking beside the list: what it is about, who could decide it, what was done, and what the clerk does with it.
import { ApiError, api } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { said } from "/static/js/form.js";
import { chineseDay, chineseMoment } from "/static/js/time.js";

const WORDS = { approve: "排好", move: "改时间", arrive: "来了", no_show: "没有来", refer: "转给上级领导", late: "来晚了，可以谈", cancel: "取消" };

export function shutBooking() {
  byId("booking").hidden = true;
  byId("cols").classList.remove("open");
}

/** @param {any} found BookingView @param {any} day */
function dayWords(found, day) {
  const fits = found.fitting.includes(day.id) ? "（管这件事）" : "";
  return `${chineseDay(day.on_day)} ${day.leader}${fits}　${day.kind_words}`;
}

/** Days and slots to choose from, its own first. @param {any} found BookingView */
function choices(found) {
  const days = /** @type {HTMLSelectElement} */ (el("select.input", { id: "to-day" }));
  const slots = /** @type {HTMLSelectElement} */ (el("select.input", { id: "to-slot" }));
  if (found.day_id) days.append(el("option", { value: "" }, `照约的：${chineseDay(found.on_day)} ${found.leader}`));
  const options = (/** @type {any[]} */ all) => all.map((day) => el("option", { value: day.id }, dayWords(found, day)));
  days.append(...options(found.fitting_days));
  if (found.may.includes("refer") && found.superior_days.length) days.append(el("optgroup", { label: "转给上级领导，请写明原因" }, ...options(found.superior_days)));
  const fill = () => {
    const day = [...found.fitting_days, ...found.superior_days].find((/** @type {any} */ one) => String(one.id) === days.value);
    const own = day ? [] : [el("option", { value: "" }, found.time || "还没有能选的日子，请先排接访日")];
    slots.replaceChildren(...own, ...(day ? day.free.map((/** @type {any} */ one) => el("option", { value: one.slot }, one.time)) : []));
  };
  days.addEventListener("change", fill);
  fill();
  return { days, slots };
}

/** @param {any} found @param {HTMLElement} trouble @param {() => void} done @param {() => any} order */
function keys(found, trouble, done, order) {
  return el("div.row.wrap.g2", {}, ...found.may.map((/** @type {"approve"|"move"|"arrive"|"no_show"|"refer"|"late"|"cancel"} */ deed) => {
    const button = /** @type {HTMLButtonElement} */ (el(`button.btn${deed === found.may[0] ? ".primary" : deed === "cancel" ? ".danger" : ""}`, { type: "button" }, WORDS[deed]));
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

/** @param {number} id @param {() => void} done what follows when something was done */
export async function openBooking(id, done) {
  const found = await api("GET", `/api/bookings/${id}`);
  const { days, slots } = choices(found);
  const category = /** @type {HTMLInputElement} */ (el("input.input", { id: "category", maxlength: 100, value: found.category || found.proposed_category }));
  const why = /** @type {HTMLInputElement} */ (el("input.input", { id: "why", maxlength: 200 }));
  const trouble = el("div.banner.bad", { role: "alert", hidden: true }, icon("alert"), el("div", {}));
  const order = () => ({
    version: found.version, why: why.value.trim(), category: category.value.trim(),
    day_id: days.value ? Number(days.value) : null, slot: days.value && slots.value !== "" ? Number(slots.value) : null,
  });
  const shut = el("button.btn.quiet.small", { type: "button", "aria-label": "收起" }, icon("cross"));
  shut.addEventListener("click", shutBooking);
  const decides = found.may.includes("approve") || found.may.includes("move");
  const facts = el("dl.facts", {});
  for (const [name, words] of [["谁", `${found.name}　${found.phone}`], ["现在", found.state_words], ["哪天", found.on_day ? `${chineseDay(found.on_day)} ${found.time}` : "还没有定"], ["领导", found.leader], ["到哪里", found.where], ["预约码", found.code]]) {
    if (words) facts.append(el("dt", {}, name), el("dd", {}, words));
  }
  const deeds = keys(found, trouble, done, order);
  const fitting = () => {
    const above = found.superior_days.some((/** @type {any} */ day) => String(day.id) === days.value);
    for (const [name, shown] of /** @type {[string, boolean][]} */ ([["approve", !above], ["move", !above], ["refer", above]])) {
      const button = /** @type {HTMLElement | null} */ (deeds.querySelector(`[data-deed=${name}]`));
      if (button) button.hidden = !shown;
    }
  };
  days.addEventListener("change", fitting);
  fitting();
  byId("booking").replaceChildren(
    el("header", {}, el("h2", {}, found.matter), shut),
    el("div.in", {}, facts,
      found.departments.length ? el("p.small", {}, el("b", {}, "归口的部门："), found.departments.join("、")) : null,
      decides ? el("div.field", {}, el("label", { for: "category" }, "内容类别"), category, el("span.hint", {}, found.proposed_category && !found.category ? "照他写的话提的，您来定" : "定了类别，管这件事的领导排在前面")) : null,
      decides ? el("div.field", {}, el("label", { for: "to-day" }, "排到哪天、哪位领导"), days) : null,
      decides ? el("div.field", {}, el("label", { for: "to-slot" }, "几点"), slots) : null,
      found.may.length ? el("div.field", {}, el("label", { for: "why" }, "改时间、转上级、取消要写为什么，约的人会看到"), why) : null,
      onSite(found), trouble, deeds,
      el("h3", {}, "经过"),
      el("ol.small", {}, ...found.events.map((/** @type {any} */ one) => el("li", {}, `${chineseMoment(one.at)}　${one.author}：${one.what}${one.when ? `，${one.when}` : ""}${one.why ? `（${one.why}）` : ""}`)))));
  byId("cols").classList.add("open");
  byId("booking").hidden = false;
  byId("booking").scrollIntoView({ block: "nearest" });
}
