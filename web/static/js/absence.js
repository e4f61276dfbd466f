// Somebody's line is away: what the others read meanwhile, and the short word when they are back.

const NOTEWORTHY_S = 2;
const WELCOME_MS = 6000;

/** How long one person has been away. */
export class Absence {
  /** @param {(seconds: number) => string} away @param {(seconds: number) => string} back */
  constructor(away, back) {
    this.away = away;
    this.back = back;
    this.since = 0;
    this.lasted = 0;
    this.until = 0;
  }

  /** @param {boolean} here whether media of this person comes @returns {string} what is to be shown now, "" for nothing */
  words(here) {
    const now = performance.now();
    if (!here) {
      this.since ||= now;
      this.until = 0;
      return this.away(Math.round((now - this.since) / 1000));
    }
    if (this.since) [this.lasted, this.until, this.since] = [Math.round((now - this.since) / 1000), now + WELCOME_MS, 0];
    return now < this.until && this.lasted >= NOTEWORTHY_S ? this.back(this.lasted) : "";
  }
}
