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
/** A trip reported before the picture was tried again says nothing of now; a new report comes within this. */
const REPORTED_MS = 1500;
/** A picture that is tried where there is no room costs words (measured at 80 kbit/s: 0.6 s of sound). */
const FIRST_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 120_000;
/** A picture that was sent for so long was no mistake. */
const PROVEN_MS = 15_000;
const LOOK_MS = 500;
/** A measured line is tried after this part of the wait already, and after so long at the latest. */
const MEASURED_PART = 1 / 15;
const MEASURED_MOST_MS = 3000;

/** Decides, from what the browser thinks that it can send, whether a picture is sent. */
export class PictureRule {
  constructor() {
    this.alone = false;
    this._thinSince = 0;
    this._changedAt = -Infinity;
    this._wait = FIRST_WAIT_MS;
    /** Whether the line was measured since sound goes alone, and had room. */
    this._measured = false;
  }

  /** The line was measured, and has room: who has just given up the picture tries it a little later.  @param {number} now */
  wide(now) {
    this._measured = this.alone;
    this._tryAgain(now);
  }

  /** @param {number} now */
  _tryAgain(now) {
    const enough = this._measured ? Math.min(this._wait * MEASURED_PART, MEASURED_MOST_MS) : this._wait;
    if (this.alone && now - this._changedAt >= enough) this._change(now, false);
  }

  /**
   * @param {number} now milliseconds @param {number|null} bits null: not known @param {number} [least]
   * @param {number} [trip] seconds there and back, as last reported @returns {boolean} whether sound goes alone
   */
  look(now, bits, least = LEAST, trip = 0) {
    if (this.alone) {
      this._tryAgain(now);
      return this.alone;
    }
    if (bits === null || bits >= least) this._thinSince = 0;
    else this._thinSince ||= now;
    const full = trip >= FULL_TRIP_S && now - this._changedAt >= REPORTED_MS;
    const enough = full ? 0 : THIN_MS;
    if (this._thinSince && now - this._thinSince >= enough) this._change(now, true);
    return this.alone;
  }

  /** @param {number} now @param {boolean} alone */
  _change(now, alone) {
    if (alone) this._wait = now - this._changedAt < PROVEN_MS ? Math.min(2 * this._wait, LONGEST_WAIT_MS) : FIRST_WAIT_MS;
    this.alone = alone;
    this._changedAt = now;
    this._thinSince = 0;
    this._measured = false;
  }
}

/** Watches one media line, and stops and starts its picture. */
export class SoundFirst {
  /**
   * @param {import("./seat_media.js").SeatMedia} line @param {(alone: boolean) => void} told when it changes
   * @param {() => boolean} starved whether, as far as is known here, others' pictures stand still for want of room on this line
   */
  constructor(line, told, starved) {
    this._line = line;
    this._told = told;
    this._starved = starved;
    this._rule = new PictureRule();
    this.alone = false;
    /** Packets of others' pictures so far, and whether none came for a while. */
    this._pictures = 0;
    this._stood = false;
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
    const { bits, trip, pictures } = await this._known();
    if (this._comeAgain(pictures)) this._rule.wide(performance.now());
    const alone = this._rule.look(performance.now(), bits, least, trip);
    if (alone === this.alone) return;
    this.alone = alone;
    await setActive(sender, !alone);
    this._told(alone);
  }

  /** The node measured this line and sends others' pictures again: they are here before the word of it, which takes TCP's
   * way and waits there.  @param {number} pictures packets of them so far */
  _comeAgain(pictures) {
    const came = pictures !== this._pictures;
    const again = came && this._stood;
    this._pictures = pictures;
    this._stood = !came && this._starved();
    return again;
  }

  /** What the browser thinks that it can send, how long a packet of sound takes there and back, and what came of others'
   * pictures.  @returns {Promise<{bits: number|null, trip: number, pictures: number}>} bits per second, seconds, packets */
  async _known() {
    const all = [...((await this._line.peer?.getStats())?.values() ?? [])];
    const path = all.find((one) => one.type === "candidate-pair" && one.nominated && one.availableOutgoingBitrate);
    const sound = all.find((one) => one.type === "remote-inbound-rtp" && one.kind === "audio");
    const shown = all.filter((one) => one.type === "inbound-rtp" && one.kind === "video");
    return {
      bits: path?.availableOutgoingBitrate ?? null, trip: sound?.roundTripTime ?? 0,
      pictures: shown.reduce((sum, one) => sum + (one.packetsReceived ?? 0), 0),
    };
  }
}

/** @param {RTCRtpSender} sender @param {boolean} active */
async function setActive(sender, active) {
  const parameters = sender.getParameters();
  for (const encoding of parameters.encodings) encoding.active = active;
  await sender.setParameters(parameters).catch(() => {});
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
