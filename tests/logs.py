"""What the site writes to its log, as it is written: read where it leaves, whichever logger was first used by which test."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """Takes the lines of the site that was made last; they end where they began when this is over."""
    (handler,) = (one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler)
    lines = io.StringIO()
    before = handler.setStream(lines)
    try:
        yield lines
    finally:
        handler.setStream(before)


def written(log: io.StringIO, event: str) -> list[dict[str, Any]]:
    """The lines of this event."""
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    return [line for line in lines if line.get("event") == event]
