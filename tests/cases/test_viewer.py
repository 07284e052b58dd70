"""The address of an image viewer: what may be set, and what never stands in one."""

from collections.abc import Iterator
from datetime import date

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from cases.viewer import BadTemplate, check_template, holds_identity, open_address
from tests.domain_factories import synthetic_number

TODAY = date(2026, 11, 20)


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


HOSTS = ("pacs.example", "bilder.example:8443")
GOOD = "https://pacs.example/open?acc={accession_number}"
NUMBER = "195001019802"


def opened(
    template: str = GOOD, *, accession: str = "DR-1", uid: str = "1.2.3", hosts: tuple[str, ...] = HOSTS
) -> tuple[str, str]:
    values = {"accession_number": accession, "study_uid": uid}
    opening = open_address(template, values, numbers=[NUMBER], hosts=hosts, today=TODAY)
    return opening.address, opening.refusal


@pytest.mark.parametrize(
    "template",
    [
        GOOD,
        "https://PACS.example/open/{study_uid}",
        "https://bilder.example:8443/{study_uid}?a={accession_number}#view",
    ],
)
def test_what_may_be_set(template: str) -> None:
    check_template(template, HOSTS)


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("https://pacs.example/open", "at least one"),
        ("https://pacs.example/?p={patient}", "{patient}"),
        ("https://pacs.example/?p={personal_identity_number}&a={accession_number}", "{personal_identity_number}"),
        ("https://pacs.example/?p={}&a={accession_number}", "{}"),
        ("http://pacs.example/?a={accession_number}", "https://"),
        ("ftp://pacs.example/{accession_number}", "https://"),
        ("javascript:alert({accession_number})", "https://"),
        ("//pacs.example/{accession_number}", "https://"),
        ("http://127.0.0.1/{accession_number}", "https://"),
        ("https://elsewhere.example/{accession_number}", "elsewhere.example"),
        ("https://pacs.example.evil/{accession_number}", "pacs.example.evil"),
        ("https://pacs.example:9999/{accession_number}", "pacs.example"),
        ("https://pacs.example@evil.example/{accession_number}", "evil.example"),
        ("https://user@pacs.example/{accession_number}", "pacs.example"),
        ("https://{accession_number}.pacs.example/", "no address"),
        ("https://{accession_number}/", "no address"),
        ("https://pacs.example/{accession_number}}", "no address"),
        ("https://pacs.example/ {accession_number}", "no address"),
        ("https://pacs.example\\@evil.example/{accession_number}", "no address"),
        ("https://pacs.example/\n{accession_number}", "no address"),
        ("https://[::1/{accession_number}", "no address"),
        ("https://pacs.example\u2100/{accession_number}", "no address"),
    ],
)
def test_what_may_not_be_set(template: str, words: str) -> None:
    with pytest.raises(BadTemplate) as bad:
        check_template(template, HOSTS)
    assert words in str(bad.value)


def test_without_allowed_hosts_nothing_is_set_and_loopback_is_for_the_demo_alone() -> None:
    with pytest.raises(BadTemplate):
        check_template(GOOD, ())
    local = "http://127.0.0.1:8042/{study_uid}"
    check_template(local, ["127.0.0.1:8042"], loopback=True)
    with pytest.raises(BadTemplate):
        check_template(local, ["127.0.0.1:8042"])
    with pytest.raises(BadTemplate):
        check_template("http://pacs.example/{study_uid}", HOSTS, loopback=True)


def test_values_are_percent_encoded() -> None:
    address, refusal = opened(accession="A/1 ?&=#é", uid="1.2")
    assert (address, refusal) == ("https://pacs.example/open?acc=A%2F1%20%3F%26%3D%23%C3%A9", "")
    assert opened("https://pacs.example/{study_uid}/{accession_number}")[0] == "https://pacs.example/1.2.3/DR-1"


@pytest.mark.parametrize("accession", ["", " ", ".", ".."])
def test_nothing_to_open(accession: str) -> None:
    assert opened(accession=accession) == (
        "",
        "The answer has no accession number, so its images cannot be opened from here.",
    )
    assert opened("https://pacs.example/{study_uid}", uid="")[1].startswith("The answer has no study UID")
    assert opened("https://pacs.example/{study_uid}", accession=NUMBER)[0] == "https://pacs.example/1.2.3"


def test_a_host_that_is_no_longer_allowed_is_not_opened() -> None:
    address, refusal = opened(hosts=())
    assert address == ""
    assert "pacs.example" in refusal


@pytest.mark.parametrize(
    "value",
    [
        NUMBER, "19500101-9802", "19500101+9802", "500101-9802", "5001019802", "RIS5001019802X", "1950 0101 9802",
        "1.2.752.19500101.9802", "1.2.195001019802.4", "A1950-01-01/9802", "000195001019802000",
        synthetic_number(41), f"acc {synthetic_number(41)}", synthetic_number(41)[2:],
        f"{synthetic_number(41)[:8]}-{synthetic_number(41)[8:]}", f"1.2.752.{synthetic_number(7)}.1",
    ],
)  # fmt: skip
def test_a_personal_number_never_stands_in_an_address(value: str) -> None:
    for template, given_as in ((GOOD, {"accession": value}), ("https://pacs.example/{study_uid}", {"uid": value})):
        address, refusal = opened(template, **given_as)  # type: ignore[arg-type]
        assert address == ""
        assert "personal identity number" in refusal


@pytest.mark.parametrize(
    "value",
    [
        "DR20261117-0042",
        "1.2.840.113619.2.55.3.604688119.868",
        "1.2.826.0.1.3680043.20261117143055123",
        "D7-000015-1",
        "0",
    ],
)
def test_what_only_looks_a_little_like_one_is_opened(value: str) -> None:
    assert not holds_identity(value, [NUMBER], TODAY)


@given(prefix=st.text("AZ.-/ ", max_size=6), suffix=st.text("AZ.-/ ", max_size=6), n=st.integers(0, 9000),
       cut=st.sampled_from([0, 2]), sign=st.sampled_from(["", "-", "+", " "]))  # fmt: skip
def test_no_number_of_anybody_slips_through(prefix: str, suffix: str, n: int, cut: int, sign: str) -> None:
    number = synthetic_number(n)
    value = f"{prefix}{number[cut:8]}{sign}{number[8:]}{suffix}"
    assert holds_identity(value, [], TODAY)
    assert holds_identity(f"7{value}7", [number], TODAY)
