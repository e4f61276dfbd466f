// The sheet of keys: what each does, another key for it, and how playing goes with typing.

import { ask } from "/static/js/desk/ask.js";
import { COMMANDS, nextPress, shown } from "/static/js/desk/keys.js";
import { el } from "/static/js/dom.js";

/**
 * Shows the sheet until it is closed.
 * @param {import("/static/js/desk/keys.js").Keys} keys @param {import("/static/js/desk/typing.js").TypingPause} pause
 */
export async function showKeys(keys, pause) {
  const told = el("p.small.warn", { role: "status" });
  const list = el("div.keysheet");
  const draw = () => list.replaceChildren(...COMMANDS.map(([name, words]) => row(name, words)));
  const row = (/** @type {string} */ name, /** @type {string} */ words) => {
    const change = el("button.btn.small", { type: "button", "aria-label": `换一个键：${words}` }, "换");
    change.addEventListener("click", () => choose(name, words, change));
    return el("div.row", {}, el("span.kbd", {}, shown(keys.of(name))), el("span", {}, words), change);
  };
  const choose = async (/** @type {string} */ name, /** @type {string} */ words, /** @type {HTMLElement} */ change) => {
    told.textContent = "";
    change.textContent = "按新的键…";
    change.focus();
    const event = await nextPress(change);
    told.textContent = event ? keys.change(name, event) || `“${words}”现在是 ${shown(keys.of(name))}。` : "";
    draw();
    /** @type {HTMLElement | null} */ (list.querySelector(`[aria-label="换一个键：${words}"]`))?.focus();
  };
  const reset = el("button.btn.small", { type: "button" }, "都换回原来的");
  reset.addEventListener("click", () => { keys.reset(); told.textContent = "都换回原来的键了。"; draw(); });
  const box = /** @type {HTMLInputElement} */ (el("input", { type: "checkbox", id: "pause-typing" }));
  box.checked = pause.on;
  box.addEventListener("change", () => pause.set(box.checked));
  draw();
  await ask({
    title: "快捷键",
    wide: true,
    body: [
      el("label.row.g2", { for: "pause-typing" }, box, "打字的时候先停下不放，停手以后自己接着放"),
      list, told, reset,
      el("p.small.mute", {}, "按住 Ctrl 点一个字，从那个字放起。拼音没上屏时，快捷键不起作用。换过的键记在这台电脑上，只对您的账号。"),
    ],
    buttons: [{ value: "", words: "关上", kind: "primary" }],
  });
}
