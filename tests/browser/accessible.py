"""axe-core over a page as it stands: what it calls serious or critical is a fault, and so is a closed dialog that is seen.

The engine comes with axe-playwright-python (MPL-2.0 within); its own wrapper adds nothing that is needed here.
"""

from functools import cache
from importlib import resources

from playwright.sync_api import Page

FAULTS = {"serious", "critical"}
SETTLED = """
async () => { // painted, and no colour on its way to another
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const moving = document.getAnimations().filter((one) => one instanceof CSSTransition);
  await Promise.all(moving.map((one) => one.finished.catch(() => undefined)));
}
"""


@cache
def _engine() -> str:
    return (resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


def faults(page: Page) -> list[str]:
    """Each fault with the first element it is about."""
    seen = page.evaluate(
        "[...document.querySelectorAll('dialog:not([open])')].filter((one) => one.checkVisibility()).map((one) => one.id)"
    )
    page.evaluate(SETTLED)
    page.evaluate(_engine())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"closed dialog is seen: {one}" for one in seen] + [
        f"{one['impact']} {one['id']}: {one['nodes'][0]['html'][:200]}"
        for one in found
        if one["impact"] in FAULTS
    ]
