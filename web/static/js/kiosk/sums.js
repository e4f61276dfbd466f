// A sum of money is written twice for whoever reads it, in words and in digits: a nought too many is seen in one of them.

const SUM = /(?<digits>\d+(?:,\d{3})*(?:\.\d+)?)(?<size>[万亿]?)(?<coin>元|块(?![地田砖石木板]))|(?<![几数])(?<words>[一二两三四五六七八九十][零〇一二两三四五六七八九十百千万亿]*)(?<unit>元|块(?![地田砖石木板]))/g;
const NAMES = "零一二三四五六七八九";
/** @type {Object<string, number>} */
const VALUES = { 〇: 0, 两: 2, ...Object.fromEntries([...NAMES].map((name, value) => [name, value])) };
/** @type {Object<string, number>} */
const PLACES = { 十: 10, 百: 100, 千: 1000 };
/** @type {Object<string, number>} */
const SIZES = { 万: 1e4, 亿: 1e8 };
/** Below this nobody counts noughts. */
const LEAST = 1000;
const MOST = 1e12;

/** The sums in a text, each in both ways: 三万六千八百元，就是 36800 元。 @param {string} text */
export function sumsTwice(text) {
  return [...text.matchAll(SUM)].map(twice).filter(Boolean).join("");
}

/** @param {RegExpMatchArray} found */
function twice(found) {
  const { digits, size, coin, words, unit } = /** @type {Object<string, string>} */ (found.groups);
  const value = words ? valueOf(words) : Math.round(Number(digits.replaceAll(",", "")) * (SIZES[size] || 1) * 100) / 100;
  if (!Number.isInteger(value) || value < LEAST || value >= MOST) return "";
  const other = words || size ? ` ${value} ${unit || coin}` : `${inWords(value)}${coin}`;
  return `${found[0]}，就是${other}。`;
}

/** 三万六千八百 and, as one says it, 三万六千八; NaN: digits that were told one by one. @param {string} words */
function valueOf(words) {
  let [whole, part, digit, place, told] = [0, 0, 0, 1, false];
  for (const sign of words) {
    if (sign in VALUES) {
      if (told && digit) return NaN;
      [digit, place, told] = [VALUES[sign], VALUES[sign] ? place : 1, true];
    } else if (sign in PLACES) {
      part += (digit || 1) * PLACES[sign];
      [digit, place, told] = [0, PLACES[sign] / 10, false];
    } else {
      whole = sign === "亿" ? (whole + part + digit) * SIZES[sign] : whole + (part + digit) * SIZES[sign];
      [part, digit, place, told] = [0, 0, SIZES[sign] / 10, false];
    }
  }
  return whole + part + digit * place;
}

/** @param {number} value */
function inWords(value) {
  let words = "";
  for (const [size, name] of /** @type {[number, string][]} */ ([[1e8, "亿"], [1e4, "万"], [1, ""]])) {
    const group = Math.floor(value / size) % 1e4;
    if (!group) continue;
    words += (words && group < 1000 ? "零" : "") + (group === 2 && name ? "两" : fourDigits(group)) + name;
  }
  return words.replace(/^一十/, "十");
}

/** @param {number} group under 10000 */
function fourDigits(group) {
  let [words, nought] = ["", false];
  for (const [place, name] of /** @type {[number, string][]} */ ([[1000, "千"], [100, "百"], [10, "十"], [1, ""]])) {
    const digit = Math.floor(group / place) % 10;
    if (digit) words += (nought ? "零" : "") + (digit === 2 && place === 1000 ? "两" : NAMES[digit]) + name;
    nought = !digit && words !== "";
  }
  return words;
}
