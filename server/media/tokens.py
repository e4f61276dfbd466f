"""Seat tokens: what lets somebody sit down, once, on this process only."""

import secrets

import jwt
from pydantic import ValidationError

from server import clock
from server.errors import JietanError
from server.protocol.signalling import SeatClaims

RESUME_SECONDS = 600
SEAT_SECONDS = 12 * 3600
"""From the office's ticket on; after it no token brings anybody back, the office must give a new one."""
_ALGORITHM = "HS256"


def _now() -> float:
    return clock.now().timestamp()


class TokenBad(JietanError):
    status = 401
    code = "token_bad"
    message = "这个进入凭据不对，请回到首页重新进入。"


class TokenUsed(JietanError):
    status = 401
    code = "token_used"
    message = "这个进入凭据已经用过，请回到首页重新进入。"


class TokenExpired(JietanError):
    status = 401
    code = "token_expired"
    message = "这个进入凭据已经过期，请回到首页重新进入。"


class SeatTokens:
    """Checks tokens and makes those for coming back.

    The list of used ones does not outlive the process.  A ticket issued before it started is refused; a token for
    coming back is good only where the journal says that its seat was taken when the last process stopped
    (`Room.awaits`), so that nobody waits for the office after both were killed.
    """

    def __init__(self, key: str, node: int = 0) -> None:
        """`node`: number of this media node.  A recording folder has one owner, whoever is led astray."""
        self._key, self._node = key, node
        self._started = _now()
        self._used: dict[str, float] = {}

    def redeem(self, token: str) -> SeatClaims:
        """The claims of a token that was not used before; raises TokenBad, TokenUsed, TokenExpired."""
        claims = self._read(token)
        if claims.node != self._node:
            raise TokenBad
        if self.from_before(claims) and claims.until is None:
            raise TokenExpired
        self._prune()
        if claims.jti in self._used:
            raise TokenUsed
        self._used[claims.jti] = claims.exp
        return claims

    def from_before(self, claims: SeatClaims) -> bool:
        """Whether the token was issued before this process started."""
        return claims.iat < self._started

    def _read(self, token: str) -> SeatClaims:
        try:
            fields = jwt.decode(
                token, self._key, algorithms=[_ALGORITHM], options={"require": ["exp", "iat"], "verify_iat": False, "verify_exp": False}
            )
            claims = SeatClaims.model_validate(fields)
        except (jwt.InvalidTokenError, ValidationError) as error:
            raise TokenBad from error
        if claims.exp <= _now():
            raise TokenExpired
        return claims

    def _prune(self) -> None:
        now = _now()
        for jti in [j for j, exp in self._used.items() if exp < now]:
            del self._used[jti]

    def seconds_left(self, claims: SeatClaims) -> float:
        """How long the seat itself lasts yet."""
        return _until(claims) - _now()

    def for_return(self, claims: SeatClaims) -> str:
        """A token for the same seat on a new socket."""
        now = _now()
        until = _until(claims)
        fresh = {"jti": secrets.token_hex(16), "iat": now, "exp": min(now + RESUME_SECONDS, until), "until": until}
        return jwt.encode({**claims.model_dump(mode="json"), **fresh}, self._key, algorithm=_ALGORITHM)


def _until(claims: SeatClaims) -> float:
    return claims.until if claims.until is not None else claims.iat + SEAT_SECONDS
