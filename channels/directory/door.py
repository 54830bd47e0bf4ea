"""Who may read: partners show their token (PARTNER_TOKEN) as a bearer token."""

from __future__ import annotations

import hmac

from fastapi import HTTPException, Request
from pydantic import SecretStr


async def partner(request: Request) -> None:
    """Lets a partner in. Without a token set up nobody is one."""
    known = getattr(request.app.state.settings, "partner_token", None)
    expected = known.get_secret_value() if isinstance(known, SecretStr) else known
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if not expected or scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), expected.encode()):
        raise HTTPException(401, "a partner's bearer token is needed", {"WWW-Authenticate": "Bearer"})


def base_url(request: Request) -> str:
    return str(request.app.state.settings.base_url)
