// What is being said just now: the words that stay, then those that may still change.
import { el } from "/static/js/dom.js";

/** @param {string} text @param {number} settled characters that stay @returns {(Node|string)[]} */
export function unfinished(text, settled) {
  return settled < text.length ? [text.slice(0, settled), el("span.unsettled", {}, text.slice(settled))] : [text];
}

/** Whether somebody else's words came back through this person's microphone. @param {{doubt?: string[]}} utterance */
export function isEcho(utterance) {
  return Boolean(utterance.doubt?.includes("echo"));
}
