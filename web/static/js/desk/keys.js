// Keys of the correction page.  None of them is used by Chromium or by the usual Chinese input methods, and none
// does anything while a composition is open: there Enter and arrows belong to the candidate list.

const TABLE = /** @type {[string, {code: string, ctrl?: boolean, shift?: boolean}][]} */ ([
  ["toggle", { code: "F2" }],
  ["again", { code: "F8" }],
  ["back", { code: "F8", shift: true }],
  ["take", { code: "F4" }],
  ["dismiss", { code: "F4", shift: true }],
  ["nextPlace", { code: "F9" }],
  ["previousPlace", { code: "F9", shift: true }],
  ["right", { code: "Enter", ctrl: true }],
  ["right", { code: "NumpadEnter", ctrl: true }],
  ["up", { code: "ArrowUp", ctrl: true }],
  ["down", { code: "ArrowDown", ctrl: true }],
  ["toGlossary", { code: "KeyG", ctrl: true }],
  ["toField", { code: "KeyM", ctrl: true }],
  ["undo", { code: "KeyZ", ctrl: true }],
  ["redo", { code: "KeyZ", ctrl: true, shift: true }],
  ["redo", { code: "KeyY", ctrl: true }],
  ["slower", { code: "BracketLeft", ctrl: true }],
  ["faster", { code: "BracketRight", ctrl: true }],
]);

export const SHEET = [
  ["F2", "播放、暂停"],
  ["F8", "再听一遍这一句"],
  ["Shift F8", "退回 3 秒"],
  ["F4", "采用这一句的另一种听法"],
  ["Shift F4", "另一种听法不用"],
  ["F9", "下一处要紧处"],
  ["Shift F9", "上一处要紧处"],
  ["Ctrl Enter", "听过，没错，往下走"],
  ["Ctrl ↑ ↓", "上一句、下一句"],
  ["Ctrl G", "改对的词（或选中的词）送到词表"],
  ["Ctrl M", "选中的话放进登记表，再按栏目的字母"],
  ["Ctrl Z", "撤回刚才的改动，可以一直撤回到开头"],
  ["Ctrl Y", "把撤回的再改回来"],
  ["Ctrl [ ]", "放慢、放快"],
];

/**
 * The command of a key press; "" if it is none or belongs to the input method.
 * @param {KeyboardEvent} event
 */
export function commandOf(event) {
  if (event.isComposing || event.keyCode === 229 || event.altKey || event.metaKey) return "";
  const found = TABLE.find(([, key]) => key.code === event.code && Boolean(key.ctrl) === event.ctrlKey && Boolean(key.shift) === event.shiftKey);
  return found ? found[0] : "";
}

/** Calls the commands by name as their keys are pressed. @param {Object<string, () => void>} commands */
export function listenForKeys(commands) {
  document.addEventListener("keydown", (event) => {
    const command = document.querySelector("dialog[open]") ? "" : commandOf(event);
    if (!command || !commands[command]) return;
    event.preventDefault();
    commands[command]();
  });
}
