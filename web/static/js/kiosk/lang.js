// The words of the screens in the language that was chosen.  The screens are written in Chinese; a language pack
// (languages/*.json) has for each Chinese text its own.  Whatever comes to stand on the page is looked up there before it is
// painted, wherever it comes from; what a pack lacks, and what people said, is left as it is.

const CHOSEN = "jietan.language";
/** @typedef {{code: string, name: string, direction: string, voice: string, spoken: Object<string, string>, texts: Object<string, string>, office?: Object<string, string>}} Pack */
/** @type {Pack} */
const CHINESE = { code: "zh-CN", name: "中文", direction: "ltr", voice: "", spoken: {}, texts: {} };
const HAN = /\p{Script=Han}/u;
const PLACE = /\{\d\}/;
const PLACES = /\{(\d)\}/g;
/** What people said and wrote stays as it is. */
const THEIRS = "[translate='no']";
const SPOKEN_ATTRIBUTES = ["aria-label", "alt", "placeholder", "title"];
const WATCHED = { subtree: true, childList: true, characterData: true, attributeFilter: SPOKEN_ATTRIBUTES };

let pack = { ...CHINESE, code: "" };
/** Chinese text, and what was put in its place. @type {WeakMap<Node, {chinese: string, shown: string}>} */
const texts = new WeakMap();

/** Texts with places, e.g. {1}说的, as expressions; those with the most words of their own first. @type {{expression: RegExp, text: string}[]} */
let patterns = [];

/** @param {Pack} chosen */
function use(chosen) {
  pack = { ...chosen, texts: { ...chosen.texts, ...chosen.office } };
  const placed = Object.entries(pack.texts).filter(([chinese]) => PLACE.test(chinese));
  placed.sort(([one], [other]) => other.replace(PLACES, "").length - one.replace(PLACES, "").length);
  patterns = placed.map(([chinese, text]) => {
    const escaped = chinese.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(PLACES, "(.+?)");
    return { expression: new RegExp(`^${escaped}$`, "u"), text };
  });
}

/** The pack's text for these words; what stands in its places is looked up as well. @param {string} chinese @returns {string} */
function lookedUp(chinese) {
  const exact = pack.texts[chinese];
  if (exact) return exact;
  for (const { expression, text } of patterns) {
    const found = expression.exec(chinese);
    if (found) return text.replace(PLACES, (place, which) => (found[which] === undefined ? place : HAN.test(found[which]) ? lookedUp(found[which]) : found[which]));
  }
  return chinese;
}

/** @param {string} text with the white space of a template around it */
function translated(text) {
  const words = text.trim().replace(/\s+/g, " ");
  return words && HAN.test(words) ? text.replace(text.trim(), () => lookedUp(words)) : text;
}

/** @param {Node} node */
function putText(node) {
  const now = node.nodeValue ?? "";
  const known = texts.get(node);
  const chinese = known && known.shown === now ? known.chinese : now;
  if (!HAN.test(chinese) || node.parentElement?.closest(THEIRS)) return;
  const shown = translated(chinese);
  texts.set(node, { chinese, shown });
  if (shown !== now) node.nodeValue = shown;
}

/** @param {Element} element */
function putAttributes(element) {
  for (const name of SPOKEN_ATTRIBUTES) {
    const now = element.getAttribute(name);
    if (!now) continue;
    const known = element.getAttribute(`data-shown-${name}`) === now ? element.getAttribute(`data-chinese-${name}`) : null;
    const chinese = known ?? now;
    const shown = HAN.test(chinese) ? translated(chinese) : chinese;
    if (shown === now) continue;
    element.setAttribute(`data-chinese-${name}`, chinese);
    element.setAttribute(`data-shown-${name}`, shown);
    element.setAttribute(name, shown);
  }
}

/** @param {Node} root */
function translate(root) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let node = /** @type {Node | null} */ (walker.currentNode); node; node = walker.nextNode()) {
    if (node instanceof Element) putAttributes(node);
    else if (node.nodeType === Node.TEXT_NODE) putText(node);
  }
}

const observer = new MutationObserver((changes) => {
  for (const { type, target, addedNodes } of changes) {
    if (type === "characterData") putText(target);
    else if (type === "attributes") putAttributes(/** @type {Element} */ (target));
    else addedNodes.forEach(translate);
  }
});

/** Folder of the spoken guidance, below /static/audio/; empty: Chinese. */
export const voiceFolder = () => (pack.voice ? `${pack.voice}/` : "");
export const language = () => pack.code;
/** What the voice says in a file, for those who do not hear it. @param {string} name */
export const spokenWords = (name) => pack.spoken[name] || "";

/** @param {string} code @returns {Promise<Pack>} Chinese where there is no such pack */
async function load(code) {
  const response = await fetch(`/static/js/kiosk/languages/${code}.json`).catch(() => null);
  return response?.ok ? response.json() : CHINESE;
}

/** Chooses a language for whoever is there now. @param {string} code */
export async function speakIn(code) {
  if (code !== pack.code) use(await load(code));
  if (pack.code !== offered()[0]?.code && offered().length) sessionStorage.setItem(CHOSEN, pack.code);
  else sessionStorage.removeItem(CHOSEN);
  [document.documentElement.lang, document.documentElement.dir] = [pack.code, pack.direction];
  observer.disconnect();
  translate(document.body);
  if (Object.keys(pack.texts).length) observer.observe(document.body, WATCHED);
}

/** The language that was chosen before the page was opened again, else the office's first one. */
export function speakAsBefore() {
  return speakIn(sessionStorage.getItem(CHOSEN) || offered()[0]?.code || CHINESE.code);
}

/** Languages that this office offers, the first one to begin with. @returns {{code: string, name: string}[]} */
export function offered() {
  return JSON.parse(document.body.dataset.languages || "[]");
}

/** The next person begins afresh. */
export function forgetLanguage() {
  sessionStorage.removeItem(CHOSEN);
  return speakAsBefore();
}
