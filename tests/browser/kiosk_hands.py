"""What a person's hands and eyes do at the kiosk page."""

from playwright.sync_api import Page, expect


def do(page: Page, action: str) -> None:
    """Touch a key of the screen."""
    page.tap(f'[data-do="{action}"]')


def screen(page: Page, name: str) -> None:
    """Wait for a screen; the office is asked every two seconds, and the simulated card is put there every ten."""
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


def next_question(page: Page) -> None:
    """On in a sitting alone, also where the kiosk asks whether a question is left out."""
    title = page.locator("[data-fill=title]").inner_text()
    gone = "(title) => document.querySelector('[data-fill=title]')?.textContent !== title"
    do(page, "next")
    page.wait_for_function(gone.replace("=> ", "=> document.querySelector('#question[open]') || "), arg=title)
    if page.locator("#question[open]").count():
        page.tap("#question-yes")
        page.wait_for_function(gone, arg=title)


def sign(page: Page) -> None:
    """Something like a name on the pad."""
    box = page.locator("canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    for n in range(30):
        page.mouse.move(box["x"] + 60 + n * 12, box["y"] + 60 + n % 5 * 20)
    page.mouse.up()


def read_record(page: Page, sentences: int) -> None:
    """Says of each sentence that it is right."""
    for number in range(1, sentences + 1):
        expect(page.locator('[data-fill="position"]')).to_have_text(f"第 {number} 句，共 {sentences} 句")
        do(page, "right")


def form_to_sign(page: Page) -> None:
    """What stands in the registration form, and on to the signature."""
    expect(page.locator("h1")).to_have_text("登记表上这样写")
    do(page, "go")
    screen(page, "sign")


def draw_a_name(page: Page, field: str = "canvas") -> None:
    """A stroke of 21 points on the field for the signature."""
    box = page.locator(field).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    for step in range(20):
        page.mouse.move(box["x"] + 100 + 20 * step, box["y"] + 100 + 60 * (step % 3))
    page.mouse.up()
