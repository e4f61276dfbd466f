"""What a person's hands and eyes do at the kiosk page."""

from playwright.sync_api import Page, expect


def do(page: Page, action: str) -> None:
    """Touch a key of the screen."""
    page.tap(f'[data-do="{action}"]')


def screen(page: Page, name: str) -> None:
    """Wait for a screen; the office is asked every two seconds."""
    expect(page.locator("body")).to_have_attribute("data-screen", name)


def press(page: Page, *keys: str) -> None:
    """Touch keys of the keyboard one after another."""
    for key in keys:
        page.locator("[data-part=keyboard]").get_by_role("button", name=key, exact=True).tap()


def begin(page: Page, consent: str = "video") -> None:
    """From the first page to the question for the name."""
    do(page, "start")
    do(page, "talk")
    do(page, consent)


def into_the_queue(page: Page) -> None:
    """A new matter of which nothing is said yet."""
    do(page, "fresh")
    do(page, "skip")
