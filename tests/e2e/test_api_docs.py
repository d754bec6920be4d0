"""The documentation page of the REST interface in a browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.e2e.support import fits, no_axe_violations, watched_page

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(("width", "large"), [(1280, False), (390, False), (390, True), (320, False)])
def test_the_page_is_readable(browser: Browser, base_url: str, width: int, large: bool) -> None:
    with watched_page(browser, f"{base_url}/api/v1/docs", width) as page:
        if large:
            page.get_by_role("button", name="大字版").click()
        assert page.get_attribute("html", "lang") == "zh-CN"
        fits(page)
        no_axe_violations(page)
        page.get_by_role("link", name="匹配一家企业").click()
        assert page.locator("#match").is_visible() and page.url.endswith("#match")
