// Who is in the room: somebody else came in, left before the end, or came back.  The record says it with the times.
import { ApiError, api } from "/static/js/api.js";
import { byId, el, tell } from "/static/js/dom.js";
import { said } from "/static/js/form.js";
import { clockTime } from "/static/js/time.js";

const ROLES = { petitioner: "信访人一边", leader: "接访领导", clerk: "记录的人", joint: "部门、律师、调解员", interpreter: "翻译", observer: "旁听" };
const PLACES = ["prepare-people", "talk-people", "after-people"];

export class RoomPeople {
  /** @param {string} path of the talk's API @param {(talk: any) => void} changed what follows when the office knows it */
  constructor(path, changed) {
    this.path = path;
    this.changed = changed;
    /** @type {any} */
    this.talk = null;
    /** @type {any} */
    this.chosen = null;
    this.adding = /** @type {HTMLDialogElement} */ (byId("ask-person"));
    this.going = /** @type {HTMLDialogElement} */ (byId("ask-left"));
    this.name = /** @type {HTMLInputElement} */ (byId("person-name"));
    this.time = /** @type {HTMLInputElement} */ (byId("left-time"));
    for (const button of document.querySelectorAll("[data-add-person]")) button.addEventListener("click", () => this.askWho());
    byId("person-no").addEventListener("click", () => this.adding.close());
    byId("person-form").addEventListener("submit", (event) => { event.preventDefault(); void this.add(); });
    byId("left-no").addEventListener("click", () => this.going.close());
    byId("left-stayed").addEventListener("click", () => void this.tell("stayed"));
    byId("left-form").addEventListener("submit", (event) => { event.preventDefault(); void this.tell(this.chosen.left_at ? "back" : "left"); });
  }

  /** @param {any} talk OnSiteTalkView */
  show(talk) {
    this.talk = talk;
    for (const place of PLACES) byId(place).replaceChildren(...talk.people.map((/** @type {any} */ one) => this.line(one)));
  }

  /** @param {any} one */
  line(one) {
    const role = el("span.small.soft", {}, ROLES[/** @type {keyof typeof ROLES} */ (one.role)] || "");
    if (!this.talk.started_at && this.talk.state === "waiting") return el("li", {}, el("b", {}, one.name), role);
    const key = el("button.btn.small.quiet", { type: "button", "aria-label": `${one.name}：${one.left_at ? "改" : "走了"}` }, one.left_at ? "改" : "走了");
    key.addEventListener("click", () => this.askWhen(one));
    return el("li", {}, el("span", {}, el("b", {}, one.name), " ", one.left_at ? el("span.small.warn-words.nb", {}, `${clockTime(one.left_at)} 走的`) : role), key);
  }

  askWho() {
    this.name.value = "";
    tell(byId("person-trouble"), "");
    this.adding.showModal();
    this.name.focus();
  }

  /** @param {any} one */
  askWhen(one) {
    this.chosen = one;
    const over = Boolean(this.talk.ended_at);
    byId("left-title").textContent = one.left_at ? `${one.name} ${clockTime(one.left_at)} 走了` : `${one.name}走了？`;
    byId("left-label").textContent = one.left_at ? "又来了的，几点来的" : "几点走的";
    byId("left-hint").textContent = this.talk.ended_at ? `这一场谈到 ${clockTime(this.talk.ended_at)}` : "笔录的“在场的人”里会写明";
    byId("left-yes").textContent = one.left_at ? "又来了" : "记下";
    byId("left-stayed").hidden = !one.left_at;
    this.now = over ? "" : clockTime(new Date());
    this.time.value = this.now;
    tell(byId("left-trouble"), "");
    this.going.showModal();
    this.time.focus();
  }

  /** The moment that was typed; none where it was left at now. @returns {string | null} */
  moment() {
    if (this.time.value === this.now && this.now) return null;
    if (!this.time.value) return null;
    const day = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai" }).format(new Date(this.talk.started_at || this.talk.asked_at));
    return `${day}T${this.time.value}:00+08:00`;
  }

  /** @param {"left" | "back" | "stayed"} what */
  async tell(what) {
    await this.attempt(this.going, "left-trouble", () => api("PUT", `${this.path}/people/${this.chosen.id}`, { what, at: what === "stayed" ? null : this.moment() }));
  }

  async add() {
    const name = this.name.value.trim();
    if (!name) return tell(byId("person-trouble"), "请填姓名");
    return await this.attempt(this.adding, "person-trouble", () => api("POST", `${this.path}/people`, { name, part: /** @type {HTMLSelectElement} */ (byId("person-part")).value }));
  }

  /** @param {HTMLDialogElement} dialog @param {string} trouble @param {() => Promise<any>} work */
  async attempt(dialog, trouble, work) {
    try {
      this.changed(await work());
      dialog.close();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      tell(byId(trouble), said(error));
    }
  }
}
