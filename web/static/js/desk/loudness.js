// How loud each file of the recording is, fetched one after the other once the page is at rest.  The office may have to
// find it out first, which takes it a while for a long talk.

const STEP_S = 0.1;
const AGAIN_MS = 4000;
const TRIES = 60;

/** @param {any} segment @returns {Promise<Uint8Array | null>} null: it is not to be had */
async function loudnessOf(segment) {
  for (let turn = 0; turn < TRIES; turn++) {
    const response = await fetch(`${segment.url}/peaks`, { credentials: "same-origin" }).catch(() => null);
    if (response?.status === 200) return new Uint8Array(await response.arrayBuffer());
    if (response && response.status !== 202) return null;
    await new Promise((done) => setTimeout(done, AGAIN_MS));
  }
  return null;
}

/**
 * Draws the loudness of the recording's sound into the lanes, file by file.
 * @param {any[]} segments @param {import("/static/js/desk/overview.js").Overview} overview
 */
export async function showLoudness(segments, overview) {
  for (const segment of segments.filter((one) => one.kind === "audio" && !one.only)) {
    const values = await loudnessOf(segment);
    if (values) overview.hear(segment.participant_id, { id: segment.id, start: segment.start, step: STEP_S, values });
  }
}
