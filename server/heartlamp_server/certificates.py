"""The county's own CA and what it signs: P-256, long-lived: an expired certificate must not silence a village."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Validity = tuple[datetime, datetime]
"""(not before, not after)."""


def twenty_years() -> Validity:
    """From yesterday on: clocks differ."""
    now = datetime.now(UTC)
    return now - timedelta(days=1), now + timedelta(days=365 * 20)


def two_years() -> Validity:
    """Of what is renewed by itself."""
    now = datetime.now(UTC)
    return now - timedelta(days=1), now + timedelta(days=730)


def make_ca(cert: Path, key: Path, county: str) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"Heart-Lamp county CA {county}")
    built = (
        _builder(name, name, private.public_key(), twenty_years())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(ca=True), critical=True)
        .sign(private, hashes.SHA256())
    )
    _write(cert, key, built, private)


def make_server(ca: Path, ca_key: Path, cert: Path, key: Path, names: list[str], valid: Validity | None = None) -> None:
    """A server's certificate. `names`: host names and IP addresses, the first is the common name. `valid` None: for
    twenty years."""
    private = ec.generate_private_key(ec.SECP256R1())
    built = _sign_server(ca, ca_key, private.public_key(), names, valid or twenty_years())
    _write(cert, key, built, private)


def sign_request(ca: Path, ca_key: Path, request: bytes, names: list[str], valid: Validity) -> bytes:
    """The certificate, as PEM, of the public key of a PKCS#10 request (PEM); what else the request wants is not heeded.
    Raises ValueError where it is none, not signed by its own key, or of a key that is not P-256."""
    asked = x509.load_pem_x509_csr(request)
    public = asked.public_key()
    if not asked.is_signature_valid or not isinstance(public, ec.EllipticCurvePublicKey):
        raise ValueError("the request is not signed by the key that it names, or that is no elliptic curve's")
    if not isinstance(public.curve, ec.SECP256R1):
        raise ValueError(f"the key is of {public.curve.name}, not of P-256")
    return _sign_server(ca, ca_key, public, names, valid).public_bytes(serialization.Encoding.PEM)


def name_in(cert: Path, host: str) -> str:
    """The name that a server's certificate is checked against by who has no resolver: `host` where it stands in it as a
    name, else the first one that does; devices' TLS compares no addresses."""
    shown = x509.load_pem_x509_certificate(cert.read_bytes())
    found = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    names = found.value.get_values_for_type(x509.DNSName)
    return host if host in names or not names else names[0]


def _sign_server(
    ca: Path, ca_key: Path, public: ec.EllipticCurvePublicKey, names: list[str], valid: Validity
) -> x509.Certificate:
    authority = x509.load_pem_x509_certificate(ca.read_bytes())
    authority_key = serialization.load_pem_private_key(ca_key.read_bytes(), None)
    assert isinstance(authority_key, ec.EllipticCurvePrivateKey)
    return (
        _builder(_name(names[0]), authority.subject, public, valid)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_alternative(n) for n in names]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, valid: Validity
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(cert: Path, key: Path, built: x509.Certificate, private: ec.EllipticCurvePrivateKey) -> None:
    cert.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    key.touch(mode=0o600)
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
