/**
 * What time it is by the recording's clock at the media node, whose `started_at` then gives media time; this machine's own
 * clock may be minutes off, and may be set in the middle of a talk.
 *
 * An answer says what time it was somewhere on its way: it is wrong by half of the way at most.  The shortest one counts,
 * and not for long, because no two clocks run alike (50 in a million and more are usual: 3 ms in a minute).
 */
const GOOD_MS = 60_000;

export class NodeClock {
  /** @param {number} [ahead] milliseconds by which it was ahead of this machine's clock when that was known last */
  constructor(ahead = 0) {
    this._before = ahead;
    /** By how much the node's clock is ahead of `performance.now()`; NaN: nothing is known. */
    this._ahead = NaN;
    this._trip = Infinity;
    this._came = -Infinity;
  }

  /** @param {number} sent when it was asked, by `performance.now()` @param {string} told what the node says */
  take(sent, told) {
    const came = performance.now(), trip = came - sent, moment = Date.parse(told);
    if (Number.isNaN(moment) || (trip > this._trip && came - this._came < GOOD_MS)) return;
    this._ahead = moment - (sent + came) / 2;
    this._trip = trip;
    this._came = came;
  }

  /** A node that was started anew may have another clock. */
  forget() {
    this._trip = Infinity;
  }

  /** Milliseconds since 1970 by the node's clock; by this machine's as long as nothing is known. */
  now() {
    return Number.isNaN(this._ahead) ? Date.now() + this._before : performance.now() + this._ahead;
  }

  /** Milliseconds by which it is ahead of this machine's. */
  get ahead() {
    return this.now() - Date.now();
  }

  /** Milliseconds by which it may be wrong at most. */
  get error() {
    return Number.isNaN(this._ahead) ? Infinity : this._trip / 2;
  }
}
