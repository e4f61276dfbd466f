// Plays the recording of a reception: several people's segment files in step, as one clock of media time.

const AUDIO_SLACK_S = 0.15;
const VIDEO_SLACK_S = 0.3;
const SKIP_HOLE_S = 2;
const CHECK_STEP_MS = 500;
export const RATES = [0.5, 0.7, 0.8, 0.9, 1, 1.2, 1.5, 2];

/** @typedef {{id: string, participant_id: string, kind: string, source: string, start: number, seconds: number, url: string,
 *   only?: [number, number] | null}} Segment `only`: a piece of the kiosk's copy, played between these two times and
 *   before any other file */

/** The files of one person's sound or picture, played by one element. */
class Track {
  /** @param {HTMLMediaElement} element @param {Segment[]} segments in order of start */
  constructor(element, segments) {
    this.element = element;
    this.segments = segments;
    this.slack = element instanceof HTMLVideoElement ? VIDEO_SLACK_S : AUDIO_SLACK_S;
    /** @type {Segment | null} */
    this.segment = null;
    /** @type {Set<string>} */
    this.broken = new Set();
    this.checked = 0;
  }

  /** @param {number} t */
  at(t) {
    const fills = (/** @type {Segment} */ s) => s.only && s.only[0] <= t && t < s.only[1];
    const covers = (/** @type {Segment} */ s) => !s.only && s.start <= t && t < s.start + s.seconds;
    return this.segments.find(fills) || this.segments.find(covers) || null;
  }

  /** Has sound or picture that can be played at this moment. @param {number} t */
  covers(t) {
    const segment = this.at(t);
    return Boolean(segment) && !this.broken.has(segment.id);
  }

  /** @param {Segment} segment @param {number} t @param {number} rate */
  load(segment, t, rate) {
    this.segment = segment;
    this.element.src = segment.url;
    this.element.defaultPlaybackRate = rate;
    this.element.currentTime = Math.max(0, t - segment.start);
  }

  /** Brings the element to media time t. @param {number} t @param {boolean} playing @param {number} rate @param {boolean} exact */
  follow(t, playing, rate, exact) {
    const segment = this.at(t);
    if (!segment || this.broken.has(segment.id)) return this.rest();
    this.element.hidden = false;
    if (segment !== this.segment) this.load(segment, t, rate);
    else this.correct(t - segment.start, exact);
    this.element.playbackRate = rate;
    if (playing && this.element.paused && !this.element.ended) this.element.play().catch(() => {});
    if (!playing && !this.element.paused) this.element.pause();
  }

  /** @param {number} wanted seconds in the file @param {boolean} exact */
  correct(wanted, exact) {
    const now = performance.now();
    if (!exact && (this.element.seeking || now - this.checked < CHECK_STEP_MS)) return;
    this.checked = now;
    if (exact || Math.abs(this.element.currentTime - wanted) > this.slack) this.element.currentTime = Math.max(0, wanted);
  }

  rest() {
    if (!this.element.paused) this.element.pause();
    this.segment = null;
  }

  /** Media time of what is heard now; null while it is loading. */
  now() {
    if (!this.segment) return null;
    if (this.element.ended) return this.segment.start + this.segment.seconds;
    if (this.element.seeking || this.element.readyState < 2) return null;
    return this.segment.start + this.element.currentTime;
  }
}

/** Events: "position", "state" and "trouble" (detail: segment and kind). */
export class Player extends EventTarget {
  /**
   * @param {Segment[]} segments @param {number} seconds length of the talk
   * @param {(participantId: string, kind: string, source: string) => HTMLMediaElement} elementFor makes the element of one track
   */
  constructor(segments, seconds, elementFor) {
    super();
    this.position = 0;
    this.playing = false;
    this.rate = 1;
    /** @type {number | null} */
    this.until = null;
    this.wall = 0;
    this.segmentCount = segments.length;
    this.tracks = grouped(segments).map((group) => this.track(group, elementFor));
    this.end = Math.max(seconds, ...segments.map((s) => (s.only ? s.only[1] : s.start + s.seconds)), 0);
    this.step = this.step.bind(this);
  }

  /** @param {Segment[]} group @param {(participantId: string, kind: string, source: string) => HTMLMediaElement} elementFor */
  track(group, elementFor) {
    const element = elementFor(group[0].participant_id, group[0].kind, group[0].source);
    const track = new Track(element, group);
    element.preservesPitch = true;
    if (element instanceof HTMLVideoElement) this.showFirst(element, group[0]);
    element.addEventListener("error", () => this.failed(track));
    element.addEventListener("timeupdate", () => this.playing && this.advance());
    return track;
  }

  /** A picture begins with its first key frame, a moment after the sound: until then that one stands there.
   * @param {HTMLVideoElement} element @param {Segment} first */
  showFirst(element, first) {
    element.muted = true;
    element.src = first.url;
  }

  /** @param {Track} track */
  failed(track) {
    if (!track.segment) return;
    const segment = track.segment;
    track.broken.add(segment.id);
    track.rest();
    this.dispatchEvent(new CustomEvent("trouble", { detail: segment }));
  }

  /** Tries again files that could not be played. */
  mend() {
    for (const track of this.tracks) track.broken.clear();
    this.seek(this.position);
  }

  get sounds() {
    return this.tracks.filter((track) => !(track.element instanceof HTMLVideoElement));
  }

  /** @param {number} t seconds of media time */
  seek(t) {
    this.position = Math.min(Math.max(0, t), this.end);
    this.until = null;
    this.wall = performance.now();
    for (const track of this.tracks) track.follow(this.position, this.playing, this.rate, true);
    this.tell("position");
  }

  play() {
    if (this.playing) return;
    if (this.position >= this.end) this.seek(0);
    this.playing = true;
    this.wall = performance.now();
    for (const track of this.tracks) track.follow(this.position, true, this.rate, false);
    this.tell("state");
    requestAnimationFrame(this.step);
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    for (const track of this.tracks) track.follow(this.position, false, this.rate, false);
    this.tell("state");
  }

  toggle() {
    this.until = null;
    if (this.playing) this.pause();
    else this.play();
  }

  /** Plays from one moment to another and stops. @param {number} from @param {number} to */
  playStretch(from, to) {
    this.seek(Math.max(0, from - 0.15));
    this.until = Math.min(to + 0.2, this.end);
    this.play();
  }

  /** @param {number} direction -1 slower, +1 faster */
  changeRate(direction) {
    const place = RATES.indexOf(this.rate) + direction;
    this.rate = RATES[Math.min(Math.max(place, 0), RATES.length - 1)];
    for (const track of this.tracks) track.element.playbackRate = this.rate;
    this.tell("state");
  }

  step() {
    if (!this.playing) return;
    this.advance();
    requestAnimationFrame(this.step);
  }

  /** One tick: the first sound that can be heard is the clock; where there is none, the wall clock is. */
  advance() {
    const now = performance.now();
    const passed = ((now - this.wall) / 1000) * this.rate;
    this.wall = now;
    const master = this.sounds.find((track) => track.covers(this.position));
    this.position = master ? (master.now() ?? this.position) : this.throughHole(this.position + passed);
    if (this.until !== null && this.position >= this.until) return this.stopAt(this.until);
    if (this.position >= this.end) return this.stopAt(this.end);
    for (const track of this.tracks) if (track !== master || track.at(this.position) !== track.segment || track.element.paused) track.follow(this.position, true, this.rate, false);
    this.tell("position");
  }

  /** A long stretch without any sound is passed over. @param {number} t */
  throughHole(t) {
    const next = Math.min(this.end, ...this.sounds.flatMap((track) => track.segments.map((s) => (s.only ? s.only[0] : s.start)).filter((start) => start > t)));
    return next - t > SKIP_HOLE_S && next < this.end ? next : t;
  }

  /** @param {number} t */
  stopAt(t) {
    this.position = t;
    this.until = null;
    this.pause();
    this.tell("position");
  }

  /** @param {string} type */
  tell(type) {
    this.dispatchEvent(new CustomEvent(type));
  }
}

/** Segments of one person and one source, each group in order of start. @param {Segment[]} segments */
function grouped(segments) {
  const groups = new Map();
  for (const segment of [...segments].sort((a, b) => a.start - b.start)) {
    const key = `${segment.participant_id} ${segment.source}`;
    groups.set(key, [...(groups.get(key) || []), segment]);
  }
  return [...groups.values()];
}
