"""Users, units, memberships and the log of every reading of a patient."""

import hashlib
from typing import Any, ClassVar

import pgtrigger
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Role
from accounts.triggers import never_emptied

HSA_ID = RegexValidator(
    r"^SE\d{10}-[A-Za-z0-9]{1,18}$",
    _("An HSA-id is SE, ten digits, a hyphen and letters or digits, at most 31 characters."),
)


class UserManager(BaseUserManager["User"]):
    """Users are found by e-mail address, without regard to case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a user who logs in with `email`; without a password nobody can log in as them."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the user with this e-mail address."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """A person with an account: a member of staff, never a patient."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    hsa_id = models.CharField(_("HSA-id"), max_length=31, unique=True, null=True, blank=True, validators=[HSA_ID])
    speciality = models.CharField(_("speciality"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=5, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("email"), name="user_email_once_whatever_case"),
        ]

    def __str__(self) -> str:
        return self.name


class Unit(models.Model):
    """A hospital, a department of it or a regional conference; a unit below another takes part through it."""

    class Kind(models.TextChoices):
        HOSPITAL = "hospital", _("Hospital")
        DEPARTMENT = "department", _("Department")
        CONFERENCE = "conference", _("Conference")

    name = models.CharField(_("name"), max_length=120, unique=True)
    hsa_id = models.CharField(_("HSA-id"), max_length=31, unique=True, null=True, blank=True, validators=[HSA_ID])
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.DEPARTMENT)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    mailbox = models.EmailField(_("shared mailbox"), blank=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One role of one person in one unit, for a period."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="memberships")
    role = models.CharField(_("role"), max_length=16, choices=Role.choices)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)
    added_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["unit__name", "role"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="membership_ends_after_it_starts",
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
            models.CheckConstraint(
                condition=Q(ended_by__isnull=True, ended_at__isnull=True)
                | Q(ended_by__isnull=False, ended_at__isnull=False, ends_on__isnull=False),
                name="membership_ended_has_who_and_when",
            ),
            models.UniqueConstraint(fields=["user", "unit", "role", "starts_on"], name="membership_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}, {self.unit}"


def digest_of(token: str) -> str:
    """Return the digest under which a token is stored (SHA-256, hexadecimal)."""
    return hashlib.sha256(token.encode()).hexdigest()


class ApiToken(models.Model):
    """A bearer token of the API; only its digest is stored."""

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()


class AccessLog(models.Model):
    """Who read which patients, when, in which unit and role, where and why (HSLF-FS 2016:40, 4 kap. 9 §).

    One row a reading: a list that shows forty patients is one row with forty ids, found again through the
    index on `patient_ids`. Patients live on a floor above, hence ids and no foreign key. Append-only.
    """

    class Action(models.TextChoices):
        VIEW = "view", _("viewed")
        LIST = "list", _("listed")
        EXPORT = "export", _("exported")
        API = "api", _("read through the API")
        LOG = "log", _("searched the access log")

    at = models.DateTimeField(db_index=True)
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    role = models.CharField(max_length=16)
    action = models.CharField(max_length=8, choices=Action.choices)
    what = models.CharField(max_length=80)
    patient_ids = ArrayField(models.BigIntegerField())
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering: ClassVar = ["-at"]
        indexes: ClassVar = [GinIndex(fields=["patient_ids"], name="access_log_by_patient")]
        triggers: ClassVar = [
            pgtrigger.Protect(name="access_log_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            never_emptied("access_log_never_emptied"),
        ]

    @property
    def role_label(self) -> str:
        """The role in the language of the page; empty for a reader without one."""
        return str(Role(self.role).label) if self.role in Role.values else self.role
