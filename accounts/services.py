"""What changes people, memberships and tokens."""

import secrets
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.errors import FieldError, Invalid, Refused
from accounts.models import ApiToken, Membership, Unit, User, digest_of
from accounts.permissions import Role
from accounts.queries import user_by_email

TOKEN_DAYS = 90


class MembershipNotYours(Refused):
    """The chosen role is not one of the person's roles of today."""

    code = "membership-not-yours"


class MembershipOverlaps(Refused):
    """The person holds the same role in the same unit in that period already."""

    code = "membership-overlaps"


class OwnAdministration(Refused):
    """An administrator may not end their own administration: nobody might be left to undo it."""

    code = "own-administration"


def switch_role(*, actor: Actor, membership_id: int) -> Membership:
    """Return the membership that becomes the active one; `MembershipNotYours` when it is not in force."""
    for membership in actor.memberships:
        if membership.pk == membership_id:
            return membership
    raise MembershipNotYours(_("You do not hold that role today. Choose one of the roles in the list."))


def choose_language(*, user: User, language: str) -> None:
    """Remember the language that the person chose, for mails and for the next login."""
    if language not in dict(settings.LANGUAGES):
        raise Invalid([FieldError("language", "unknown", _("Choose one of the languages in the list."))])
    if user.language != language:
        user.language = language
        user.save(update_fields=["language"])


def create_user(*, email: str, name: str, password: str | None = None, hsa_id: str = "", speciality: str = "") -> User:
    """Create an account; without a password nobody logs in with one. `Invalid` for an e-mail or HSA-id in use."""
    email = email.strip().lower()
    if user_by_email(email) is not None:
        raise Invalid([FieldError("email", "taken", _("There is an account with this e-mail already."))])
    if hsa_id and User.objects.filter(hsa_id=hsa_id).exists():
        raise Invalid([FieldError("hsa_id", "taken", _("There is an account with this HSA-id already."))])
    try:
        with transaction.atomic():
            return User.objects.create_user(email, password, name=name, hsa_id=hsa_id or None, speciality=speciality)
    except IntegrityError:
        # Somebody else made the account between the question and the answer.
        message = _("An account with this e-mail or HSA-id was made a moment ago. Reload the page.")
        raise Invalid([FieldError("email", "taken", message)]) from None


def create_unit(*, name: str, kind: str, parent: Unit | None = None, mailbox: str = "", hsa_id: str = "") -> Unit:
    """Create a unit below `parent`; `Invalid` for a name in use."""
    if Unit.objects.filter(name=name).exists():
        raise Invalid([FieldError("name", "taken", _("There is a unit with this name already."))])
    return Unit.objects.create(name=name, kind=kind, parent=parent, mailbox=mailbox, hsa_id=hsa_id or None)


@transaction.atomic
def add_membership(
    *,
    by: User | None,
    email: str,
    unit: Unit,
    role: str,
    starts_on: date,
    ends_on: date | None = None,
    name: str = "",
) -> Membership:
    """Give the person with `email` a role in `unit` for a period; makes the account when `name` is given.

    The same role twice in one period is refused (`MembershipOverlaps`); a wrong field is `Invalid`. The
    person's row is locked, so that two administrators cannot add the same role side by side.
    """
    if role not in Role.values:
        raise Invalid([FieldError("role", "unknown", _("Choose one of the roles in the list."))])
    if ends_on is not None and ends_on < starts_on:
        raise Invalid([FieldError("ends_on", "order", _("The last day cannot come before the first."))])
    user = user_by_email(email)
    if user is None and not name.strip():
        message = _("Nobody has an account with this e-mail. Fill in the name as well to make one.")
        raise Invalid([FieldError("email", "unknown", message)])
    user = user or create_user(email=email, name=name.strip())
    User.objects.select_for_update().get(pk=user.pk)
    later = Membership.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=starts_on), user=user, unit=unit, role=role
    )
    if (later if ends_on is None else later.filter(starts_on__lte=ends_on)).exists():
        message = _("%(name)s already has this role in %(unit)s in that period. End the earlier one first.")
        raise MembershipOverlaps(message % {"name": user.name, "unit": unit.name}, field="role")
    return Membership.objects.create(user=user, unit=unit, role=role, starts_on=starts_on, ends_on=ends_on, added_by=by)


@transaction.atomic
def end_membership(*, by: User, membership: Membership, ends_on: date, now: datetime) -> Membership:
    """Let `ends_on` be the membership's last day; a second click by anyone finds it ended and changes nothing.

    An administrator cannot end their own administration (`OwnAdministration`): nobody might be left to undo
    it. `Invalid` for a last day before the first.
    """
    row = Membership.objects.select_for_update().get(pk=membership.pk)
    if row.ended_at is not None and row.ends_on == ends_on:
        return row
    if ends_on < row.starts_on:
        raise Invalid([FieldError("ends_on", "order", _("The last day cannot come before the first."))])
    if row.user_id == by.pk and row.role == Role.ADMIN:
        message = _("You cannot end your own administration. Ask another administrator of the unit.")
        raise OwnAdministration(message, field="ends_on")
    row.ends_on, row.ended_by, row.ended_at = ends_on, by, now
    row.save(update_fields=["ends_on", "ended_by", "ended_at"])
    return row


def create_token(*, user: User, now: datetime, days: int = TOKEN_DAYS) -> str:
    """Make a bearer token for the API and return it, the only time that it is seen; it lives `days` days.

    Expired tokens of the same person are removed on the way.
    """
    token = secrets.token_urlsafe(32)
    user.api_tokens.filter(expires_at__lte=now).delete()
    ApiToken.objects.create(user=user, digest=digest_of(token), created_at=now, expires_at=now + timedelta(days=days))
    return token


@transaction.atomic
def set_password(*, user: User, password: str) -> None:
    """Give the person a password; the caller has checked its strength. Ends every session and token of theirs."""
    user.set_password(password)
    user.save(update_fields=["password"])
    user.api_tokens.all().delete()
