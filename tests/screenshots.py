"""Take pictures of every page, in both languages, on a telephone and on a desk, light and dark: `make screenshots`.

They lie in `var/screenshots/`, and are there to be looked at. `ONLY=receipts make screenshots` takes those alone whose address
has this in it (a regular expression).
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from playwright.sync_api import Browser, BrowserContext, sync_playwright
from werkzeug.serving import make_server

from app.i18n.locales import LANGUAGES
from tests.chromium import DESKTOP, FLAGS, PHONE, chromium
from tests.conftest import TEMPLATE, make_template, settings
from tests.servers import ROOT, running
from tests.web.browser import Site
from tests.web.market import Market
from tests.web.places import WHO, pages

FOLDER = ROOT / "var" / "screenshots"
#: The most pixels of height that a picture shows: a list may be longer than anybody looks.
TALLEST = 6_000


@contextmanager
def served(site: Site) -> Iterator[str]:
    """The site at an address of this machine."""
    server = make_server("127.0.0.1", 0, site.app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def context_of(browser: Browser, market: Market, url: str, who: str, language: str, screen: str) -> BrowserContext:
    """A browser in which this person is signed in."""
    context = browser.new_context(
        base_url=url, locale=language, viewport=PHONE if screen == "phone" else DESKTOP,  # type: ignore[arg-type]
        extra_http_headers={"Accept-Language": language}, color_scheme="dark" if screen == "dark" else "light",
    )  # fmt: skip
    client = market.browser(who, language).client
    for name in ("openraise", "lang"):
        if cookie := client.get_cookie(name):
            context.add_cookies([{"name": name, "value": cookie.value, "url": url}])
    return context


def take(context: BrowserContext, folder: Path, paths: list[str]) -> None:
    page = context.new_page()
    for path in paths:
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        tall = page.evaluate("document.documentElement.scrollHeight")
        if wide > 0:
            print(f"{folder.name} {path} is {wide} px wider than the screen")
        name = re.sub(r"[^A-Za-z0-9=]+", "-", path).strip("-") or "home"
        clip = {"x": 0, "y": 0, "width": page.viewport_size["width"], "height": min(tall, TALLEST)}  # type: ignore[index]
        page.screenshot(path=folder / f"{name[:80]}.png", full_page=True, clip=clip)  # type: ignore[arg-type]
    page.close()


def main() -> None:
    logging.disable(logging.INFO)
    only = os.environ.get("ONLY", "")
    shutil.rmtree(FOLDER, ignore_errors=True)
    with running() as server, sync_playwright() as playwright, tempfile.TemporaryDirectory() as data:
        make_template(server)
        name = server.create(TEMPLATE)
        site = Site(settings(server.url(name), Path(data)))
        market = Market(site)
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        with served(site) as url:
            for who in WHO:
                paths = [path for path in dict.fromkeys(pages(market, who)) if re.search(only, path)]
                for language in LANGUAGES:
                    for screen in ("desk", "phone", "dark"):
                        folder = FOLDER / f"{who}-{language}-{screen}"
                        folder.mkdir(parents=True)
                        context = context_of(browser, market, url, who, language, screen)
                        take(context, folder, paths)
                        context.close()
        browser.close()
        site.close()
    print(f"{len(list(FOLDER.glob('*/*.png')))} pictures in {FOLDER.relative_to(ROOT)}/")


if __name__ == "__main__":
    main()
