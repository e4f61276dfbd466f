// The hand-set beside the screen: lifted, everything that this page says is heard in it and no longer in the room: the guidance,
// the others in a talk, one's own recording (server/protocol/devices.py).
import { ApiError } from "/static/js/api.js";
import { ask } from "./door.js";

const WAIT_S = 7;
const AGAIN_MS = 5000;
const HANDSET = /hand-?set|receiver|telephone|听筒|耳机|话柄/i;
const SILENT = "听筒里没有声音，还是从喇叭里出来。请叫工作人员看看听筒的线。";

/** What is heard, asked for anew each time. @type {Set<() => HTMLMediaElement[]>} */
const sources = new Set();
let sink = "";
/** @type {boolean | null} null: nobody knows */
let lifted = null;
let following = false;

/** Where its sound comes out: the output whose name has these words, else one that calls itself so.
 * @param {string} name @returns {Promise<string>} "" where there is none */
async function output(name) {
  const all = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "audiooutput");
  return all.find(({ label }) => (name ? label.includes(name) : HANDSET.test(label)))?.deviceId || "";
}

/** @param {HTMLMediaElement} element @returns {Promise<boolean>} whether it is heard where it should be */
async function send(element) {
  const media = /** @type {any} */ (element);
  if (!media.setSinkId || media.sinkId === sink) return !sink || Boolean(media.setSinkId);
  return media.setSinkId(sink).then(() => true, () => false); // unplugged meanwhile: the loudspeaker stays
}

/** Again, where something new is heard. @returns {Promise<boolean>} whether all of it is heard there */
export async function applyHandset() {
  const sent = await Promise.all([...sources].flatMap((heard) => heard().map(send)));
  return sent.every(Boolean);
}

/** What these give is heard in it while it is lifted. @param {() => HTMLMediaElement[]} heard @returns {() => void} which ends that */
export function hearInHandset(heard) {
  sources.add(heard);
  if (sink) applyHandset();
  return () => { sources.delete(heard); };
}

/** Somebody listens in it: what can only come out of the loudspeaker must not. */
export const listensAlone = () => Boolean(lifted && sink);

/** @param {any} app @param {{lifted: boolean, output?: string}} told */
async function moved(app, told) {
  const before = lifted;
  lifted = told.lifted;
  sink = lifted ? await output(told.output || "").catch(() => "") : "";
  if (listensAlone()) window.speechSynthesis?.cancel(); // it would go on in the room
  const there = await applyHandset();
  if (lifted) app.toast(sink && there ? "听筒拿起来了，声音只有您听得见。" : SILENT);
  else if (before) app.toast("听筒放下了，声音从喇叭里出来。");
}

/** Each answer comes as soon as it is lifted or put back. @param {any} app */
async function follow(app) {
  let wait = 0;
  try {
    const answer = await ask({ type: "handset", ...{ known: lifted, wait_s: lifted === null ? 0 : WAIT_S } });
    if (answer.type !== "handset_is") { // there is none
      following = false;
      return;
    }
    if (answer.lifted !== lifted) await moved(app, answer);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === "no_agent") {
      following = false;
      return;
    }
    wait = AGAIN_MS;
  }
  setTimeout(() => follow(app), wait);
}

/** From now on, where there is one; asked again, nothing changes. @param {any} app */
export function followHandset(app) {
  if (following || app.ownKeyboard) return;
  following = true;
  follow(app);
}
