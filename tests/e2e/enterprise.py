"""What the tests of the enterprise page share: its steps as a person takes them."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

PLAN = "2026年投入1200万元，更换五轴数控机床6台，并建设MES系统，总投资1.5亿元"
SMALLEST_TARGET_JS = """(least) => [...document.querySelectorAll(
  'button, a.hq-button, input:not([type=radio],[type=checkbox]), textarea, label:has(> input), summary')]
  .filter(e => e.getClientRects().length && e.closest('.hq-skip') === null)
  .map(e => [e.closest('[role=combobox]') || e.getAttribute('role') === 'combobox' ? e.closest('.wrap') : e, e])
  .filter(([box]) => box.getBoundingClientRect().height < least - .5)
  .map(([box, e]) => `${e.outerHTML.slice(0, 90)} ${box.getBoundingClientRect().height}`)"""


# ---- steps ----------------------------------------------------------------------------------------------------------


def focused(page: Page, *ids: str) -> None:
    """Wait until one of these has the focus."""
    page.wait_for_function("ids => ids.includes(document.activeElement.id)", arg=list(ids))


def log_in(page: Page, url: str, who: str) -> None:
    """Open the start page of a small site as somebody (see `enterprise_site`), and wait for what they keep."""
    name = re.sub(r"\W", "", who)[-20:]
    page.context.add_cookies([{"name": "who", "value": name, "url": url}])
    page.goto(url + "/e/")
    page.locator(".hq-kept :is(p:not([role]), ul)").first.wait_for()


def owner(page: Page) -> str:
    """Who somebody is."""
    return next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "who")


def begin(page: Page) -> None:
    """From the start to the empty form."""
    page.click("#new")
    focused(page, "hq-form-head")


def check(page: Page) -> None:
    """From the form to the review, or to the error summary."""
    page.click("#go")
    focused(page, "hq-check-head", "hq-errors")


def confirm(page: Page) -> None:
    """From the review to the results, or to the error summary."""
    page.click("#confirm")
    focused(page, "hq-summary", "hq-errors")


def match(page: Page) -> None:
    """From the form to the results."""
    check(page)
    confirm(page)


def step(page: Page) -> str:
    """The step that is shown."""
    return str(page.evaluate("document.documentElement.dataset.step"))


def box(page: Page, key: str) -> Locator:
    """A text input of the form."""
    return page.locator(f"#f-{key} :is(input, textarea)").first


def fill(page: Page, key: str, value: str) -> None:
    """Write into a text input of the form."""
    box(page, key).fill(value)


def commit(page: Page, key: str, typed: str, option: str) -> None:
    """Put text into a dropdown at once, as an input method does, and press Enter."""
    page.locator(f"#f-{key} input").click()
    page.locator("[role=option]", has_text=option).first.wait_for()
    page.keyboard.insert_text(typed)
    page.keyboard.press("Enter")


def choose_region(page: Page) -> None:
    """山东省济南市历城区, by typing."""
    steps = (("province", "山东", "山东省"), ("city", "济南", "济南市"), ("county", "历城", "历城区"))
    for key, typed, option in steps:
        commit(page, key, typed, option)
        expect(page.locator(f"#f-{key} input")).to_have_value(option)


def choose_industry(page: Page, typed: str, code: str) -> None:
    """Type, and take the first offer by Enter."""
    page.locator("#f-industry input").click()
    page.keyboard.insert_text(typed)
    expect(page.locator("#f-industry_pick label").first).to_contain_text(code)
    page.keyboard.press("Enter")
    expect(page.locator("#f-industry_pick input:checked")).to_have_value(code)


def pick(page: Page, key: str, label: str) -> None:
    """Choose one of a few."""
    page.locator(f"#f-{key} label", has_text=re.compile(f"^\\s*{label}\\s*$")).click()


def fill_company(page: Page, name: str = "济南示例机械有限公司", plan: str = PLAN) -> None:
    """A whole company into the empty form; the revenue stays open."""
    if step(page) == "start":
        begin(page)
    fill(page, "name", name)
    choose_region(page)
    choose_industry(page, "数控机床", "C3421")
    fill(page, "products", "五轴数控机床、精密主轴")
    fill(page, "established", "2012年6月")
    pick(page, "ownership", "民营")
    fill(page, "employees", "186")
    fill(page, "rd_expense_wan", "420万")
    pick(page, "taxpayer_type", "一般纳税人")
    pick(page, "credit_ok", "是")
    commit(page, "honours", "高新技术企业", "高新技术企业")
    page.keyboard.press("Escape")
    fill(page, "plan1_text", plan)
    fill(page, "plan1_equipment_invest_wan", "1200万")
    fill(page, "needs", "设备更新有没有补贴，贷款能不能贴息")


def small_company(page: Page, name: str = "甲公司") -> None:
    """From the start to a form with a company in 济南, and nothing else."""
    begin(page)
    fill(page, "name", name)
    for key, typed, option in (("province", "山东", "山东省"), ("city", "济南", "济南市")):
        commit(page, key, typed, option)
        expect(page.locator(f"#f-{key} input")).to_have_value(option)


def answer(page: Page) -> str:
    """Answer whatever is asked, whichever input it has; returns the question."""
    asked = page.locator(".hq-asked").inner_text()
    page.locator(":is(#f-answer-one, #f-answer-many, #f-answer-words):visible").first.wait_for()
    options = page.locator(":is(#f-answer-one, #f-answer-many) label")
    if options.count():
        options.first.click()
    else:
        info = page.locator("#f-answer-words").inner_text()
        fill(page, "answer-words", "5%" if "%" in info else "2026年11月" if "年" in info else "100")
    page.click("#answer")
    another(page, asked)
    return asked


def another(page: Page, asked: str) -> None:
    """Wait until something else is asked, or nothing more."""
    page.wait_for_function("asked => document.querySelector('.hq-asked')?.innerText !== asked", arg=asked)


def open_all(page: Page) -> None:
    """Unfold everything."""
    page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
