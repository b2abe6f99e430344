"""For whom a person acts: themselves, or an entity. The address says it (`?whom=7`), so that two windows never mix."""

from __future__ import annotations

from typing import Any

from flask import has_request_context, request, url_for

from app.database import Snapshot
from app.errors import NotFound
from app.investors import queries as investors
from app.investors.models import Investor, Kind
from app.web.session import my_id


def _asked() -> int | None:
    """Whom the address names; None: nobody. Raises NotFound."""
    text = request.args.get("whom", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise NotFound
    return int(text)


def keep_whom(endpoint: str, values: dict[str, Any]) -> None:
    """Every address that is made in answer to one with `whom` has it, too."""
    if has_request_context() and request.args.get("whom"):
        values.setdefault("whom", request.args["whom"])


def acted_for(view: Snapshot) -> Investor | None:
    """Whom the address names, or else the person. Raises NotFound for somebody whom this person does not act for."""
    whom = _asked()
    if whom is None:
        return investors.of_user(view.session, my_id())
    for one in investors.acted_for(view.session, my_id()):
        if one.id == whom:
            return one
    raise NotFound


def buyer(view: Snapshot) -> Investor | None:
    """Who buys: as `acted_for`, and who acts for one investor only buys for that one. Raises NotFound."""
    mine = investors.acted_for(view.session, my_id())
    return mine[0] if _asked() is None and len(mine) == 1 else acted_for(view)


def to_choose(view: Snapshot) -> list[Investor]:
    """Those of whom one must be named before a pledge; none: it is clear who buys."""
    mine = investors.acted_for(view.session, my_id())
    return mine if _asked() is None and len(mine) > 1 else []


def of_mine(view: Snapshot, investor_id: int) -> Investor:
    """One of those whom this person acts for. Raises NotFound."""
    for one in investors.acted_for(view.session, my_id()):
        if one.id == investor_id:
            return one
    raise NotFound


def is_entity(investor: Investor | None) -> bool:
    return investor is not None and investor.kind == Kind.ENTITY


def this_address() -> str:
    """The address of this page without its question but for `whom`, to come back to."""
    assert request.endpoint is not None  # a page is being answered
    return url_for(request.endpoint, **(request.view_args or {}))
