"""One pretend Stripe for all tests of this folder, empty for each. The real one's test mode only where a key for it is."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from app.payments.stripe.adapter import StripeGateway
from tests.payments.stripe import far as far_side
from tests.payments.stripe.far import Far


@pytest.fixture(scope="session")
def process() -> Iterator[Far]:
    with far_side.running() as far:
        yield far


@pytest.fixture
def far(process: Far) -> Far:
    process.act("reset")
    return process


@pytest.fixture(scope="session")
def one_gateway(process: Far) -> StripeGateway:
    return far_side.gateway(process)


@pytest.fixture
def stripe(far: Far, one_gateway: StripeGateway) -> StripeGateway:
    return one_gateway


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without STRIPE_TEST_KEY there is nobody to ask: those tests are not collected at all."""
    if "STRIPE_TEST_KEY" not in os.environ:
        remote = [item for item in items if item.get_closest_marker("remote")]
        items[:] = [item for item in items if item not in remote]
        config.hook.pytest_deselected(items=remote)
