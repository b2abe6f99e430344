"""Keeps secrets unreadable in the database (second-factor seeds, bank account numbers, evidence), and signs in our name."""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.exceptions import InvalidSignature
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Vault:
    """Seals and opens texts and files with a key derived from the platform's secret key (HKDF-SHA256, Fernet)."""

    def __init__(self, secret_key: str) -> None:
        key = HKDF(SHA256(), length=32, salt=None, info=b"openraise vault").derive(secret_key.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def seal(self, text: str) -> bytes:
        return self.seal_bytes(text.encode())

    def open(self, sealed: bytes) -> str:
        """Raises cryptography.fernet.InvalidToken when the key is another one or the bytes were changed."""
        return self.open_bytes(sealed).decode()

    def seal_bytes(self, content: bytes) -> bytes:
        return self._fernet.encrypt(content)

    def open_bytes(self, sealed: bytes) -> bytes:
        """Raises cryptography.fernet.InvalidToken, as `open` does."""
        return self._fernet.decrypt(sealed)


class Signer:
    """Signs for one purpose with a key derived from the platform's secret key (HKDF-SHA256, Ed25519).

    Whoever has the public key can check a signature, and cannot make one.
    """

    def __init__(self, secret_key: str, purpose: str) -> None:
        info = f"openraise signer: {purpose}".encode()
        self._key = Ed25519PrivateKey.from_private_bytes(
            HKDF(SHA256(), length=32, salt=None, info=info).derive(secret_key.encode())
        )

        info = f"openraise pseudonyms: {purpose}".encode()
        self._pseudonyms = HKDF(SHA256(), length=32, salt=None, info=info).derive(secret_key.encode())

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    def signed(self, message: bytes, signature: bytes) -> bool:
        """Whether this very message was signed with our key."""
        return is_signed(self.public_hex(), message, signature)

    def pseudonym(self, text: str) -> str:
        """Always the same for the same text, and without our key nobody can tell the text from it (HMAC-SHA256, hex)."""
        return hmac.new(self._pseudonyms, text.encode(), hashlib.sha256).hexdigest()

    def public_hex(self) -> str:
        """The 32 bytes of the public key, in hex."""
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

    def public_key(self) -> bytes:
        """In PEM, as `openssl pkeyutl -verify` reads it."""
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def is_signed(public_hex: str, message: bytes, signature: bytes) -> bool:
    """Whether this very message was signed with the private half of this key (Ed25519, 32 bytes in hex)."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_hex)).verify(signature, message)
    except InvalidSignature:
        return False
    return True
