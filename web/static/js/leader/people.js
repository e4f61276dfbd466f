// Who is there, who was asked: asking others, putting on hold, sending out.
import { ApiError, api } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { LANGUAGES, nameOf, roleWord, stateWord } from "/static/js/room/words.js";

const ROLES = [["joint", "联合接访"], ["interpreter", "翻译"], ["clerk", "接谈员"], ["observer", "旁听（只看不说）"]];
const STATES = { open: "还没进来", used: "来过，现在不在", expired: "链接过期了", declined: "说现在来不了" };
const TYPING_MS = 300;

/** @param {string[][]} choices */
const choicesOf = (choices) => choices.map(([value, words]) => new Option(words, value));

/** The dialog behind the button 请人加入. */
export class People {
  /** @param {string} reception @param {import("/static/js/seat.js").Seat} seat @param {AbortSignal} signal */
  constructor(reception, seat, signal) {
    this.path = `/api/receptions/${reception}`;
    this.seat = seat;
    this.dialog = /** @type {HTMLDialogElement} */ (byId("people"));
    /** @type {any[]} */
    this.invitations = [];
    /** @type {Record<string, string>} what is spoken on each seat */
    this.languages = {};
    this.asking = 0;
    const options = { signal };
    byId("people-open").addEventListener("click", () => this.open(), options);
    byId("people-close").addEventListener("click", () => this.dialog.close(), options);
    byId("invite-guest").addEventListener("submit", (event) => { event.preventDefault(); this.inviteGuest(); }, options);
    byId("colleague").addEventListener("input", () => this.typed(), options);
    signal.addEventListener("abort", () => this.dialog.close());
    byId("invite-role").replaceChildren(...choicesOf(ROLES));
    byId("invite-language").replaceChildren(...choicesOf(LANGUAGES));
  }

  async open() {
    tell(byId("invite-trouble"), "");
    byId("invite-link").hidden = true;
    this.dialog.showModal();
    await this.try(async () => { await Promise.all([this.load(), this.loadOffers()]); await this.search(); });
  }

  /** @param {() => Promise<any>} act */
  async try(act) {
    tell(byId("invite-trouble"), "");
    try {
      await act();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      tell(byId("invite-trouble"), error.message);
    }
  }

  async load() {
    ({ invitations: this.invitations, languages: this.languages } = await api("GET", `${this.path}/invitations`));
    this.draw();
  }

  /** Those of the duty list, those whose hours it is first. */
  async loadOffers() {
    const { offers } = await api("GET", `${this.path}/joint-duty`);
    byId("offers-none").hidden = offers.length > 0;
    byId("offers").replaceChildren(...offers.map((/** @type {any} */ one) => this.offer(one)));
  }

  /** @param {any} one DutyOffer of server/protocol/joint_duty.py */
  offer(one) {
    const invite = () => this.try(async () => {
      const made = await api("POST", `${this.path}/invitations`, { duty_id: one.id });
      if (made.url) this.showLink(made);
      await Promise.all([this.load(), this.loadOffers()]);
    });
    const asked = one.asked && one.asked !== "declined" && one.asked !== "expired";
    const state = asked ? el("span.badge.line", {}, icon("bell"), one.account ? "已经叫了" : "链接出过了") : one.asked === "declined" ? el("span.badge.warn", {}, "现在来不了") : null;
    const hours = one.now ? el("span.badge.ok", {}, one.way_words.split("，")[0]) : el("span.small.soft", {}, one.when);
    return el("li", { "data-now": one.now ? "1" : null }, el("span.grow", {}, el("b", {}, `${one.unit}　${one.name}`), el("span.small.soft", {}, `　${one.kind_words}　`), one.phone ? el("span.small.soft.num", {}, one.phone) : null),
      hours, state, asked && one.account ? null : this.button(one.account ? "bell" : "link", one.account ? "叫来" : "出链接", invite));
  }

  draw() {
    const seats = this.seat.room?.seats || [];
    const here = new Set(seats.map((seat) => seat.participant_id));
    const away = this.invitations.filter((one) => !here.has(one.participant_id));
    byId("people-list").replaceChildren(...seats.map((seat) => this.present(seat)), ...away.map((one) => this.absent(one)));
  }

  /** @param {import("/static/js/seat.js").SeatState} seat */
  present(seat) {
    const own = seat.participant_id === this.seat.participantId;
    const words = [roleWord(seat.role), stateWord(seat)].filter(Boolean).join("，");
    const invitation = this.invitations.find((one) => one.participant_id === seat.participant_id);
    return el("li", {}, el("span.grow", {}, el("b", {}, nameOf(seat)), el("span.small.soft", {}, `　${words}${own ? "（您）" : ""}`)),
      seat.role === "observer" ? null : this.speaks(seat),
      own || seat.role === "leader" || seat.role === "petitioner" ? null : this.button(seat.held ? "back" : "pause", seat.held ? "请回来" : "请等一等", () => { this.seat.hold(seat.participant_id, !seat.held); }),
      invitation ? this.button("cross", "请出去", () => this.remove(invitation, "请出去以后，这个人就进不来了。")) : null);
  }

  /** What somebody speaks: captions and record go by it from then on.
   * @param {import("/static/js/seat.js").SeatState} seat */
  speaks(seat) {
    const choice = /** @type {HTMLSelectElement} */ (el("select.input.small", { "aria-label": `${nameOf(seat)}说什么话` }));
    choice.append(...choicesOf(LANGUAGES));
    choice.value = this.languages[seat.participant_id] || "zh";
    choice.addEventListener("change", () => this.try(async () => {
      await api("PUT", `${this.path}/seats/${seat.participant_id}/language`, { language: choice.value });
      this.languages[seat.participant_id] = choice.value;
    }));
    return choice;
  }

  /** @param {any} invitation */
  absent(invitation) {
    const words = `　${roleWord(invitation.role)}，${STATES[/** @type {keyof typeof STATES} */ (invitation.state)]}`;
    return el("li.away", {}, el("span.grow", {}, el("b", {}, invitation.name), el("span.small.soft", {}, words)), this.button("cross", "收回邀请", () => this.remove(invitation, "收回以后，这个邀请就不能用了。")));
  }

  /** @param {string} drawing @param {string} words @param {() => void} act */
  button(drawing, words, act) {
    const button = el("button.btn.small", { type: "button" }, icon(drawing), words);
    button.addEventListener("click", act);
    return button;
  }

  /** @param {any} invitation @param {string} words */
  async remove(invitation, words) {
    if (!(await this.sure(`${invitation.name}：${words}`))) return;
    await this.try(async () => {
      await api("DELETE", `${this.path}/invitations/${invitation.id}`);
      await this.load();
    });
  }

  /** @param {string} words @returns {Promise<boolean>} */
  sure(words) {
    const question = /** @type {HTMLDialogElement} */ (byId("ask-remove"));
    byId("ask-remove-words").textContent = words;
    return new Promise((answer) => {
      const done = (/** @type {boolean} */ yes) => { question.onclose = null; question.close(); answer(yes); };
      byId("remove-yes").onclick = () => done(true);
      byId("remove-no").onclick = () => done(false);
      question.onclose = () => answer(false);
      question.showModal();
    });
  }

  /** What whoever is asked comes for, and what they speak. */
  part() {
    const chosen = (/** @type {string} */ id) => /** @type {HTMLSelectElement} */ (byId(id)).value;
    return { role: chosen("invite-role"), language: chosen("invite-language") };
  }

  async inviteGuest() {
    const name = /** @type {HTMLInputElement} */ (byId("guest-name"));
    await this.try(async () => {
      const made = await api("POST", `${this.path}/invitations`, { ...this.part(), name: name.value.trim() });
      name.value = "";
      this.showLink(made);
      await this.load();
    });
  }

  /** @param {{name: string, url: string}} made */
  showLink({ name, url }) {
    byId("invite-link").hidden = false;
    byId("invite-link-words").textContent = `给${name}的链接，只有现在看得到，只能用一次：`;
    const place = /** @type {HTMLInputElement} */ (byId("invite-url"));
    place.value = url;
    place.select();
  }

  typed() {
    clearTimeout(this.asking);
    this.asking = window.setTimeout(() => this.try(() => this.search()), TYPING_MS);
  }

  async search() {
    const words = /** @type {HTMLInputElement} */ (byId("colleague")).value.trim();
    const { colleagues } = await api("GET", `${this.path}/colleagues?q=${encodeURIComponent(words)}`);
    byId("colleagues").replaceChildren(...(colleagues.length ? colleagues.map((/** @type {any} */ one) => this.colleague(one)) : [el("li.soft", {}, "没有找到")]));
  }

  /** @param {any} one */
  colleague(one) {
    const invite = () => this.try(async () => {
      await api("POST", `${this.path}/invitations`, { ...this.part(), user_id: one.id, ...(one.role === "supervisor" ? { role: "observer" } : {}) });
      await this.load();
    });
    return el("li", {}, el("span.grow", {}, el("b", {}, `${one.title} ${one.name}`.trim()), el("span.small.soft", {}, `　${one.organization}`)), this.button("plus", "邀请", invite));
  }
}
