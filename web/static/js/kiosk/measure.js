// What the kiosk's program is shown of camera and microphone: pictures and short pieces of sound, kept nowhere.

export const RATE = 16_000;
const WINDOW = 32_768; // about two seconds, the longest that an analyser remembers
const WIDTH = 640;
const SETTLE_MS = 400;
const LOOP_MS = 1700;
/** As the device hears it: cleaned sound of a quiet room is all zeros and looks like a dead microphone. */
const RAW = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };

/** @param {number} ms */
export const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

/** @param {Uint8Array} bytes */
function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/** One picture of a video that plays, a JPEG in base64; empty: it shows nothing yet. @param {HTMLVideoElement} video */
export async function shot(video) {
  if (!video.videoWidth) return "";
  const canvas = new OffscreenCanvas(WIDTH, Math.round((WIDTH * video.videoHeight) / video.videoWidth));
  canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 });
  return base64(new Uint8Array(await blob.arrayBuffer()));
}

/** One picture of the camera, a JPEG in base64; empty where it does not open. @returns {Promise<string>} */
export async function onePicture() {
  const stream = await navigator.mediaDevices?.getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 360 } } }).catch(() => null);
  if (!stream) return "";
  const video = document.createElement("video");
  [video.muted, video.srcObject] = [true, stream];
  try {
    await Promise.race([video.play(), pause(3000)]);
    await pause(SETTLE_MS);
    return await shot(video);
  } catch {
    return "";
  } finally {
    stream.getTracks().forEach((track) => track.stop());
  }
}

/** Pictures of the camera over more than two seconds; none where it does not open. @returns {Promise<{at: number, jpeg: string}[]>} */
export async function pictures() {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 }, height: { ideal: 720 } } }).catch(() => null);
  if (!stream) return [];
  const video = document.createElement("video");
  [video.muted, video.srcObject] = [true, stream];
  try {
    await Promise.race([video.play(), pause(3000)]);
    const taken = [];
    for (let n = 0; n < 3; n += 1) {
      await pause(n ? 1100 : 800); // a camera needs a moment for its brightness
      const jpeg = await shot(video);
      if (jpeg) taken.push({ at: performance.now() / 1000, jpeg });
    }
    return taken;
  } catch {
    return [];
  } finally {
    for (const track of stream.getTracks()) track.stop();
  }
}

/** @param {Float32Array} samples 16 bit little-endian in base64 */
function coded(samples) {
  const whole = Int16Array.from(samples, (value) => Math.max(-1, Math.min(1, value)) * 32_767);
  return base64(new Uint8Array(whole.buffer));
}

/** The last two seconds of a stream, at any time. */
export class Ear {
  /** @param {MediaStream} stream */
  constructor(stream) {
    this.context = new AudioContext({ sampleRate: RATE });
    this.analyser = this.context.createAnalyser();
    this.analyser.fftSize = WINDOW;
    this.context.createMediaStreamSource(stream).connect(this.analyser);
  }

  /** Whether it hears: without a touch on the page a browser may not let it. */
  async listens() {
    await Promise.race([this.context.resume(), pause(1000)]);
    return this.context.state === "running";
  }

  /** @returns {Float32Array} */
  samples() {
    const samples = new Float32Array(WINDOW);
    this.analyser.getFloatTimeDomainData(samples);
    return samples;
  }

  sound() {
    return coded(this.samples());
  }

  /** @param {string} tone as the program gave it */
  play(tone) {
    const bytes = Uint8Array.from(atob(tone), (letter) => letter.charCodeAt(0));
    const whole = new Int16Array(bytes.buffer);
    const buffer = this.context.createBuffer(1, whole.length, RATE);
    buffer.copyToChannel(Float32Array.from(whole, (value) => value / 32_768), 0);
    const source = this.context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.context.destination);
    source.start();
  }

  close() {
    this.context.close().catch(() => {});
  }
}

/**
 * Two seconds of the microphone while the tone is played, if there is one.
 * @param {string} tone @returns {Promise<string | null>} empty: it does not open; null: this page may not listen now
 */
export async function heard(tone) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: RAW }).catch(() => null);
  if (!stream) return "";
  const ear = new Ear(stream);
  try {
    if (!await ear.listens()) return null;
    await pause(SETTLE_MS);
    if (tone) ear.play(tone);
    await pause(LOOP_MS);
    return ear.sound();
  } finally {
    ear.close();
    for (const track of stream.getTracks()) track.stop();
  }
}
