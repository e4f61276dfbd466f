"""From what happened to a row of the table."""

from typing import Any

from deploy.chaos import measure
from deploy.chaos.cases import Case
from deploy.chaos.measure import Fault
from deploy.chaos.speech import said
from deploy.chaos.stage import Stage
from server.protocol.base import TrackKind
from server.protocol.recording import MANIFEST_NAME, Manifest

Result = dict[str, Any]
KEYS = ("case", "recording_lost_s", "picture_back_s", "words_missing")


def examine(
    stage: Stage, case: Case, reception_id: str, record: dict[str, Any], fault: Fault,
    frames: dict[str, list[float]], openings: dict[str, list[float]],
) -> Result:  # fmt: skip
    """The case's figures."""
    manifest = Manifest.model_validate_json((stage.disk / reception_id / MANIFEST_NAME).read_text("utf-8"))
    assert manifest.started_at is not None, "nothing was recorded"
    seats = {str(segment.role): segment.participant_id for segment in manifest.segments}
    row: Result = {"case": case.name, "fault_s": round(fault.seconds, 1)}
    row |= _recording(manifest, seats, fault)
    row |= _picture(case, fault, frames)
    counted = Fault(fault.start, fault.start) if case.copied else fault
    row |= _words(stage, manifest, record, seats, counted, openings)
    if case.copied:
        row |= _filled(record, seats["petitioner"], fault.within(manifest.started_at))
    return row | _gaps(case, manifest, record, seats, fault)


def _recording(manifest: Manifest, seats: dict[str, str], fault: Fault) -> Result:
    """Sound of whoever lost more; the picture's files begin at key frames and are told apart."""
    span = fault.within(manifest.started_at)  # type: ignore[arg-type]
    sound = [measure.lost(measure.holes(manifest, one, TrackKind.AUDIO), span) for one in seats.values()]
    picture = [measure.lost(measure.holes(manifest, one, TrackKind.VIDEO), span) for one in seats.values()]
    return {
        "recording_lost_s": round(max(besides for besides, _ in sound), 2),
        "recording_lost_with_fault_s": round(max(everything for _, everything in sound), 2),
        "video_lost_s": round(max(besides for besides, _ in picture), 2),
    }


def _picture(case: Case, fault: Fault, frames: dict[str, list[float]]) -> Result:
    back = {role: measure.back_after(times, fault.end) for role, times in frames.items()}
    worst = None if None in back.values() else max(value for value in back.values() if value is not None)
    still = max(measure.longest_still(times, max(fault.start, times[0]), times[-1]) for times in frames.values() if times)
    return {"picture_back_s": worst, "picture_still_s": still}


def _words(
    stage: Stage, manifest: Manifest, record: dict[str, Any], seats: dict[str, str], fault: Fault,
    openings: dict[str, list[float]],
) -> Result:  # fmt: skip
    zero = manifest.started_at.timestamp()  # type: ignore[union-attr]
    talk, span = (0.0, manifest.seconds), fault.within(manifest.started_at)  # type: ignore[arg-type]
    found = {}
    for role, one in seats.items():
        opened = [at - zero for at in openings[role]]
        spoken = said(stage.people[role].speech, opened, -1.0, manifest.seconds)
        found[role] = measure.compare(spoken, measure.heard(record, one), talk, span)
    return {
        "words_missing": sum(words.missing for words in found.values()),
        "words_spoken": sum(words.spoken for words in found.values()),
        "words_wrong": sum(words.wrong for words in found.values()),
        "words_invented": sum(words.invented for words in found.values()),
        "shift_s": {role: words.shift for role, words in found.items()},
    }


def _filled(record: Result, participant_id: str, fault: measure.Span) -> Result:
    """What came of the copy: lines marked as its, how many of them lie where the line was away, and whether all lines
    stand in the order in which they were said."""
    body = [line for line in record["body"] if not line["deleted"]]
    copied = [line for line in body if line["copied"] and line["participant_id"] == participant_id]
    within = [line for line in copied if line["start"] < fault[1] + measure.GAP_EDGE_S and line["end"] > fault[0] - measure.GAP_EDGE_S]
    order = [line["start"] for line in sorted(body, key=lambda line: line["position"])]
    told = [gap["text"] for gap in record["gaps"] if "备份" in gap["text"]]
    return {"lines_from_copy": len(copied), "of_them_in_the_gap": len(within), "in_order": order == sorted(order), "told": told}


def _gaps(case: Case, manifest: Manifest, record: dict[str, Any], seats: dict[str, str], fault: Fault) -> Result:
    """Whether manifest and record tell of what is missing, and of nothing else."""
    span = fault.within(manifest.started_at)  # type: ignore[arg-type]
    untold = sum(measure.untold(manifest, one, TrackKind.AUDIO) for one in seats.values())
    told = all(
        measure.gap_told(record["gaps"], seats[role], case.causes, span)
        for role in case.away
        if measure.missing_within(manifest, seats[role], span) > measure.GAP_EDGE_S  # the rest came late, but it came
    )
    others = [g for g in record["gaps"] if g["cause"] not in case.causes]
    shown = [(g["cause"], round(g["start"], 1), round(g["end"], 1)) for g in record["gaps"]]
    return {"gaps_right": told and not untold and not others, "untold_s": round(untold, 2), "gaps": shown, "fault": [round(at, 1) for at in span]}
