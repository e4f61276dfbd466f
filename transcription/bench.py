"""Measures recognition through the real service: `python -m transcription.bench --model … --dialogues …`."""

import argparse
import asyncio
import json
import resource
import sys
import time
from pathlib import Path

from transcription.evaluate import Score, load_reference, percentile, score
from transcription.measuring import caption_latencies, load_dialogue, running, transcribe_dialogue
from transcription.settings import TranscriberSettings


async def measure(settings: TranscriberSettings, folders: list[Path], live_s: float) -> dict[str, object]:
    """The figures of the bench, ready to be printed."""
    dialogues = [load_dialogue(folder) for folder in folders]
    async with running(settings) as (address, service):
        await asyncio.to_thread(service.engine.load)
        scores, wall, sound = list[Score](), 0.0, 0.0
        for dialogue in dialogues:
            _progress(f"{dialogue.folder.name}: as fast as it goes")
            started = time.monotonic()
            transcript = await transcribe_dialogue(address, settings.key, dialogue)
            wall += time.monotonic() - started
            sound += dialogue.seconds
            scores.append(score(transcript, load_reference(dialogue.folder / "reference.json")))
        _progress(f"{dialogues[0].folder.name}: {live_s:.0f} s in real time")
        before = time.process_time()
        latencies = await caption_latencies(address, settings.key, dialogues[0], live_s)
        cpu = (time.process_time() - before) / max(live_s, 1e-6)
    return _figures(folders, scores, latencies, wall / sound, cpu)


def _figures(
    folders: list[Path], scores: list[Score], latencies: list[float], rtf: float, cpu: float
) -> dict[str, object]:
    errors = [abs(error) for s in scores for error in s.start_errors]
    edits, characters = sum(s.edits for s in scores), sum(s.characters for s in scores)
    return {
        "bench": "asr",
        "cer": round(edits / max(characters, 1), 4),
        "cer_by_dialogue": {f.name: round(s.cer, 4) for f, s in zip(folders, scores, strict=True)},
        "speaker_errors": sum(s.speaker_errors for s in scores),
        "utterances": sum(s.utterances for s in scores),
        "start_error_p95_s": round(percentile(errors, 95), 3),
        "latency_p50_s": round(percentile(latencies, 50), 3),
        "latency_p95_s": round(percentile(latencies, 95), 3),
        "rtf": round(rtf, 4),
        "live_cores_two_tracks": round(cpu, 3),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _progress(text: str) -> None:
    sys.stderr.write(text + "\n")


def main() -> None:
    """One line of JSON on standard output, progress on standard error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="deploy/demo/model")
    parser.add_argument("--dialogues", nargs="+", default=["deploy/demo/land", "deploy/demo/wage"])
    parser.add_argument("--live-seconds", type=float, default=60.0)
    options = parser.parse_args()
    settings = TranscriberSettings(model=options.model, key="bench")
    figures = asyncio.run(measure(settings, [Path(d) for d in options.dialogues], options.live_seconds))
    sys.stdout.write(json.dumps(figures, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
