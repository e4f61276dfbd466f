// Playing rests while a clerk types and goes on by itself a moment after the last letter.

const REST_MS = 900;
const BACK_S = 0.5;

export class TypingPause {
  /** @param {string} userId @param {() => import("/static/js/desk/player.js").Player | null} player */
  constructor(userId, player) {
    this.storeKey = `jietan.pause.${userId}`;
    this.player = player;
    this.on = localStorage.getItem(this.storeKey) !== "no";
    this.timer = 0;
    this.composing = false;
    /** Until when the stretch was played that typing broke off. @type {number | null | undefined} undefined: it broke off nothing */
    this.until = undefined;
    document.addEventListener("compositionstart", () => { this.composing = true; });
    document.addEventListener("compositionend", () => { this.composing = false; this.typed(); });
  }

  /** @param {boolean} on */
  set(on) {
    this.on = on;
    localStorage.setItem(this.storeKey, on ? "yes" : "no");
    if (!on) this.forget();
  }

  /** Somebody typed in a line. */
  typed() {
    const player = this.player();
    if (!this.on || !player) return;
    if (player.playing) {
      this.until = player.until;
      player.pause();
    }
    if (this.until === undefined) return;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.resume(), REST_MS);
  }

  resume() {
    const player = this.player();
    if (this.composing || !player || player.playing || this.until === undefined) return;
    const until = this.until;
    this.forget();
    player.seek(player.position - BACK_S);
    player.until = until;
    player.play();
  }

  /** Somebody decided otherwise what is played. */
  forget() {
    clearTimeout(this.timer);
    this.until = undefined;
  }
}
