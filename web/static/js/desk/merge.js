// The record as the office tells it to the correction page: short, and after the first time only what is new.
// Shapes: DeskRecord, DeskRest and RecordChanges of server/protocol/records.py.

import { answerTo, api } from "/static/js/api.js";
import { asked } from "/static/js/desk/first.js";

const USUAL = { participant_id: null, utterance_ids: [], words: [], doubt: [], heard: false, deleted: false, delete_reason: "", disputed: "", edited_by: "", copied: false, unboosted: "" };

/** Lines with everything that was left out. @param {any} message DeskRecord or RecordChanges */
export function expanded(message) {
  return { ...message, body: message.body.map((/** @type {any} */ line) => ({ ...USUAL, recognised: line.text, ...line })) };
}

/** The record as it stands now. @param {string} path of the record @returns {Promise<any>} */
export async function wholeRecord(path) {
  return expanded(await api("GET", `${path}/desk`));
}

/** The record as the page was opened, which may be its beginning only. @returns {Promise<any>} */
export async function beginning() {
  return expanded(await answerTo(asked));
}

/** The record with the lines that its beginning left out. @param {string} path of the record @param {any} record a partial one @returns {Promise<any>} */
export async function completed(path, record) {
  const rest = expanded(await api("GET", `${path}/desk/rest?after=${record.body.length}`));
  if (rest.version !== record.version) return wholeRecord(path);
  return { ...record, partial: false, body: [...record.body, ...rest.body], suggestions: inTime([...record.suggestions, ...rest.suggestions]) };
}

/** What the office need not tell again to a page that shows this record, as a query. @param {any} record null: none yet */
export function known(record) {
  return `since=${record?.version || 0}&form=${record?.form_stamp || ""}`;
}

/** What is new in the office since this record. @param {string} path of the record @param {any} record @returns {Promise<any>} */
export async function newsSince(path, record) {
  return expanded(await api("GET", `${path}/changes?${known(record)}`));
}

/**
 * The record with its news; lines that are as before stay the same objects.  Null where the news do not fit: then the
 * whole record is needed.
 * @param {any} record @param {any} news RecordChanges, or a whole record
 */
export function merged(record, news) {
  if (news.since === undefined) return news;
  if (!record || record.partial || record.version < news.since || otherwise(record, news)) return null;
  const touched = new Map(news.body.map((/** @type {any} */ line) => [line.id, line]));
  const body = news.order ? inOrder(news.order, record.body, touched) : record.body.map((/** @type {any} */ line) => touched.get(line.id) || line);
  if (body.some((/** @type {any} */ line) => !line) || standing(body) !== news.lines) return null;
  const there = new Set(body.map((/** @type {any} */ line) => line.id));
  const kept = record.suggestions.filter((/** @type {any} */ one) => there.has(one.line_id) && !touched.has(one.line_id));
  return { ...record, ...news, form: news.form || record.form, since: undefined, order: undefined, body, suggestions: inTime([...kept, ...news.suggestions]) };
}

/** @param {any[]} suggestions */
function inTime(suggestions) {
  return suggestions.sort((a, b) => a.start - b.start || a.id - b.id);
}

/** Something happened that no revision tells of, or the page has taken over another form since it asked. @param {any} record @param {any} news */
function otherwise(record, news) {
  const unknownForm = !news.form && news.form_stamp !== record.form_stamp;
  return unknownForm || record.recognition !== news.recognition || record.copy_message !== news.copy_message || record.second_pass?.state !== news.second_pass?.state;
}

/** @param {string[]} order @param {any[]} body @param {Map<string, any>} touched */
function inOrder(order, body, touched) {
  const known = new Map(body.map((line) => [line.id, line]));
  return order.map((id) => touched.get(id) || known.get(id));
}

/** @param {any[]} body */
function standing(body) {
  return body.reduce((count, line) => count + (line.deleted ? 0 : 1), 0);
}
