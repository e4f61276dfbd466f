// Captions as they come: newest at the bottom, the current one inside 「」, doubtful words underlined.
import { marked, weakPlaces } from "/static/js/desk/words.js";
import { el } from "/static/js/dom.js";
import { isEcho } from "/static/js/room/echo.js";
import { clockAt } from "/static/js/time.js";

const MOST_LINES = 200;
const NEAR_BOTTOM_PX = 48;

/** @typedef {{id: string, participant_id: string, start: number, end: number, text: string, words: import("/static/js/desk/words.js").Word[], doubt?: string[]}} Utterance */
/** @typedef {{name: string, tone: "a" | "l"}} Speaker */

/**
 * Text of an utterance with the words underlined that the desk will ask to have heard: by the same rule, so that whoever asks
 * again while the person sits there saves the clerk the place.  What stands beside them only the desk underlines: words that
 * are missing are found by listening, for which there is no time in a talk.
 * @param {Utterance} utterance
 */
function worded({ text, words }) {
  return marked(text, weakPlaces(text, words).map(({ core: [from, to] }) => ({ from, to, kind: "hl" })));
}

/** The list of captions in one element. */
export class Captions {
  /**
   * @param {HTMLElement} place scrolls; its other content stays before the captions
   * @param {HTMLElement} latest button back to the newest line
   * @param {(participantId: string) => Speaker} speaker
   */
  constructor(place, latest, speaker) {
    this.place = place;
    this.latest = latest;
    this.speaker = speaker;
    /** @type {string | null} */
    this.startedAt = null;
    /** @type {Map<string, HTMLElement>} */
    this.partials = new Map();
    this.following = true;
    place.addEventListener("scroll", () => this.scrolled());
    latest.addEventListener("click", () => this.follow());
    new ResizeObserver(() => this.stick()).observe(place);
  }

  /** @param {{final: boolean, utterance: Utterance}} caption */
  add({ final, utterance }) {
    const present = this.line(utterance.id);
    if (!final && present && !present.dataset.partial) return;
    this.partials.get(utterance.participant_id)?.remove();
    this.partials.delete(utterance.participant_id);
    present?.remove();
    if (utterance.text.trim() && !isEcho(utterance)) this.insert(this.build(final, utterance), final, utterance);
    this.frame();
    this.stick();
  }

  /** @param {string} id @returns {HTMLElement | null} */
  line(id) {
    return this.place.querySelector(`[data-id="${CSS.escape(id)}"]`);
  }

  /** @param {boolean} final @param {Utterance} utterance */
  build(final, utterance) {
    const { name, tone } = this.speaker(utterance.participant_id);
    const when = el("time", {}, final ? clockAt(this.startedAt, utterance.start) : "正在说");
    const attributes = { "data-id": utterance.id, "data-start": utterance.start, "data-partial": final ? null : "1" };
    return el(`p.cap.${tone}`, attributes, el("b", {}, name, " ", when), ...(final ? worded(utterance) : [utterance.text]));
  }

  /** Final lines stand in the order of the talk, whatever is being said after them. @param {HTMLElement} line @param {boolean} final @param {Utterance} utterance */
  insert(line, final, utterance) {
    if (!final) this.partials.set(utterance.participant_id, line);
    const later = this.lines().find((other) => this.comesAfter(other, final, utterance.start));
    this.place.insertBefore(line, later || null);
    for (const old of this.lines().slice(0, -MOST_LINES)) old.remove();
  }

  /** @param {HTMLElement} other @param {boolean} final @param {number} start */
  comesAfter(other, final, start) {
    if (other.dataset.partial) return final || Number(other.dataset.start) > start;
    return final && Number(other.dataset.start) > start;
  }

  /** @returns {HTMLElement[]} */
  lines() {
    return Array.from(this.place.querySelectorAll(".cap"));
  }

  frame() {
    const lines = this.lines();
    lines.forEach((line, index) => {
      const current = index === lines.length - 1;
      line.classList.toggle("now", current);
      line.classList.toggle("said", current);
    });
  }

  scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.place;
    this.following = scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM_PX;
    this.latest.hidden = this.following;
  }

  stick() {
    if (this.following) this.place.scrollTop = this.place.scrollHeight;
  }

  follow() {
    this.following = true;
    this.latest.hidden = true;
    this.stick();
  }
}
