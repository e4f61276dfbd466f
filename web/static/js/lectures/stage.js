// The pictures of a lecture: the speaker, whoever has the floor, and what is shown; the most important one is large.
import { byId, el } from "/static/js/dom.js";

/** @typedef {"speaker"|"floor"|"paper"} Part */

const PARTS = /** @type {Part[]} */ (["speaker", "floor", "paper"]);

/** Puts streams into the page's three tiles. */
export class Stage {
  /** @param {() => void} blocked the browser wants a touch before it lets sound out */
  constructor(blocked) {
    this.blocked = blocked;
    this.place = byId("stage");
    /** @type {Map<Part, {tile: HTMLElement, video: HTMLVideoElement, name: HTMLElement}>} */
    this.tiles = new Map(PARTS.map((part) => [part, this.make(part)]));
    this.draw();
  }

  /** @param {Part} part */
  make(part) {
    const video = /** @type {HTMLVideoElement} */ (el("video", { playsinline: true, autoplay: true }));
    video.muted = part === "paper";
    const name = el("figcaption.tag.low");
    const tile = el("figure.shown", { "data-part": part, hidden: true }, video, name);
    this.place.append(tile);
    return { tile, video, name };
  }

  /** @param {Part} part */
  one(part) {
    const found = this.tiles.get(part);
    if (!found) throw new Error(`no tile ${part}`);
    return found;
  }

  /** Show this stream, or nothing.  @param {Part} part @param {MediaStream|null} stream @param {{words?: string, own?: boolean}} [about] */
  show(part, stream, { words = "", own = false } = {}) {
    const { tile, video, name } = this.one(part);
    name.textContent = words;
    tile.hidden = !stream;
    tile.classList.toggle("own", own);
    if (video.srcObject !== stream) {
      video.srcObject = stream;
      video.muted = own || part === "paper";
      if (stream) this.play(video);
    }
    this.draw();
  }

  /** @param {HTMLVideoElement} video */
  play(video) {
    video.play().catch((error) => {
      if (!(error instanceof DOMException) || error.name !== "NotAllowedError" || video.muted) return;
      video.muted = true; // the picture at least
      video.play().catch(() => {});
      this.blocked();
    });
  }

  /** Let sound out, after a touch. */
  sound() {
    for (const [part, { tile, video }] of this.tiles) {
      if (part === "paper" || tile.classList.contains("own")) continue;
      video.muted = false;
      if (video.srcObject) video.play().catch(() => {});
    }
  }

  /** Large is what is shown, else the speaker, else whoever has the floor; oneself only where nobody else is. */
  draw() {
    const there = PARTS.filter((part) => !this.one(part).tile.hidden);
    const others = there.filter((part) => !this.one(part).tile.classList.contains("own"));
    const large = others.includes("paper") ? "paper" : others[0] || there[0];
    for (const part of PARTS) this.one(part).tile.classList.toggle("large", part === large);
    this.place.dataset.count = String(there.length);
  }
}
