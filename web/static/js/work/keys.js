// Going through a list with the keyboard: j k or arrows, Enter opens, x chooses, ? shows the keys.
// Never while something is typed or an input method composes.

import { ask } from "/static/js/desk/ask.js";
import { el } from "/static/js/dom.js";

const KEYS = [["J 或 ↓", "下一件"], ["K 或 ↑", "上一件"], ["Enter", "打开这一件"], ["X", "选上，再按一次不选"], ["?", "看这张表"]];

export function showKeys() {
  return ask({
    title: "快捷键",
    body: [el("dl.keylist", {}, ...KEYS.flatMap(([key, words]) => [el("dt", {}, el("span.kbd", {}, key)), el("dd", {}, words)])), el("p.small.mute", {}, "正在打字、拼音没上屏的时候，快捷键不起作用。")],
    buttons: [{ value: "", words: "关上", kind: "primary" }],
  });
}

/** @param {KeyboardEvent} event */
function isTyping(event) {
  const at = /** @type {Element} */ (event.target);
  const box = at instanceof HTMLInputElement && at.type === "checkbox";
  return event.isComposing || event.keyCode === 229 || (!box && at.matches?.("input, textarea, select, [contenteditable]")) || document.querySelector("dialog[open]") !== null;
}

/** @param {HTMLElement} table its rows have a link `a.t` and may have a box to choose */
export function walkByKeys(table) {
  const rows = () => /** @type {HTMLElement[]} */ ([...table.querySelectorAll("tr[data-case]")]);
  /** @type {HTMLElement | null} */
  let here = null;
  const go = (/** @type {number} */ step) => {
    const all = rows();
    const next = all[Math.min(all.length - 1, Math.max(0, here && all.includes(here) ? all.indexOf(here) + step : 0))];
    /** @type {HTMLElement | null} */ (next?.querySelector("a.t"))?.focus();
  };
  table.addEventListener("focusin", (event) => {
    here?.classList.remove("here");
    here = /** @type {Element} */ (event.target).closest("tr[data-case]");
    here?.classList.add("here");
  });
  const choose = () => { if (here && rows().includes(here)) /** @type {HTMLElement | null} */ (here.querySelector(".pick input"))?.click(); };
  const commands = /** @type {Record<string, () => void>} */ ({ KeyJ: () => go(1), KeyK: () => go(-1), KeyX: choose });
  document.addEventListener("keydown", (event) => {
    if (isTyping(event) || event.ctrlKey || event.altKey || event.metaKey) return;
    const inList = table.contains(document.activeElement);
    const arrow = { ArrowDown: "KeyJ", ArrowUp: "KeyK" }[event.code];
    const name = arrow && inList ? arrow : event.code;
    if (["?", "？"].includes(event.key)) showKeys();
    else if (!event.shiftKey && commands[name]) commands[name]();
    else return;
    event.preventDefault();
  });
}
