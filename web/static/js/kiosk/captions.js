// What is being said, as it is recognised: the newest in 「 」, a few older ones above it.
import { el } from "/static/js/dom.js";
import { isEcho } from "/static/js/room/echo.js";

const KEPT = 30;
const SHOWN = 4;

/** Captions of one talk. */
export class Captions {
  /** @param {HTMLElement} place @param {string} me participant id of the person at the kiosk
   * @param {(participantId: string) => string} nameOf */
  constructor(place, me, nameOf) {
    this.place = place;
    this.me = me;
    this.nameOf = nameOf;
    /** @type {any[]} finished utterances, oldest first */
    this.finished = [];
    /** @type {Map<string, any>} what each participant is saying just now */
    this.open = new Map();
  }

  /** @param {{final: boolean, utterance: any}} caption */
  take({ final, utterance }) {
    this.open.delete(utterance.participant_id);
    if (!final) {
      if (utterance.text) this.open.set(utterance.participant_id, utterance);
    } else if (isEcho(utterance)) {
      this.finished = this.finished.filter((known) => known.id !== utterance.id);
    } else if (!this.finished.some((known) => known.id === utterance.id)) {
      this.finished = [...this.finished, utterance].sort((a, b) => a.end - b.end).slice(-KEPT);
    }
    this.show();
  }

  show() {
    const open = [...this.open.values()].sort((a, b) => a.start - b.start).map((utterance) => ({ utterance, part: true }));
    const all = [...this.finished.map((utterance) => ({ utterance, part: false })), ...open].slice(-SHOWN);
    this.place.replaceChildren(...all.map(({ utterance, part }, index) => this.line(utterance, part, index === all.length - 1)));
    while (this.place.childElementCount > 1 && this.place.scrollHeight > this.place.clientHeight + 1) this.place.firstElementChild?.remove();
  }

  /** @param {any} utterance @param {boolean} part @param {boolean} now */
  line(utterance, part, now) {
    const mine = utterance.participant_id === this.me;
    const who = mine ? "您 说" : `${this.nameOf(utterance.participant_id)} 说`;
    const classes = `p.cap.${mine ? "me" : "he"}${now ? ".now.said" : ""}${part ? ".part" : ""}`;
    return el(classes, {}, el("b", {}, who), el("span", { translate: "no" }, utterance.text));
  }
}
