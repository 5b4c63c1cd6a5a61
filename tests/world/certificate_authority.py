"""A certificate authority of a test's own: whoever trusts its file trusts the servers that it vouches for."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from pathlib import Path

_DAY = timedelta(days=1)
_USAGE = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


@dataclass(frozen=True, slots=True)
class CertificateAuthority:
    """``file`` holds its certificate."""

    folder: Path
    file: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def made(cls, folder: Path) -> CertificateAuthority:
        """A new one that keeps its files in ``folder``."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("certificate authority for tests")
        unsigned = _unsigned(name, name, key.public_key()).add_extension(x509.BasicConstraints(True, None), True)
        unsigned = unsigned.add_extension(_USAGE, True)
        certificate = unsigned.sign(key, hashes.SHA256())
        file = folder / "authority.pem"
        file.write_bytes(certificate.public_bytes(Encoding.PEM))
        return cls(folder, file, key, certificate)

    def server(self, host: str) -> ssl.SSLContext:
        """What a server at ``host`` proves itself with."""
        key = ec.generate_private_key(ec.SECP256R1())
        unsigned = _unsigned(self.certificate.subject, _name(host), key.public_key())
        unsigned = unsigned.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), False)
        unsigned = unsigned.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False
        )
        certificate = unsigned.sign(self.key, hashes.SHA256())
        file = self.folder / f"{host}.pem"
        plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(plain + certificate.public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _unsigned(issuer: x509.Name, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=subject,
        public_key=key,
        serial_number=x509.random_serial_number(),
        not_valid_before=now - _DAY,
        not_valid_after=now + _DAY,
    )
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
