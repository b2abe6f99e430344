"""What comes back from the pretend provider: errors, and the events that it tells."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


class RemoteError(Exception):
    """The provider answered with an error: an HTTP status and a code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code


class LineDropped(Exception):
    """No answer came. `executed` is for the provider's own eyes: we cannot know."""


class ConnectionRefused(Exception):
    """The call never left."""


@dataclass(frozen=True, slots=True)
class Event:
    id: str
    type: str
    object_kind: str
    object_id: str
    created_at: datetime
    #: How the object stood when this was sent; None: the event only names it.
    snapshot: Mapping[str, str | int] | None = None

    def body(self) -> bytes:
        return json.dumps(
            {
                "id": self.id,
                "type": self.type,
                "livemode": False,
                "created": int(self.created_at.timestamp()),
                "object": {**(self.snapshot or {}), "kind": self.object_kind, "id": self.object_id},
            }
        ).encode()
