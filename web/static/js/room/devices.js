// The own camera and microphone, and plain words for what can be wrong with them.
import { wished } from "/static/js/room/chosen_devices.js";

/** Why there is no microphone or camera; `message` says what to do. */
export class DeviceError extends Error {
  /** @param {string} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.name = "DeviceError";
    this.code = code;
  }
}

const WORDS = {
  insecure: "这个网址不是 https 开头的，浏览器不让用麦克风。请系统管理员换成 https 的网址。",
  refused: "浏览器没有让用麦克风和摄像头。请点地址栏左边的小图标，都改成“允许”，再点“再试一次”。",
  missing: "没有找到麦克风。请插好麦克风或耳机，再点“再试一次”。",
  busy: "麦克风正被别的程序占着。请关掉别的视频会议，再点“再试一次”。",
  other: "麦克风打不开。请拔下重插，再点“再试一次”。",
};

const CODES = { NotAllowedError: "refused", SecurityError: "refused", NotFoundError: "missing", OverconstrainedError: "missing", NotReadableError: "busy", AbortError: "busy" };

const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const VIDEO = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 25, max: 30 } };

/** @param {unknown} error @returns {DeviceError} */
function explain(error) {
  const code = CODES[error instanceof DOMException ? error.name : ""] || "other";
  return new DeviceError(code, WORDS[code]);
}

/** @param {MediaStreamConstraints} wanted */
async function open(wanted) {
  try {
    return await navigator.mediaDevices.getUserMedia(wanted);
  } catch (error) {
    throw explain(error);
  }
}

/**
 * Opens microphone and camera; where only the camera fails, the microphone alone.
 * @returns {Promise<{stream: MediaStream, withoutCamera: string}>} `withoutCamera`: why there is no picture, "" if there is one
 * @throws {DeviceError} when there is no microphone: without sound nobody can be heard or recorded
 */
export async function openDevices() {
  if (!navigator.mediaDevices) throw new DeviceError("insecure", WORDS.insecure);
  try {
    return { stream: await open({ audio: { ...AUDIO, ...wished("audio") }, video: { ...VIDEO, ...wished("video") } }), withoutCamera: "" };
  } catch (error) {
    const stream = await open({ audio: { ...AUDIO, ...wished("audio") } });
    return { stream, withoutCamera: noPicture(/** @type {DeviceError} */ (error)) };
  }
}

/**
 * Opens the one microphone of a room: nobody is heard through a loudspeaker there, and what is taken for noise may be
 * somebody far from it.
 * @returns {Promise<{stream: MediaStream, withoutCamera: string}>} as `openDevices`
 * @throws {DeviceError}
 */
export async function openRoomMicrophone() {
  if (!navigator.mediaDevices) throw new DeviceError("insecure", WORDS.insecure);
  const stream = await open({ audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: true, ...wished("audio") } });
  return { stream, withoutCamera: "" };
}

/** @param {DeviceError} error */
function noPicture(error) {
  if (error.code === "busy") return "摄像头正被别的程序占着，对方看不见您，只听得见。照常可以谈。";
  if (error.code === "refused") return "浏览器没有让用摄像头，对方看不见您，只听得见。照常可以谈。";
  return "没有找到摄像头，对方看不见您，只听得见。照常可以谈。";
}

/** What is plugged in, without asking for it. @returns {Promise<{microphone: boolean, camera: boolean}>} */
export async function pluggedIn() {
  if (!navigator.mediaDevices) return { microphone: false, camera: false };
  const kinds = (await navigator.mediaDevices.enumerateDevices()).map((device) => device.kind);
  return { microphone: kinds.includes("audioinput"), camera: kinds.includes("videoinput") };
}

/** Frees microphone and camera. @param {MediaStream | null} stream */
export function release(stream) {
  for (const track of stream ? stream.getTracks() : []) track.stop();
}
