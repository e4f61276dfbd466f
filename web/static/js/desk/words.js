// Where the recognised words lie in a line's text, and which of them a listener should check.

import { el } from "/static/js/dom.js";

/** Below this probability a word is underlined, and what stands beside it: a missing word leaves nothing else to mark.
 * How many wrong characters lie there, and in lines that say themselves that they are doubtful: transcription/FIGURES.md. */
export const WEAK = 0.85;

/** Something a mouth can say: punctuation is nobody's mishearing. */
const SPOKEN = /[\p{L}\p{N}]/u;

const DOUBTS = {
  low_probability: "机器没听准",
  repetition: "同一句重复出现",
  fast_speech: "字数比说话的时间多",
  known_phrase: "像是机器自己补的套话",
  echo: "可能是对方的声音从喇叭里传回来的",
  unstable: "再听一遍听出来的不一样",
  no_speech: "机器觉得这里不像有人说话",
  faint: "声音太轻",
  missing_words: "说的时间长，听出来的字少",
  high_compression: "同样的字来回重复",
  concealed: "线路断续，有的字没传全",
  boosted: "可能把没说的名字、地名听成了有",
  passes_differ: "两遍不一样",
};

/** @typedef {{start: number, end: number, text: string, probability: number, typed?: boolean}} Word typed: by hand, its time is what the words beside it leave */
/** @typedef {[number, number, string, number, boolean?]} ShortWord start, end, text, probability, typed */
/** @typedef {{from: number, to: number, start: number, end: number, probability: number}} Place */

/** Words as Word objects, read once, of lines that have them as arrays. @type {WeakMap<any[], Word[]>} */
const read = new WeakMap();

/** The words of a line, which may be written short. @param {any} line @returns {Word[]} */
export function wordsIn(line) {
  const [first] = line.words;
  if (!Array.isArray(first)) return line.words;
  const known = read.get(line.words);
  if (known) return known;
  const words = line.words.map((/** @type {ShortWord} */ [start, end, text, probability, typed = false]) => ({ start, end, text, probability, typed }));
  read.set(line.words, words);
  return words;
}

/** Was every word of a line heard well?  Asked of all lines, so the words are not read for it. @param {any} line */
export function isWellHeard(line) {
  return line.words.every((/** @type {Word | ShortWord} */ word) => (Array.isArray(word) ? word[3] : word.probability) >= WEAK);
}

/**
 * Places words in the text they belong to, in order; a word that a correction removed has no place.
 * @param {string} text @param {Word[]} words
 * @returns {Place[]} character offsets with media times
 */
export function placeWords(text, words) {
  const places = [];
  let at = 0;
  for (const word of words) {
    const wanted = word.text.trim();
    const from = wanted ? text.indexOf(wanted, at) : -1;
    if (from < 0) continue;
    at = from + wanted.length;
    places.push({ from, to: at, start: word.start, end: word.end, probability: word.probability });
  }
  return places;
}

/**
 * Places of words that may be misheard, with the character on either side; what touches is one place.
 * @param {string} text @param {Word[]} words
 * @returns {{from: number, to: number, core: number[]}[]} core: from the first to the last weak word
 */
export function weakPlaces(text, words) {
  /** @type {{from: number, to: number, core: number[]}[]} */
  const joined = [];
  for (const place of placeWords(text, words)) {
    if (place.probability >= WEAK || !SPOKEN.test(text.slice(place.from, place.to))) continue;
    const from = SPOKEN.test(text.slice(Math.max(place.from - 1, 0), place.from)) ? place.from - 1 : place.from;
    const to = SPOKEN.test(text.slice(place.to, place.to + 1)) ? place.to + 1 : place.to;
    const last = joined[joined.length - 1];
    if (last && last.to >= from) Object.assign(last, { to, core: [last.core[0], place.to] });
    else joined.push({ from, to, core: [place.from, place.to] });
  }
  return joined;
}

/** Text with places underlined, each in the way of its kind. @param {string} text @param {{from: number, to: number, kind: string}[]} places */
export function marked(text, places) {
  const nodes = [];
  let at = 0;
  for (const { from, to, kind } of places) {
    if (from < at) continue;
    if (from > at) nodes.push(document.createTextNode(text.slice(at, from)));
    nodes.push(el(`span.${kind}`, {}, text.slice(from, to)));
    at = to;
  }
  if (at < text.length || !nodes.length) nodes.push(document.createTextNode(text.slice(at)));
  return nodes;
}

/**
 * Was what a line says of a value not heard well?  Where it stands in the line, word by word; a value written otherwise than it
 * was said (110000元) by what both have of each other; a choice is nowhere said in its words, so that only the whole line counts.
 * @param {any} line @param {string} value
 */
export function isUnsure(line, value) {
  if (wholeDoubts(line).length) return true;
  if (isWellHeard(line)) return false;
  const common = longestCommon(value, line.text);
  const from = common.length < LEAST_COMMON ? -1 : line.text.indexOf(common);
  return from >= 0 && weakPlaces(line.text, wordsIn(line)).some(({ core }) => core[0] < from + common.length && from < core[1]);
}

/** Two characters side by side are hardly there by chance. */
const LEAST_COMMON = 2;

/** @param {string} one @param {string} other */
function longestCommon(one, other) {
  for (let length = one.length; length > 0; length -= 1) {
    for (let at = 0; at + length <= one.length; at += 1) if (other.includes(one.slice(at, at + length))) return one.slice(at, at + length);
  }
  return "";
}

/** Doubts about single words or readings, which are shown at these. */
const AT_WORDS = new Set(["low_probability", "passes_differ"]);

/** Why all of a line is to be listened to, however well its words were heard. @param {any} line @returns {string[]} */
export function wholeDoubts(line) {
  return line.doubt.filter((/** @type {string} */ code) => !AT_WORDS.has(code)).map((/** @type {keyof DOUBTS} */ code) => DOUBTS[code]).filter(Boolean);
}

/** Why a line should be listened to, in a few words: what is said of all of it tells more than that a word is weak. @param {any} line */
export function doubtWords(line) {
  const [whole] = wholeDoubts(line);
  const known = whole || line.doubt.map((/** @type {keyof DOUBTS} */ code) => DOUBTS[code]).find(Boolean);
  return known || (line.doubt.length ? "机器拿不准" : "没听准");
}

/** Characters as the server counts them, before a place in a JavaScript string. @param {string} text @param {number} offset */
export function codePoints(text, offset) {
  return [...text.slice(0, offset)].length;
}
