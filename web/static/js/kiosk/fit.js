// Sets the scale of the page.  The screens are drawn for 1080x1920; on a laptop or a phone they get more room
// than a strict reduction would leave, so that words stay readable.
const PORTRAIT = { width: 1080, height: 1920 };
const WIDE = { width: 2360, height: 1420 };
const SMALLEST = 0.5;

function scale() {
  const drawn = innerWidth / innerHeight >= 1.1 ? WIDE : PORTRAIT;
  return Math.max(SMALLEST, Math.min(innerWidth / drawn.width, innerHeight / drawn.height));
}

/** Fits the page to the screen now and whenever the screen changes. */
export function fitScreen() {
  const set = () => document.documentElement.style.setProperty("--fit", scale().toFixed(3));
  addEventListener("resize", set);
  set();
}
