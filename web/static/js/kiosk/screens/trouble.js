import { byId } from "/static/js/dom.js";
import { clockTime } from "/static/js/time.js";
import { agent } from "../agent.js";
import { holdsSomebody } from "../memory.js";
import { Screen } from "../screen.js";
import * as voice from "../voice.js";

/** For whoever repairs it. @type {Object<string, string>} */
const FOUND = { dead: "话筒没有声音", missing: "话筒打不开" };

/** This machine has no key of its own. @param {any} app */
export function unenrolled(app) {
  const screen = new Screen("unenrolled");
  screen.on({ again: () => app.refresh() });
  return { back: "先要登记这台机器。", speech: ["closed"], quiet: true };
}

/** What is told of the sitting that was under way when this page was opened; null: of none. @param {any} app */
function underWay({ stood }) {
  if (!stood || Date.now() > stood.until) return null;
  if (stood.step !== "waiting") return { title: "线路断了，您的事没有丢", reason: "办好的都在，不用再办一遍。线路一通，这里自己接着办，请坐着等一等。" };
  return { title: "线路断了，您的号还排着", reason: `您的号是 ${stood.number}。线路一通，这里自己接着等，请不要走远。` };
}

/** The office has not answered since the page was opened. @param {any} app */
export function closed(app) {
  const screen = new Screen("closed");
  const nobody = { title: agent.served ? "现在连不上信访局" : "这台机器暂时不能用", reason: "正在连信访局。" };
  const cut = agent.served ? "网络断了。不想等的，可以先对着机器说，网通了机器自己送去。" : "网络断了，机器正在等网。请叫工作人员，一样能办。";
  const reason = () => (app.trouble?.code === "offline" ? cut : app.trouble?.message || nobody.reason);
  const alone = () => agent.served && !underWay(app); // the program on this computer keeps it until the line is back
  const tell = () => {
    screen.fill(underWay(app) || { ...nobody, reason: reason() });
    screen.key("alone").hidden = !alone();
    screen.key("again").classList.toggle("primary", !alone());
  };
  screen.on({ again: () => app.refresh(), alone: () => app.go("alone-notice") });
  tell();
  return { back: "连上以后再办。", update: tell, speech: [alone() ? "closed-alone" : "closed"], quiet: true, get personal() { return holdsSomebody(); } };
}

/** The self-test found that nobody could be heard here. @param {any} app */
export function broken(app) {
  const screen = new Screen("broken");
  const { at, serious } = app.tests.last;
  screen.fill({ reason: serious.words, checked: `${byId("kiosk-name").textContent} · 自检 ${clockTime(at)} · ${FOUND[serious.code] || serious.code}` });
  screen.on({ again: async (button) => {
    button.disabled = true;
    await app.tests.again();
    button.disabled = false;
  } });
  const speak = () => (voice.canRead() ? voice.readOut(serious.words) : voice.speak("broken"));
  return { back: "修好以后再办。", speak };
}
