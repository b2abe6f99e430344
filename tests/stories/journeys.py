"""What people do on the site, told as they would tell it."""

from __future__ import annotations

from app.actor import Role
from app.identity import actions as identity
from app.identity import queries as identity_queries
from app.identity.second_factor import new_secret
from app.investors.models import Investor
from app.offerings.models import Offering
from app.pledges import queries as pledge_queries
from app.pledges.models import Pledge
from tests.builders import World
from tests.processes import Site
from tests.visitor import Visitor


def officer(world: World, site: Site, language: str = "en") -> Visitor:
    """A compliance officer, signed in with both factors."""
    person, secret = world.user(Role.COMPLIANCE_OFFICER), new_secret()
    with world.acting() as tx:
        identity.set_second_factor(tx, identity_queries.user(tx.session, person.id), secret, world.platform.vault)
    return Visitor(site.url, language).sign_in(person.email, secret)


def signed_in(world: World, site: Site, user_id: int, language: str = "en") -> Visitor:
    with world.looking() as view:
        email = identity_queries.user(view.session, user_id).email
    return Visitor(site.url, language).sign_in(email)


def read_documents(visitor: Visitor) -> None:
    """Open every document that the last form asks for; then it can be ticked."""
    for document in visitor.page.xpath("//a[@class='document']/@href"):
        assert visitor.http.get(document).status_code == 200
    visitor.go(visitor.path)


def pledge(visitor: Visitor, offering: Offering, amount: str) -> str:
    """From the offering's page to the payment page; returns the pledge's reference."""
    visitor.go(f"/offerings/{offering.slug}/pledge").submit(amount=amount)
    assert visitor.path.startswith(f"/offerings/{offering.slug}/pledge/confirm"), visitor.text
    read_documents(visitor)
    visitor.submit(**visitor.tick_all())
    assert visitor.path.startswith("/me/pledges/"), visitor.text
    return visitor.path.split("/")[3]


def to_the_gateway(visitor: Visitor, site: Site, ref: str) -> None:
    """Wait on the payment page, as its refresh does, until it leads to the gateway's own page; go there."""

    def ready() -> bool:
        return bool(visitor.go(f"/me/pledges/{ref}/pay").page.xpath("//a[contains(@href, '/sandbox/checkout/')]"))

    site.until("the gateway's page is ready", ready)
    visitor.go(visitor.page.xpath("//a[contains(@href, '/sandbox/checkout/')]/@href")[0])


def pay(visitor: Visitor, site: Site, ref: str, token: str = "ok") -> None:
    to_the_gateway(visitor, site, ref)
    visitor.submit(token=token)
    assert "/returned" in visitor.path or visitor.path.endswith(ref), visitor.path


def shows(visitor: Visitor, site: Site, ref: str, words: str) -> None:
    """Wait until the pledge's own page says so."""
    site.until(f"{ref} shows {words!r}", lambda: words in visitor.go(f"/me/pledges/{ref}").text)


def by_ref(world: World, ref: str) -> Pledge:
    with world.looking() as view:
        return pledge_queries.by_ref(view.session, ref)


def investor_with_money_held(
    world: World, site: Site, offering: Offering, amount: str
) -> tuple[Visitor, str, Investor]:
    investor = world.investor()
    visitor = signed_in(world, site, investor.user_id)
    ref = pledge(visitor, offering, amount)
    pay(visitor, site, ref)
    shows(visitor, site, ref, "Held in escrow")
    return visitor, ref, investor
