// A list of thousands of rows of which only those near the window are in the document.  Rows live in blocks; a block
// far from the window is empty and as high as it was, so that the scroll bar and what is looked at stay in place.

const PER_BLOCK = 12;
const MOST_PER_BLOCK = 2 * PER_BLOCK;
/** Blocks that are drawn before the window is known. */
const AT_FIRST = 2;
const NEAR = "400px 0px";

/** @typedef {{node: HTMLElement, keys: string[], filled: boolean}} Block */

export class LongList {
  /**
   * @param {HTMLElement} host scrolls
   * @param {{draw: (key: string, thing: any) => HTMLElement, refresh?: (row: HTMLElement, thing: any, old: any, key: string) => HTMLElement | void,
   *   removed?: (row: HTMLElement, key: string) => void, height: number, tag?: string}} options
   *   draw: makes a row; refresh: brings it up to date when its thing is another object, or answers with another row; height: of a row, roughly, in pixels
   */
  constructor(host, { draw, refresh = () => {}, removed = () => {}, height, tag = "div" }) {
    Object.assign(this, { host, draw, refresh, removed, height, tag });
    /** @type {Map<string, HTMLElement>} rows that are in the document */
    this.rows = new Map();
    /** @type {Map<string, any>} */
    this.things = new Map();
    /** @type {Block[]} */
    this.blocks = [];
    /** @type {Map<string, Block>} */
    this.blockOf = new Map();
    /** This row stays in the document wherever it is. */
    this.pinned = "";
    this.observer = new IntersectionObserver((entries) => this.moved(entries), { root: host, rootMargin: NEAR });
  }

  /** Shows these rows in this order; what did not change is left alone. @param {[string, any][]} sequence */
  show(sequence) {
    const before = this.things;
    const first = !this.blocks.length;
    this.things = new Map(sequence);
    if (!sameKeys(before, this.things)) this.divide([...this.things.keys()]);
    for (const block of this.blocks) if (block.filled) this.arrange(block, before);
    if (first) for (const block of this.blocks.slice(0, AT_FIRST)) this.fill(block);
  }

  /** The row, put into the document if it is far away; null where there is none. @param {string} key */
  ensure(key) {
    const block = this.blockOf.get(key);
    if (!block) return null;
    if (!this.rows.has(key)) {
      const at = this.blocks.indexOf(block);
      for (const near of this.blocks.slice(Math.max(at - 1, 0), at + 2)) this.fill(near);
    }
    return this.rows.get(key) || null;
  }

  /** Blocks begin where they began before, so that a new row moves none of the others. @param {string[]} keys */
  divide(keys) {
    const begins = new Map(this.blocks.map((block) => [block.keys[0], block]));
    const groups = [];
    for (const key of keys) {
      const last = groups[groups.length - 1];
      const most = this.blocks.length ? MOST_PER_BLOCK : PER_BLOCK;
      if (!last || begins.has(key) || last.length >= most) groups.push([key]);
      else last.push(key);
    }
    const wanted = groups.map((group) => this.block(group, begins.get(group[0])));
    for (const block of this.blocks) if (!wanted.includes(block)) this.discard(block);
    this.blocks = wanted;
    this.blockOf = new Map(wanted.flatMap((block) => block.keys.map((key) => /** @type {[string, Block]} */ ([key, block]))));
    for (const [key, row] of this.rows) if (!this.things.has(key)) this.remove(key, row);
    let next = this.host.firstElementChild;
    for (const { node } of wanted) {
      if (node === next) next = next.nextElementSibling;
      else this.host.insertBefore(node, next);
    }
  }

  /** @param {string[]} keys @param {Block} [known] */
  block(keys, known) {
    const block = known || { node: document.createElement(this.tag), keys: [], filled: false };
    if (!known) {
      block.node.className = "block";
      this.observer.observe(block.node);
    }
    if (!block.filled && block.keys.length !== keys.length) block.node.style.blockSize = `${keys.length * this.height}px`;
    block.keys = keys;
    return block;
  }

  /** @param {Block} block */
  discard(block) {
    this.observer.unobserve(block.node);
    block.filled = false;
    block.node.remove();
  }

  /** @param {Block} block */
  fill(block) {
    if (block.filled) return;
    block.filled = true;
    block.node.style.blockSize = "";
    this.arrange(block, this.things);
  }

  /** @param {Block} block @param {Map<string, any>} before */
  arrange(block, before) {
    let next = block.node.firstElementChild;
    for (const key of block.keys) {
      const thing = this.things.get(key);
      const old = this.rows.get(key);
      const row = !old ? this.draw(key, thing) : before.get(key) !== thing ? this.refresh(old, thing, before.get(key), key) || old : old;
      this.rows.set(key, row);
      if (old && old !== row) old.replaceWith(row);
      if (old && old === next) next = row;
      if (row === next) next = next.nextElementSibling;
      else block.node.insertBefore(row, next);
    }
  }

  /** @param {string} key @param {HTMLElement} row */
  remove(key, row) {
    this.removed(row, key);
    row.remove();
    this.rows.delete(key);
  }

  /** @param {IntersectionObserverEntry[]} entries */
  moved(entries) {
    const near = new Map(entries.map((entry) => [entry.target, entry]));
    for (const block of this.blocks) {
      const entry = near.get(block.node);
      if (entry?.isIntersecting) this.fill(block);
      else if (entry && block.filled && entry.boundingClientRect.height) this.empty(block, entry.boundingClientRect.height);
    }
  }

  /** @param {Block} block @param {number} height */
  empty(block, height) {
    if (block.node.contains(document.activeElement) || block.keys.includes(this.pinned)) return;
    block.filled = false;
    block.node.style.blockSize = `${height}px`;
    for (const key of block.keys) {
      const row = this.rows.get(key);
      if (row) this.remove(key, row);
    }
  }
}

/** @param {Map<string, any>} one @param {Map<string, any>} other */
function sameKeys(one, other) {
  if (one.size !== other.size) return false;
  const keys = other.keys();
  for (const key of one.keys()) if (key !== keys.next().value) return false;
  return true;
}
