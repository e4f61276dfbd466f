/**
 * Sound first: where the own line has no room for a picture, none is sent, so that every word gets through; after a
 * while the picture is tried again.  The others see a still picture and are told why.
 */

/** Bits per second: sound with its headers takes about 50 000, and below 30 000 browsers send no picture that moves. */
const LEAST = 80_000;
/** The same while sound is small: browsers estimate no more than half again of what is sent. */
const LEAST_SMALL = 55_000;
/** A dip is over sooner than this. */
const THIN_MS = 6000;
/** Where packets take so long as they do only behind a full queue, nothing is waited for: it drops sound as well as picture
 * (measured at 80 kbit/s: a quarter of the sound, and 2 s there and back). */
const FULL_TRIP_S = 0.5;
/** A picture that is tried where there is no room costs words (measured at 80 kbit/s: 0.6 s of sound). */
const FIRST_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 120_000;
/** A picture that was sent for so long was no mistake. */
const PROVEN_MS = 15_000;
const LOOK_MS = 1000;
/** How often a line on which a picture stands still is measured for room. */
const PROBE_MS = 3000;
/** Two packets each way, one pad after the other: lines let a few thousand bytes pass at once, however thin they are.
 * On one that carries hardly more than sound the first pad that does not pass at once takes half a second, and ends it. */
const PAD = "0".repeat(2600);
const PADS = 7;
/** An answer that takes longer does not come: its socket is gone. */
const OVERDUE_MS = 8000;
/** With room for a picture, 250 kbit/s, a pad takes so much longer than an empty one. */
const WIDE_MS = 170;
/** A measured line is tried after this part of the wait already. */
const MEASURED_PART = 1 / 15;

/** Decides, from what the browser thinks that it can send, whether a picture is sent. */
export class PictureRule {
  constructor() {
    this.alone = false;
    this._thinSince = 0;
    this._changedAt = -Infinity;
    this._wait = FIRST_WAIT_MS;
  }

  /** The line was measured, and has room.  @param {number} now */
  wide(now) {
    if (this.alone && now - this._changedAt >= this._wait * MEASURED_PART) this._change(now, false);
  }

  /**
   * @param {number} now milliseconds @param {number|null} bits null: not known @param {number} [least]
   * @param {number} [trip] seconds there and back, as last reported @returns {boolean} whether sound goes alone
   */
  look(now, bits, least = LEAST, trip = 0) {
    if (this.alone) {
      if (now - this._changedAt >= this._wait) this._change(now, false);
      return this.alone;
    }
    if (bits === null || bits >= least) this._thinSince = 0;
    else this._thinSince ||= now;
    const enough = trip >= FULL_TRIP_S ? 0 : THIN_MS;
    if (this._thinSince && now - this._thinSince >= enough) this._change(now, true);
    return this.alone;
  }

  /** @param {number} now @param {boolean} alone */
  _change(now, alone) {
    if (alone) this._wait = now - this._changedAt < PROVEN_MS ? Math.min(2 * this._wait, LONGEST_WAIT_MS) : FIRST_WAIT_MS;
    this.alone = alone;
    this._changedAt = now;
    this._thinSince = 0;
  }
}

/** Watches one media line, and stops and starts its picture. */
export class SoundFirst {
  /** @param {import("./seat_media.js").SeatMedia} line @param {(alone: boolean) => void} told when it changes */
  constructor(line, told) {
    this._line = line;
    this._told = told;
    this._rule = new PictureRule();
    this.alone = false;
    this._timer = setInterval(() => void this._look(), LOOK_MS);
  }

  close() {
    clearInterval(this._timer);
  }

  /** The line was measured, and has room. */
  wide() {
    this._rule.wide(performance.now());
    void this._look();
  }

  async _look() {
    const sender = this._line.pictureSender;
    if (!sender?.track || this._line.state !== "well") return;
    const least = this._line.soundSmall ? LEAST_SMALL : LEAST;
    const { bits, trip } = await this._known();
    const alone = this._rule.look(performance.now(), bits, least, trip);
    if (alone === this.alone) return;
    this.alone = alone;
    await setActive(sender, !alone);
    this._told(alone);
  }

  /** What the browser thinks that it can send, and how long a packet of sound takes there and back.
   * @returns {Promise<{bits: number|null, trip: number}>} bits per second, seconds */
  async _known() {
    const all = [...((await this._line.peer?.getStats())?.values() ?? [])];
    const path = all.find((one) => one.type === "candidate-pair" && one.nominated && one.availableOutgoingBitrate);
    const sound = all.find((one) => one.type === "remote-inbound-rtp" && one.kind === "audio");
    return { bits: path?.availableOutgoingBitrate ?? null, trip: sound?.roundTripTime ?? 0 };
  }
}

/** @param {RTCRtpSender} sender @param {boolean} active */
async function setActive(sender, active) {
  const parameters = sender.getParameters();
  for (const encoding of parameters.encodings) encoding.active = active;
  await sender.setParameters(parameters).catch(() => {});
}

/**
 * Measures a line by how long a packet takes there and back, beside one that is nearly empty; while a picture stands
 * still nothing else tells that there is room again.
 */
export class Probe {
  /** @param {(message: object) => boolean} send @param {() => boolean} wanted @param {() => void} wide the line has room */
  constructor(send, wanted, wide) {
    this._send = send;
    this._wanted = wanted;
    this._wide = wide;
    /** Milliseconds that an empty one took; 0: none came back yet. */
    this._empty = 0;
    this._sentAt = 0;
    this._passed = 0;
    /** Whether an answer is on its way. */
    this._asked = false;
    this._timer = setInterval(() => this._begin(), PROBE_MS);
  }

  close() {
    clearInterval(this._timer);
  }

  _begin() {
    if (this._asked && performance.now() - this._sentAt < OVERDUE_MS) return;
    this._passed = 0;
    if (this._wanted()) this._ask("");
  }

  /** @param {string} pad */
  _ask(pad) {
    this._sentAt = performance.now();
    this._asked = this._send({ type: "probe", pad });
  }

  /** @param {{pad: string}} answer */
  answered({ pad }) {
    const took = performance.now() - this._sentAt;
    this._asked = false;
    if (!this._wanted()) return;
    if (!pad) this._empty = took;
    else if (took - this._empty > WIDE_MS) return;
    else this._passed += 1;
    if (this._passed < PADS) this._ask(PAD);
    else this._wide();
  }
}

/** @type {Record<string, string>} */
const PICTURE_WORDS = {
  stopped: "线路不好，先只传声音，画面过一会儿回来",
  unplayable: "用新版的 Chrome 或 Edge 才看得到这路画面，声音照常",
};

/** What to say over somebody's picture while only sound comes; empty while it moves. @param {{picture?: string}} seat */
export function pictureWords(seat) {
  return PICTURE_WORDS[seat.picture ?? ""] ?? "";
}
