"""The laws that a platform decides by: of each pack the adopted edition, and which packs its operator switched on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from app.errors import Refused
from app.regimes.parameters import Wording
from app.regimes.regime import Regime
from app.regimes.registry import BUILT
from app.regimes.residence import laws_beside


class LawBook:
    """`editions` holds the text of a pack where another edition than the installed file decides."""

    def __init__(self, switched_on: tuple[str, ...], editions: Mapping[str, str] | None = None) -> None:
        self.switched_on = switched_on
        self._regimes: dict[str, Regime] = dict(BUILT)
        self.adopt(editions or {})

    def adopt(self, editions: Mapping[str, str]) -> None:
        """Decide by these texts from now on. Raises PackError; then nothing has changed."""
        changed = {name: type(self._regimes[name])(text) for name, text in editions.items() if name in self._regimes}
        self._regimes = {**self._regimes, **changed}

    def edition(self, regime_id: str) -> str:
        """The hash of the text that decides."""
        return self.regime(regime_id).pack.sha256

    def regime(self, regime_id: str) -> Regime:
        """The regime of something that is here already, also after it was switched off. Raises Refused("regime_unknown")."""
        found = self._regimes.get(regime_id)
        if found is None:
            raise Refused("regime_unknown", regime=regime_id)
        return found

    def in_use(self, regime_id: str) -> Regime:
        """A regime that the operator has switched on, for something new. Raises Refused: "regime_unknown", "regime_off"."""
        found = self.regime(regime_id)
        if regime_id not in self.switched_on:
            raise Refused("regime_off", regime=regime_id)
        return found

    def seats(self, regime_id: str, now: datetime) -> int | None:
        """How many people may invest in one offering; None: its law does not count them."""
        own = self.regime(regime_id)
        if own.counted_by is None:
            return None
        counting = self.regime(own.counted_by)
        return counting.seats(counting.pack.day_of(now))

    def applicable(self, offering_regime: str, country: str, now: datetime) -> tuple[Regime, ...]:
        """Every law that decides about a pledge from this country: the offering's first.

        Raises Refused("residence_not_served") when the offering is not open to people who live there, or when the law
        of their home is not switched on or reckons in another currency.
        """
        own = self.regime(offering_regime)
        home = laws_beside(country, own.pack.country, own.pack.day_of(now))
        if home == "":
            return (own,)
        beside = [one for one in map(self._regimes.get, self.switched_on) if one and one.pack.country == home]
        if home is None or not beside or any(one.pack.currency != own.pack.currency for one in beside):
            raise Refused("residence_not_served", country=country, regime=offering_regime)
        return (own, *beside)

    def risk_warning(
        self, promoted: Collection[str], countries: Collection[str], now: datetime
    ) -> tuple[Wording, Wording] | None:
        """The warning over offerings under these regimes, or over any that is promoted to somebody from these countries.

        The law of promotion looks at the reader, whether the operator has switched its pack on or not.
        """
        for one in self._regimes.values():
            if one.pack.id in promoted or one.pack.country in countries:
                found = one.risk_warning(one.pack.day_of(now))
                if found is not None:
                    return found
        return None


def cancel_until(laws: Sequence[Regime], deadline: datetime, accepted_at: datetime) -> datetime | None:
    """The last instant for a cancellation: each law that applies gives its own right. None: until the closing."""
    until = [law.cancel_until(deadline, accepted_at) for law in laws]
    return None if None in until else max(one for one in until if one)
