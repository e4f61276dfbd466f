// Spoken guidance: small recorded files, stopped by any touch, never two at once.
const player = new Audio();
player.preload = "auto";

/** @type {string[]} */
let queue = [];
/** @type {((name: string, share: number) => void) | null} */
let listener = null;

function next() {
  const name = queue.shift();
  if (!name) {
    listener?.("", 0);
    return Promise.resolve();
  }
  player.src = `/static/audio/${name}.opus`;
  return player.play().catch(() => stop()); // no gesture yet, or no loudspeaker: the words are on the screen
}

/** Speaks these sentences one after the other instead of whatever was being said. @param {...string} names */
export function speak(...names) {
  queue = [...names];
  return next();
}

export function stop() {
  queue = [];
  if (!player.paused) player.pause();
  listener?.("", 0);
}

export function speaking() {
  return !player.paused && !player.ended;
}

/** Is told how far the sentence is, 0 to 1, and ("", 0) at the end. @param {typeof listener} callback */
export function onVoice(callback) {
  listener = callback;
}

player.addEventListener("ended", next);
player.addEventListener("error", () => stop());
player.addEventListener("timeupdate", () => {
  if (speaking() && player.duration) listener?.("on", player.currentTime / player.duration);
});
document.addEventListener("pointerdown", (event) => {
  const key = event.target instanceof Element && event.target.closest("#key-speak, [data-do='speak']");
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

/** Can this device read a sentence out? */
export function canRead() {
  return Boolean(chineseVoice());
}

/** @param {string} text */
export function readOut(text) {
  const spoken = new SpeechSynthesisUtterance(text);
  [spoken.voice, spoken.lang, spoken.rate] = [chineseVoice() || null, "zh-CN", 0.9];
  reader.cancel();
  reader.speak(spoken);
}

/** Stops a sentence that is being read out. */
export function hush() {
  reader?.cancel();
}
