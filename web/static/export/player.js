// The page of an export bundle: plays the film with its subtitles, lists the files, has them verified.
"use strict";

(function () {
  const bundle = window.BUNDLE, list = JSON.parse(bundle.list);
  const FILM = "video/archive.mp4";
  const byId = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));
  const STATES = { ok: ["ok", "没有改过"], changed: ["bad", "改过，和清单不一样"], missing: ["bad", "没有找到"], unknown: ["warn", "清单里没有的文件"] };
  const SIGNED = { list: "文件清单的签名", manifest: "录音录像清单的签名", tracks: "原始录音录像和签过名的清单" };
  const SIGNED_STATES = { ok: ["ok", "对得上"], wrong: ["bad", "对不上，改过"], none: ["warn", "没有签名，只能核对文件"] };

  /** @param {string} tag @param {string} text @param {Object<string, string>} [attributes] */
  function el(tag, text, attributes = {}) {
    const node = document.createElement(tag);
    node.textContent = text;
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  }

  /** @param {number} seconds */
  function clock(seconds) {
    const whole = Math.floor(seconds), two = (/** @type {number} */ n) => String(n).padStart(2, "0");
    return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  }

  function showAbout() {
    const about = new Map(list.about);
    byId("title").textContent = about.get("信访事项") || about.get("讲座") || "接谈材料";
    document.title = about.get("讲座") ? "讲座材料" : `${about.get("编号") || ""} 接谈材料`;
    const entries = [...about].filter(([, value]) => value);
    byId("about").append(...entries.flatMap(([label, value]) => [el("dt", label), el("dd", String(value))]), el("dt", "公钥 SHA-256"), el("dd", bundle.keyName || "没有"));
  }

  /** The text, each line of which plays what was said, where there is anything to play. @param {((at: number) => void) | null} play @returns {HTMLElement[]} */
  function showLines(play) {
    const rows = bundle.captions.map((/** @type {[number, number, string]} */ [start, , text]) => {
      const row = el("button", "", { type: "button" });
      row.append(el("time", clock(start)), el("span", text));
      row.disabled = !play;
      row.addEventListener("click", () => play?.(start));
      const item = document.createElement("li");
      item.append(row);
      return item;
    });
    byId("lines").append(...rows);
    byId("said").hidden = !rows.length;
    return rows;
  }

  function showFilm() {
    const film = byId("film"), track = film.addTextTrack("subtitles", "校对过的笔录", "zh");
    track.mode = "showing";
    for (const [start, end, text] of bundle.captions) track.addCue(new VTTCue(start, Math.max(end, start + 0.1), text));
    const rows = showLines((at) => { film.currentTime = at; film.play(); });
    film.addEventListener("error", () => { byId("film-trouble").hidden = false; });
    film.addEventListener("timeupdate", () => mark(film.currentTime, rows));
    film.src = FILM;
  }

  /** What a petitioner takes away has no film, only their own voice: one file after the other. */
  function showVoice() {
    const player = byId("voice"), files = bundle.voice;
    let number = -1;
    /** @param {number} next @param {number} at */
    const go = (next, at) => {
      if (next !== number) player.src = encodeURI(files[next][0]);
      number = next;
      player.currentTime = at;
    };
    const rows = showLines(!files.length ? null : (at) => {
      const ends = files.findIndex((/** @type {[string, number, number]} */ [, start, seconds]) => at < start + seconds);
      const next = ends < 0 ? files.length - 1 : ends;
      go(next, Math.max(0, at - files[next][1]));
      player.play();
    });
    byId("film").remove();
    byId("voice").hidden = byId("voice-words").hidden = !files.length;
    if (!files.length) return;
    go(0, 0);
    player.addEventListener("error", () => { byId("film-trouble").hidden = false; });
    player.addEventListener("timeupdate", () => mark(files[number][1] + player.currentTime, rows));
    player.addEventListener("ended", () => {
      if (number + 1 >= files.length) return;
      go(number + 1, 0);
      player.play();
    });
  }

  /** Marks the line that is being said. @param {number} at @param {HTMLElement[]} rows */
  function mark(at, rows) {
    rows.forEach((row, number) => {
      const [start, end] = bundle.captions[number];
      row.firstElementChild?.setAttribute("aria-current", String(start <= at && at < end));
    });
  }

  /** @param {{name: string, state?: string}[]} files */
  function showFiles(files) {
    const sums = new Map(list.files.map((/** @type {any} */ one) => [one.name, one]));
    byId("files").replaceChildren(...files.map(({ name, state }) => {
      const item = document.createElement("li"), known = sums.get(name);
      item.append(known ? el("a", name, { href: encodeURI(name), target: "_blank" }) : el("span", name));
      if (state) item.append(el("span", STATES[state][1], { class: STATES[state][0] }));
      if (known) item.append(el("code", known.sha256));
      return item;
    }));
  }

  function showSignatures() {
    const results = window.Verify.signatures(bundle);
    byId("signatures").replaceChildren(...results.map(({ name, state }) => el("li", `${SIGNED[name]}：${SIGNED_STATES[state][1]}`, { class: SIGNED_STATES[state][0] })));
    return results;
  }

  /** @param {FileList} chosen */
  async function verify(chosen) {
    const bar = byId("progress"), verdict = byId("verdict");
    bar.hidden = false;
    verdict.textContent = "正在核对…";
    verdict.className = "";
    const { files } = await window.Verify.files(bundle, chosen, (/** @type {number} */ done) => { bar.value = done; });
    bar.hidden = true;
    showFiles(files);
    conclude(files, showSignatures());
  }

  /** @param {{state: string}[]} files @param {{state: string}[]} signatures */
  function conclude(files, signatures) {
    const wrong = files.filter(({ state }) => state === "changed" || state === "missing").length;
    const forged = signatures.some(({ state }) => state === "wrong"), unsigned = signatures.some(({ state }) => state === "none");
    const verdict = byId("verdict");
    verdict.className = wrong || forged ? "bad" : unsigned ? "warn" : "ok";
    if (wrong) verdict.textContent = `有 ${wrong} 个文件改过或者不见了，请看下面。`;
    else if (forged) verdict.textContent = "文件和清单一样，但是签名对不上：清单改过。";
    else verdict.textContent = unsigned ? "文件和清单一样。有的清单没有签名，证明不了清单没有改过。" : "全部一样，签名也对得上。再看上面的公钥和单位公布的是不是一样：一样，就没有改过。";
  }

  showAbout();
  if (list.files.some((/** @type {any} */ one) => one.name === FILM)) showFilm();
  else showVoice();
  showFiles(list.files);
  showSignatures();
  byId("folder").addEventListener("change", (/** @type {Event} */ event) => verify(/** @type {any} */ (event.target).files).catch(() => {
    byId("verdict").textContent = "文件读不出来，请再选一次。";
  }));
})();
