// The archive's film and the export bundle of a case: asked for, watched, played, saved.
import { ApiError, api } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { chineseMoment } from "/static/js/time.js";

const AGAIN_MS = 1500;
/** @typedef {"video" | "bundle"} Kind */
const WORDS = /** @type {Object<Kind, Object<string, string>>} */ ({
  video: {
    name: "归档视频", icon: "video",
    none: "把各方的画面和声音合成一个视频，画面上有日期、时间和地点，字幕是校对过的笔录。",
    make: "做归档视频", again: "重新做", waiting: "排着队，轮到就做", running: "正在做，可以先去忙别的", cancelled: "上次没有做完就停了。",
    save: "存到这台电脑",
  },
  bundle: {
    name: "整套材料", icon: "bag",
    none: "归档视频、原始录音录像、笔录和登记表、字幕、清单和签名打成一个包，拷走以后不联网也能播放、核对。",
    make: "导出整套材料", again: "重新导出", waiting: "排着队，轮到就做", running: "正在打包", cancelled: "上次没有导完就停了。",
    expired: "上次导出的已经过期删掉了，要用就再导一次。", save: "下载",
  },
});

/** The section of one case. */
export class Archive {
  /** @param {string} path of the case in the API @param {boolean} may make and stop @param {() => void} changed the case's history has grown */
  constructor(path, may, changed) {
    this.path = `${path}/archive`;
    this.may = may;
    this.changed = changed;
    this.states = "";
    /** @type {any} */
    this.found = null;
    this.timer = 0;
    window.addEventListener("online", () => this.load());
    const own = /** @type {HTMLAnchorElement | null} */ (document.getElementById("own-copy"));
    if (own) own.href = `${this.path}/own.zip`;
    own?.addEventListener("click", () => window.setTimeout(changed, AGAIN_MS));
  }

  async load() {
    window.clearTimeout(this.timer);
    try {
      this.show(await api("GET", this.path));
      tell(byId("archive-trouble"), "");
    } catch (error) {
      this.failed(error);
      this.later();
    }
  }

  /** @param {any} found */
  show(found) {
    this.found = found;
    for (const kind of /** @type {Kind[]} */ (["video", "bundle"])) byId(`archive-${kind}`).replaceChildren(...this.rows(kind));
    this.player();
    if (this.busy()) this.later();
    const states = ["video", "bundle"].map((kind) => found[kind]?.state).join();
    if (this.states && states !== this.states) this.changed();
    this.states = states;
  }

  busy() {
    return [this.found?.video, this.found?.bundle].some((one) => one && ["waiting", "running"].includes(one.state));
  }

  later() {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.load(), AGAIN_MS);
  }

  /** @param {Kind} kind @returns {HTMLElement[]} */
  rows(kind) {
    const one = this.found[kind], words = WORDS[kind];
    const state = one?.state || "none";
    const running = ["waiting", "running"].includes(state);
    const rows = [el("h3.row.g2", {}, icon(words.icon), words.name, badge(state))];
    if (!one || (!running && !one.url)) rows.push(el("p.small.soft", {}, words.none));
    if (running) rows.push(...progress(one, words));
    if (["cancelled", "expired"].includes(state) && words[state]) rows.push(el("p.small", {}, words[state]));
    rows.push(...(one?.messages || []).map((/** @type {string} */ text) => message(state, text)));
    if (one?.url) rows.push(el("p.small.soft.num", {}, facts(one)));
    rows.push(this.buttons(kind, one, running));
    return rows;
  }

  /** @param {Kind} kind @param {any} one @param {boolean} running */
  buttons(kind, one, running) {
    const words = WORDS[kind], buttons = el("div.row.wrap.g2");
    if (one?.url) buttons.append(el("a.btn.small", { href: `${one.url}?save=1`, download: "" }, icon("save"), words.save));
    if (this.may && running) buttons.append(this.button("stop", "不做了", "DELETE", kind));
    if (this.may && !running) buttons.append(this.button(one?.url ? "refresh" : "plus", one?.url ? words.again : one ? "再做一次" : words.make, "POST", kind));
    return buttons;
  }

  /** @param {string} picture @param {string} words @param {string} method @param {Kind} kind */
  button(picture, words, method, kind) {
    const button = /** @type {HTMLButtonElement} */ (el("button.btn.small", { type: "button" }, icon(picture), words));
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        this.show(await api(method, `${this.path}/${kind}`));
        tell(byId("archive-trouble"), "");
      } catch (error) {
        button.disabled = false;
        this.failed(error);
        if (error instanceof ApiError && error.code === "wrong_state") await this.load();
      }
    });
    return button;
  }

  /** Shows the film once it is there; one that is playing is left alone. */
  player() {
    const place = byId("archive-player"), url = this.found.video?.url, sum = this.found.video?.sha256;
    if (!url || place.dataset.sum === sum) return;
    place.dataset.sum = sum;
    const film = el("video", { controls: true, preload: "metadata", playsinline: true, src: `${url}?v=${sum.slice(0, 16)}` },
      el("track", { kind: "subtitles", srclang: "zh", label: "校对过的笔录", src: this.found.captions_url, default: true }));
    place.replaceChildren(film);
  }

  /** @param {unknown} error */
  failed(error) {
    tell(byId("archive-trouble"), error instanceof ApiError ? error.message : "这一步没办成，请刷新再试。");
  }
}

/** @param {string} state */
function badge(state) {
  const known = /** @type {Object<string, string[]>} */ ({ waiting: ["accent", "等着做"], running: ["accent", "正在做"], ready: ["ok", "做好了"], failed: ["bad", "没做成"], expired: ["line", "过期了"] });
  return known[state] ? el(`span.badge.${known[state][0]}`, {}, known[state][1]) : null;
}

/** @param {any} one @param {Object<string, string>} words */
function progress(one, words) {
  const percent = Math.floor(one.progress * 100);
  const bar = el("div.progress", { role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": percent, "aria-label": words.name, style: `--v: ${percent}%` }, el("i"));
  return [el("p.small.row.between", {}, words[one.state], el("b.num", {}, one.state === "running" ? `${percent}%` : "")), bar];
}

/** @param {string} state @param {string} text */
function message(state, text) {
  return el(`p.small.${state === "failed" ? "bad" : "warn"}.note`, {}, icon("alert"), text);
}

/** @param {any} one */
function facts(one) {
  const size = one.size < 1e6 ? `${Math.max(1, Math.round(one.size / 1e3))} KB` : one.size < 1e9 ? `${(one.size / 1e6).toFixed(1)} MB` : `${(one.size / 1e9).toFixed(1)} GB`;
  const until = one.expires_at ? `，留到 ${chineseMoment(one.expires_at)}` : "";
  return `${size}　${chineseMoment(one.finished_at)} ${one.asked_by}${until}`;
}
