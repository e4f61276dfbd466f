// A clerk books for somebody who stands there or calls: any published day, and 约访, which nobody books from home.
import { api } from "/static/js/api.js";
import { byId, el, icon } from "/static/js/dom.js";
import { onSend, required, wrongOnly } from "/static/js/form.js";
import { chineseDay } from "/static/js/time.js";

const PHONE = /^(1\d{10}|0\d{2,3}-?\d{7,8})$/;

/** @param {string} phone */
function wrongPhone(phone) {
  return required(phone, "手机或座机") || (PHONE.test(phone.trim()) ? "" : "手机是 11 位；座机写区号和号码，像 0791-88886666");
}

/** @param {string[][]} all id and name of each */
function options(all) {
  return all.map(([id, name]) => el("option", { value: id }, name));
}

export class Asking {
  /** @param {{dayIn: (days: number) => string, days: number, kept: (work: () => Promise<void>) => void, booked: (row: any) => void}} page */
  constructor(page) {
    this.page = page;
    this.form = /** @type {HTMLFormElement} */ (byId("new-booking"));
    this.opener = byId("for-somebody");
    this.office = this.choice("office_id");
    this.day = this.choice("day_id");
    /** @type {any[]} */
    this.days = [];
    /** @type {Map<string, string>} */
    this.offices = new Map();
    /** @type {string[][]} */
    this.others = [];
    this.own = "";
    this.opener.addEventListener("click", () => this.turn(this.form.hidden));
    this.office.addEventListener("change", () => page.kept(() => this.load()));
    this.day.addEventListener("change", () => this.fill());
    onSend(this.form, (fields) => wrongOnly({ day_id: required(fields.day_id || "", "哪天"), name: required(fields.name, "群众姓名"), phone: wrongPhone(fields.phone), matter: required(fields.matter, "为什么事", 2) }),
      (fields) => this.send(fields), byId("booking-trouble"));
  }

  /** @param {string} name */
  choice(name) {
    return /** @type {HTMLSelectElement} */ (byId(name));
  }

  /** @param {Map<string, string>} offices whose days the clerk enters, by id @param {string} own */
  offer(offices, own) {
    this.offices = offices;
    this.own = own;
    this.draw(offices.has(own) ? own : "");
    if (!this.form.hidden) this.page.kept(() => this.load());
  }

  /** Others have days, too: the county's leaders for who sits in a township. */
  async askForOthers() {
    const { offices } = await api("GET", "/api/schedule");
    this.others = offices.map((/** @type {any} */ one) => [String(one.id), one.name]);
    this.draw(this.office.value);
  }

  /** @param {string} chosen */
  draw(chosen) {
    const others = this.others.filter(([id]) => !this.offices.has(id));
    this.office.replaceChildren(...options([...this.offices]), ...(others.length ? [el("optgroup", { label: "上级和别的单位" }, ...options(others))] : []));
    if (chosen) this.office.value = chosen;
  }

  /** @param {boolean} open */
  turn(open) {
    this.form.hidden = !open;
    this.opener.setAttribute("aria-expanded", String(open));
    if (!open) return;
    byId("booked").hidden = true;
    this.page.kept(async () => { await this.askForOthers(); await this.load(); this.day.focus(); });
  }

  /** Days ahead that have a free slot, of another office those that are published, and the rooms for talks by video; nothing of an
   * office that is not the chosen one any more. */
  async load() {
    const office = this.office.value;
    const open = await api("GET", `/api/schedule?office=${office}`);
    const { days } = this.offices.has(office) ? await api("GET", `/api/reception-days?office=${office}&first=${this.page.dayIn(0)}&last=${this.page.dayIn(this.page.days)}`) : open;
    if (office !== this.office.value) return;
    this.days = days.filter((/** @type {any} */ day) => (day.state || "planned") === "planned" && day.free.length);
    const words = (/** @type {any} */ day) => `${chineseDay(day.on_day)} ${day.leader}　${day.kind_words}，还能约 ${day.free.length} 位`;
    this.day.replaceChildren(...(this.days.length ? this.days.map((day) => el("option", { value: day.id }, words(day))) : [el("option", { value: "" }, this.offices.has(this.office.value) ? "没有能约的日子，请先排接访日" : "没有能约的日子")]));
    this.choice("place_id").replaceChildren(...options(open.rooms.map((/** @type {any} */ one) => [String(one.id), one.name])));
    if (open.rooms.some((/** @type {any} */ one) => String(one.id) === this.own)) this.choice("place_id").value = this.own;
    this.fill();
  }

  get chosen() {
    return this.days.find((day) => String(day.id) === this.day.value);
  }

  fill() {
    const day = this.chosen;
    this.choice("slot").replaceChildren(...(day ? day.free.map((/** @type {any} */ one) => el("option", { value: one.slot }, one.time)) : []));
    byId("booking-room").hidden = !day || day.kind !== "video" || !this.choice("place_id").options.length;
  }

  /** @param {Object<string, string>} fields */
  async send(fields) {
    const room = byId("booking-room").hidden ? null : Number(fields.place_id);
    const row = await api("POST", "/api/bookings", { day_id: Number(fields.day_id), slot: Number(fields.slot), name: fields.name.trim(), phone: fields.phone.trim(), matter: fields.matter.trim(), place_id: room });
    for (const name of ["name", "phone", "matter"]) /** @type {HTMLInputElement} */ (this.form.elements.namedItem(name)).value = "";
    this.turn(false);
    byId("booked").replaceChildren(icon("okc"), el("div", {}, `约上了：${chineseDay(row.on_day)} ${row.time}，${row.leader}。预约码 `, el("b.num", {}, row.code), `，告诉${row.name}：凭它和手机号后 4 位能查、能取消，来了报这个码。`));
    byId("booked").hidden = false;
    this.page.booked(row);
  }
}
