"""A terminal for the reports, and a world with a second gateway that collects only."""

from tests.cli.conftest import terminal as terminal
from tests.payments.conftest import cards_world as cards_world
