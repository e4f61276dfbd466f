// Spoken guidance: small recorded files, stopped by any touch, never two at once.
import { hearInHandset, listensAlone } from "./handset.js";
import { spokenWords, voiceFolder } from "./lang.js";
import { onVolume, volume } from "./volume.js";

const player = new Audio();
player.preload = "auto";
player.volume = volume();
onVolume((now) => { player.volume = now; });
hearInHandset(() => [player]);

/** @type {string[]} */
let queue = [];
/** What the file that is played says. */
let words = "";
/** @type {((name: string, share: number) => void) | null} */
let listener = null;

/** The voice pauses before the name of a key; who reads it sees it between quotes. @param {string} sentence */
function keysQuoted(sentence) {
  return sentence.replace(/(您按)，([^，。]+)，/g, "$1“$2”").replace(/(?<!您)(按)，([^。？！]+)/g, "$1“$2”");
}

/** What is being said, sentence by sentence, in the head of the page. @param {number} share how far the file is, 0 to 1; NaN: nothing is said */
function showWords(share) {
  const place = document.getElementById("said");
  if (!place) return;
  const sentences = Number.isNaN(share) ? [] : words.match(/[^。？！.?!]+[。？！.?!]*/g) || [];
  let left = share * words.length;
  const now = sentences.find((one) => (left -= one.length) < 0) || sentences.at(-1) || "";
  const shown = keysQuoted(now.trim());
  if (place.textContent !== shown) place.textContent = shown;
  place.hidden = !now;
}

function next() {
  const name = queue.shift();
  if (!name) {
    words = "";
    showWords(NaN);
    listener?.("", 0);
    return Promise.resolve();
  }
  words = spokenWords(name);
  showWords(0);
  player.volume = volume();
  player.src = `/static/audio/${voiceFolder()}${name}.opus`;
  return player.play().catch(() => stop()); // no gesture yet, or no loudspeaker: the words are on the screen
}

/** Speaks these sentences one after the other instead of whatever was being said. @param {...string} names */
export function speak(...names) {
  queue = [...names];
  return next();
}

export function stop() {
  queue = [];
  words = "";
  showWords(NaN);
  if (!player.paused) player.pause();
  listener?.("", 0);
}

export function speaking() {
  return queue.length > 0 || (!player.paused && !player.ended);
}

/** Is told how far the sentence is, 0 to 1, and ("", 0) at the end. @param {typeof listener} callback */
export function onVoice(callback) {
  listener = callback;
}

player.addEventListener("ended", next);
player.addEventListener("error", () => stop());
player.addEventListener("timeupdate", () => {
  if (!speaking() || !player.duration) return;
  showWords(player.currentTime / player.duration);
  listener?.("on", player.currentTime / player.duration);
});
/** Keys whose touch does not stop the voice: they are about the voice. */
const OF_THE_VOICE = "#key-speak, #key-softer, #key-louder, [data-do='speak']";
document.addEventListener("pointerdown", (event) => {
  const key = event.target instanceof Element && event.target.closest(OF_THE_VOICE);
  if (!key && speaking()) stop();
  hush();
});

// --- sentences that nobody recorded: a voice of this device, where it has a Chinese one --------------------------------

const reader = window.speechSynthesis;
reader?.getVoices(); // the list is filled later; asked for now, it is there when it is needed

/** A voice that speaks without the internet: nothing of a record leaves the device. */
function chineseVoice() {
  return reader?.getVoices().find((one) => one.lang.toLowerCase().startsWith("zh") && one.localService);
}

/** Can this device read a sentence out?  Its voice comes out of the loudspeaker only: never while somebody listens in the hand-set. */
export function canRead() {
  return Boolean(chineseVoice()) && !listensAlone();
}

/** @param {string} text */
export function readOut(text) {
  const spoken = new SpeechSynthesisUtterance(text);
  [spoken.voice, spoken.lang, spoken.rate, spoken.volume] = [chineseVoice() || null, "zh-CN", 0.9, volume()];
  reader.cancel();
  reader.speak(spoken);
}

/** Stops a sentence that is being read out. */
export function hush() {
  reader?.cancel();
}
