// Before the talk and after it: the two screens on which the person sits and waits.
import { api } from "/static/js/api.js";
import { Hearing } from "../hearing.js";
import { Meter, NO_MICROPHONE, closeMedia, openMedia, paperCamera } from "../media.js";
import { sittingMemory } from "../memory.js";
import { openPapers } from "../papers.js";
import { Screen, spaced } from "../screen.js";
import * as voice from "../voice.js";
import { comeAnotherDay, justCame } from "./locked.js";
import { Standing } from "./standing.js";

/** Lets the person see and hear that the machine works; nothing leaves it. @param {any} app @param {Screen} screen @param {boolean} video */
async function tryOut(app, screen, video) {
  screen.part("self").hidden = !video;
  screen.part("no-picture").hidden = video;
  const meter = new Meter(screen.part("meter"), screen.part("level"));
  const hearing = new Hearing(app, meter);
  /** @type {MediaStream | null} */
  let stream = null;
  try {
    stream = await openMedia(video);
    screen.say("no-microphone", "");
    if (video) screen.part("self").srcObject = stream;
    meter.start(stream);
    hearing.start(stream);
    if (video) hearing.watch(screen.part("self"), (words) => screen.say("framing", words));
  } catch {
    screen.say("no-microphone", NO_MICROPHONE);
  }
  return { stream, close: () => { meter.close(); hearing.close(); } };
}

/** Who waits may photograph papers for the leader already, where there is a camera for them.
 * @param {any} app @param {Screen} screen @param {Promise<{stream: MediaStream | null}>} trying */
function offerPapers(app, screen, trying) {
  /** @type {ReturnType<typeof openPapers> | null} */
  let opened = null;
  let over = false;
  trying.then(async ({ stream }) => { if (stream && (await paperCamera(stream)) && !over) screen.key("papers").hidden = false; }).catch(() => undefined);
  const open = async () => {
    const { stream } = await trying;
    if (!opened && !over) opened = openPapers(app, { reception: app.sitting.reception_id, own: stream, closed: () => { opened = null; } });
  };
  return { open, close: () => { over = true; opened?.close(); } };
}

/** @param {any} app */
export function waiting(app) {
  const screen = new Screen("waiting");
  const video = app.sitting.consent === "audio_video";
  const trying = tryOut(app, screen, video);
  const said = (/** @type {string} */ what, /** @type {Object} */ values) => app.try(() => api("PUT", `/api/kiosk/sitting/${what}`, values), (/** @type {any} */ sitting) => app.take(sitting));
  const standing = new Standing(screen, (claims) => said("claims", { claims }), (interpreter) => said("interpreter", { interpreter }));
  const update = (/** @type {any} */ sitting) => {
    screen.fill({ number: sitting.number, ahead: String(sitting.ahead) });
    standing.draw(sitting);
  };
  const leave = async () => {
    const sure = await app.ask({ title: "今天不等了吗？", text: "这个号就不用了。下次来，再按“开始”。", yes: "今天不等了", no: "接着等", danger: true });
    if (sure) await app.leave();
  };
  if (app.petitioner) screen.fill({ title: `${app.petitioner}，您排上了` });
  const papers = offerPapers(app, screen, trying);
  screen.on({ leave, papers: papers.open });
  voice.speak("waiting");
  update(app.sitting);
  const close = () => { papers.close(); trying.then((opened) => opened.close()); };
  return { speech: ["waiting"], back: leave, update, close, queued: true, get personal() { return !app.sitting?.standing?.called; } };
}

/** @param {any} app */
export function preparing(app) {
  const screen = new Screen("preparing");
  const again = Boolean(sittingMemory(app.sitting.reception_id).corrected);
  /** Nobody touched it for a while: the code was put away. @param {any} sitting */
  const away = (sitting) => sitting.locked || app.wiped === sitting.reception_id;
  const update = (/** @type {any} */ sitting) => {
    const message = sitting.preparing_message || (again ? "工作人员正在改您说不对的地方。" : "工作人员正在核对记录。");
    const put = away(sitting);
    screen.fill({ message, code: put ? "" : spaced(sitting.query_code || "") }); // without a line the code of a sitting is not known
    screen.part("code-box").hidden = put || !sitting.query_code;
    screen.part("put-away").hidden = !put;
    screen.key("later").hidden = put || !sitting.query_code;
  };
  screen.on({ other: () => justCame(app), later: () => comeAnotherDay(app) });
  closeMedia();
  update(app.sitting);
  if (!away(app.sitting)) voice.speak(...(again ? ["preparing"] : ["stopped", "preparing"]));
  return {
    speech: ["preparing"], back: "记录核对好了，会请您看。", update, get quiet() { return away(app.sitting); },
    get left() { return away(app.sitting) ? null : () => app.lock(); },
  };
}
