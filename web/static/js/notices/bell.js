// The bell at the top of every page of the staff: how many notices nobody has read yet.
import { api } from "/static/js/api.js";

const EVERY_MS = 60_000;

/** Puts a number on the bell. @param {number} count 100 stands for more */
export function showUnread(count) {
  const bell = document.querySelector("[data-bell]");
  const badge = bell?.querySelector("b");
  if (!bell || !badge) return;
  badge.hidden = !count;
  badge.textContent = count > 99 ? "99+" : String(count);
  bell.setAttribute("aria-label", count ? `提醒，${badge.textContent} 条没看过` : "提醒");
}

async function look() {
  if (document.hidden) return;
  try {
    showUnread((await api("GET", "/api/notices/unread")).unread);
  } catch {
    // The page itself says when the office cannot be reached; the number stays as it was.
  }
}

/** Looks now and every minute while the page is seen. */
export function watchBell() {
  if (!document.querySelector("[data-bell]")) return;
  look();
  setInterval(look, EVERY_MS);
  document.addEventListener("visibilitychange", look);
}
