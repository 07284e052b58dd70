"""Patients and cases, their answers, what is said about them, and what other systems send."""

from cases.models.answers import Discordance, Result
from cases.models.case import Case, Clearance, IdempotencyKey, Referral
from cases.models.drafts import ReferralDraft
from cases.models.inbound import InboundMessage, Report
from cases.models.patients import IdentityLink, Patient, ReportedName, swedish_sort_key
from cases.models.sites import ImageViewer
from cases.models.thread import Message
from cases.models.turnaround import Turnaround

__all__ = [
    "Case",
    "Clearance",
    "Discordance",
    "IdempotencyKey",
    "IdentityLink",
    "ImageViewer",
    "InboundMessage",
    "Message",
    "Patient",
    "Referral",
    "ReferralDraft",
    "Report",
    "ReportedName",
    "Result",
    "Turnaround",
    "swedish_sort_key",
]
