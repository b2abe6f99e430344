"""What an operator sees of the jobs: when each last ran, which are late, what failed; and nothing about a person."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy.exc import IntegrityError

from app.actor import Role
from app.i18n import times
from app.i18n.locales import ENGLISH
from app.jobs import runner
from app.jobs.one_by_one import one_by_one
from app.jobs.timetable import JOBS, SECOND, TIMETABLE, Job
from app.notifications import actions as notifications
from app.notifications.catalog import Message
from tests.logs import logged, written
from tests.web.browser import Site

EMAIL = "ida@example.test"


def table(site: Site) -> dict[str, tuple[str, str]]:
    """job -> (when it last ran, its last run that did something) as the page of the jobs shows it."""
    page = site.browser(site.world.user(Role.OPERATOR).id).get("/ops/jobs")
    assert page.status == 200
    rows = {}
    for row in page.tree.xpath("(//main//table)[1]/tbody/tr"):
        (name,) = row.xpath("./th/span/text()")
        rows[name] = tuple(" ".join(cell.text_content().split()) for cell in row.xpath("./td"))[:2]
    assert set(rows) == set(JOBS)
    return rows


def ago(site: Site, job: Job, seconds: float) -> None:
    """As if the job had last run so long ago, in true time."""
    site.world.sql(
        "INSERT INTO job_clocks VALUES (:job, clock_timestamp() - make_interval(secs => :s))"
        " ON CONFLICT (job) DO UPDATE SET ran_at = excluded.ran_at", job=job.name, s=seconds,
    )  # fmt: skip


def test_a_job_that_finds_nothing_to_do_is_seen_to_have_run(site: Site) -> None:
    assert set(table(site).values()) == {("has not run yet", "nothing to do so far")}
    for _ in range(3):
        assert runner.run(site.world.platform, "expire_pledges") == 0
    ((job, ran_at),) = site.world.sql("SELECT job, ran_at FROM job_clocks")
    shown = table(site)
    assert job == "expire_pledges"
    assert shown[job] == (times.moment(ran_at, "America/New_York", ENGLISH), "nothing to do so far")
    assert {ran for name, (ran, _) in shown.items() if name != job} == {"has not run yet"}
    assert site.world.sql("SELECT count(*) FROM job_runs") == [(0,)]


def test_each_run_moves_the_clock_of_its_job_only(site: Site) -> None:
    for job in TIMETABLE:
        ago(site, job, 7_200)
    runner.run(site.world.platform, "expire_pledges")
    moved = site.world.sql("SELECT job FROM job_clocks WHERE ran_at > clock_timestamp() - interval '1 minute'")
    assert moved == [("expire_pledges",)]
    late = {name for name, (ran, _) in table(site).items() if ran.endswith("late")}
    assert late == set(JOBS) - {"expire_pledges"}


@pytest.mark.parametrize("job", TIMETABLE, ids=lambda job: job.name)
def test_a_job_is_late_when_it_was_away_for_far_longer_than_its_period(site: Site, job: Job) -> None:
    limit = 3 * job.every.total_seconds() + 60
    for seconds, is_late in (
        (0, False),
        (2 * job.every.total_seconds(), False),
        (limit - 20, False),
        (limit + 1, True),
    ):
        ago(site, job, seconds)
        assert table(site)[job.name][0].endswith(" late") is is_late, seconds


def test_a_demo_clock_makes_no_job_late(site: Site) -> None:
    runner.run(site.world.platform, "expire_pledges")
    site.world.move_clock(days=400)
    assert not table(site)["expire_pledges"][0].endswith("late")


def test_a_run_that_fails_has_run_all_the_same(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(JOBS, "expire_pledges", Job("expire_pledges", lambda platform: 1 // 0, SECOND))
    with pytest.raises(ZeroDivisionError):
        runner.run(site.world.platform, "expire_pledges")
    ran, did = table(site)["expire_pledges"]
    assert ran == did and ran != "has not run yet"


def test_the_timetable_is_told_to_the_job_library_as_it_is_written() -> None:
    assert {job.every.total_seconds(): job.cron for job in TIMETABLE} == {
        1: "* * * * * */1", 5: "* * * * * */5", 60: "*/1 * * * *", 600: "*/10 * * * *", 900: "*/15 * * * *",
    }  # fmt: skip


# What failed


@pytest.fixture
def log(site: Site) -> Iterator[io.StringIO]:
    with logged() as lines:
        yield lines


def lease_breaks_a_rule(site: Site, patch: pytest.MonkeyPatch) -> str:
    """A message that holds an address cannot be taken: the database's error quotes the whole row."""
    person = site.world.user(email=EMAIL)
    with site.world.acting() as tx:
        notifications.enqueue(tx, person.id, Message.SECURITY_CHANGED, about="x", what=EMAIL)
    site.world.sql("ALTER TABLE messages ADD CONSTRAINT never_taken CHECK (attempts = 0)")
    return "send_notifications"


def one_of_many_breaks_a_rule(site: Site, patch: pytest.MonkeyPatch) -> str:
    """The same in a job that does many things of which each may fail alone."""
    site.world.user(email=EMAIL)

    def task() -> int:
        site.world.user(email=EMAIL)
        return 1

    patch.setitem(JOBS, "expire_pledges", Job("expire_pledges", lambda platform: one_by_one([task, task]), SECOND))
    return "expire_pledges"


def words_of_ours(site: Site, patch: pytest.MonkeyPatch) -> str:
    """An error of ours whose words hold an address."""

    def run(platform: object) -> int:
        raise ValueError(f"no such person: {EMAIL}")

    patch.setitem(JOBS, "expire_pledges", Job("expire_pledges", run, SECOND))
    return "expire_pledges"


@pytest.mark.parametrize(
    ("cause", "kind", "place"),
    [
        (lease_breaks_a_rule, "IntegrityError", "app/jobs/send_notifications.py"),
        (one_of_many_breaks_a_rule, "2 failed, the first: IntegrityError", "app/jobs/one_by_one.py"),
        (words_of_ours, "ValueError", "app/jobs/runner.py"),
    ],
)
def test_what_failed_is_told_by_its_kind_and_place_and_never_by_its_text(
    site: Site,
    log: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
    cause: Callable[[Site, pytest.MonkeyPatch], str],
    kind: str,
    place: str,
) -> None:
    name = cause(site, monkeypatch)
    with pytest.raises(Exception) as raised:
        runner.run(site.world.platform, name)
    told = str(raised.value.exceptions[0] if isinstance(raised.value, ExceptionGroup) else raised.value)
    assert EMAIL in told

    expected = re.compile(rf"{kind} at {place}:\d+")
    ((error,),) = site.world.sql("SELECT error FROM job_runs")
    assert expected.fullmatch(error)
    (failed,) = written(log, "job_failed")
    assert (failed["job"], failed["error"]) == (name, error)
    page = site.browser(site.world.user(Role.OPERATOR).id).get("/ops/jobs")
    assert page.text.count(error) == 2  # beside the job, and among the latest runs
    for seen in (error, log.getvalue(), page.source):
        assert EMAIL not in seen


def test_a_promise_that_is_broken_is_named_in_the_log(site: Site, log: io.StringIO) -> None:
    pledge = site.world.pledged(site.world.live())
    site.world.sql("UPDATE pledges SET status = 'processing'")
    with pytest.raises(Exception, match="T2"):
        runner.run(site.world.platform, "check_books")
    (line,) = written(log, "promise_broken")
    assert line["promise"].startswith("T2 ") and (line["rows"], line["examples"]) == (1, [str(pledge.id)])


def test_what_was_typed_is_not_in_the_text_of_a_database_error(site: Site) -> None:
    """Neither by our engine nor by the pretend bank's; only what the server itself says can hold it."""
    with pytest.raises(IntegrityError) as raised:
        site.world.sql("INSERT INTO issuer_members (issuer_id, user_id) VALUES (:one, :two)", one=4_711, two=4_712)
    assert "[SQL parameters hidden" in str(raised.value)
    platform = site.world.platform
    assert platform.sandbox is not None and platform.sandbox._engine.hide_parameters
