// A line of the record in pieces of a size that can be read at one glance, each with its place in the line and in time.
const GLANCE = 34;
const LONGEST = 60;
const SENTENCE = /[^。？！；?!;]*[。？！；?!;]+["”』」）)]*|[^。？！；?!;]+$/g;
const CLAUSE = /[^，、,：:]*[，、,：:]+|[^，、,：:]+$/g;

/** Neighbours are joined as long as they stay short. @param {string[]} parts */
function joined(parts) {
  /** @type {string[]} */
  const found = [];
  for (const part of parts) {
    const last = found.length - 1;
    if (last >= 0 && found[last].length + part.length <= GLANCE) found[last] += part;
    else found.push(part);
  }
  return found;
}

/** @param {string} text @returns {string[]} which joined are the text again */
export function cut(text) {
  if (text.length <= GLANCE) return [text];
  const sentences = joined(text.match(SENTENCE) || [text]);
  const parts = sentences.flatMap((one) => (one.length > LONGEST ? joined(one.match(CLAUSE) || [one]) : [one]));
  return parts.join("") === text ? parts : [text];
}

/** The words of a line with their places in its text; [] where they are not its text. @param {any} line */
function placed(line) {
  let at = 0;
  const words = line.words.map((/** @type {any} */ word) => ({ ...word, from: at, to: (at += word.text.length) }));
  return words.map((/** @type {any} */ word) => word.text).join("") === line.text ? words : [];
}

/**
 * What is read one after the other.  A line that was changed stays whole, so that before and after can be compared.
 * @param {any[]} lines
 * @returns {{key: string, line: any, text: string, from: number, start: number, end: number, whole: boolean, words: any[]}[]}
 */
export function piecesOf(lines) {
  return lines.flatMap((line) => {
    const words = placed(line);
    const parts = line.before === null && words.length ? cut(line.text) : [line.text];
    let from = 0;
    return parts.map((text) => {
      const to = from + text.length;
      const own = words.filter((/** @type {any} */ word) => word.from < to && word.to > from).map((/** @type {any} */ word) => ({ ...word, from: word.from - from, to: word.to - from }));
      const whole = parts.length === 1;
      const [start, end] = whole || !own.length ? [line.start, line.end] : [own[0].start, own[own.length - 1].end];
      const piece = { key: `${line.id}:${from}`, line, text, from, start, end, whole, words: own };
      from = to;
      return piece;
    });
  });
}
