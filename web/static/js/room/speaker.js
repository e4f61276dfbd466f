// Who is speaking: whoever has been clearly the loudest for a while, so that a cough does not turn the picture round.

const EVERY_MS = 250;
const AUDIBLE = 0.02;
/** Somebody else takes the place after so long. */
const HOLD_MS = 1500;
const LOUDER = 1.6;
const SMOOTH = 0.5;

export class ActiveSpeaker extends EventTarget {
  constructor() {
    super();
    /** @type {Map<string, {analyser: AnalyserNode, source: MediaStreamAudioSourceNode, level: number}>} */
    this.voices = new Map();
    /** @type {AudioContext | null} */
    this.context = null;
    this.timer = 0;
    this.now = "";
    this.rival = "";
    this.rivalSince = 0;
    this.samples = new Float32Array(1024);
  }

  /** @param {string} id @param {MediaStream} stream */
  add(id, stream) {
    this.forget(id);
    if (!stream.getAudioTracks().length) return;
    this.context ||= new AudioContext();
    const analyser = this.context.createAnalyser();
    analyser.fftSize = 1024;
    const source = this.context.createMediaStreamSource(stream);
    source.connect(analyser);
    this.voices.set(id, { analyser, source, level: 0 });
    this.timer ||= window.setInterval(() => this.look(), EVERY_MS);
  }

  /** @param {string} id */
  forget(id) {
    this.voices.get(id)?.source.disconnect();
    this.voices.delete(id);
  }

  /** @param {string[]} ids who is there */
  keep(ids) {
    for (const id of [...this.voices.keys()]) if (!ids.includes(id)) this.forget(id);
  }

  look() {
    for (const voice of this.voices.values()) voice.level = SMOOTH * voice.level + (1 - SMOOTH) * this.measure(voice.analyser);
    const levels = [...this.voices].map(([id, { level }]) => ({ id, level })).sort((a, b) => b.level - a.level);
    const loudest = levels[0];
    const own = this.voices.get(this.now)?.level || 0;
    this.judge(loudest && loudest.level > AUDIBLE && (loudest.id === this.now || loudest.level > own * LOUDER) ? loudest.id : "", performance.now());
  }

  /** @param {AnalyserNode} analyser */
  measure(analyser) {
    analyser.getFloatTimeDomainData(this.samples);
    return Math.sqrt(this.samples.reduce((sum, value) => sum + value * value, 0) / this.samples.length);
  }

  /** @param {string} id who is loudest, "" for nobody @param {number} now milliseconds */
  judge(id, now) {
    if (!id || id === this.now) { this.rival = ""; return; }
    if (id !== this.rival) [this.rival, this.rivalSince] = [id, now];
    if (this.now && now - this.rivalSince < HOLD_MS) return;
    this.now = id;
    this.rival = "";
    this.dispatchEvent(new CustomEvent("speaker", { detail: { id } }));
  }

  close() {
    clearInterval(this.timer);
    this.timer = 0;
    this.context?.close();
    this.context = null;
    this.voices.clear();
  }
}
