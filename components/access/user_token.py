"""Lets a client's key speak for one user: a JWT that the owner of the key signs (HS256) and that ends.

Its claims are `sub` (the user), `exp` and `kid` (the key's id). The signing secret of a key is derived from the stack's
secret, which lies outside the event store: whoever reads the store can sign nothing.
"""

from __future__ import annotations

import hashlib
import hmac

import jwt

ALGORITHM = "HS256"
MAX_SECONDS = 86_400.0
"""A token that is good for longer is refused: it could not be taken back."""
MAX_CHARACTERS = 2_000


class TokenError(Exception):
    """The token lets nobody speak for anybody; the message says why."""


def signing_secret(stack_secret: bytes, key_id: str) -> str:
    """With what the owner of a key signs tokens; 64 hexadecimal digits, taken as text."""
    return hmac.new(stack_secret, f"user tokens of {key_id}".encode(), hashlib.sha256).hexdigest()


def sign_token(secret: str, key_id: str, user_id: str, expires_at: float) -> str:
    """A token for `user_id` until `expires_at`, seconds since 1970; any JWT library makes the same."""
    return jwt.encode({"sub": user_id, "exp": int(expires_at), "kid": key_id}, secret, ALGORITHM)


def read_token(token: str, secret: str, key_id: str, now: float) -> str:
    """The user of the token.

    Raises:
        TokenError: it is not signed with `secret`, of another key, over, or good for longer than `MAX_SECONDS`.
    """
    if len(token) > MAX_CHARACTERS:
        raise TokenError("it is too long")
    options = {"require": ["sub", "exp"], "verify_exp": False, "verify_iat": False, "verify_nbf": False}
    try:
        claims = jwt.decode(token, secret, algorithms=[ALGORITHM], options=options)  # type: ignore[arg-type]
    except jwt.InvalidTokenError as error:
        raise TokenError(str(error)) from error
    expires_at = claims["exp"]
    if claims.get("kid") != key_id:
        raise TokenError("it is of another key")
    if not isinstance(expires_at, int) or not now < expires_at:
        raise TokenError("it is over")
    if expires_at > now + MAX_SECONDS + 60:
        raise TokenError(f"it is good for more than {MAX_SECONDS / 3600:g} h")
    return str(claims["sub"])
