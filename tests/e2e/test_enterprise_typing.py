"""Chinese typed with an input method, pasted, or committed at once, into every kind of box of the form."""

from __future__ import annotations

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.e2e.enterprise import begin, choose_industry, commit, pick

pytestmark = pytest.mark.e2e


@pytest.fixture
def blank(page: Page) -> Page:
    """The empty form."""
    begin(page)
    return page


def compose(page: Page, key: str, letters: str, characters: str) -> None:
    """Type with an input method: letter by letter under composition, then the characters replace them."""
    page.locator(f"#f-{key} input").click()
    keyboard = page.context.new_cdp_session(page)
    for end in range(1, len(letters) + 1):
        composing(keyboard, letters[:end])
    keyboard.send("Input.insertText", {"text": characters})
    keyboard.detach()


def composing(keyboard: CDPSession, letters: str) -> None:
    at = len(letters)
    keyboard.send("Input.imeSetComposition", {"text": letters, "selectionStart": at, "selectionEnd": at})


def paste(page: Page, key: str, text: str) -> None:
    """Paste as the browser does: a paste event, then the text as one input."""
    page.locator(f"#f-{key} input").click()
    page.evaluate(
        "text => { const data = new DataTransfer(); data.setData('text/plain', text);"
        "const event = new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true});"
        "if (document.activeElement.dispatchEvent(event)) document.execCommand('insertText', false, text); }",
        text,
    )


def test_composition_events_really_happen(blank: Page) -> None:
    blank.evaluate(
        "['compositionstart', 'compositionupdate', 'compositionend'].forEach(type => document.addEventListener("
        "type, event => (window.heard = window.heard || []).push([type, event.data])))"
    )
    compose(blank, "province", "shandong", "山东")
    heard = blank.evaluate("window.heard")
    assert heard[0][0] == "compositionstart"
    assert ["compositionupdate", "shandong"] in heard
    assert heard[-1] == ["compositionend", "山东"]


def test_a_single_choice_takes_composed_text(blank: Page) -> None:
    steps = (
        ("province", "shandong", "山东", "山东省"),
        ("city", "jinan", "济南", "济南市"),
        ("county", "licheng", "历城", "历城区"),
    )
    for key, letters, characters, option in steps:
        compose(blank, key, letters, characters)
        expect(blank.locator("[role=option]").first).to_contain_text(option)
        blank.keyboard.press("Enter")
        expect(blank.locator(f"#f-{key} input")).to_have_value(option)
    blank.keyboard.press("Tab")
    expect(blank.locator("#f-county input")).to_have_value("历城区")


def test_letters_under_composition_choose_nothing(blank: Page) -> None:
    blank.locator("#f-province input").click()
    keyboard = blank.context.new_cdp_session(blank)
    composing(keyboard, "shan")
    keyboard.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", "key": "Process", "windowsVirtualKeyCode": 229})
    keyboard.send("Input.insertText", {"text": "陕西"})
    blank.keyboard.press("Enter")
    expect(blank.locator("#f-province input")).to_have_value("陕西省")


def test_a_multiple_choice_takes_composed_text(blank: Page) -> None:
    for letters, characters, term in (("gaoxin", "高新技术", "高新技术企业"), ("dengling", "瞪羚", "瞪羚企业")):
        compose(blank, "honours", letters, characters)
        blank.locator("[role=option]", has_text=term).first.wait_for()
        blank.keyboard.press("Enter")
        expect(blank.locator("#f-honours .token", has_text=term)).to_be_visible()


@pytest.mark.parametrize(
    ("key", "text", "option"), [("province", "江苏省", "江苏省"), ("province", "广西", "广西壮族自治区")]
)
def test_a_single_choice_takes_pasted_text(blank: Page, key: str, text: str, option: str) -> None:
    paste(blank, key, text)
    blank.locator("[role=option]", has_text=option).first.wait_for()
    blank.keyboard.press("Enter")
    expect(blank.locator(f"#f-{key} input")).to_have_value(option)


def test_a_multiple_choice_takes_pasted_text(blank: Page) -> None:
    paste(blank, "plan1_project_type", "节能降碳改造")
    blank.keyboard.press("Enter")
    expect(blank.locator("#f-plan1_project_type .token", has_text="节能降碳改造")).to_be_visible()


def test_a_region_can_become_unknown_again(blank: Page) -> None:
    commit(blank, "province", "山东", "山东省")
    commit(blank, "city", "济南", "济南市")
    commit(blank, "province", "不清楚", "不清楚")
    expect(blank.locator("#f-province input")).to_have_value("不清楚")
    expect(blank.locator("#f-city input")).to_have_value("")


def test_walking_back_through_the_regions_changes_nothing(blank: Page) -> None:
    for key, typed, option in (
        ("province", "山东", "山东省"),
        ("city", "济南", "济南市"),
        ("county", "历城", "历城区"),
    ):
        commit(blank, key, typed, option)
        expect(blank.locator(f"#f-{key} input")).to_have_value(option)
    blank.locator("#f-province input").focus()
    for _ in range(3):
        blank.keyboard.press("Tab")
    with blank.expect_response("**/queue/join*"):
        blank.locator("#f-industry input").fill("造纸")
    expect(blank.locator("#f-industry_pick")).to_contain_text("造纸")
    for key, value in (("province", "山东省"), ("city", "济南市"), ("county", "历城区")):
        expect(blank.locator(f"#f-{key} input")).to_have_value(value)
    commit(blank, "province", "江苏", "江苏省")
    expect(blank.locator("#f-city input")).to_have_value("")
    expect(blank.locator("#f-county input")).to_have_value("")


@pytest.mark.parametrize(("typed", "code"), [("数控机床", "C3421"), ("C3421", "C3421"), ("机制纸", "C2221")])
def test_industry_is_found_by_typing(blank: Page, typed: str, code: str) -> None:
    choose_industry(blank, typed, code)


def test_industry_is_found_by_composing(blank: Page) -> None:
    compose(blank, "industry", "zaozhi", "造纸")
    expect(blank.locator("#f-industry_pick")).to_contain_text("造纸和纸制品业")
    blank.keyboard.press("Enter")
    expect(blank.locator("#f-industry_pick input:checked")).to_have_value("C22")


def test_one_character_finds_paper_making(blank: Page) -> None:
    blank.locator("#f-industry input").click()
    blank.keyboard.insert_text("纸")
    expect(blank.locator("#f-industry_pick")).to_contain_text("机制纸及纸板制造")


def test_an_answer_can_be_taken_back(blank: Page) -> None:
    pick(blank, "credit_ok", "是")
    pick(blank, "credit_ok", "不清楚")
    expect(blank.locator("#f-credit_ok input:checked")).to_have_value("不清楚")
