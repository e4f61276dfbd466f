// Choosing how the pictures are arranged, by buttons and keys; the browser remembers it.

/** @typedef {import("./tiles.js").Tiles} Tiles */

const KEPT = "jietan.arrangement";
const KEYS = { 1: "speaker", 2: "side" };

/** @param {HTMLElement} place holds buttons with `data-arrangement` @param {Tiles} tiles @param {AbortSignal} signal */
export function chooser(place, tiles, signal) {
  const buttons = [...place.querySelectorAll("button")];
  const choose = (/** @type {any} */ name) => {
    tiles.choose(name);
    localStorage.setItem(KEPT, name);
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.arrangement === name));
  };
  for (const button of buttons) button.addEventListener("click", () => choose(button.dataset.arrangement), { signal });
  document.addEventListener("keydown", (event) => {
    const writing = event.target instanceof Element && event.target.closest("input, textarea, select, dialog");
    const name = KEYS[/** @type {keyof typeof KEYS} */ (event.key)];
    if (name && !writing && !event.ctrlKey && !event.altKey && !event.metaKey) choose(name);
  }, { signal });
  choose(localStorage.getItem(KEPT) === "side" ? "side" : "speaker");
}
