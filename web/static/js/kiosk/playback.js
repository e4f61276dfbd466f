// Plays one sentence out of the recordings of whoever said it.
import { hearInHandset } from "./handset.js";

/** Parts of the recording that hold the sentence, in order; where one microphone heard the whole room, of that.
 * @param {any[]} segments @param {any} line @param {any[]} [participants] */
export function partsOf(segments, line, participants = []) {
  const own = new Set([line.participant_id, ...participants.filter((one) => one.role === "room").map((one) => one.id)]);
  return segments
    .filter((one) => one.kind === "audio" && own.has(one.participant_id) && one.start < line.end && one.start + one.seconds > line.start)
    .sort((a, b) => a.start - b.start)
    .map((one) => ({ url: one.url, from: Math.max(0, line.start - one.start), to: Math.min(one.seconds, line.end - one.start), offset: one.start }));
}

/** One sentence at a time. */
export class Playback {
  /** @param {{at: (seconds: number) => void, state: (playing: boolean) => void, failed: () => void}} listener `at`: media time */
  constructor(listener) {
    this.listener = listener;
    this.audio = new Audio();
    this.audio.preload = "auto";
    this.endHandset = hearInHandset(() => [this.audio]);
    /** @type {any[]} */
    this.parts = [];
    this.frame = 0;
    this.audio.addEventListener("error", () => this.fail());
    this.audio.addEventListener("ended", () => this.next());
  }

  get playing() {
    return Boolean(this.part);
  }

  /** @param {any[]} parts of partsOf */
  play(parts) {
    this.stop();
    this.parts = [...parts];
    this.listener.state(true);
    this.next();
  }

  next() {
    const part = this.parts.shift();
    if (!part) return this.stop();
    this.part = part;
    const { url, from } = part;
    if (!this.audio.src.endsWith(url)) this.audio.src = url;
    this.audio.currentTime = from;
    this.audio.play().catch((error) => { if (error.name !== "AbortError") this.fail(); });
    cancelAnimationFrame(this.frame);
    this.watch();
    return undefined;
  }

  /** Stops at the end of the sentence, more exactly than "timeupdate" would. */
  watch() {
    if (!this.part) return;
    if (!this.audio.seeking && !this.audio.paused) {
      this.listener.at(this.part.offset + this.audio.currentTime);
      if (this.audio.currentTime >= this.part.to) return this.next();
    }
    this.frame = requestAnimationFrame(() => this.watch());
  }

  fail() {
    if (!this.part) return;
    this.stop();
    this.listener.failed();
  }

  stop() {
    cancelAnimationFrame(this.frame);
    const was = this.playing;
    [this.part, this.parts] = [undefined, []];
    this.audio.pause();
    if (was) this.listener.state(false);
  }

  close() {
    this.stop();
    this.endHandset();
    this.audio.removeAttribute("src");
    this.audio.load();
  }
}
