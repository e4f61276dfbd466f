// The five keys at the bottom, and the key that turns a long page.
import { ApiError, api } from "/static/js/api.js";
import { byId } from "/static/js/dom.js";
import { nextSize, otherContrast, setUpLooks } from "./looks.js";
import * as voice from "./voice.js";

const page = document.documentElement;

/** @param {any} app */
function back(app) {
  const { back: action } = app.shown;
  if (typeof action === "function") action();
  else app.toast(action || "这一步不用返回。");
}

/** @param {any} app */
function readAloud(app) {
  if (app.shown.speak) app.shown.speak();
  else if (voice.speaking()) voice.stop();
  else voice.speak(...(app.shown.speech || ["welcome"]));
}

/** A member of staff is called; works on every screen. @param {any} app @returns {Promise<boolean>} whether it got through */
export async function callHelp(app) {
  try {
    await api("POST", "/api/kiosk/help");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    app.toast("现在叫不到，网络断了。请走到门口说一声，您的号还在。");
    return false;
  }
  app.toast("已经告诉工作人员了，请坐一会儿。");
  if (document.body.dataset.screen !== "talk") voice.speak("help");
  return true;
}

const main = byId("main");

/** How much 字大一点 enlarges the main area. */
function zoom() {
  return Number(getComputedStyle(page).getPropertyValue("--zoom")) || 1;
}

function showPageKey() {
  const more = main.scrollHeight - main.clientHeight - main.scrollTop;
  const key = byId("page-down");
  key.hidden = more < 24 || main.querySelector(":scope > .papers") !== null; // what lies below papers is out of reach
  if (key.hidden) return;
  const actions = innerWidth < innerHeight ? main.querySelector(".touch, .ctl") : null;
  key.style.setProperty("--touch", actions ? `${actions.clientHeight * zoom()}px` : "0px");
}

/** Does it before the next picture, once, whatever changes until then: asking how long the page is lays it out. @param {() => void} act */
function beforePainting(act) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; act(); });
  };
}

function setUpPageKey() {
  const show = beforePainting(showPageKey);
  byId("page-down").addEventListener("click", () => main.scrollBy({ top: main.clientHeight * 0.7, behavior: "smooth" }));
  main.addEventListener("scroll", show, { passive: true });
  new ResizeObserver(show).observe(main);
  new MutationObserver(show).observe(main, { childList: true, subtree: true, characterData: true, attributeFilter: ["hidden"] });
  new MutationObserver(show).observe(page, { attributes: true });
}

/** @param {any} app */
export function setUpKeys(app) {
  setUpLooks();
  byId("key-back").addEventListener("click", () => back(app));
  byId("key-speak").addEventListener("click", () => readAloud(app));
  byId("key-text").addEventListener("click", nextSize);
  byId("key-contrast").addEventListener("click", otherContrast);
  document.getElementById("key-help")?.addEventListener("click", () => callHelp(app)); // a telephone has none
  setUpPageKey();
}
