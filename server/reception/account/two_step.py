"""The second step of a log-in: a code of six digits that an app on one's own telephone makes every half minute (TOTP, RFC 6238).

The secret is kept encrypted with a key of the installation, so that a copy of the database alone makes no codes.  A code
opens once; for a lost telephone there are recovery codes, each of which opens once, too.
"""

import base64
import hmac
import io
import secrets

import pyotp
import segno
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy.orm import Session

from server import clock
from server.errors import InvalidInput, JietanError, NotLoggedIn
from server.reception.callers import hashed
from server.settings import Settings
from server.store import accounts as store
from server.store.models import User

ISSUER = "接谈"
STEP_S = 30
DRIFT = 1
"""A telephone's clock may be so many steps away (RFC 6238 section 5.2)."""
RECOVERY_CODES = 8
LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""What nobody takes for something else."""


def new_secret() -> str:
    """160 random bits (RFC 4226 section 4, R6), in base32."""
    return pyotp.random_base32()


def address(secret: str, username: str) -> str:
    """What the app reads from the picture (otpauth://)."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)


def picture(text: str) -> str:
    """A QR code as an SVG of its own, black on white."""
    made = io.BytesIO()
    segno.make_qr(text, error="m").save(made, kind="svg", border=4, dark="#000", light="#fff", omitsize=True, xmldecl=False)
    return made.getvalue().decode()


def step_of(secret: str, code: str) -> int | None:
    """The half minute whose code this is; None: of none near now.  Raises InvalidInput for a secret that is none."""
    now = int(clock.now().timestamp()) // STEP_S
    try:
        made = [(step, pyotp.TOTP(secret).generate_otp(step)) for step in range(now - DRIFT, now + DRIFT + 1)]
    except ValueError:
        raise InvalidInput("密钥不对，请关掉重新开一次。", code="wrong_secret") from None
    return next((step for step, right in made if hmac.compare_digest(right.encode(), code.encode())), None)


def turn_on(settings: Settings, user: User, secret: str, code: str) -> list[str]:
    """From now on this account logs in with codes of this secret; returns the recovery codes, told this once.

    Raises InvalidInput unless the app makes the right codes already.
    """
    step = step_of(secret, code.strip())
    if step is None:
        raise InvalidInput("验证码不对。请看应用里现在的 6 位数字；总是不对，就看手机的时间准不准。", code="wrong_code")
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    user.two_step = _cipher(settings).encrypt(secret.encode()).decode()
    user.two_step_used = step
    user.recovery_codes = [_kept(settings, user, code) for code in codes]
    return codes


def turn_off(user: User) -> None:
    """A password alone is enough again."""
    user.two_step, user.recovery_codes = "", []


def is_passed(settings: Settings, session: Session, user: User, code: str) -> bool:
    """Whether the account has no second step, or this is its code of now or a recovery code: either opens once."""
    if not user.two_step:
        return True
    given = code.strip().lower().replace(" ", "")
    if given in ("", "-"):
        return False
    kept = _kept(settings, user, given)
    if kept in user.recovery_codes:
        return store.use_recovery_code(session, user.id, kept)
    step = step_of(_secret(settings, user), given)
    return step is not None and store.use_step(session, user.id, step)


def wanted(code: str) -> JietanError:
    """What is said to somebody whose password was right."""
    if not code.strip():
        return NotLoggedIn("请填手机上验证器应用里的 6 位数字。", code="code_wanted")
    return NotLoggedIn("验证码不对，或者已经用过。请等应用里换了数字再填。", code="wrong_code")


def _secret(settings: Settings, user: User) -> str:
    try:
        return _cipher(settings).decrypt(user.two_step.encode()).decode()
    except InvalidToken:  # the installation has another secret now: recovery codes do not fit either
        raise NotLoggedIn("服务器的密钥换过，两步登录要重新设。请找安全管理员关掉，再自己开一次。", code="two_step_lost") from None


def _cipher(settings: Settings) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(bytes.fromhex(settings.key("two-step"))))


def _recovery_code() -> str:
    letters = "".join(secrets.choice(LETTERS) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"


def _kept(settings: Settings, user: User, code: str) -> str:
    """What is kept of a recovery code: 50 random bits under a key, so no slow hash is needed."""
    return hashed(settings, "recovery-code", str(user.id), code.replace("-", ""))
