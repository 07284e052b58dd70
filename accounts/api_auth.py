"""How the API knows who calls: a bearer token, or the session of the pages."""

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.actor import actor_for
from accounts.models import ApiToken, User, digest_of


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`; sets `request.actor` on the request below the API's own.

    Two queries: the token with its user, and the memberships. The session of the pages needs nothing here:
    the middleware has set the actor, and DRF's `SessionAuthentication` takes the user from it.
    """

    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return the user and the token; None without a bearer header; 401 for a wrong or old token."""
        scheme, _space, rest = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        token = (
            ApiToken.objects.select_related("user")
            .filter(
                digest=digest_of(rest.strip().decode("latin-1")), expires_at__gt=timezone.now(), user__is_active=True
            )
            .first()
        )
        if token is None:
            raise AuthenticationFailed(_("The token is unknown or has expired. Get a new one at POST /api/v1/token/."))
        request._request.actor = actor_for(token.user, timezone.localdate())  # type: ignore[attr-defined]
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge, which makes a failure a 401."""
        return f'{self.keyword} realm="api"'
