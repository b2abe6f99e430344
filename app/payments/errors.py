"""The closed set of what can go wrong at a gateway: an adapter maps everything that it meets to one of these."""

from __future__ import annotations


class GatewayError(Exception):
    """`code` is the gateway's own word, for the log and the operator."""

    def __init__(self, code: str = "") -> None:
        super().__init__(code)
        self.code = code


class Declined(GatewayError):
    """The payer's side said no."""


class Rejected(GatewayError):
    """The gateway will never do this."""


class InsufficientProviderFunds(GatewayError):
    """Our balance there is too low; later it may work."""


class RateLimited(GatewayError):
    """Ask again later."""


class NotSent(GatewayError):
    """Proven not executed: the connection was never made."""


class Unknown(GatewayError):
    """It may have been executed or not: a timeout, a dropped connection, an error of the server."""


class InFlight(GatewayError):
    """The same operation is being executed right now."""


class KeyConflict(GatewayError):
    """The same key with other parameters: our mistake; stop and call a person."""


class Unsupported(GatewayError):
    """This adapter cannot do that, and its capabilities say so."""


class Misconfigured(GatewayError):
    """The gateway does not accept our credentials."""


class BadSignature(GatewayError):
    """Not from the gateway, or changed on the way."""


class Stale(GatewayError):
    """Signed too long ago, or in the future."""


#: The `code` of an event that is signed rightly and meant for another environment.
WRONG_ENVIRONMENT = "wrong_environment"
