// Verifies the files of an export bundle against its list, and list and recording manifest against their signatures.
// A plain script without modules: a page that was opened from a file may not load those.
"use strict";

(function () {
  const CHUNK = 4 << 20;
  /** Written after the list was made, so they cannot stand in it. */
  const UNLISTED = new Set(["bundle.json", "SHA256SUMS", "player/data.js"]);
  const LIST = "bundle.json";

  /** @param {string} base64 */
  function bytes(base64) {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  }

  /** Ed25519 (RFC 8032) over UTF-8 text. @param {string} text @param {string} signature @param {string} key */
  function signedBy(text, signature, key) {
    try {
      return nacl.sign.detached.verify(new TextEncoder().encode(text), bytes(signature), bytes(key));
    } catch {
      return false;
    }
  }

  /** SHA-256 of a file of any size, in pieces. @param {Blob} file @param {(size: number) => void} read */
  async function hash(file, read) {
    const digest = sha256.create();
    for (let at = 0; at < file.size; at += CHUNK) {
      const piece = await file.slice(at, at + CHUNK).arrayBuffer();
      digest.update(piece);
      read(piece.byteLength);
    }
    return digest.hex();
  }

  /** The chosen files by their name in the bundle: the folder is where its list lies. @param {Iterable<File>} files */
  function byName(files) {
    const all = [...files].map((file) => /** @type {[string, File]} */ ([file.webkitRelativePath || file.name, file]));
    const lists = all.map(([path]) => path).filter((path) => path === LIST || path.endsWith(`/${LIST}`));
    const before = (lists.sort((one, other) => one.length - other.length)[0] || LIST).slice(0, -LIST.length);
    return new Map(all.filter(([path]) => path.startsWith(before)).map(([path, file]) => [path.slice(before.length), file]));
  }

  /**
   * Looks at every file.
   * @param {any} bundle window.BUNDLE
   * @param {Iterable<File>} files as the folder chooser gave them
   * @param {(done: number) => void} progress 0 to 1
   * @returns {Promise<{files: {name: string, state: string}[]}>} states: ok, changed, missing, unknown
   */
  async function verifyFiles(bundle, files, progress) {
    const list = JSON.parse(bundle.list).files, there = byName(files);
    const total = list.reduce((/** @type {number} */ sum, /** @type {any} */ one) => sum + one.size, 0) || 1;
    let done = 0;
    const kept = there.get(LIST);
    const results = [{ name: LIST, state: !kept ? "missing" : await kept.text() === bundle.list ? "ok" : "changed" }];
    for (const one of list) {
      const file = there.get(one.name);
      there.delete(one.name);
      const same = file && file.size === one.size && await hash(file, (size) => progress(Math.min(1, (done += size) / total))) === one.sha256;
      results.push({ name: one.name, state: !file ? "missing" : same ? "ok" : "changed" });
    }
    const unknown = [...there.keys()].filter((name) => !UNLISTED.has(name));
    return { files: [...results, ...unknown.map((name) => ({ name, state: "unknown" }))] };
  }

  /**
   * What the signatures say, without any file.
   * @param {any} bundle window.BUNDLE
   * @returns {{name: string, state: string}[]} name: list, manifest, tracks; states: ok, wrong, none
   */
  function verifySignatures(bundle) {
    const key = bundle.key && sha256(bytes(bundle.key)) === bundle.keyName ? bundle.key : "";
    const list = !bundle.listSignature || !key ? "none" : signedBy(bundle.list, bundle.listSignature, key) ? "ok" : "wrong";
    if (!bundle.manifest || !key) return [{ name: "list", state: list }, { name: "manifest", state: "none" }];
    const right = bundle.manifestKey === bundle.keyName && signedBy(bundle.manifest, bundle.manifestSignature, key);
    return [
      { name: "list", state: list },
      { name: "manifest", state: right ? "ok" : "wrong" },
      { name: "tracks", state: right && tracksAgree(bundle) ? "ok" : "wrong" },
    ];
  }

  /** Every recorded file is listed with the hash that the signed manifest has for it; of what a petitioner takes away, whichever are
   * in it. @param {any} bundle */
  function tracksAgree(bundle) {
    const list = JSON.parse(bundle.list), segments = JSON.parse(bundle.manifest).segments;
    const listed = new Map(list.files.map((/** @type {any} */ one) => [one.name, one.sha256]));
    const signed = new Map(segments.map((/** @type {any} */ segment) => [`recording/${segment.file}`, segment.sha256]));
    const recorded = list.partly ? [...listed.keys()].filter((name) => /^recording\/.*\.(webm|mkv)$/.test(name)) : [...signed.keys()];
    return recorded.every((name) => signed.has(name) && listed.get(name) === signed.get(name));
  }

  window.Verify = { files: verifyFiles, signatures: verifySignatures };
})();
