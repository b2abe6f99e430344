"""A gateway as a package of others offers it: the sandbox's far side under another name, in a schema of its own."""

from __future__ import annotations

from collections.abc import Mapping

from app.database import normalised
from app.payments.sandbox.adapter import SandboxGateway
from app.payments.sandbox.provider import Provider
from config import ConfigurationError

SETTING = "ELSEWHERE_DATABASE"


class Elsewhere(SandboxGateway):
    name = "elsewhere"


def gateway(env: Mapping[str, str]) -> Elsewhere:
    if SETTING not in env:
        raise ConfigurationError(f"{SETTING} must name the database of this gateway")
    provider = Provider(normalised(env[SETTING]), "elsewhere")
    provider.install()
    return Elsewhere(provider, webhook_secret="a secret of elsewhere")
