// Trusted time stamps as the staff read them: when an outside authority saw a record or the list of its recording's files.

import { chineseDay, clockSeconds } from "/static/js/time.js";

/** @param {{kind: "record" | "manifest"}} stamp */
export function stampName(stamp) {
  return stamp.kind === "record" ? "笔录时间戳" : "录音录像时间戳";
}

/** @param {{at: string | null, authority: string}} stamp */
export function stampWords(stamp) {
  return stamp.at ? `${chineseDay(stamp.at)} ${clockSeconds(stamp.at)} · ${stamp.authority}` : "还没有取到，会自动再试";
}
