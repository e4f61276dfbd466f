import { pause } from "../measure.js";
import { holdsSomebody } from "../memory.js";
import { callHelp } from "../keys.js";
import { Screen } from "../screen.js";
import { nextStep } from "../way.js";
import * as voice from "../voice.js";

const READER_MS = 1500;

/** What is recorded and why, and the three choices. @param {any} app */
export function notice(app) {
  const screen = new Screen("notice");
  const choose = async (/** @type {string} */ consent) => {
    await Promise.race([app.readerAsked, pause(READER_MS)]);
    app.go(nextStep("notice", app.draft()), { consent });
    app.tests?.before(consent === "audio_video");
  };
  const toggle = () => (voice.speaking() ? voice.stop() : voice.speak("notice"));
  const follow = (/** @type {string} */ on, /** @type {number} */ share) => {
    screen.part("progress").style.setProperty("--v", `${Math.round(share * 100)}%`);
    screen.fill({ speak: on ? "停一下" : "念给我听", reading: on ? "正在念给您听" : "可以自己看，也可以听" });
  };
  screen.on({ video: () => choose("audio_video"), audio: () => choose("audio_only"), paper: () => app.go("paper"), speak: toggle });
  voice.onVoice(follow);
  voice.speak("notice");
  return { speech: ["notice"], speak: toggle, back: () => app.go("choose"), close: () => voice.onVoice(null), left: () => app.leave(), get personal() { return holdsSomebody(); } };
}

/** A member of staff writes instead. @param {any} app */
export function paper(app) {
  const screen = new Screen("paper");
  const call = async () => {
    const called = await callHelp(app);
    screen.fill({ called: called ? "已经告诉工作人员了，请坐一会儿。" : "现在叫不到工作人员，请走到门口说一声。" });
  };
  screen.on({ again: call, done: () => app.go("welcome") });
  call();
  return { speech: ["paper"], back: () => app.go("notice"), left: () => app.leave(), get personal() { return holdsSomebody(); } };
}
