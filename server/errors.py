"""The one family of errors that a user is told about.

Each has a stable code, a Chinese sentence and an HTTP status; the HTTP side turns them into
`{"error": {"code": …, "message": …}}`.  Anything else that is raised is a fault of ours: it is logged and the
user gets a reference number.
"""

from typing import Any


class JietanError(Exception):
    """Base of all errors meant for a user.  Messages never contain names, numbers or recorded text."""

    status = 400
    code = "bad_request"
    message = "这一步没办成，请再试一次。"

    def __init__(self, message: str = "", *, code: str = "", **details: Any) -> None:
        self.message = message or type(self).message
        self.code = code or type(self).code
        self.details = details
        super().__init__(self.code)


class InvalidInput(JietanError):
    status = 422
    code = "invalid_input"
    message = "填的内容不对，请看红字的地方。"


class NotLoggedIn(JietanError):
    status = 401
    code = "not_logged_in"
    message = "请先登录。"


class NotAllowed(JietanError):
    status = 403
    code = "not_allowed"
    message = "您的账号不办这件事。"


class AccountFirst(NotAllowed):
    """The caller has to see to their account before anything else."""

    code = "account_first"
    message = "请先到“我的账号”改掉别人给的密码，或者开好两步登录。"


class NotFound(JietanError):
    """Also for what exists but this actor may not see: the answer does not tell which."""

    status = 404
    code = "not_found"
    message = "没有找到，可能已经不在这里了。"


class Conflict(JietanError):
    """Somebody else changed it first; details carry what stands there now."""

    status = 409
    code = "conflict"
    message = "别人刚刚改过这一处，请看过再改。"


class WrongState(JietanError):
    status = 409
    code = "wrong_state"
    message = "现在这一步还不能办，请刷新看看。"


class TooLarge(JietanError):
    status = 413
    code = "too_large"
    message = "内容太大，请分开来。"


class TooOften(JietanError):
    status = 429
    code = "too_often"
    message = "试的次数太多，请过一会儿再来。"


class Unavailable(JietanError):
    """A program this step needs does not answer now; nothing is lost."""

    status = 503
    code = "unavailable"
    message = "现在连不上，内容都在，请过一会儿再试。"


ODD = (ArithmeticError, LookupError, TypeError, ValueError)
"""What comes of odd content, however often it is tried."""
