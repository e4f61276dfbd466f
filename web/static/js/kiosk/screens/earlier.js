// Does the matter go on with one that was registered before?  Its code and digits open it; without them it is told in the talk.
import { api } from "/static/js/api.js";
import { CodeQuestions } from "../codes.js";
import { keepDraft } from "../memory.js";
import { Screen } from "../screen.js";
import { nextStep, stepBefore } from "../way.js";
import * as voice from "../voice.js";

/** @param {any} app */
export function earlier(app) {
  /** @type {any} what is up */
  let view = {};
  const onward = (/** @type {import("../codes.js").Key | null} */ key) => {
    keepDraft({ earlier: key });
    app.go(nextStep("earlier", app.draft()));
  };
  function choose() {
    view.close?.();
    const screen = new Screen("earlier");
    screen.on({ fresh: () => onward(null), known: () => ask(), forgotten: () => onward(null) });
    voice.speak("earlier");
    view = { speech: ["earlier"], back: () => app.go(stepBefore("earlier", app.draft())) };
  }
  function ask() {
    const found = async (/** @type {import("../codes.js").Key} */ key) => confirm(key, await api("POST", "/api/progress", key));
    const questions = new CodeQuestions(app, { title: "上次的查询码？", label: "印在回执上的，由字母和数字组成", go: "查一下", found, back: choose });
    view = { get speech() { return questions.speech; }, back: () => questions.back(), close: () => questions.close() };
  }
  /** @param {import("../codes.js").Key} key @param {any} progress */
  function confirm(key, progress) {
    view.close?.();
    const screen = new Screen("earlier-found");
    screen.fill({ number: progress.number, office: progress.office, now: progress.now || progress.state });
    screen.on({ yes: () => onward(key), no: choose });
    voice.speak("earlier-found");
    view = { speech: ["earlier-found"], back: choose };
  }
  choose();
  return { get speech() { return view.speech; }, back: () => view.back(), close: () => view.close?.(), personal: true };
}
