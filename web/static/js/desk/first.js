// Asks for the record while the rest of the page's program is still on its way.

import { byId } from "/static/js/dom.js";
import { wholeRecord } from "/static/js/desk/merge.js";

export const path = `/api/records/${byId("desk").dataset.record}`;

/** The record as it stood when the page was opened, or why there is none; told once. @type {Promise<{record?: any, error?: any}>} */
export const first = wholeRecord(path).then((record) => ({ record }), (error) => ({ error }));
