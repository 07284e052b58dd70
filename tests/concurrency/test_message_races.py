"""Two versions of a report, two workers, a report and its referral, a merge and a referral at the same moment."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from threading import Barrier, BrokenBarrierError
from time import sleep
from typing import Any

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from cases.enums import Channel, MessageState, ReferralSource, ReportState, ResultSource
from cases.identity import Identity
from cases.intake import inbox
from cases.intake.inbox import Incoming, apply_message, apply_waiting, receive
from cases.intake.reading import Effects
from cases.models import Case, InboundMessage, Report, Result
from cases.reports import PatientMerge, ReportedIdentity
from cases.services.merging import merge_patients
from cases.services.placing import take_report
from cases.services.referral import refer_case
from events.models import Event
from tests.cases.intake.hl7_messages import oru
from tests.cases.sending import ISSUED, new_number, report, send, stamped, store_message
from tests.concurrency.conftest import LOCKING, at_once
from tests.domain_factories import House, make_case, referral_data

pytestmark = pytest.mark.django_db(transaction=True)
NOW = timezone.now()
Unlock = Callable[[], None]
Patch = pytest.MonkeyPatch


@contextmanager
def interleaved(monkeypatch: Patch, first: str, second: str) -> Iterator[None]:
    """Let `second` (module.name) do its work while the other party stands before `first`, and only then `first`.

    Under the locks the second party does not get that far: then the first goes on alone after a moment.
    """
    patience = 0.5 if QuerySet.select_for_update is LOCKING else 10
    both_there, second_done = Barrier(2), Barrier(2)

    def wait(*gates: Barrier) -> None:
        for gate in gates:
            with suppress(BrokenBarrierError):
                gate.wait(timeout=patience)

    def wrapped(target: str, before: tuple[Barrier, ...], after: tuple[Barrier, ...]) -> None:
        module, _dot, name = target.rpartition(".")
        original = getattr(import_module(module), name)

        def call(*args: Any, **kwargs: Any) -> Any:
            wait(*before)
            found = original(*args, **kwargs)
            wait(*after)
            return found

        patch.setattr(target, call)

    with monkeypatch.context() as patch:
        wrapped(first, (both_there, second_done), ())
        wrapped(second, (both_there,), (second_done,))
        yield


# Two versions of one report


def two_versions(house: House, monkeypatch: Patch) -> list[Any]:
    """Apply an older and a newer version at once, so that the older one is written last if it may."""
    case = make_case(house)
    first = report(case)
    send(house, first)
    older, newer = stamped(first, 1, text="Äldre."), stamped(first, 2, text="Nyare.")
    settle = import_module("cases.services.placing").settle
    both_read, newer_done = Barrier(2), Barrier(2)
    patience = 0.5 if QuerySet.select_for_update is LOCKING else 10

    def take(data: Any) -> Callable[[], Any]:
        message = store_message(house.hospital)

        def call() -> Any:
            taken = take_report(
                data, provider=house.hospital, source=ResultSource.HL7V2, message_id=message.pk, now=NOW
            )
            if data is newer:
                with suppress(BrokenBarrierError):
                    newer_done.wait(timeout=patience)
            return taken

        return call

    def in_turn(row: Any, data: Any, *args: Any, **kwargs: Any) -> Any:
        for gate in (both_read, newer_done) if data.text == "Äldre." else (both_read,):
            with suppress(BrokenBarrierError):
                gate.wait(timeout=patience)
        return settle(row, data, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr("cases.services.placing.settle", in_turn)
        return at_once(take(older), take(newer))


def test_without_locks_the_older_version_overwrites_the_newer(
    house: House, monkeypatch: Patch, without_locks: Unlock
) -> None:
    without_locks()
    answers = two_versions(house, monkeypatch)
    assert not [one for one in answers if isinstance(one, BaseException)]
    assert Report.objects.get().content["text"] == "Äldre."


def test_two_versions_at_once_end_in_the_newer(house: House, monkeypatch: Patch) -> None:
    answers = two_versions(house, monkeypatch)
    assert not [one for one in answers if isinstance(one, BaseException)]
    assert (Report.objects.get().content["text"], Result.objects.get().text) == ("Nyare.", "Nyare.")


# Two workers


def two_workers(house: House, monkeypatch: Patch) -> int:
    """Drain twice at once; return how often the one message was begun."""
    receive([Incoming(Channel.HL7V2, oru())], provider=house.hospital, by=None, now=NOW)
    begun: list[int] = []
    gate = Barrier(2)
    patience = 0.5 if QuerySet.select_for_update is LOCKING else 10

    def read(channel: Channel, raw: bytes) -> Any:
        begun.append(1)
        with suppress(BrokenBarrierError):
            gate.wait(timeout=patience)
        return reading(channel, raw)

    reading = inbox.read_effects
    with monkeypatch.context() as patch:
        patch.setattr(inbox, "read_effects", read)
        at_once(*[lambda: apply_waiting(now=NOW)] * 2)
    return len(begun)


def test_without_locks_both_workers_begin_the_message(house: House, monkeypatch: Patch, without_locks: Unlock) -> None:
    without_locks()
    assert two_workers(house, monkeypatch) == 2


def test_of_two_workers_one_makes_the_effect(house: House, monkeypatch: Patch) -> None:
    assert two_workers(house, monkeypatch) == 1
    assert Report.objects.count() == 1


# A report and its referral


def report_and_referral(house: House, monkeypatch: Patch) -> Case:
    data = referral_data(house)
    number = ReportedIdentity(data.identity.system, data.identity.value)
    with interleaved(monkeypatch, "cases.services.settling.decide", "cases.services.referral.place_waiting"):
        answers = at_once(
            lambda: send(house, report(number)),
            lambda: refer_case(data, by=house.coordinator, now=NOW, source=ReferralSource.API),
        )
    assert not [one for one in answers if isinstance(one, BaseException)], answers
    return Case.objects.get()


def test_without_locks_a_report_and_its_referral_miss_each_other(
    house: House, monkeypatch: Patch, without_locks: Unlock
) -> None:
    without_locks()
    case = report_and_referral(house, monkeypatch)
    assert Report.objects.get().state == ReportState.WAITING
    assert not case.results.exists()


def test_a_report_and_its_referral_at_once_find_each_other(house: House, monkeypatch: Patch) -> None:
    case = report_and_referral(house, monkeypatch)
    assert Report.objects.get().state == ReportState.PLACED
    assert case.results.get().state == "final"


# A merge and a referral under the old number


def merge_and_referral(house: House, monkeypatch: Patch) -> Case:
    data = referral_data(house)
    old, new = ReportedIdentity(data.identity.system, data.identity.value), new_number()
    make_case(house, identity=Identity(old.system, old.value), phase="follow_up")
    message = store_message(house.hospital)
    said = PatientMerge((old,), (new,), "", ISSUED)
    # The merge has looked for cases when the referral has found no merge.
    with interleaved(monkeypatch, "cases.services.referral.place_waiting", "cases.services.merging.gather"):
        answers = at_once(
            lambda: merge_patients(said, provider=house.hospital, message=message, now=NOW),
            lambda: refer_case(data, by=house.coordinator, now=NOW, source=ReferralSource.API),
        )
    assert not [one for one in answers if isinstance(one, BaseException)], answers
    return Case.objects.select_related("patient").get(phase="pre_treatment")


def test_without_locks_a_merge_and_a_referral_miss_each_other(
    house: House, monkeypatch: Patch, without_locks: Unlock
) -> None:
    without_locks()
    case = merge_and_referral(house, monkeypatch)
    assert (case.patient.merged_into is not None, case.referred_as) == (True, None)


def test_a_merge_and_a_referral_at_once_end_with_the_surviving_patient(house: House, monkeypatch: Patch) -> None:
    case = merge_and_referral(house, monkeypatch)
    assert case.patient.merged_into is None
    assert case.referred_as is not None
    assert Event.objects.filter(kind="patient.merged").exists()


# Two messages about several examinations of one patient


def two_messages(house: House, monkeypatch: Patch) -> list[str]:
    """Apply a message with two reports and a newer one of its second report at once; return the states of both.

    The second report's name sorts before the patient's number, so that who takes the reports one by one waits for
    the number with the name in the hand.
    """
    case = make_case(house)
    number = f"{case.patient.identity_system}|{case.patient.identity_value}"
    key = partial(import_module("cases.services.identities")._key, house.hospital.pk)
    second = next(f"S{n}" for n in range(1_000) if key(f"report|hl7v2|S{n}") < key(number))
    one, two = report(case, external_id="R1"), report(case, external_id=second)
    newer = stamped(two, 5, text="Nyare.")
    said = {b"both": (one, two), b"second": (newer,)}
    begun = Barrier(2)
    take = inbox.take_report

    def read(channel: Channel, raw: bytes) -> Effects:
        return Effects(ResultSource.HL7V2, reports=said[raw])

    def take_in_turn(data: Any, **named: Any) -> Any:
        if data is newer:
            begun.wait(timeout=10)
        taken = take(data, **named)
        if data is one:
            begun.wait(timeout=10)
            sleep(0.3)  # Until the newer version waits for what this message holds.
        return taken

    pks = [receive([Incoming(Channel.HL7V2, raw)], provider=house.hospital, by=None, now=NOW)[0] for raw in said]
    with monkeypatch.context() as patch:
        patch.setattr(inbox, "read_effects", read)
        patch.setattr(inbox, "take_report", take_in_turn)
        at_once(*[partial(apply_message, pk, now=NOW) for pk in pks])
    return list(InboundMessage.objects.order_by("pk").values_list("state", flat=True))


def test_held_one_by_one_two_messages_wait_for_each_other(house: House, monkeypatch: Patch) -> None:
    monkeypatch.setattr(inbox, "hold_reports", lambda *args, **named: None)
    assert sorted(two_messages(house, monkeypatch)) == [MessageState.APPLIED, MessageState.WAITING]


def test_held_at_once_both_take_effect(house: House, monkeypatch: Patch) -> None:
    assert two_messages(house, monkeypatch) == [MessageState.APPLIED, MessageState.APPLIED]
    assert Report.objects.filter(result__text="Nyare.").count() == 1
