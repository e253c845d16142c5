"""登录: a session is a sealed cookie that holds the operator's key; the console keeps nothing about anybody."""

import hashlib
import json
from base64 import urlsafe_b64encode
from dataclasses import asdict, dataclass

from cryptography.fernet import Fernet, InvalidToken
from starlette.requests import HTTPConnection
from starlette.responses import Response

from contracts.shared import Scope
from services.console.settings import ConsoleSettings

COOKIE = "yiwang_session"


@dataclass(frozen=True)
class Session:
    """Who is signed in: a client of the gateway, and the person behind it."""

    key: str
    client: str
    name: str
    actor: str
    scopes: tuple[str, ...]
    department: str | None = None

    def may(self, scope: Scope) -> bool:
        """Whether to show what needs it; the gateway decides."""
        return scope in self.scopes or (Scope.ADMIN in self.scopes and scope != Scope.PII_READ)


class Sessions:
    """Seals and opens the cookie."""

    def __init__(self, settings: ConsoleSettings) -> None:
        secret = settings.console_secret
        key = urlsafe_b64encode(hashlib.sha256(secret.encode()).digest()) if secret else Fernet.generate_key()
        self._seal = Fernet(key)
        self._seconds = round(settings.session_hours * 3600)
        self._secure = settings.console_secure

    def of(self, request: HTTPConnection) -> Session | None:
        """The session that a request brings; None when it brings none, or one that has ended."""
        try:
            opened = json.loads(self._seal.decrypt(request.cookies.get(COOKIE, ""), ttl=self._seconds))
            return Session(**{**opened, "scopes": tuple(opened["scopes"])})
        except (InvalidToken, ValueError, TypeError, KeyError):
            return None

    def begin(self, response: Response, session: Session) -> None:
        """Send the sealed session along."""
        sealed = self._seal.encrypt(json.dumps(asdict(session)).encode()).decode()
        response.set_cookie(
            COOKIE, sealed, max_age=self._seconds, secure=self._secure, httponly=True, samesite="strict", path="/"
        )

    def end(self, response: Response) -> None:
        """Forget it."""
        response.delete_cookie(COOKIE, secure=self._secure, httponly=True, samesite="strict", path="/")
