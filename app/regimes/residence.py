"""Which laws apply to an investor: the one of the offering, and, where it protects them abroad, the one of their home."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from app.regimes.parameters import Pack, Schema

FILE = Path(__file__).with_suffix(".toml")
SCHEMA: Schema = {
    "residents": {"europe": list, "own_law_only": list, "law_beside": list, "others_welcome": bool},
}

PACK = Pack(FILE.name, FILE.read_text(encoding="utf-8"), SCHEMA, {})


def laws_beside(country: str, offering_country: str, on: date) -> str | None:
    """The home whose law is asked beside the offering's; "": none. None: these residents may not join.

    `country` is where the investor lives (ISO 3166); a home is a country or "EU".
    """
    row = PACK.in_force("residents", on)
    if row is None:
        return None
    home = "EU" if country in row["europe"] else country
    if home == offering_country:
        return ""
    if home in row["law_beside"]:
        return home
    return "" if row["others_welcome"] and home not in row["own_law_only"] else None
