"""What keeps the platform running: jobs and their last runs, the books, closings that are due."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import four_eyes, invariants
from app.access import Permission
from app.approvals import queries as proposals
from app.closings import actions as closings
from app.closings import queries as closing_queries
from app.i18n import labels
from app.i18n.words import N_
from app.job_runs import queries as job_runs
from app.jobs.timetable import TIMETABLE
from app.ledger import queries as ledger
from app.offerings import queries as offerings
from app.offerings.queries import Filters
from app.payments import actions as payment_actions
from app.payments import queries as payments
from app.web.account.forms import EmptyForm
from app.web.admin import blueprint
from app.web.guard import allow
from app.web.health import SILENCE
from app.web.session import local_path, looking, my_id, telling

RUNS_SHOWN = 40
ENTRIES_SHOWN = 50
OFFERINGS_SHOWN = 100
#: A worker that was gone for longer is of no interest.
WORKERS_SHOWN_FOR = timedelta(days=1)


@blueprint.get("")
@allow(Permission.OPERATE)
def overview() -> ResponseReturnValue:
    """How things stand: workers, instructions, events, closings that are due."""
    with looking() as view:
        workers = job_runs.workers(view.session, view.wall_now - WORKERS_SHOWN_FOR)
        return render_template(
            "admin/overview.html",
            workers=[(one, view.wall_now - one.seen_at < SILENCE) for one in workers],
            instructions=payments.counts(view.session),
            events=payments.waiting_events(view.session),
            not_handled=payments.count_not_handled(view.session),
            stopped=payments.waiting_for_a_person(view.session),
            live=offerings.listed(view.session, Filters(), limit=OFFERINGS_SHOWN),
            closings=[
                (closing, offerings.offering(view.session, closing.offering_id))
                for closing in closing_queries.unfinished(view.session)
            ],
            proposals=proposals.unfinished_by(view.session, my_id()),
            form=EmptyForm(),
            now=view.now,
        )


@blueprint.post("/proposals/<ref>/take-back")
@allow(Permission.OPERATE)
def take_back(ref: str) -> ResponseReturnValue:
    """End one's own proposal, and go back to where it was shown."""
    with telling(N_("You took it back. It does not happen.")) as tx:
        four_eyes.take_back(tx, ref)
    return redirect(local_path(request.args.get("next"), url_for("admin.overview")), 303)


@blueprint.get("/jobs")
@allow(Permission.OPERATE)
def jobs() -> ResponseReturnValue:
    """Every job, when it last ran, whether it is late, and its last run that did something."""
    with looking() as view:
        ran = job_runs.last_ran(view.session)
        return render_template(
            "admin/jobs.html",
            names=labels.JOBS,
            ran=ran,
            late={job.name for job in TIMETABLE if job.name in ran and job.is_late(ran[job.name], view.wall_now)},
            latest=job_runs.latest(view.session),
            recent=job_runs.recent(view.session, RUNS_SHOWN),
        )


@blueprint.get("/books")
@allow(Permission.OPERATE)
def books() -> ResponseReturnValue:
    """Trial balance, every invariant, the latest entries: all of the same instant."""
    with looking() as view:
        return render_template(
            "admin/books.html",
            lines=ledger.trial_balance(view.session),
            findings=invariants.check(view.session),
            entries=ledger.latest_entries(view.session, ENTRIES_SHOWN),
            now=view.now,
        )


@blueprint.post("/offerings/<ref>/close")
@allow(Permission.OPERATE)
def begin_closing(ref: str) -> ResponseReturnValue:
    """Begin a closing whose deadline has come, without waiting for the timetable."""
    with telling(N_("The closing has begun.")) as tx:
        closings.begin(tx, offerings.by_ref(tx.session, ref).id)
    return redirect(url_for("admin.overview"), 303)


@blueprint.post("/instructions/<uuid:op_id>/try-again")
@allow(Permission.OPERATE)
def try_again(op_id: UUID) -> ResponseReturnValue:
    """Have a refund, a payout or a fee sent once more, after the gateway did nothing with it."""
    with telling(N_("It is sent again, with a new key.")) as tx:
        payment_actions.try_again(tx, op_id)
    return redirect(url_for("admin.overview"), 303)


@blueprint.post("/closings/<ref>/propose-payout")
@allow(Permission.OPERATE)
def propose_payout(ref: str) -> ResponseReturnValue:
    """Ask the officers to approve another payout, after the company's bank refused one."""
    with telling(N_("Two officers must now approve that the company is paid again.")) as tx:
        closings.propose_payout(tx, ref)
    return redirect(url_for("admin.overview"), 303)
