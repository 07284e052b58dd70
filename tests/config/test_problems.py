"""Errors of the API: problem documents with what, where and how to go on."""

import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import Client, RequestFactory
from rest_framework import exceptions
from rest_framework.response import Response

from accounts.errors import FieldError, Invalid, NotAllowed, Refused, Stale
from config.errors import csrf_failed, forbidden, not_found, server_error
from config.problems import problem_handler


def handled(error: Exception) -> Response:
    answer = problem_handler(error, {})
    assert answer is not None
    assert answer.content_type == "application/problem+json"
    assert {"type", "title", "status", "detail"} <= set(answer.data)
    assert answer.data["status"] == answer.status_code
    return answer


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Refused("No."), 409, "refused"),
        (Refused("Open already.", code="already-open"), 409, "already-open"),
        (Refused("Too late.", code="gone", status=410), 410, "gone"),
        (Stale("Changed by Ada."), 409, "stale"),
        (NotAllowed("Not you."), 403, "not-allowed"),
        (PermissionDenied(), 403, "not-allowed"),
        (exceptions.NotAuthenticated(), 401, "not-authenticated"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method-not-allowed"),
        (exceptions.ParseError(), 400, "parse-error"),
        (exceptions.Throttled(wait=7), 429, "throttled"),
    ],
)
def test_status_and_code(error: Exception, status: int, code: str) -> None:
    answer = handled(error)
    assert (answer.status_code, answer.data["code"]) == (status, code)
    assert answer.data["type"] == f"urn:mdk:problem:{code}"


def test_a_refusal_says_its_sentence_and_brings_its_additions() -> None:
    answer = handled(Refused("A case is open.", extra={"case": 12, "status": "x"}))
    assert answer.data["detail"] == "A case is open."
    assert answer.data["case"] == 12
    assert answer.data["status"] == 409


def test_a_refusal_of_one_field_names_it() -> None:
    answer = handled(Refused("Give a reason.", code="reason-missing", field="reason"))
    assert answer.data["errors"] == [{"field": "reason", "code": "reason-missing", "message": "Give a reason."}]


def test_invalid_input_lists_every_field() -> None:
    answer = handled(Invalid([FieldError("name", "required", "Give a name."), FieldError("icd10", "unknown", "No.")]))
    assert answer.status_code == 400
    assert [error["field"] for error in answer.data["errors"]] == ["name", "icd10"]


def test_nested_errors_of_a_serializer_are_flat() -> None:
    detail: dict[str, Any] = {
        "name": ["Empty."],
        "items": [{}, {"minutes": ["Too many."]}],
        "non_field_errors": ["Contradiction."],
    }
    answer = handled(exceptions.ValidationError(detail))
    assert [(error["field"], error["message"]) for error in answer.data["errors"]] == [
        ("name", "Empty."),
        ("items.1.minutes", "Too many."),
        ("", "Contradiction."),
    ]


def test_not_found_says_nothing_of_what_was_asked() -> None:
    answer = handled(Http404("No Case matches 12."))
    assert answer.status_code == 404
    assert "12" not in answer.data["detail"]


def test_a_fault_of_ours_is_left_to_django() -> None:
    assert problem_handler(RuntimeError("x"), {}) is None


def test_waiting_times_and_challenges_are_headers() -> None:
    assert handled(exceptions.Throttled(wait=7))["Retry-After"] == "7"


@pytest.mark.django_db
def test_broken_json_is_a_problem(client: Client) -> None:
    answer = client.post("/api/v1/token/", data="{", content_type="application/json")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


def test_an_unknown_address_below_the_api_is_a_problem(client: Client) -> None:
    answer = client.get("/api/v1/nothing-here/")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert json.loads(answer.content)["status"] == 404


@pytest.mark.django_db
def test_an_unknown_page_is_a_page(client: Client) -> None:
    answer = client.get("/nothing-here/")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")


def test_djangos_own_refusals_below_the_api_are_problems(rf: RequestFactory) -> None:
    request = rf.get("/api/v1/cases/")
    answers = [
        forbidden(request, PermissionDenied("Not you.")),
        csrf_failed(request, "no cookie"),
        not_found(request, Http404()),
        server_error(request),
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 404, 500]
    assert {answer["Content-Type"] for answer in answers} == {"application/problem+json"}
