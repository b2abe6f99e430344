"""Commands: `flask --app wsgi …`. Each opens its own transaction, as a page does."""

from __future__ import annotations

from flask import Flask

from app.cli import (
    audit,
    books,
    cash,
    compliance,
    database,
    demo,
    distributions,
    issuers,
    jobs,
    offerings,
    payments,
    regimes,
    screening,
    site,
    statements,
    users,
)
from app.cli import bank_files as bank_files  # its commands, and those of `events`, belong to the group of `payments`
from app.cli import events as events


def init_app(app: Flask) -> None:
    """Register every group of commands."""
    for group in (
        audit.group,
        books.group,
        cash.group,
        compliance.group,
        database.group,
        demo.group,
        distributions.group,
        issuers.group,
        jobs.group,
        offerings.group,
        payments.group,
        regimes.group,
        screening.group,
        site.group,
        statements.group,
        users.group,
    ):
        app.cli.add_command(group)
