"""The one way in which a store's certificate is verified: in full, its host name too."""

from __future__ import annotations

import ssl

from alpha_panda.errors import InputError
from alpha_panda.runtime.settings import Encryption


def tls_context(settings: Encryption) -> ssl.SSLContext | None:
    """How to speak to the store over TLS; None where it is spoken to plainly.

    Raises:
        InputError: the authority's certificate cannot be read.
    """
    if not settings.tls:
        return None
    try:
        return ssl.create_default_context(cafile=str(settings.authority) if settings.authority else None)
    except (OSError, ssl.SSLError) as error:
        raise InputError(
            f"the authority {settings.authority} cannot be read as a certificate: {error}",
            remedy="name a file with the certificate, in PEM, of whoever signed the store's",
        ) from error
