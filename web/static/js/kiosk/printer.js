// What goes on paper here: the slip, which the browser prints by itself, and the record, which goes to the A4 printer
// (server/protocol/devices.py).  A printer says what is wrong in words before anything is printed: no paper, not connected.
import { ApiError } from "/static/js/api.js";
import { agent } from "./agent.js";
import { ask } from "./door.js";

/** Until it is printed, or the printer says why not. */
const PRINTED_MS = 40_000;
const NO_PRINTER = "no_printer";
const GONE = { code: "no_program", message: "打印机没有回话，请叫工作人员看看。" };

/** @param {"slip" | "paper"} printer @returns {Promise<any>} PrinterIs, a refusal; null: nobody knows */
async function state(printer) {
  try {
    return await ask({ type: "printer", printer });
  } catch (error) {
    if (error instanceof ApiError) return null;
    throw error;
  }
}

/** Whether this kiosk prints slips: where its program has no printer there is none; a page from the office has the browser's. */
export async function printsSlips() {
  const told = await state("slip");
  return told ? told.code !== NO_PRINTER || !agent.served : !agent.served;
}

/** Whether this kiosk has a printer for A4. */
export async function printsPaper() {
  return (await state("paper"))?.type === "printer_is";
}

/** Prints the slip that is on the screen. @param {any} app */
export async function printSlip(app) {
  const told = await state("slip");
  if (told?.state === "trouble") app.toast(`${told.words}查询码也可以抄下来，或者拍一张照。`);
  else window.print();
}

/** @param {Blob} file @returns {Promise<string>} in base64 */
async function coded(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let all = "";
  for (let at = 0; at < bytes.length; at += 8192) all += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(all);
}

/** Prints the record that was just signed. @returns {Promise<string>} what came of it, in words; throws ApiError */
export async function printRecord() {
  const answer = await fetch("/api/kiosk/sitting/record.pdf", { cache: "no-store" }).catch(() => null);
  if (!answer?.ok) throw await whyNot(answer);
  const told = await ask({ type: "print", printer: "paper", pdf: await coded(await answer.blob()) }, PRINTED_MS, GONE);
  if (told.state === "printed") return "打好了，请到打印机上拿。";
  if (told.state === "waits") return "正在打，打好了在打印机上拿。";
  throw new ApiError(0, { code: told.code || "not_printed", message: told.words || told.message });
}

/** @param {Response | null} answer */
async function whyNot(answer) {
  const gone = { code: "unreachable", message: "现在取不到记录，请过一会儿再按，或者请工作人员打印。" };
  const told = await answer?.json().catch(() => null);
  return new ApiError(answer?.status || 0, told?.error || gone);
}
