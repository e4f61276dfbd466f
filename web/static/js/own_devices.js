/**
 * The own microphone and camera of a talk: one that is pulled out or fails is told of at once, and what takes its place is
 * put into the same stream.  Without this a person would speak on, heard and recorded by nobody.
 *
 * A camera is only ever replaced by itself: another one may look at papers, or at nothing that is to be seen.
 *
 * @typedef {"audio"|"video"} Kind
 * @typedef {{kind: Kind, track: MediaStreamTrack|null, seconds: number, message: string, missing: string}} DeviceChange
 *   `track`: what is there again, null while nothing is; `seconds`: how long nothing was; `message`: what to say of this
 *   change; `missing`: of everything that is away now, empty while nothing is
 */

const AGAIN_MS = 2000;
const LOST = {
  audio: "您的话筒断开了，对方听不见您，也录不上。请插好，接上以后会自己恢复。",
  video: "您的摄像头断开了，对方看不见您，声音照常。插好以后画面会自己回来。",
  both: "您的话筒和摄像头都断开了，对方听不见也看不见您，也录不上。请插好，接上以后会自己恢复。",
};
const BACK = {
  /** @param {number} seconds */
  audio: (seconds) => `话筒接上了。刚才断了 ${seconds} 秒，这一会儿的话没有录上，请再说一遍。`,
  video: () => "摄像头接上了，对方又看得见您了。",
};

export class OwnDevices {
  /** @param {MediaStream} media lost tracks are taken out of it and new ones put in @param {(change: DeviceChange) => void} changed */
  constructor(media, changed) {
    this.media = media;
    this.changed = changed;
    this.closed = false;
    /** @type {Map<Kind, {since: number, wanted: MediaTrackConstraints, device: string}>} */
    this.lost = new Map();
    /** Kinds that were lost at some time. @type {Set<Kind>} */
    this.told = new Set();
    this.taking = false;
    for (const track of media.getTracks()) this.watch(track);
    navigator.mediaDevices?.addEventListener("devicechange", this.look);
    this.timer = window.setInterval(this.look, AGAIN_MS);
  }

  close() {
    this.closed = true;
    clearInterval(this.timer);
    navigator.mediaDevices?.removeEventListener("devicechange", this.look);
  }

  /** @param {MediaStreamTrack} track its own `stop` tells nothing */
  watch(track) {
    if (track.readyState === "ended") queueMicrotask(() => this.cameOff(track)); // between the look at it and the talk
    else track.addEventListener("ended", () => this.cameOff(track), { once: true });
  }

  /** @param {MediaStreamTrack} track */
  cameOff(track) {
    if (this.closed || !this.media.getTracks().includes(track)) return;
    const kind = /** @type {Kind} */ (track.kind);
    const { deviceId: _, ...wanted } = track.getConstraints();
    this.lost.set(kind, { since: performance.now(), wanted, device: track.getSettings().deviceId ?? "" });
    this.told.add(kind);
    this.changed({ kind, track: null, seconds: 0, message: LOST[kind], missing: this.missing() });
    void this.look();
  }

  look = async () => {
    if (this.taking || this.closed) return;
    this.taking = true;
    // The microphone last: what is said of it stands longer.
    for (const kind of [...this.lost.keys()].sort().reverse()) await this.take(kind);
    this.taking = false;
  };

  /** @param {Kind} kind */
  async take(kind) {
    const lost = this.lost.get(kind);
    if (!lost) return;
    const same = { ...lost.wanted, ...(lost.device ? { deviceId: { exact: lost.device } } : {}) };
    const opened = await open(kind, same) ?? (kind === "audio" ? await open(kind, lost.wanted) : null);
    if (!opened) return;
    if (this.closed) return opened.stop();
    for (const track of this.media.getTracks()) if (track.kind === kind) this.media.removeTrack(track);
    this.media.addTrack(opened);
    this.watch(opened);
    this.lost.delete(kind);
    const seconds = Math.max(1, Math.round((performance.now() - lost.since) / 1000));
    this.changed({ kind, track: opened, seconds, message: BACK[kind](seconds), missing: this.missing() });
  }

  missing() {
    const [first] = this.lost.keys();
    if (!first) return "";
    return this.lost.size > 1 ? LOST.both : LOST[first];
  }
}

/** @param {Kind} kind @param {MediaTrackConstraints} wanted @returns {Promise<MediaStreamTrack|null>} null: there is none */
async function open(kind, wanted) {
  const media = await navigator.mediaDevices.getUserMedia({ [kind]: wanted }).catch(() => null);
  return media?.getTracks()[0] ?? null;
}
