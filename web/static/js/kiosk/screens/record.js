// Whoever left before reading comes back: code and digits open their record at this kiosk again.
import { api } from "/static/js/api.js";
import { CodeQuestions } from "../codes.js";

/** @param {any} app */
export function record(app) {
  const found = async (/** @type {import("../codes.js").Key} */ key) => {
    const { state, words } = await api("POST", "/api/kiosk/record", key);
    if (state === "opened") await app.refresh();
    else questions.hint(words);
  };
  const questions = new CodeQuestions(app, {
    title: "您的查询码？", label: "谈完的时候给您的，由字母和数字组成", go: "打开我的记录", found, back: () => app.go("choose"),
  });
  return { get speech() { return questions.speech; }, back: () => questions.back(), close: () => questions.close(), personal: true };
}
