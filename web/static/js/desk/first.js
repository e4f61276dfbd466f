// Asks for the beginning of the record before anything else of the page's program is here: so it imports nothing.

/** More than a window shows; the list's blocks are twelve lines (longlist.js). */
const MOST = 60;

export const path = `/api/records/${location.pathname.split("/")[2]}`;

/** Its answer is read by merge.js. */
export const asked = fetch(`${path}/desk?most=${MOST}`, { cache: "no-store" });
asked.catch(() => {}); // told where it is read
