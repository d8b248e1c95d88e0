"""TLS with the county's CA pinned and the name checked; an expired certificate is reported, never a silence."""

import ssl
import time
from pathlib import Path

from heartlamp_gateway.say import log

NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME: OpenSSL checks chain and name, and leaves the dates out


def pinned_context(ca: Path) -> ssl.SSLContext:
    """Trusts this CA and no other, for the host asked for. Raises OSError when the file is unreadable."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cafile=str(ca))
    context.verify_flags |= ssl.VerifyFlags(NO_CHECK_TIME)
    return context


def report_dates(sock: ssl.SSLSocket) -> None:
    """Says so when the county's certificate is out of date, or this machine's clock is."""
    certificate = sock.getpeercert() or {}
    after = str(certificate.get("notAfter", ""))
    before = str(certificate.get("notBefore", ""))
    now = time.time()
    if after and ssl.cert_time_to_seconds(after) < now:
        log.error("the county's certificate expired on %s; alarms still go up: renew it", after)
    elif before and ssl.cert_time_to_seconds(before) > now:
        log.warning("the county's certificate begins on %s: is this machine's date right? alarms still go up", before)
