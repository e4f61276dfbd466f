// The pictures of a room: a tile for each of the others and one for what is shown, in one of three arrangements.
import { el, icon } from "/static/js/dom.js";
import { pictureWords } from "/static/js/line.js";
import { nameOf, roleWord, stateShort } from "/static/js/room/words.js";

/** @typedef {import("/static/js/seat.js").SeatState} SeatState */
/** @typedef {"speaker"|"side"|"document"} Arrangement */

/** Arranges tiles in an element of class `tiles`; what is large there has the class `large`. */
export class Tiles {
  /**
   * @param {HTMLElement} place
   * @param {{blocked: () => void}} on `blocked`: the browser wants a touch before it lets sound out
   */
  constructor(place, on) {
    this.place = place;
    this.on = on;
    /** @type {Map<string, {tile: HTMLElement, video: HTMLVideoElement, name: HTMLElement, none: HTMLElement, own: boolean}>} */
    this.people = new Map();
    /** @type {Map<string, MediaStream>} */
    this.streams = new Map();
    this.paper = this.makePaper();
    /** @type {Arrangement} */
    this.arrangement = "speaker";
    this.large = "";
  }

  /** A tile that the page made itself, with its own words. @param {string} id @param {HTMLElement} tile @param {HTMLVideoElement} video */
  adopt(id, tile, video) {
    if (this.people.has(id)) return;
    this.people.set(id, { tile, video, name: tile, none: tile, own: true });
    this.arrange();
  }

  /** @param {SeatState[]} seats whose pictures are shown; observers and oneself have none */
  draw(seats) {
    const here = new Set(seats.map((seat) => seat.participant_id));
    for (const [id, { tile, own }] of this.people) if (!own && !here.has(id)) this.remove(id, tile);
    for (const seat of seats) this.drawOne(seat);
    this.arrange();
  }

  /** @param {string} id @param {HTMLElement} tile */
  remove(id, tile) {
    tile.remove();
    this.people.delete(id);
    this.streams.delete(id);
  }

  /** @param {SeatState} seat */
  drawOne(seat) {
    const one = this.people.get(seat.participant_id) || this.make(seat.participant_id);
    if (one.own) return;
    const words = stateShort(seat);
    const shown = `${roleWord(seat.role)} ${nameOf(seat)}${words ? `　${words}` : ""}`;
    if (one.name.textContent !== shown) one.name.replaceChildren(el("span.role", {}, `${roleWord(seat.role)} `), shown.slice(roleWord(seat.role).length + 1));
    const without = seat.held ? "在等候" : seat.video_muted ? "摄像头关着" : pictureWords(seat);
    one.none.hidden = !without;
    if (without && one.none.textContent !== without) one.none.replaceChildren(icon("videooff"), without);
  }

  /** @param {string} id */
  make(id) {
    const video = /** @type {HTMLVideoElement} */ (el("video", { playsinline: true, autoplay: true }));
    const none = el("div.tile-none", { hidden: true });
    const name = el("figcaption.tag");
    const tile = el("figure.tile", { "data-participant": id }, video, none, name);
    const one = { tile, video, name, none, own: false };
    this.people.set(id, one);
    this.place.append(tile);
    this.bind(id);
    return one;
  }

  makePaper() {
    const video = /** @type {HTMLVideoElement} */ (el("video", { playsinline: true, autoplay: true, muted: true }));
    video.muted = true;
    const words = el("figcaption.tag");
    const tile = el("figure.tile.paper", { hidden: true }, video, words);
    this.place.append(tile);
    return { tile, video, words };
  }

  /** @param {string} id @param {MediaStream} stream */
  stream(id, stream) {
    this.streams.set(id, stream);
    this.bind(id);
  }

  /** @param {string} id */
  bind(id) {
    const one = this.people.get(id);
    const stream = this.streams.get(id) || null;
    if (!one || one.own || one.video.srcObject === stream) return;
    one.video.srcObject = stream;
    if (stream) this.play(one.video);
  }

  /** @param {HTMLVideoElement} video */
  play(video) {
    video.play().catch((error) => { if (error.name === "NotAllowedError") this.on.blocked(); });
  }

  /** After a touch. */
  playAll() {
    for (const { video, own } of this.people.values()) if (!own) this.play(video);
  }

  /** What is shown to everybody. @param {MediaStream | null} stream null: nothing @param {string} words */
  document(stream, words) {
    this.paper.video.srcObject = stream;
    this.paper.tile.hidden = !stream;
    this.paper.words.textContent = words;
    if (stream) this.paper.video.play().catch(() => {});
    this.arrange();
  }

  /** @param {Arrangement} arrangement */
  choose(arrangement) {
    this.arrangement = arrangement;
    this.arrange();
  }

  /** @param {string} id who is large where one is */
  enlarge(id) {
    this.large = id;
    this.arrange();
  }

  /** Large: what is shown, else whoever speaks, else the first. */
  arrange() {
    const papered = !this.paper.tile.hidden;
    const large = this.people.has(this.large) ? this.large : this.people.keys().next().value;
    const arrangement = papered && this.arrangement !== "side" ? "document" : this.arrangement === "side" ? "side" : "speaker";
    this.place.dataset.arrangement = arrangement;
    this.place.dataset.count = String(Math.max(1, this.people.size + (papered ? 1 : 0)));
    for (const [id, { tile }] of this.people) tile.classList.toggle("large", id === large);
  }
}
