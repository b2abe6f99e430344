"""What a load balancer asks: does the process live, and is everything there that it needs?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from app.jobs import runner
from app.web.health import SILENCE
from tests.conftest import settings
from tests.web.browser import Page, Site


def told(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(page.body)
    return found


def ready(site: Site) -> Page:
    return site.browser().get("/readyz")


def test_the_process_answers(site: Site) -> None:
    page = site.browser().get("/healthz")
    assert (page.status, told(page)) == (200, {"status": "ok"})


def test_ready_when_everything_is_there(site: Site) -> None:
    runner.run(site.world.platform, "expire_pledges")
    page = ready(site)
    assert page.status == 200
    assert told(page) == {
        "status": "ready",
        "checks": {"database": True, "migrations": True, "clock": True, "worker": True},
    }


def test_not_ready_before_a_worker_was_heard_of(site: Site) -> None:
    page = ready(site)
    assert page.status == 503
    assert told(page)["checks"] == {"database": True, "migrations": True, "clock": True, "worker": False}


def test_not_ready_when_the_worker_fell_silent(site: Site) -> None:
    runner.run(site.world.platform, "expire_pledges")
    site.world.sql(f"UPDATE worker_heartbeats SET seen_at = seen_at - interval '{SILENCE.seconds + 1} seconds'")
    assert ready(site).status == 503
    # One of several workers is enough.
    site.world.sql("INSERT INTO worker_heartbeats VALUES ('other', clock_timestamp())")
    assert ready(site).status == 200


def test_a_demo_clock_does_not_make_a_worker_look_dead(site: Site) -> None:
    runner.run(site.world.platform, "expire_pledges")
    site.world.move_clock(days=400)
    assert ready(site).status == 200


@pytest.mark.parametrize(
    "statement", ["UPDATE alembic_version SET version_num = '0001'", "DELETE FROM alembic_version"]
)
def test_not_ready_while_migrations_are_behind(site: Site, statement: str) -> None:
    runner.run(site.world.platform, "expire_pledges")
    site.world.sql(statement)
    page = ready(site)
    assert page.status == 503
    assert told(page)["checks"] == {"database": True, "migrations": False, "clock": False, "worker": False}


@pytest.fixture
def stranded(site: Site, tmp_path: Any) -> Any:
    """A site whose database is not there (any more)."""
    gone = make_url(site.world.platform.database.url).set(database="no_such_database")
    stranded = StrandedSite(gone.render_as_string(hide_password=False), tmp_path)
    yield stranded
    stranded.close()


class StrandedSite(Site):
    """Cannot even stop its clock."""

    def __init__(self, url: str, folder: Any) -> None:
        from app import create_app
        from app.web.session import platform_of

        self.app = create_app(settings(url, folder))
        self.platform = platform_of(self.app)

    def close(self) -> None:
        self.platform.close()


def test_without_a_database_the_process_lives_and_is_not_ready(stranded: StrandedSite) -> None:
    assert stranded.browser().get("/healthz").status == 200
    page = ready(stranded)
    assert page.status == 503
    assert told(page) == {
        "status": "not ready",
        "checks": {"database": False, "migrations": False, "clock": False, "worker": False},
    }


@pytest.mark.parametrize("signed_in", [False, True])
def test_without_a_database_a_page_says_so_in_the_readers_language(stranded: StrandedSite, signed_in: bool) -> None:
    browser = stranded.browser(language="zh-CN")
    if signed_in:
        with browser.cookie() as cookie:
            cookie["_user_id"] = "some token"
    for page in (
        browser.get("/"),
        browser.get("/sign-in" if signed_in else "/offerings/any"),
        browser.post("/sign-up"),
    ):
        if page.status == 422:
            continue  # a form can be refused without a database
        assert page.status == 500
        assert page.tree.get("lang") == "zh-CN"
        assert "我们这边出了问题" in page.text or len(page.tree.xpath("//h1")) == 1
        assert page.headers["X-Request-Id"] in page.text
        assert page.headers["Content-Security-Policy"]
