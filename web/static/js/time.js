// Times as the office reads them.  Moments come as ISO 8601 with an offset and are shown in China's time.

const ZONE = "Asia/Shanghai";
const DAY = new Intl.DateTimeFormat("zh-CN", { timeZone: ZONE, month: "long", day: "numeric" });
const WEEKDAY = new Intl.DateTimeFormat("zh-CN", { timeZone: ZONE, weekday: "long" });
const YEAR = new Intl.DateTimeFormat("en-CA", { timeZone: ZONE, year: "numeric" });
const CLOCK = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const CLOCK_SECONDS = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const two = (/** @type {number} */ n) => String(n).padStart(2, "0");

/** Media time: 75.2 → "01:15", above an hour "1:01:15". @param {number} seconds */
export function mediaTime(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

/** "09:05". @param {string | Date | null | undefined} value */
export function clockTime(value) {
  return value ? CLOCK.format(new Date(value)) : "";
}

/** "09:05:30". @param {string | Date | null | undefined} value */
export function clockSeconds(value) {
  return value ? CLOCK_SECONDS.format(new Date(value)) : "";
}

/** Time of day of a place in a recording. @param {string | null | undefined} startedAt @param {number} seconds */
export function clockAt(startedAt, seconds) {
  return startedAt ? clockSeconds(new Date(new Date(startedAt).getTime() + seconds * 1000)) : mediaTime(seconds);
}

/** "11月21日 星期六", with the year where it is not this one. @param {string | Date | null | undefined} value */
export function chineseDay(value) {
  if (!value) return "";
  const date = new Date(value);
  const year = YEAR.format(date) === YEAR.format(new Date()) ? "" : `${YEAR.format(date)}年`;
  return `${year}${DAY.format(date)} ${WEEKDAY.format(date)}`;
}

/** "11月21日 星期六 09:05", with the year where it is not this one. @param {string | Date | null | undefined} value */
export function chineseMoment(value) {
  return value ? `${chineseDay(value)} ${clockTime(value)}` : "";
}

/** Length in words: 75 → "1 分 15 秒". @param {number} seconds */
export function inWords(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} 秒`;
  if (whole < 3600) return `${Math.floor(whole / 60)} 分${whole % 60 ? ` ${whole % 60} 秒` : "钟"}`;
  return `${Math.floor(whole / 3600)} 小时 ${Math.floor(whole / 60) % 60} 分`;
}

/** Are both moments on one day in the office? @param {string | Date} a @param {string | Date} b */
export function sameDay(a, b) {
  return chineseDay(a) === chineseDay(b);
}
