"""flask site run: everything at once, on one machine."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import click
from flask.cli import AppGroup
from honcho.manager import Manager

from app import schema
from app.cli.demo import seed_if_empty
from app.web.session import platform
from app.wiring import keep_editions

group = AppGroup("site", help="The whole site on this machine.")


@group.command("run")
@click.option("--web-threads", default=8, show_default=True)
def run(web_threads: int) -> None:
    """Bring the schema up to date, make the demo market where there is none, and run the site with its worker.

    Stays in the foreground; Ctrl-C stops everything and keeps the data.
    """
    import os

    made = platform()
    schema.upgrade(made.database)
    for far_side in made.far_sides.values():
        far_side.install()
    keep_editions(made)
    seed_if_empty(made)
    settings = made.settings
    # The children join the database by its address, so they never stop it while this process lives.
    env: Mapping[str, str] = {
        **os.environ,
        "DATABASE_URL": made.database.url.render_as_string(hide_password=False),
        "PORT": str(settings.port),
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "1",  # otherwise each thread of glibc's keeps what it once needed
    }
    python = sys.executable
    gunicorn = (
        f"{python} -m gunicorn wsgi:app --bind {settings.host}:{settings.port} --worker-class gthread"
        f" --workers 1 --threads {web_threads} --log-level warning --no-control-socket"
    )
    manager = Manager()
    manager.add_process("web", gunicorn, env=dict(env))
    manager.add_process("worker", f"{python} -m flask --app wsgi jobs work", env=dict(env))
    click.echo(f"OpenRaise is starting at {settings.public_url} (Ctrl-C stops it).")
    manager.loop()
    # Stopped by hand is no failure.
    raise SystemExit(0 if manager.returncode in (0, 130, 143) else manager.returncode)
