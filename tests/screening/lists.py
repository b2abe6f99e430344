"""Lists of made-up names, and how a test takes one in."""

from __future__ import annotations

import csv
from pathlib import Path

from app.alerts.models import Alert
from app.screening import lists
from app.screening.lists import COLUMNS
from app.screening.models import ListImport
from tests.builders import World

SAMPLE = Path(__file__).with_name("people.csv")


def take_in(world: World, file: Path = SAMPLE, name: str = "targets") -> ListImport:
    with world.acting() as tx:
        return lists.take_in(tx, file, name)


def written(path: Path, *rows: dict[str, str]) -> Path:
    """A file of the form with these rows; what a row leaves out is empty, its schema is Person."""
    with path.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, COLUMNS, restval="")
        writer.writeheader()
        for row in rows:
            writer.writerow({"schema": "Person", **row})
    return path


def alerts(world: World) -> list[Alert]:
    with world.looking() as view:
        return list(view.session.query(Alert).order_by(Alert.id))


def cases(world: World) -> list[str]:
    """References of the cases of alerts, oldest first."""
    return [ref for (ref,) in world.sql("SELECT ref FROM review_cases WHERE kind = 'alert' ORDER BY id")]
