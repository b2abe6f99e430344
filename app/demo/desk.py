"""What the demo market brings to the officers' desk: a name on a list, a related party, a change, somebody else's account.

The list in `lists/` is invented, and so is everybody on it.
"""

from __future__ import annotations

from pathlib import Path

from app.changes import proposals
from app.demo import texts
from app.demo.people import MAYA, QUILLFEATHER, STEVEN
from app.demo.stage import Stage
from app.investors import actions as investors
from app.issuers import actions as issuers
from app.issuers.models import Relation
from app.jobs import monitor_pledges
from app.money import Money
from app.offerings.models import Offering
from app.pledges import related
from app.screening import actions as screening
from app.screening import lists

LIST = Path(__file__).parent / "lists" / "invented.csv"


def fill(stage: Stage, northlight: Offering, pickleball: Offering) -> None:
    """Bring some work of every kind."""
    _somebody_is_on_a_list(stage, pickleball)
    with stage.by(MAYA) as tx:
        related.declare(tx, northlight.issuer_id, name="Carla Jensen", relation=Relation.FAMILY, email=None)
    _pickleball_wants_other_words(stage, pickleball)
    with stage.by(MAYA) as tx:  # two officers must agree to it
        issuers.set_payout_account(
            tx, issuers.lock(tx, northlight.issuer_id), holder="Northlight Optics, Inc.",
            account="US64 0000 1111 2222 5555", vault=stage.platform.vault,
        )  # fmt: skip
    monitor_pledges.run(stage.platform)


def _somebody_is_on_a_list(stage: Stage, offering: Offering) -> None:
    """His first pledge goes to an officer, and so does the name."""
    with stage.by() as tx:
        lists.take_in(tx, LIST, "demo")
    with stage.by(QUILLFEATHER) as tx:
        assert tx.actor.user_id is not None
        investor = screening.register(tx, tx.actor.user_id, legal_name=QUILLFEATHER.name, country="US")
        income, worth, elsewhere = (Money.of(one, "USD") for one in ("90000", "150000", "0"))
        investors.declare_figures(
            tx, investor, "USD", annual_income=income, net_worth=worth, other_platform_12m=elsewhere
        )
    stage.pledge(QUILLFEATHER, offering, Money.of("1200", "USD"))


def _pickleball_wants_other_words(stage: Stage, offering: Offering) -> None:
    with stage.by(STEVEN) as tx:
        change = proposals.save_disclosure(tx, offering.id, 0, use_of_funds=texts.PICKLEBALL_NEW_USES)
    with stage.by(STEVEN) as tx:
        law = stage.platform.regime(offering.regime)
        proposals.propose(tx, offering.id, change.revision, texts.PICKLEBALL_REASON, law)
