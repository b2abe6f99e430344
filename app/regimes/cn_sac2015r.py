"""The draft of 2014 as it was relaxed and reported in January 2015: lower bars, and none for entities but the ticket.

Every number is in `cn_sac2015r.toml`.
"""

from __future__ import annotations

from typing import ClassVar

from app.regimes.cn_qualified import PERSON
from app.regimes.cn_sac2014 import CnSac2014
from app.regimes.parameters import Schema


class CnSac2015R(CnSac2014):
    """See `regime.Regime`."""

    file = "cn_sac2015r.toml"
    schema: ClassVar[Schema] = {
        "qualified_investor": {"ticket_minor": int, **PERSON},
        "holders": {"holders_heads": int},
    }
    release_rule: ClassVar[str] = "CN-SAC2015R-QI"
