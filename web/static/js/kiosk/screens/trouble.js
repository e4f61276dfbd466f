import { Screen } from "../screen.js";

/** This machine has no key of its own. @param {any} app */
export function unenrolled(app) {
  const screen = new Screen("unenrolled");
  screen.on({ again: () => app.refresh() });
  return { back: "先要登记这台机器。" };
}

/** The office has not answered since the page was opened. @param {any} app */
export function closed(app) {
  const screen = new Screen("closed");
  const tell = () => screen.fill({ reason: app.trouble ? app.trouble.message : "正在连办公室的服务器。" });
  screen.on({ again: () => app.refresh() });
  tell();
  return { back: "连上以后再办。", update: tell };
}
