"""The two floors under each page: the same rows by bare SQL, and by a bare view and template.

A bare view has no session, no permission, no log, no layout: one or two statements written by hand, dictionaries,
and a plain template of the same columns.
"""

from collections import defaultdict
from datetime import timedelta
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from psycopg.rows import dict_row

AGENDA = """
    SELECT i.id, i.position, i.level, i.minutes, i.status, i.case_id, c.clinical_question AS question,
           c.readiness -> 'strip' AS strip, p.name, m.starts_at
    FROM mdk_agendaitem i JOIN cases_case c ON c.id = i.case_id JOIN cases_patient p ON p.id = c.patient_id
    JOIN mdk_meeting m ON m.id = i.meeting_id
    WHERE i.meeting_id = %s AND i.position IS NOT NULL ORDER BY i.position"""
AGENDA_PREPARATIONS = """
    SELECT p.item_id, p.discipline, p.state FROM mdk_preparation p JOIN mdk_agendaitem i ON i.id = p.item_id
    WHERE i.meeting_id = %s"""
CASES = """
    SELECT c.id, c.level, c.status, c.readiness_state AS readiness, c.readiness -> 'strip' AS strip, c.suspected_on,
           c.promised_on, c.clinical_question AS question, p.name, p.identity_value AS number, d.name_sv AS diagnosis,
           m.id AS meeting_id, m.starts_at
    FROM cases_case c JOIN cases_patient p ON p.id = c.patient_id JOIN checklists_diagnosis d ON d.id = c.diagnosis_id
    LEFT JOIN mdk_agendaitem i ON i.case_id = c.id AND i.status IN ('provisional', 'planned', 'discussing')
    LEFT JOIN mdk_meeting m ON m.id = i.meeting_id
    WHERE c.status IN ('draft', 'referred', 'scheduled', 'discussed')
      AND EXISTS (SELECT 1 FROM cases_case_units u WHERE u.case_id = c.id AND u.unit_id = %s)
    ORDER BY c.suspected_on, c.id LIMIT 50"""
CASES_COUNT = """
    SELECT count(*) AS total FROM cases_case c WHERE c.status IN ('draft', 'referred', 'scheduled', 'discussed')
      AND EXISTS (SELECT 1 FROM cases_case_units u WHERE u.case_id = c.id AND u.unit_id = %s)"""
CANDIDATES = """
    SELECT c.id, c.level, c.readiness_state AS readiness, c.readiness -> 'strip' AS strip, c.suspected_on, c.promised_on,
           c.clinical_question AS question, p.name, count(*) OVER () AS total
    FROM cases_case c JOIN cases_patient p ON p.id = c.patient_id
    WHERE c.status = 'referred'
      AND c.diagnosis_id IN (SELECT d.diagnosis_id FROM mdk_series_diagnoses d JOIN mdk_meeting m ON m.series_id = d.series_id
                             WHERE m.id = %s)
      AND NOT EXISTS (SELECT 1 FROM mdk_agendaitem i WHERE i.case_id = c.id
                      AND i.status IN ('provisional', 'planned', 'discussing'))
    ORDER BY least(c.suspected_on + 39, c.promised_on), c.suspected_on, c.id LIMIT {}"""
QUEUE = """
    SELECT q.id, q.estimate_minutes, q.due_at, q.state, q.reader_id, i.level, i.case_id, c.clinical_question AS question,
           c.readiness -> 'strip' AS strip, p.name
    FROM mdk_preparation q JOIN mdk_agendaitem i ON i.id = q.item_id JOIN mdk_meeting m ON m.id = i.meeting_id
    JOIN cases_case c ON c.id = i.case_id JOIN cases_patient p ON p.id = c.patient_id
    WHERE q.discipline = 'radiology' AND q.state <> 'waiting' AND i.status IN ('planned', 'discussing')
      AND m.status IN ('planned', 'published', 'live') AND (q.reader_id = %s OR q.reader_id IS NULL)
    ORDER BY q.due_at, m.starts_at, i.position"""
QUEUE_ANSWERS = """
    SELECT case_id, requirement, performed_on, is_external FROM cases_result
    WHERE kind = 'radiology' AND case_id = ANY(%s) ORDER BY performed_on"""

Rows = list[dict[str, Any]]


def rows_of(sql: str, value: Any) -> Rows:
    """Return the rows of one statement as dictionaries, by psycopg itself."""
    connection.ensure_connection()
    with connection.connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql, [value]).fetchall()


def agenda_rows(meeting: int) -> Rows:
    """Return the agenda with its preparations."""
    rows, preparations = rows_of(AGENDA, meeting), defaultdict(list)
    for one in rows_of(AGENDA_PREPARATIONS, meeting):
        preparations[one["item_id"]].append((one["discipline"], one["state"]))
    for row in rows:
        row["preparations"] = preparations[row["id"]]
    return rows


def case_rows(unit: int) -> tuple[Rows, int]:
    """Return the first fifty open cases of the unit, and how many there are."""
    return rows_of(CASES, unit), rows_of(CASES_COUNT, unit)[0]["total"]


def queue_rows(reader: int) -> Rows:
    """Return what the radiologist has or may take, with the answers of each case."""
    rows, answers = rows_of(QUEUE, reader), defaultdict(list)
    for one in rows_of(QUEUE_ANSWERS, [row["case_id"] for row in rows]):
        answers[one["case_id"]].append(one)
    for row in rows:
        row["answers"] = answers[row["case_id"]]
    return rows


def agenda(request: HttpRequest, meeting: int) -> HttpResponse:
    """The agenda, bare."""
    rows = agenda_rows(meeting)
    starts = rows[0]["starts_at"]
    for row in rows:
        row["starts_at"], starts = starts, starts + timedelta(minutes=row["minutes"])
    return render(request, "bench/agenda.html", {"at": "/", "rows": rows})


def workbench_rows(meeting: int, limit: int = 60) -> tuple[Rows, Rows]:
    """Return the agenda and the most urgent candidates for it."""
    return agenda_rows(meeting), rows_of(CANDIDATES.format(limit), meeting)


def workbench(request: HttpRequest, meeting: int, limit: int = 60) -> HttpResponse:
    """The workbench, bare: agenda and candidates."""
    rows, waiting = workbench_rows(meeting, limit)
    starts, today = rows[0]["starts_at"], timezone.localdate()
    for row in rows:
        row["starts_at"], starts = starts, starts + timedelta(minutes=row["minutes"])
    for row in waiting:
        row["days"], row["allowed"] = (today - row["suspected_on"]).days, 39
    return render(request, "bench/workbench.html", {"at": "/", "rows": rows, "waiting": waiting})


def cases(request: HttpRequest, unit: int) -> HttpResponse:
    """The list of cases, bare."""
    rows, total = case_rows(unit)
    today = timezone.localdate()
    for row in rows:
        row["days"], row["allowed"] = (today - row["suspected_on"]).days, 39
    return render(request, "bench/cases.html", {"at": "/", "rows": rows, "first": 1, "last": len(rows), "total": total})


def queue(request: HttpRequest, reader: int) -> HttpResponse:
    """The queue, bare."""
    return render(request, "bench/queue.html", {"at": "/", "rows": queue_rows(reader)})
