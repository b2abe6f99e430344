"""Commands: `flask --app wsgi …`. Each opens its own transaction, as a page does."""

from __future__ import annotations

from flask import Flask

from app.cli import (
    audit,
    bank_files,
    books,
    cash,
    compliance,
    database,
    demo,
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


def init_app(app: Flask) -> None:
    """Register every group of commands."""
    for group in (
        audit.group,
        bank_files.group,
        books.group,
        cash.group,
        compliance.group,
        database.group,
        demo.group,
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
