import { wipeDraft } from "../memory.js";
import { Screen } from "../screen.js";
import { resetLooks } from "../keys.js";

/** The first page. @param {any} app */
export function welcome(app) {
  const screen = new Screen("welcome");
  wipeDraft();
  screen.on({ start: () => app.go("notice") });
  return { speech: ["welcome"], back: () => resetLooks() };
}
