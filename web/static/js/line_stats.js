/**
 * What only this end of a media line knows: the round trip, pictures that stand still though they should move, and
 * how loud the own microphone is.  Names of figures: W3C webrtc-stats.
 */

/** The contract takes no more (server/protocol/signalling.py, Stats). */
const LONGEST_TRIP_MS = 60_000;
/** Seconds that one sample may tell of: what was still for longer was told as it went on. */
const LONGEST_S = 10;

/**
 * @typedef {{frames: number, frozen: number}} Picture counters of one track
 * @typedef {{round_trip_ms: number|null, frozen_s: number|null, level: number|null}} Sample
 */

/** Takes samples of one peer connection. */
export class LineStats {
  /** @param {RTCPeerConnection} peer */
  constructor(peer) {
    this._peer = peer;
    this._at = 0;
    /** @type {Map<string, Picture>} pictures that were meant to move when the last sample was taken */
    this._before = new Map();
  }

  /** What happened since the last sample.  @param {string[]} moving ids of tracks whose picture is meant to move @returns {Promise<Sample>} */
  async sample(moving) {
    const report = [...(await this._peer.getStats()).values()];
    return { round_trip_ms: roundTrip(report), frozen_s: this._frozen(report, moving), level: level(report) };
  }

  /** @param {any[]} report @param {string[]} moving @returns {number|null} seconds of the worst picture; null: none is to be judged */
  _frozen(report, moving) {
    const now = performance.now();
    const passed = Math.min((now - this._at) / 1000, LONGEST_S);
    const pictures = picturesOf(report, moving);
    const still = [...pictures].flatMap(([id, picture]) => {
      const before = this._before.get(id);
      return before ? [secondsStill(before, picture, passed)] : [];
    });
    this._at = now;
    this._before = pictures;
    return still.length ? Math.round(Math.max(...still) * 1000) / 1000 : null;
  }
}

/** A freeze is counted only once it is over: until then nothing but frames that do not come tells of it.
 * @param {Picture} before @param {Picture} now @param {number} passed seconds */
function secondsStill(before, now, passed) {
  if (now.frames === before.frames) return before.frames ? passed : 0;
  return Math.max(0, Math.min(now.frozen - before.frozen, passed));
}

/** @param {any[]} report @param {string[]} moving @returns {Map<string, Picture>} */
function picturesOf(report, moving) {
  const inbound = report.filter((one) => one.type === "inbound-rtp" && one.kind === "video" && moving.includes(one.trackIdentifier));
  return new Map(inbound.map((one) => [one.trackIdentifier, { frames: one.framesDecoded ?? 0, frozen: one.totalFreezesDuration ?? 0 }]));
}

/** @param {any[]} report @returns {number|null} milliseconds */
function roundTrip(report) {
  const pair = report.find((one) => one.type === "candidate-pair" && one.nominated && one.state === "succeeded");
  return pair?.currentRoundTripTime === undefined ? null : Math.min(Math.round(pair.currentRoundTripTime * 1000), LONGEST_TRIP_MS);
}

/** @param {any[]} report @returns {number|null} 0 to 1 */
function level(report) {
  const source = report.find((one) => one.type === "media-source" && one.kind === "audio");
  return source?.audioLevel === undefined ? null : Math.min(1, Math.max(0, source.audioLevel));
}
