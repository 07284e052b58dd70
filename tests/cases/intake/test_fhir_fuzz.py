"""Whatever is done to a message, the reader gives reports that can be stored or a fault with paths; never another error."""

import copy
import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cases.enums import ResultState
from cases.intake.fhir import FhirMessage, read_fhir
from cases.intake.fhir_json import FhirFault
from cases.reports import report_from_json
from tests.cases.intake.test_fhir_samples import FILES, TAKEN

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SAMPLES = [json.loads(path.read_text()) for path in FILES if path.stem in TAKEN]
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=30),
    st.sampled_from(
        ["", "2026", "2026-11-22T24:00:00Z", "#x", "Patient/", "DiagnosticReport", "final", "\0", "\ud800"]
    ),
    st.lists(st.text(max_size=5), max_size=2),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every element of a document."""
    found = [path] if path else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        found += places(child, (*path, key))
    return found


PLACES = [places(sample) for sample in SAMPLES]


@st.composite
def mutated(draw: st.DrawFn, most: int = 10**6) -> Any:
    """Return a sample of at most so many characters in which some elements are replaced, removed or moved."""
    number = draw(st.sampled_from([n for n, sample in enumerate(SAMPLES) if len(json.dumps(sample)) <= most]))
    document = copy.deepcopy(SAMPLES[number])
    for path in draw(st.lists(st.sampled_from(PLACES[number]), min_size=1, max_size=4)):
        holder = document
        try:
            for key in path[:-1]:
                holder = holder[key]
            match draw(st.sampled_from(["replace", "remove", "wrap", "list"])):
                case "replace":
                    holder[path[-1]] = draw(JUNK)
                case "remove":
                    del holder[path[-1]]
                case "wrap":
                    holder[path[-1]] = {path[-1]: holder[path[-1]]}
                case "list":
                    holder[path[-1]] = [holder[path[-1]]] * 2
        except (KeyError, IndexError, TypeError):
            continue
    return document


def check(raw: bytes) -> None:
    read: FhirMessage | FhirFault
    try:
        read = read_fhir(raw, now=NOW)
    except FhirFault as fault:
        read = fault
    if isinstance(read, FhirFault):
        check_fault(read)
    else:
        check_message(read)
        assert read_fhir(raw) == read


def check_fault(fault: FhirFault) -> None:
    assert fault.status in (400, 413, 422)
    assert fault.issues
    assert all(issue.text and issue.code for issue in fault.issues)
    str(fault).encode()


def check_message(message: FhirMessage) -> None:
    for report in message.reports:
        stored = json.dumps(report.as_json(), ensure_ascii=False)
        stored.encode()
        assert "\\u0000" not in stored
        assert report_from_json(json.loads(stored)) == report
        assert report.performed_on or report.state in (ResultState.ORDERED, ResultState.CANCELLED)
        assert report.external_id


@given(document=mutated())
@settings(max_examples=300, deadline=None)
def test_a_changed_sample(document: Any) -> None:
    check(json.dumps(document).encode())


@given(raw=st.binary(max_size=200), number=st.integers(0, len(SAMPLES) - 1), at=st.floats(0, 1))
@settings(max_examples=200, deadline=None)
def test_bytes_in_the_middle_of_a_sample(raw: bytes, number: int, at: float) -> None:
    whole = json.dumps(SAMPLES[number]).encode()
    cut = int(len(whole) * at)
    check(whole[:cut] + raw + whole[cut:])
    check(whole[:cut])
