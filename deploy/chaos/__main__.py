"""`make chaos`: every way in which a talk can be disturbed, with what it costs.  CASE=name[,name] runs some."""

import argparse
import json
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from deploy.chaos.cases import CASES, Case
from deploy.chaos.network import NotPermitted, isolate
from deploy.chaos.report import KEYS, Result, examine
from deploy.chaos.stage import Stage

BACK_S, AFTER_S = 3.0, 12.0
MOST = {"recording_lost_s": 1.0, "picture_back_s": 5.0}
"""What a disturbance may cost."""
MOST_OF = {"loss_10": {"recording_lost_s": 0.4, "picture_still_s": 1.0}}
"""What is wanted of single cases: of some 45 s of talk less than a hundredth, and no freeze beyond a second."""


def main() -> int:
    """Run the cases; exit status 1 if one could not be run or cost more than MOST."""
    asked = _arguments()
    try:
        isolate()
    except NotPermitted as error:
        print(f"make chaos: {error}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="jietan-chaos-", dir=asked.folder) as folder, sync_playwright() as playwright:
        stage = Stage(Path(folder), playwright)
        try:
            results = [_one(stage, case, asked.keep) for case in asked.cases]
        finally:
            stage.stop()
    print(json.dumps([{key: row.get(key) for key in KEYS} for row in results], ensure_ascii=False))
    missed = [over for row in results for over in beyond(row)]
    print("\n".join(missed) or "every case within its limits", file=sys.stderr)
    return 1 if missed else 0


def beyond(row: Result) -> list[str]:
    """What is wrong with a case: it could not be run, or cost more than MOST; a picture that never came back has no figure."""
    if "failed" in row:
        return [f"{row['case']}: could not be run: {row['failed']}"]
    return [f"{row['case']}: {key} {row[key]}" for key, most in (MOST | MOST_OF.get(row["case"], {})).items() if row[key] is None or row[key] > most]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--case", default="", help="names, separated by commas; empty: all")
    parser.add_argument("--folder", default=None, help="where temporary files go")
    parser.add_argument("--keep", type=Path, default=None, help="folder for the record, the recording and pictures of the pages")
    asked = parser.parse_args()
    wanted = [name for name in asked.case.split(",") if name]
    unknown = set(wanted) - {case.name for case in CASES}
    if unknown:
        parser.error(f"no such case: {', '.join(sorted(unknown))}; there are {', '.join(c.name for c in CASES)}")
    asked.cases = [case for case in CASES if not wanted or case.name in wanted]
    return asked


def _one(stage: Stage, case: Case, screens: Path | None) -> Result:
    begun = time.monotonic()
    try:
        row = _talk(stage, case, screens)
    except Exception as error:
        traceback.print_exc()
        print(stage.describe(), file=sys.stderr)
        row = {"case": case.name, "failed": f"{type(error).__name__}: {error}"[:200]}
        stage.mend()
    finally:
        stage.clear()
    row["took_s"] = round(time.monotonic() - begun)
    print(json.dumps(row, ensure_ascii=False), file=sys.stderr, flush=True)
    return row


def _talk(stage: Stage, case: Case, screens: Path | None) -> Result:
    stage.screens = screens / case.name if screens else None
    if case.copied:
        stage.keep_copies()
    reception_id = stage.sit_down()
    stage.open_kiosk(served=case.served)
    if case.before is not None:
        case.before(stage)
    stage.take_call(reception_id)
    fault = case.disturb(stage) if case.before is not None else None
    stage.running()
    first = stage.first_picture()
    if fault is None:
        stage.pass_time(case.calm_s)
        fault = case.disturb(stage)
    stage.pass_time(BACK_S)
    stage.look("after")
    stage.pass_time(AFTER_S - BACK_S)
    for line in stage.lines.values():
        line.heal()
    frames = {role: person.frames() for role, person in stage.people.items()}
    openings = {role: list(person.openings) for role, person in stage.people.items()}
    stage.end(reception_id)
    record = stage.filled(reception_id, case.parts) if case.copied else stage.record(reception_id)
    if screens:
        _keep(screens / case.name, record, stage.disk / reception_id)
    return examine(stage, case, reception_id, record, fault, frames, openings) | {"picture_first_s": first}


def _keep(folder: Path, record: dict[str, Any], recording: Path) -> None:
    """For whoever looks for the cause of a figure."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "record.json").write_text(json.dumps(record, ensure_ascii=False, indent=1), "utf-8")
    shutil.copytree(recording, folder / "recording", dirs_exist_ok=True)


if __name__ == "__main__":
    sys.exit(main())
