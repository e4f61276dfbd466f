// The camera that looks at papers: small pictures for the live outline, the largest it has for the photograph.
import { openPaperCamera } from "./media.js";

const SMALL = 1280;
const LARGE = 3000;
/** Characters of base64 that the kiosk's program takes (server/protocol/checks.py). */
const MOST = 4_000_000;
const PHOTO_MS = 3000;

/** @param {Blob} blob @returns {Promise<string>} base64 */
async function coded(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/** @param {CanvasImageSource} source @param {number} width @param {number} height @param {number} longest @param {number} quality @returns {Promise<string>} */
async function drawn(source, width, height, longest, quality) {
  const scale = Math.min(1, longest / Math.max(width, height));
  const canvas = new OffscreenCanvas(Math.round(width * scale), Math.round(height * scale));
  canvas.getContext("2d")?.drawImage(source, 0, 0, canvas.width, canvas.height);
  return coded(await canvas.convertToBlob({ type: "image/jpeg", quality }));
}

export class PaperCamera {
  /** @param {HTMLVideoElement} video */
  constructor(video) {
    this.video = video;
    /** @type {MediaStream | null} */
    this.stream = null;
  }

  /** @param {MediaStream | null} own what films the person, which is another one @returns {Promise<MediaStreamTrack>} rejects where it does not open */
  async open(own) {
    this.stream = await openPaperCamera(own);
    this.video.srcObject = this.stream;
    await this.video.play();
    return this.stream.getVideoTracks()[0];
  }

  size() {
    return { width: this.video.videoWidth || 16, height: this.video.videoHeight || 9 };
  }

  /** For the outline. @returns {Promise<string>} empty: it shows nothing yet */
  async small() {
    const { videoWidth, videoHeight } = this.video;
    return videoWidth ? drawn(this.video, videoWidth, videoHeight, SMALL, 0.8) : "";
  }

  /** The photograph: what the camera gives as a still, which is finer than its film; else a picture of the film. @returns {Promise<string>} */
  async large() {
    const { videoWidth, videoHeight } = this.video;
    const still = await this.still();
    const [source, width, height] = still ? [still, still.width, still.height] : [this.video, videoWidth, videoHeight];
    const fine = await drawn(source, width, height, LARGE, 0.9);
    const taken = fine.length <= MOST ? fine : await drawn(source, width, height, LARGE * 0.7, 0.8);
    still?.close();
    return taken;
  }

  /** @returns {Promise<ImageBitmap | null>} null where the camera or the browser has no stills */
  async still() {
    const track = this.stream?.getVideoTracks()[0];
    if (!track || !("ImageCapture" in window)) return null;
    const late = new Promise((_, fail) => { setTimeout(() => fail(new Error("no still in time")), PHOTO_MS); });
    try {
      const photo = /** @type {Blob} */ (await Promise.race([new /** @type {any} */ (window).ImageCapture(track).takePhoto(), late]));
      const still = await createImageBitmap(photo);
      if (still.width >= this.video.videoWidth) return still;
      still.close();
    } catch {
      // a camera without stills: its film does
    }
    return null;
  }

  close() {
    for (const track of this.stream?.getTracks() || []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
  }
}
