// How the page looks for whoever is there now: size of the text, colours, keys low for somebody in a wheelchair.
import { byId } from "/static/js/dom.js";

const SIZES = ["", "large", "larger"];
const page = document.documentElement;

/** @param {string} key @param {string} value */
function keep(key, value) {
  localStorage.setItem(key, value);
}

/** @param {string} size */
function setSize(size) {
  if (size) page.dataset.text = size;
  else delete page.dataset.text;
  byId("key-text").setAttribute("aria-pressed", String(Boolean(size)));
  const words = byId("key-text").querySelector("span");
  if (words) words.textContent = size === "larger" ? "字小回来" : "字大一点";
}

/** @param {boolean} high */
function setContrast(high) {
  if (high) page.dataset.contrast = "high";
  else delete page.dataset.contrast;
  byId("key-contrast").setAttribute("aria-pressed", String(high));
}

/** @param {boolean} low */
function setLow(low) {
  if (low) page.dataset.low = "";
  else delete page.dataset.low;
}

export const isLow = () => page.dataset.low !== undefined;

export function nextSize() {
  const size = SIZES[(SIZES.indexOf(page.dataset.text || "") + 1) % SIZES.length];
  keep("jietan.text", size);
  setSize(size);
}

export function otherContrast() {
  const high = page.dataset.contrast !== "high";
  keep("jietan.contrast", high ? "high" : "");
  setContrast(high);
}

export function otherLow() {
  const low = !isLow();
  keep("jietan.low", low ? "low" : "");
  setLow(low);
}

/** As it was before this person; the next one starts afresh. */
export function resetLooks() {
  for (const key of ["jietan.text", "jietan.contrast", "jietan.low"]) localStorage.removeItem(key);
  setSize("");
  setContrast(false);
  setLow(false);
}

/** As it was before the page was opened again. */
export function setUpLooks() {
  setSize(localStorage.getItem("jietan.text") || "");
  setContrast(localStorage.getItem("jietan.contrast") === "high");
  setLow(localStorage.getItem("jietan.low") === "low");
}
