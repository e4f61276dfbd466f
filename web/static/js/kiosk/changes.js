// What is different between two versions of a sentence, for the eyes of whoever asked for the change.
import { el } from "/static/js/dom.js";

/** The parts before and after what changed are the same in both. @param {string} before @param {string} after */
export function difference(before, after) {
  const [old, fresh] = [[...before], [...after]];
  let head = 0;
  while (head < old.length && head < fresh.length && old[head] === fresh[head]) head++;
  let tail = 0;
  while (tail < old.length - head && tail < fresh.length - head && old[old.length - 1 - tail] === fresh[fresh.length - 1 - tail]) tail++;
  const part = (/** @type {string[]} */ text) => text.slice(head, text.length - tail).join("");
  return { head: old.slice(0, head).join(""), old: part(old), fresh: part(fresh), tail: old.slice(old.length - tail).join("") };
}

/** One sentence with what went struck out and what came underlined. @param {string} before @param {string} after @returns {(Node | string)[]} */
export function changed(before, after) {
  const { head, old, fresh, tail } = difference(before, after);
  return [head, ...(old ? [el("del", {}, old)] : []), ...(fresh ? [el("ins", {}, fresh)] : []), tail];
}
