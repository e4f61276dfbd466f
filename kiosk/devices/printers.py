"""Printers in words: what a person and a member of staff are told of a printer that CUPS knows."""

from kiosk.devices.ipp import NOT_FOUND, IppPrinter, NoPrinter, Refused

WORDS = {
    "no_paper": "打印机没有纸了，请叫工作人员添纸。",
    "open": "打印机的盖子没有盖好，请叫工作人员看看。",
    "jam": "打印机卡纸了，请叫工作人员看看。",
    "no_ink": "打印机没有墨了，请叫工作人员来换。",
    "offline": "打印机没有接好，请叫工作人员看看插头。",
    "stopped": "打印机停了，请叫工作人员看看。",
    "not_printed": "这一张没有打出来，请叫工作人员看看打印机。",
}
REASONS = (
    ("media-empty", "no_paper"), ("media-needed", "no_paper"), ("cover-open", "open"), ("door-open", "open"),
    ("media-jam", "jam"), ("toner-empty", "no_ink"), ("marker-supply-empty", "no_ink"), ("offline", "offline"),
    ("connecting-to-device", "offline"), ("shutdown", "offline"), ("timed-out", "offline"),
)  # fmt: skip
"""Beginning of a keyword of `printer-state-reasons` (RFC 8011, 5.4.12, and those that CUPS adds), and what it means here.
A keyword that ends in -report or -warning stops nothing."""
STOPPED = 5
DONE = 9
NEVER = (6, 7, 8)


async def trouble(printer: IppPrinter) -> str:
    """A code of WORDS; empty: in order."""
    try:
        state, reasons = await printer.state()
    except (NoPrinter, Refused):
        return "offline"
    held = [one for one in reasons if not one.endswith(("-report", "-warning"))]
    for start, code in REASONS:
        if any(one.startswith(start) for one in held):
            return code
    return "stopped" if state == STOPPED else ""


async def outcome(printer: IppPrinter, job: int) -> str:
    """Of a job that was accepted: `done`, `waits`, or a code of WORDS.  One that CUPS no longer knows is on paper: a CUPS
    that keeps no history forgets it then, and what could not be printed waits or stops the printer."""
    try:
        state, _ = await printer.job(job)
    except Refused as refused:
        return "done" if refused.status == NOT_FOUND else "offline"
    except NoPrinter:
        return "offline"
    if state == DONE:
        return "done"
    if state in NEVER:
        return "not_printed"
    return await trouble(printer) or "waits"
