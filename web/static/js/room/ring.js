// On every page of the staff: somebody asks for this account in a talk; it rings until it is answered.
import { ApiError, api } from "/static/js/api.js";
import { el, icon } from "/static/js/dom.js";
import { roleWord } from "/static/js/room/words.js";

const EVERY_MS = 4000;
const TONES = [[660, 0], [880, 0.25]];
const TONE_S = 0.22;
const QUIET = 0.06;

/** Pages that are a talk themselves: nobody is rung out of one. */
const IN_A_TALK = "[data-reception], [data-api^='/api/invitations'], [data-api^='/api/join']";

class Ring {
  constructor() {
    this.shown = "";
    this.title = document.title;
    /** Home pages have a place of their own, where what was asked earlier stays, too. */
    this.home = document.getElementById("invited");
    this.place = this.home || el("div.ring", { role: "alert" });
    if (!this.home) document.body.append(this.place);
    /** @type {AudioContext | null} */
    this.sound = null;
  }

  async look() {
    let invitations = [];
    try {
      ({ invitations } = await api("GET", "/api/invitations"));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return; // the page itself says when the office cannot be reached
    }
    const ringing = invitations.filter((/** @type {any} */ one) => one.rings);
    document.title = ringing.length ? `有人请您接谈 · ${this.title}` : this.title;
    if (ringing.length) this.tone();
    const told = this.home ? invitations : ringing;
    const now = JSON.stringify(told);
    if (now === this.shown) return;
    this.shown = now;
    this.place.replaceChildren(...told.map((/** @type {any} */ one) => this.notice(one)));
  }

  /** @param {any} one Invited of server/protocol/receptions.py */
  notice(one) {
    const no = el("button.btn.small", { type: "button", hidden: !one.rings }, "现在来不了");
    no.addEventListener("click", async () => {
      await api("POST", `/api/invitations/${one.id}/decline`).catch(() => undefined);
      await this.look();
    });
    return el("div.banner.info", {}, icon("bell"), el("b.grow", {}, `${one.office} ${one.inviter}请您参加${one.kiosk}的接谈，您是${roleWord(one.role)}。`),
      el("div.row.wrap", {}, el("a.btn.primary.small", { href: `/invitations/${one.id}` }, icon("go"), "去参加"), no));
  }

  /** Two notes; a browser that lets no sound out before a touch stays silent. */
  tone() {
    try {
      const sound = this.sound ||= new AudioContext();
      for (const [hertz, after] of TONES) {
        const voice = sound.createOscillator();
        const volume = sound.createGain();
        volume.gain.value = QUIET;
        voice.frequency.value = hertz;
        voice.connect(volume).connect(sound.destination);
        voice.start(sound.currentTime + after);
        voice.stop(sound.currentTime + after + TONE_S);
      }
    } catch {
      this.sound = null;
    }
  }
}

/** Looks now and again, also while the page is not seen: it is meant to be heard. */
export function watchRing() {
  if (!document.querySelector("[data-rings]") || document.querySelector(IN_A_TALK)) return;
  const ring = new Ring();
  void ring.look();
  setInterval(() => void ring.look(), EVERY_MS);
}
