// What does the person want?  A way is offered where this kiosk has a screen for it.
import { holdsSomebody, keepDraft } from "../memory.js";
import { Screen } from "../screen.js";
import { askToBook } from "./another_day.js";

/** The first screen of telling one's matter to the kiosk: 语音自助登记. */
const ALONE = "alone-notice";

/** What is offered, in words. @param {boolean} alone @param {boolean} another */
function spoken(alone, another) {
  return [...(alone ? ["choose-alone"] : []), ...(another ? ["choose-another"] : []), "choose"];
}

/** @param {any} app */
export function choose(app) {
  const screen = new Screen("choose");
  const alone = app.has(ALONE);
  screen.key("alone").hidden = !alone;
  screen.on({
    talk: () => app.go("notice"),
    alone: () => app.go(ALONE),
    another: () => app.go("days"),
    record: () => app.go("record"),
    progress: () => app.go("progress"),
    rate: () => app.go("rate"),
  });
  keepDraft({ step: "choose", wish: null });
  app.lookForReader();
  screen.key("another").hidden = !app.mayBook; // a key that comes later moves the others under the finger
  void askToBook(app).then(() => { screen.key("another").hidden = !app.mayBook; });
  return {
    get speech() { return spoken(alone, !screen.key("another").hidden); }, back: () => app.go("welcome"), left: () => app.leave(),
    get personal() { return holdsSomebody(); },
  };
}
