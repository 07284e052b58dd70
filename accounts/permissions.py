"""Permissions and roles: who may do what, in code and in one table."""

from enum import StrEnum, unique

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    """The roles of DESIGN.md, section 2. A membership gives one role in one unit."""

    COORDINATOR = "coordinator", _("Coordinator")
    CHAIR = "chair", _("Chair")
    RADIOLOGIST = "radiologist", _("Radiologist")
    PATHOLOGIST = "pathologist", _("Pathologist")
    CLINICIAN = "clinician", _("Clinician")
    CONTACT_NURSE = "contact_nurse", _("Contact nurse")
    MANAGER = "manager", _("Manager")
    ADMIN = "admin", _("Administrator")


@unique
class Permission(StrEnum):
    """One permission a verb that the house knows."""

    VIEW_CASE = "view_case"
    REFER_CASE = "refer_case"
    EDIT_CASE = "edit_case"
    ADD_RESULT = "add_result"
    WAIVE = "waive"
    SET_LEVEL = "set_level"
    ATTEST = "attest"
    VIEW_MEETING = "view_meeting"
    PLAN_MEETING = "plan_meeting"
    OVERRIDE = "override"
    MANAGE_SERIES = "manage_series"
    RUN_MEETING = "run_meeting"
    SIGN_MEETING = "sign_meeting"
    RECORD_OUTCOME = "record_outcome"
    PREPARE_RADIOLOGY = "prepare_radiology"
    PREPARE_PATHOLOGY = "prepare_pathology"
    VIEW_WORKLOAD = "view_workload"
    VIEW_STATISTICS = "view_statistics"
    VIEW_ACCESS_LOG = "view_access_log"
    MANAGE_MEMBERS = "manage_members"
    SEND_MESSAGES = "send_messages"
    PLACE_REPORTS = "place_reports"
    MANAGE_DEFINITIONS = "manage_definitions"
    MANAGE_ROSTER = "manage_roster"


_P = Permission
_MEMBER = frozenset({_P.VIEW_CASE, _P.VIEW_MEETING})

ROLES: dict[str, frozenset[Permission]] = {
    Role.COORDINATOR: _MEMBER
    | {
        _P.REFER_CASE,
        _P.EDIT_CASE,
        _P.ADD_RESULT,
        _P.WAIVE,
        _P.SET_LEVEL,
        _P.PLAN_MEETING,
        _P.OVERRIDE,
        _P.MANAGE_SERIES,
        _P.MANAGE_ROSTER,
        _P.VIEW_WORKLOAD,
        _P.SEND_MESSAGES,
        _P.PLACE_REPORTS,
    },
    Role.CHAIR: _MEMBER
    | {
        _P.REFER_CASE,
        _P.EDIT_CASE,
        _P.ADD_RESULT,
        _P.WAIVE,
        _P.SET_LEVEL,
        _P.PLAN_MEETING,
        _P.OVERRIDE,
        _P.RUN_MEETING,
        _P.SIGN_MEETING,
        _P.RECORD_OUTCOME,
        _P.SEND_MESSAGES,
    },
    Role.RADIOLOGIST: _MEMBER | {_P.ADD_RESULT, _P.PREPARE_RADIOLOGY, _P.VIEW_WORKLOAD, _P.SEND_MESSAGES},
    Role.PATHOLOGIST: _MEMBER | {_P.ADD_RESULT, _P.PREPARE_PATHOLOGY, _P.VIEW_WORKLOAD, _P.SEND_MESSAGES},
    Role.CLINICIAN: _MEMBER
    | {_P.REFER_CASE, _P.EDIT_CASE, _P.ADD_RESULT, _P.WAIVE, _P.SET_LEVEL, _P.ATTEST, _P.SEND_MESSAGES},
    Role.CONTACT_NURSE: _MEMBER | {_P.EDIT_CASE},
    Role.MANAGER: frozenset({_P.VIEW_MEETING, _P.MANAGE_ROSTER, _P.VIEW_WORKLOAD, _P.VIEW_STATISTICS}),
    Role.ADMIN: frozenset(
        {
            _P.MANAGE_SERIES,
            _P.VIEW_MEETING,
            _P.VIEW_ACCESS_LOG,
            _P.VIEW_WORKLOAD,
            _P.MANAGE_MEMBERS,
            _P.SEND_MESSAGES,
            _P.MANAGE_DEFINITIONS,
        }
    ),
}


def roles_with(permission: Permission) -> frozenset[str]:
    """Return the role codes that hold `permission`."""
    return frozenset(role for role, granted in ROLES.items() if permission in granted)
