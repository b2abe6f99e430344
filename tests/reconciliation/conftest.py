"""A terminal for the reports."""

from tests.cli.conftest import terminal as terminal
