"""Identity numbers: personal, coordination, reserve; and what is refused, with which code."""

import csv
from datetime import date
from pathlib import Path

import pytest

from cases.identity import (
    COORDINATION_NUMBER,
    PERSONAL_NUMBER,
    BadIdentity,
    Identity,
    birth_year,
    parse_identity,
)
from tests.domain_factories import synthetic_number

TODAY = date(2026, 11, 20)
SAMPLES = Path(__file__).parents[1] / "data" / "referrals.csv"

GOOD = [
    ("19491223-9813", PERSONAL_NUMBER, "194912239813"),
    ("194912239813", PERSONAL_NUMBER, "194912239813"),
    (" 19491223+9813 ", PERSONAL_NUMBER, "194912239813"),
    ("19491223 9813", PERSONAL_NUMBER, "194912239813"),
    (f"{PERSONAL_NUMBER}|19491223-9813", PERSONAL_NUMBER, "194912239813"),
    ("20241120-9808", PERSONAL_NUMBER, "202411209808"),
    ("1.2.752.97.3.1.3|992026000017", "1.2.752.97.3.1.3", "992026000017"),
    ("1.2.752.97.3.1.3^99-2026000017", "1.2.752.97.3.1.3", "992026000017"),
    ("1.2.752.113.11.0.2.1.1.1|19491223ABK1", "1.2.752.113.11.0.2.1.1.1", "19491223ABK1"),
    ("1.2.752.74.9.2|abc1234567", "1.2.752.74.9.2", "ABC1234567"),
    ("1.2.752.129.2.1.3.2|ABCDEFGH1234", "1.2.752.129.2.1.3.2", "ABCDEFGH1234"),
]

BAD = [
    ("4912239813", "form"),
    ("491223-9813", "form"),
    ("19491223-981", "form"),
    ("", "form"),
    ("personnummer", "form"),
    ("19450230-2383", "date"),
    ("19491323-9813", "date"),
    ("19490023-9813", "date"),
    ("19491200-9813", "date"),
    ("19491332-9813", "date"),
    ("19491392-9813", "date"),
    ("20261121-9801", "future"),
    ("20991231-9801", "future"),
    ("19491223-9814", "check-digit"),
    ("19500507-9801", "check-digit"),
    ("1.2.752.97.3.1.3|12345", "form"),
    ("1.2.752.97.3.1.3|982026000017", "form"),
    ("1.2.752.113.11.0.2.1.1.1|19491223ABZ1", "form"),
    ("9.9.9|1234567890", "unknown-system"),
    (f"{PERSONAL_NUMBER}|19491223-9814", "check-digit"),
]


def coordination(front: str) -> str:
    """Return `front` (YYYYMMDD of a coordination number) with a test serial and its check digit."""
    digits = front + "238"
    total = 0
    for place, digit in enumerate(digits[2:]):
        doubled = int(digit) * (2 - place % 2)
        total += doubled // 10 + doubled % 10
    return f"{digits}{-total % 10}"


@pytest.mark.parametrize(("text", "system", "value"), GOOD)
def test_accepts_and_stores_without_separators(text: str, system: str, value: str) -> None:
    assert parse_identity(text, TODAY) == Identity(system, value)


@pytest.mark.parametrize(("text", "code"), BAD)
def test_refuses_with_a_code_and_a_sentence(text: str, code: str) -> None:
    with pytest.raises(BadIdentity) as refusal:
        parse_identity(text, TODAY)
    assert refusal.value.code == code
    assert len(str(refusal.value)) > 20


@pytest.mark.parametrize("front", ["19700161", "19700160", "19700060", "19700091", "19700291", "19701291", "20250160"])
def test_a_coordination_number_need_not_be_a_day_of_the_calendar(front: str) -> None:
    identity = parse_identity(coordination(front), TODAY)
    assert identity.system == COORDINATION_NUMBER
    assert identity.value.startswith(front)


@pytest.mark.parametrize("front", ["19701361", "19700192", "19700199"])
def test_a_coordination_number_has_a_month_and_a_day_up_to_91(front: str) -> None:
    with pytest.raises(BadIdentity) as refusal:
        parse_identity(coordination(front), TODAY)
    assert refusal.value.code == "date"


def test_a_coordination_number_has_a_check_digit() -> None:
    good = coordination("19700161")
    with pytest.raises(BadIdentity) as refusal:
        parse_identity(good[:-1] + str((int(good[-1]) + 1) % 10), TODAY)
    assert refusal.value.code == "check-digit"


def test_a_birth_today_is_not_in_the_future() -> None:
    number = synthetic_number(0, born=TODAY)
    assert parse_identity(number, TODAY).system == PERSONAL_NUMBER
    with pytest.raises(BadIdentity):
        parse_identity(number, date(2026, 11, 19))


def test_every_other_last_digit_is_refused() -> None:
    good = synthetic_number(7)
    for digit in "0123456789":
        if digit != good[-1]:
            with pytest.raises(BadIdentity):
                parse_identity(good[:-1] + digit, TODAY)


def test_the_sixty_sample_numbers_are_accepted() -> None:
    with SAMPLES.open(encoding="utf-8-sig", newline="") as file:
        numbers = [row["Personnummer"] for row in csv.DictReader(file, delimiter=";")]
    assert len({parse_identity(number, TODAY) for number in numbers}) == 60


def test_written_for_people_with_a_hyphen_and_reserve_numbers_as_they_are() -> None:
    assert str(Identity(PERSONAL_NUMBER, "194912239813")) == "19491223-9813"
    assert str(Identity("1.2.752.74.9.2", "ABC1234567")) == "ABC1234567"


@pytest.mark.parametrize(
    ("value", "year"), [("194912239813", "1949"), ("202411209808", "2024"), ("992026000017", ""), ("ABCDEFGH1234", "")]
)
def test_birth_year(value: str, year: str) -> None:
    assert birth_year(value) == year
