// Keys of the correction page.  None of them is used by Chromium or by the usual Chinese input methods, and none
// does anything while a composition is open: there Enter and arrows belong to the candidate list.
// A clerk may give every command another key; that is kept in this browser for this account.

/** @typedef {{code: string, ctrl: boolean, shift: boolean}} Key */

/** Name, what it does, its usual key. */
export const COMMANDS = /** @type {[string, string, string][]} */ ([
  ["toggle", "播放、暂停", "F2"],
  ["again", "再听一遍这一句", "F8"],
  ["fromCaret", "从光标那个字放起", "Shift+F2"],
  ["back", "退回 2 秒", "Shift+F8"],
  ["farBack", "退回 5 秒", "Ctrl+F8"],
  ["slower", "放慢", "Ctrl+BracketLeft"],
  ["faster", "放快", "Ctrl+BracketRight"],
  ["nextPlace", "下一处要紧处", "F9"],
  ["previousPlace", "上一处要紧处", "Shift+F9"],
  ["right", "听过，没错，往下走", "Ctrl+Enter"],
  ["take", "采用这一句的另一种听法，这一栏的建议", "F4"],
  ["dismiss", "另一种听法、这一栏的建议不用", "Shift+F4"],
  ["up", "上一句", "Ctrl+ArrowUp"],
  ["down", "下一句", "Ctrl+ArrowDown"],
  ["mark", "做个记号，回头再听；再按一次去掉", "Ctrl+KeyB"],
  ["speaker", "换说话的人", "Ctrl+KeyU"],
  ["split", "在光标那里拆成两句", "Ctrl+KeyK"],
  ["join", "和下一句并成一句", "Ctrl+KeyJ"],
  ["insert", "在这一句后面补一句", "Ctrl+KeyI"],
  ["delete", "删这一句，写原因；删了的再按一次恢复", "Ctrl+KeyE"],
  ["replace", "查找、替换", "Ctrl+KeyF"],
  ["undo", "撤回刚才的改动，可以一直撤回到开头", "Ctrl+KeyZ"],
  ["redo", "把撤回的再改回来", "Ctrl+KeyY"],
  ["toGlossary", "改对的词（或选中的词）送到词表", "Ctrl+KeyG"],
  ["nextField", "登记表里下一栏要看的、空着的", "Ctrl+F9"],
  ["toField", "选中的话放进登记表，再按栏目的字母", "Ctrl+KeyM"],
  ["sheet", "看快捷键、换键", "Ctrl+Slash"],
]);

/** Many hands know this one. */
const ALSO_REDO = "Ctrl+Shift+KeyZ";

const NAMES = /** @type {Record<string, string>} */ ({ ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", BracketLeft: "[", BracketRight: "]", Backslash: "\\", Semicolon: ";", Quote: "'", Slash: "/", Minus: "-", Equal: "=" });
const TAKEN = new Set(["F1", "F3", "F5", "F6", "F7", "F10", "F11", "F12", "Ctrl+KeyA", "Ctrl+KeyC", "Ctrl+KeyV", "Ctrl+KeyX", "Ctrl+KeyW", "Ctrl+KeyT", "Ctrl+KeyN", "Ctrl+KeyR", "Ctrl+KeyP", "Ctrl+Space", "Ctrl+Comma", "Ctrl+Period", "Ctrl+Semicolon"]);

/** A key press as a name, e.g. "Ctrl+Shift+F8". @param {Key} key */
function nameOf({ code, ctrl, shift }) {
  return `${ctrl ? "Ctrl+" : ""}${shift ? "Shift+" : ""}${code === "NumpadEnter" ? "Enter" : code}`;
}

/** As it is written on a keyboard. @param {string} name */
export function shown(name) {
  return !name ? "没有键" : name.split("+").map((part) => NAMES[part] || part.replace(/^(Key|Digit)/, "")).join(" ");
}

/** Why this key cannot be a command's; "" if it can. @param {Key & {alt: boolean}} key */
function refusal({ code, ctrl, shift, alt }) {
  if (alt) return "Alt 在有的电脑上归菜单和截图用，换一个键。";
  const browsers = TAKEN.has(nameOf({ code, ctrl, shift })) || TAKEN.has(code) || (ctrl && code === "F4"); // which closes the page
  if (browsers) return "这个键浏览器或者输入法要用，换一个键。";
  if (/^F\d+$/.test(code)) return "";
  if (!ctrl) return "单独一个字键要用来打字。请用 F 键，或者按住 Ctrl 再按。";
  if (shift) return "Ctrl 和 Shift 一起按归输入法切换用，换一个键。";
  if (/^(Digit|Numpad\d|Tab|Escape)/.test(code)) return "这个键浏览器要用，换一个键。";
  return "";
}

/** Does this press belong to the input method, or to nobody? @param {KeyboardEvent} event */
function isNotOurs(event) {
  return event.isComposing || event.keyCode === 229 || event.metaKey;
}

/** @param {KeyboardEvent} event @returns {Key & {alt: boolean}} */
function pressed(event) {
  return { code: event.code, ctrl: event.ctrlKey, shift: event.shiftKey, alt: event.altKey };
}

export class Keys {
  /** @param {string} userId */
  constructor(userId) {
    this.storeKey = `jietan.keys.${userId}`;
    /** @type {Record<string, string>} by command */
    this.own = this.kept();
    this.arrange();
  }

  /** @returns {Record<string, string>} */
  kept() {
    try {
      const found = JSON.parse(localStorage.getItem(this.storeKey) || "{}");
      return Object.fromEntries(Object.entries(found).filter(([name, key]) => COMMANDS.some(([known]) => known === name) && typeof key === "string"));
    } catch {
      return {};
    }
  }

  /** A key that a clerk chose goes before the same one as another command's usual key, which may be newer. */
  arrange() {
    const usual = COMMANDS.filter(([name]) => !this.own[name]).map(([name, , key]) => /** @type {[string, string]} */ ([key, name]));
    /** @type {Map<string, string>} command by key */
    this.byKey = new Map([[ALSO_REDO, "redo"], ...usual, ...Object.entries(this.own).map(([name, key]) => /** @type {[string, string]} */ ([key, name]))]);
  }

  /** The key of a command; "" for none. @param {string} name */
  of(name) {
    const key = this.own[name] || /** @type {[string, string, string]} */ (COMMANDS.find(([known]) => known === name))[2];
    return this.byKey.get(key) === name ? key : "";
  }

  /** Gives a command another key; answers with why not, "" if it is done. @param {string} name @param {KeyboardEvent} event */
  change(name, event) {
    const key = pressed(event);
    const why = refusal(key);
    if (why) return why;
    const wanted = nameOf(key);
    const other = this.byKey.get(wanted);
    if (other && other !== name) return `${shown(wanted)} 已经用在“${COMMANDS.find(([known]) => known === other)?.[1]}”上了。`;
    this.own = { ...this.own, [name]: wanted };
    this.keep();
    return "";
  }

  reset() {
    this.own = {};
    this.keep();
  }

  keep() {
    localStorage.setItem(this.storeKey, JSON.stringify(this.own));
    this.arrange();
  }

  /** The command of a key press; "" if it is none or belongs to the input method. @param {KeyboardEvent} event */
  commandOf(event) {
    if (isNotOurs(event) || event.altKey) return "";
    return this.byKey.get(nameOf(pressed(event))) || "";
  }

  /** Calls the commands by name as their keys are pressed. @param {Object<string, () => void>} commands */
  listen(commands) {
    document.addEventListener("keydown", (event) => {
      const command = event.defaultPrevented || document.querySelector("dialog[open]") ? "" : this.commandOf(event);
      if (!command || !commands[command]) return;
      event.preventDefault();
      commands[command]();
    });
  }
}

/** Resolves with the next press of a key that is more than Ctrl or Shift alone; null: Esc. @param {HTMLElement} within @returns {Promise<KeyboardEvent | null>} */
export function nextPress(within) {
  return new Promise((done) => {
    const listen = (/** @type {KeyboardEvent} */ event) => {
      if (isNotOurs(event) || ["Control", "Shift", "Alt"].includes(event.key)) return;
      event.preventDefault();
      event.stopPropagation();
      within.removeEventListener("keydown", listen, true);
      done(event.code === "Escape" ? null : event);
    };
    within.addEventListener("keydown", listen, true);
  });
}
