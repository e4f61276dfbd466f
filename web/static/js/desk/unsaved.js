// What somebody typed and the office does not have yet, on this computer's disk.
//
// localStorage would not do: Chromium writes it down some seconds later (measured: what was put there less than 4 s before
// the browser was killed was gone, of what was put here nothing, 0.2 s before).

const NAME = "jietan";
const STORE = "unsaved";

/** @type {Promise<IDBDatabase> | null} */
let opened = null;

/** One connection for the page, and a new one where it was lost. @returns {Promise<IDBDatabase>} */
function open() {
  opened ||= new Promise((done, failed) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
    asked.onsuccess = () => {
      asked.result.onclose = () => { opened = null; };
      done(asked.result);
    };
    asked.onerror = asked.onblocked = () => {
      opened = null;
      failed(asked.error);
    };
  });
  return opened;
}

/** @param {IDBDatabase} base @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest} ask @returns {Promise<any>} */
function once(base, mode, ask) {
  return new Promise((done, failed) => {
    const transaction = base.transaction(STORE, mode, { durability: "strict" });
    const request = ask(transaction.objectStore(STORE));
    transaction.oncomplete = () => done(request.result);
    transaction.onerror = transaction.onabort = () => failed(transaction.error);
  });
}

/** Takes away what lies under keys that begin so and is not wanted. @param {string} beginning @param {(text: string) => boolean} unwanted @returns {Promise<void>} */
export async function wipe(beginning, unwanted) {
  const base = await open();
  return new Promise((done, failed) => {
    const transaction = base.transaction(STORE, "readwrite", { durability: "strict" });
    const asked = transaction.objectStore(STORE).openCursor(IDBKeyRange.bound(beginning, `${beginning}\uffff`));
    asked.onsuccess = () => {
      const found = asked.result;
      if (!found) return;
      if (unwanted(found.value)) found.delete();
      found.continue();
    };
    transaction.oncomplete = () => done();
    transaction.onerror = transaction.onabort = () => failed(transaction.error);
  });
}

/** One list of changes under one key; writes follow one another, and only the newest of those that wait is done. */
export class Unsaved {
  /** @param {string} key */
  constructor(key) {
    this.key = key;
    open().catch(() => { this.sound = false; });
    /** Done when nobody else writes under this key. @type {Promise<void>} */
    this.own = Promise.resolve();
    /** Whether the disk takes what is put here; else only memory has it. */
    this.sound = true;
    /** @type {string | null} */
    this.waiting = null;
    this.writing = false;
    this.done = Promise.resolve();
  }

  /** @returns {Promise<any[]>} what an earlier page left here */
  async read() {
    try {
      return JSON.parse((await once(await open(), "readonly", (store) => store.get(this.key))) || "[]");
    } catch {
      this.sound = false;
      return [];
    }
  }

  /** @param {any[]} changes @returns {Promise<void>} done when they are on the disk, or cannot be put there */
  write(changes) {
    this.waiting = JSON.stringify(changes);
    if (!this.writing) this.done = this.put();
    return this.done;
  }

  async put() {
    this.writing = true;
    await this.own;
    while (this.waiting !== null) {
      const text = this.waiting;
      this.waiting = null;
      try {
        await once(await open(), "readwrite", (store) => this.lay(store, text));
        this.sound = true;
      } catch {
        this.sound = false;
      }
    }
    this.writing = false;
  }

  /** @param {IDBObjectStore} store @param {string} text @returns {IDBRequest} */
  lay(store, text) {
    return text === "[]" ? store.delete(this.key) : store.put(text, this.key);
  }
}

/** So long a page waits for what another one leaves; what comes later is told later. */
const SOON_MS = 300;

/**
 * The same for a place that may be open in two windows at once: each keeps its own list, and a list whose window is gone is
 * taken over by the next one.  A window holds its list by a lock, which the browser gives back however the window ends.
 */
export class UnsavedHere extends Unsaved {
  /** @param {string} place */
  constructor(place) {
    super(`${place}#${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`);
    this.family = `${place}#`;
    /** Lists of other windows that are part of this one from its next writing on. @type {string[]} */
    this.taken = [];
    this.own = whenFree(this.key);
  }

  /** @param {(changes: any[]) => void} [late] gets what a window leaves that is still open now @returns {Promise<any[]>} */
  async read(late = () => {}) {
    try {
      const range = IDBKeyRange.bound(this.family, `${this.family}\uffff`);
      const left = await once(await open(), "readonly", (store) => store.getAllKeys(range));
      /** @type {any[]} */
      const found = [];
      let give = (/** @type {any[]} */ changes) => void found.push(...changes);
      const taking = Promise.all(left.map((/** @type {string} */ key) => this.takeOver(key, (changes) => give(changes))));
      await Promise.race([taking, new Promise((done) => setTimeout(done, SOON_MS))]);
      give = late;
      return found;
    } catch {
      this.sound = false;
      return [];
    }
  }

  /** Gives what a list holds when its window is gone. @param {string} key @param {(changes: any[]) => void} give */
  async takeOver(key, give) {
    try {
      await whenFree(key);
      const changes = JSON.parse((await once(await open(), "readonly", (store) => store.get(key))) || "[]");
      this.taken.push(key);
      if (changes.length) give(changes);
    } catch {
      this.sound = false;
    }
  }

  /** @param {IDBObjectStore} store @param {string} text */
  lay(store, text) {
    for (const key of this.taken) store.delete(key);
    return super.lay(store, text);
  }
}

/** Resolves when no other window holds this name; it is this window's from then on.  Without locks (a page that is not
 * secure) every name is free. @param {string} name @returns {Promise<void>} */
function whenFree(name) {
  if (!navigator.locks) return Promise.resolve();
  return new Promise((done) => {
    void navigator.locks.request(`jietan.${name}`, () => {
      done();
      return new Promise(() => {});
    });
  });
}
