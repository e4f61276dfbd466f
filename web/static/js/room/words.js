// What people in a room are called, and what is the matter with them.

/** @typedef {import("/static/js/seat.js").SeatState} SeatState */

export const ROLES = { petitioner: "群众", leader: "接访领导", clerk: "接谈员", joint: "联合接访", interpreter: "翻译", observer: "旁听" };

/** What may be spoken on a seat, as it is offered. */
export const LANGUAGES = [
  ["zh", "汉语（含方言）"], ["yue", "粤语"], ["bo", "藏语"], ["mn", "蒙古语"], ["kk", "哈萨克语"], ["ko", "朝鲜语"], ["en", "英语"],
  ["auto", "别的语言"],
];

/** @param {string} role */
export function roleWord(role) {
  return ROLES[/** @type {keyof typeof ROLES} */ (role)] || "在场的人";
}

/** @param {SeatState} seat */
export function nameOf(seat) {
  return seat.name || roleWord(seat.role);
}

/** What others should know of somebody's line and devices; "" where all is well. @param {SeatState} seat */
export function stateWord(seat) {
  if (seat.held) return "在等候，听不见这里";
  // Where nothing comes for want of devices, the line seems to be away, too.
  if (seat.lost?.includes("audio")) return "话筒断开了，说话听不见";
  if (!seat.connected) return "线路断了，正在接回来";
  return seat.audio_muted ? "话筒关着" : "";
}

/** The same where there is little room, e.g. under a small picture. @param {SeatState} seat */
export function stateShort(seat) {
  return stateWord(seat).split("，")[0];
}

/** Who listens without a part in the talk, in words for everybody; "" for nobody. @param {SeatState[]} seats */
export function observersWords(seats) {
  const names = seats.filter((seat) => seat.role === "observer").map(nameOf);
  return names.length ? `旁听：${names.join("、")}` : "";
}
