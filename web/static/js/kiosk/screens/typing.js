// One sentence to type: with the keys on the kiosk's screen, or with whatever a telephone types with.
import { PinyinKeyboard } from "../keyboard.js";
import { Screen } from "../screen.js";

/**
 * @param {{title: string, of: string | (Node | string)[], label: string, text?: string, limit: number, own: boolean, name?: boolean}} words `own`: the device has a keyboard of its own; `name`: it is a name
 * @param {(text: string) => void} done @param {() => void} cancel
 * @returns {{close: () => void}}
 */
export function typing({ title, of, label, text = "", limit, own, name = false }, done, cancel) {
  const screen = new Screen("typing");
  screen.fill({ title, label });
  screen.part("of").replaceChildren(...[of].flat());
  const area = /** @type {HTMLTextAreaElement} */ (screen.part("area"));
  const finish = () => { if (value().trim()) done(value().trim()); };
  screen.on({ done: finish, cancel });
  const ready = (/** @type {boolean} */ on) => { screen.key("done").disabled = !on; };
  if (own) {
    [area.hidden, area.maxLength, area.value, screen.part("shown").hidden] = [false, limit, text, true];
    area.addEventListener("input", () => ready(Boolean(area.value.trim())));
    ready(Boolean(text));
    setTimeout(() => area.focus(), 0);
    return { close: () => undefined };
  }
  const keyboard = new PinyinKeyboard({ text, limit, name, digits: !name, done: finish, changed: () => show() });
  function show() {
    screen.part("typed").textContent = keyboard?.text ?? text;
    screen.part("composition").textContent = keyboard?.letters || "";
    ready(Boolean(keyboard?.text.trim()) && !keyboard.letters);
  }
  keyboard.show(screen.part("keyboard"));
  show();
  return { close: () => keyboard.close() };

  function value() {
    return own ? area.value : keyboard.text;
  }
}
