"""What a page shows for a few seconds only: it writes each down itself, and a test looks at that afterwards.

A busy machine has no time to ask while it stands there.
"""

from playwright.sync_api import BrowserContext, Page

from tests.browser.programs import wait_until

KEEPS = """
window.passing = [];
new MutationObserver(() => {
  for (const node of document.querySelectorAll(".toast, #toast, #line-banner")) {
    const words = node.hidden ? "" : node.textContent;
    if (words && window.passing.at(-1) !== words) window.passing.push(words);
  }
}).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
"""


def keep(context: BrowserContext) -> None:
    """From now on the context's pages write down what they say in passing."""
    context.add_init_script(KEEPS)


def said_in_passing(page: Page, words: str) -> None:
    """Wait until the page has said it since it was opened, whether it stands there still or not."""

    def seen() -> bool:
        page.wait_for_timeout(20)  # what the test answers for the page goes on meanwhile
        return any(words in one for one in page.evaluate("window.passing"))

    wait_until(seen, f"the page says {words}")
