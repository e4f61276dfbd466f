// The kiosk's own microphone and camera, and how loud the person is.

/** @type {MediaStream | null} */
let stream = null;
let filmed = false;

const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
const PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 25, max: 30 } };

/** @param {boolean} video */
async function capture(video) {
  if (!navigator.mediaDevices) throw new Error("no media devices");
  if (!video) return navigator.mediaDevices.getUserMedia({ audio: SOUND });
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: SOUND, video: PICTURE });
  } catch {
    return navigator.mediaDevices.getUserMedia({ audio: SOUND }); // a broken camera does not stop a talk
  }
}

const alive = () => stream?.getAudioTracks().some((track) => track.readyState === "live");

/**
 * Microphone, and camera if `video`; the same stream until closeMedia.  Without consent the camera is not opened at all.
 * @param {boolean} video @returns {Promise<MediaStream>} rejects when there is no microphone
 */
export async function openMedia(video) {
  if (stream && alive() && filmed === video) return stream;
  closeMedia();
  stream = await capture(video);
  filmed = video;
  return stream;
}

export function closeMedia() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
}

const PAPER = { width: { ideal: 1920 }, height: { ideal: 1080 }, frameRate: { ideal: 10, max: 15 } };
const FOR_PAPER = /document|scan|visuali[sz]er|高拍|拍摄仪|文档/i;

/** The camera that looks at papers: one that calls itself so, else the first that does not film the person.
 * @param {MediaStream | null} own @returns {Promise<string>} "" where there is none */
export async function paperCamera(own) {
  const used = own?.getVideoTracks()[0]?.getSettings().deviceId;
  const all = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput" && device.deviceId && device.deviceId !== used);
  return (all.find((device) => FOR_PAPER.test(device.label)) || (used ? all[0] : undefined))?.deviceId || "";
}

/** @param {MediaStream | null} own */
export async function openPaperCamera(own) {
  return navigator.mediaDevices.getUserMedia({ video: { ...PAPER, deviceId: { exact: await paperCamera(own) } } });
}

/** What a missing microphone means, and what to do. */
export const NO_MICROPHONE = "这台机器的话筒没有打开，您说话录不上。请按“叫工作人员”。";
export const NO_CAMERA = "这台机器的摄像头断开了，对方看不见您，但听得见，话照样录。接着说就行。";

const BARS = 8;
const CLEAR = 0.03;
const FAINT = 0.008;
const REMEMBER_MS = 4000;
const EVERY_MS = 100;
/** A word stays so long: who reads slowly reads it to its end. */
const HOLD_MS = 4000;
/** What the kiosk's program said of the voice holds so long. */
const VERDICT_MS = 8000;

/** Shows how loud a stream is, in bars and words. */
export class Meter {
  /** @param {HTMLElement} bars @param {HTMLElement | null} [words] */
  constructor(bars, words = null) {
    this.bars = Array.from({ length: BARS }, (_, index) => {
      const bar = document.createElement("i");
      bar.style.setProperty("--n", String(index));
      return bar;
    });
    bars.replaceChildren(...this.bars);
    this.words = words;
    /** @type {AudioContext | null} */
    this.context = null;
    this.timer = 0;
    this.loudest = 0;
    this.loudestAt = 0;
    this.changedAt = -Infinity;
    /** @type {{words: string, tone: string, until: number} | null} */
    this.verdict = null;
  }

  /** Who knows better what a recogniser makes of it. @param {string} words @param {string} tone */
  say(words, tone) {
    this.verdict = { words, tone, until: performance.now() + VERDICT_MS };
  }

  /** @param {MediaStream} source */
  start(source) {
    this.close();
    this.context = new AudioContext();
    const analyser = this.context.createAnalyser();
    analyser.fftSize = 2048;
    this.context.createMediaStreamSource(source).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.timer = window.setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      this.show(Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length));
    }, EVERY_MS);
  }

  /** @param {number} level RMS, 0 to 1 */
  show(level) {
    const lit = Math.round(Math.min(1, Math.sqrt(level / 0.2)) * BARS);
    this.bars.forEach((bar, index) => bar.classList.toggle("on", index < lit));
    const now = performance.now();
    if (level >= this.loudest || now - this.loudestAt > REMEMBER_MS) [this.loudest, this.loudestAt] = [level, now];
    if (this.words) this.judge(this.words);
  }

  /** Silence gets no verdict: who listens is not at fault. @param {HTMLElement} place */
  judge(place) {
    const now = performance.now();
    const verdict = this.verdict && now < this.verdict.until ? this.verdict : null;
    const [words, tone] = verdict ? [verdict.words, verdict.tone] : this.loudest > CLEAR ? ["✓ 听得清", "ok"] : this.loudest > FAINT ? ["请坐近一点", "warn"] : ["", ""];
    if (place.textContent === words || (place.textContent && now - this.changedAt < HOLD_MS)) return;
    [place.textContent, place.className, this.changedAt] = [words, `level ${tone}`, now];
  }

  /** There is nothing to hear, and no verdict on it. */
  rest() {
    this.close();
    this.verdict = null;
    this.bars.forEach((bar) => bar.classList.remove("on"));
    if (this.words) this.words.textContent = "";
  }

  close() {
    clearInterval(this.timer);
    this.context?.close().catch(() => {});
    this.context = null;
  }
}
