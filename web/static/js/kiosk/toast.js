// A sentence in the head of the page: for what was just done, and for what takes so long that nobody should press again.
import { byId } from "/static/js/dom.js";

const STAYS_MS = 6000;
const LONG_MS = 800;
const DOING = "正在办，请等一会儿。";
/** What stands there, in Chinese. */
let said = "";
let timer = 0;

function hide() {
  said = "";
  byId("toast").hidden = true;
}

/** @param {string} words */
function put(words) {
  const place = byId("toast");
  clearTimeout(timer);
  [said, place.textContent, place.hidden] = [words, words, false];
}

/** Goes by itself. @param {string} words */
export function toast(words) {
  put(words);
  timer = window.setTimeout(hide, STAYS_MS);
}

/** What is being done is told as soon as it takes long, until it is done. @template T @param {Promise<T>} work @param {string} [words] @returns {Promise<T>} */
export async function tellWhileDoing(work, words = DOING) {
  const late = setTimeout(() => put(words), LONG_MS);
  try {
    return await work;
  } finally {
    clearTimeout(late);
    if (said === words) hide();
  }
}
