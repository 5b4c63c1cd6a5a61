"""A key that signs tokens, and the certificate that a registry knows it by."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

_LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and its certificate, signed with itself."""

    private: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def made(cls) -> SigningKey:
        """A new one."""
        private = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "token service for tests")])
        now = datetime.now(UTC)
        unsigned = x509.CertificateBuilder(
            issuer_name=name,
            subject_name=name,
            public_key=private.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=now - timedelta(days=1),
            not_valid_after=now + timedelta(days=1),
        )
        return cls(private, unsigned.sign(private, hashes.SHA256()))

    @property
    def pem(self) -> bytes:
        """The certificate as a file has it."""
        return self.certificate.public_bytes(Encoding.PEM)

    def token(self, claims: dict[str, object], lifetime: timedelta = _LIFETIME) -> str:
        """A token of these ``claims``, good for five minutes if nothing else is said."""
        now = datetime.now(UTC)
        times = {"iat": now, "nbf": now - timedelta(seconds=10), "exp": now + lifetime}
        chain = [base64.b64encode(self.certificate.public_bytes(Encoding.DER)).decode()]
        return jwt.encode({**claims, **times}, self.private, algorithm="ES256", headers={"x5c": chain})

    def claims(self, token: str, audience: str) -> dict[str, object]:
        """What ``token`` says; jwt.InvalidTokenError if it was not signed here, is too old or for somebody else."""
        claims: dict[str, object] = jwt.decode(token, self.private.public_key(), ["ES256"], audience=audience)
        return claims
