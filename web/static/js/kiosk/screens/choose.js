// What does the person want?  A way is offered where this kiosk has a screen for it.
import { keepDraft } from "../memory.js";
import { Screen } from "../screen.js";

/** The first screen of telling one's matter to the kiosk: 语音自助登记. */
const ALONE = "alone-notice";

/** @param {any} app */
export function choose(app) {
  const screen = new Screen("choose");
  const alone = app.has(ALONE);
  screen.key("alone").hidden = !alone;
  screen.on({
    talk: () => app.go("notice"),
    alone: () => app.go(ALONE),
    record: () => app.go("record"),
    progress: () => app.go("progress"),
    rate: () => app.go("rate"),
  });
  keepDraft({ step: "choose" });
  app.lookForReader();
  return { speech: alone ? ["choose-alone", "choose"] : ["choose"], back: () => app.go("welcome") };
}
