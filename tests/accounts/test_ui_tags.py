"""The shared signs: every state has its shape, its word in both languages, and nothing gets through unescaped."""

import re
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from django.template import Context, Template
from django.utils import translation
from django.utils.html import escape

from accounts import bars, signs
from accounts.templatetags import ui

NOW = datetime(2026, 11, 26, 7, 41, tzinfo=UTC)


def render(source: str, **context: object) -> str:
    """Render a piece of a page with the tags loaded."""
    return Template("{% load ui %}" + source).render(Context(context))


def label(html: str) -> str:
    """Return the first sentence that a screen reader gets."""
    found = re.search(r'aria-label="([^"]*)"', html)
    assert found, html
    return found[1]


@pytest.mark.parametrize("state", signs.ANSWER_WORDS)
@pytest.mark.parametrize("language", ["sv", "en"])
def test_each_answer_has_its_own_shape_and_its_word(state: str, language: str) -> None:
    with translation.override(language):
        html = render("{% readiness_strip strip %}", strip={"radiology": state})
        expected = escape(f"{signs.KINDS[0][1]}: {signs.ANSWER_WORDS[state]}")
    assert signs.SHAPES[state] in html
    assert label(html) == expected
    assert f'title="{expected}"' in html
    assert f"sign--{state}" in html


def test_the_seven_answers_differ_in_shape_not_only_in_colour() -> None:
    assert len({signs.SHAPES[state] for state in signs.ANSWER_WORDS}) == len(signs.ANSWER_WORDS) == 7


def test_the_strip_keeps_its_order_whatever_the_order_of_the_mapping() -> None:
    by_name = {"clinical": "final", "lab": "waived", "pathology": "ordered", "radiology": "stale"}
    html = render("{% readiness_strip strip %}", strip=by_name)
    assert re.findall(r"<b>(\w)</b>", html) == ["R", "P", "L", "K"]
    assert re.findall(r"sign--(\w+)", html) == ["stale", "ordered", "waived", "final"]
    assert html == render("{% readiness_strip strip %}", strip=("stale", "ordered", "waived", "final"))


@pytest.mark.parametrize("nothing", [None, {}, ()])
def test_a_case_without_a_summary_shows_four_missing_answers(nothing: object) -> None:
    assert render("{% readiness_strip strip %}", strip=nothing).count("sign--missing") == 4


def test_expected_dates_stand_beneath_what_is_ordered_only() -> None:
    with translation.override("en"):
        html = render(
            "{% readiness_strip strip expected=expected %}",
            strip=("ordered", "final", "final", "final"),
            expected={"radiology": date(2026, 11, 26), "pathology": date(2026, 12, 4)},
        )
    assert "<small>26/11</small>" in html
    assert "4/12" not in html
    assert label(html) == "Radiology: ordered, expected 26/11"


def test_a_late_answer_and_one_from_elsewhere_are_said_in_words_and_by_a_sign() -> None:
    with translation.override("en"):
        html = render(
            "{% readiness_strip strip expected=expected marks=marks %}",
            strip=("final", "ordered", "final", "final"),
            expected=(None, date(2026, 11, 20), None, None),
            marks=("elsewhere", "late", "", "late"),
        )
    assert re.findall(r'aria-label="([^"]+)"', html) == [
        "Radiology: final answer; made elsewhere", "Pathology: ordered, expected 20/11, not come",
        "Laboratory: final answer", "Clinical: final answer",
    ]  # fmt: skip
    assert (html.count("sign__flag"), html.count("sign--late")) == (1, 1)
    assert "<small>20/11!</small>" in html


def test_words_are_in_view_when_asked_for() -> None:
    html = render("{% readiness_strip strip words=True %}", strip=("final", "final", "final", "missing"))
    assert html.count("sign__word") == 4


@pytest.mark.parametrize(
    ("tag", "codes"),
    [
        ("{% readiness_state code %}", signs.READINESS),
        ("{% severity_mark code %}", signs.SEVERITIES),
        *[(f'{{% status_badge "{kind}" code %}}', codes) for kind, codes in signs.STATUSES.items()],
    ],
)
def test_every_status_has_shape_word_and_a_shape_of_its_own_within_a_tone(
    tag: str, codes: dict[str, tuple[str, str, str]]
) -> None:
    for code, (tone, shape, word) in codes.items():
        html = render(tag, code=code)
        assert signs.SHAPES[shape] in html
        assert f">{escape(word)}</span>" in html
        assert f"tone--{tone}" in html
    looks = [(shape, str(word)) for _tone, shape, word in codes.values()]
    assert len(set(looks)) == len(codes)


@pytest.mark.parametrize("level", ["full", "focused", "protocol", ""])
def test_levels_have_a_square_and_a_word_and_short_ones_a_sentence(level: str) -> None:
    name, word, sentence = signs.LEVELS[level]
    assert f"</svg>{escape(word)}</span>" in render("{% level_badge level %}", level=level)
    short = render("{% level_badge level short=True %}", level=level or None)
    assert label(short) == escape(sentence)
    assert signs.SHAPES[name] in short


@pytest.mark.parametrize(
    "source",
    [
        "{% readiness_state 'nearly' %}",
        "{% severity_mark 'bad' %}",
        "{% level_badge 'deep' %}",
        "{% status_badge 'case' 'lost' %}",
        "{% status_badge 'cake' 'draft' %}",
        "{% answer_sign 'maybe' %}",
        "{% readiness_strip strip %}",
    ],
)
def test_an_unknown_code_is_a_fault_of_the_page(source: str) -> None:
    with pytest.raises(signs.UnknownSign):
        render(source, strip=("final", "nearly", "final", "final"))


def test_a_strip_of_three_is_a_fault_of_the_page() -> None:
    with pytest.raises(signs.UnknownSign):
        signs.readiness_strip("sv", ("final", "final", "final"), (None, None, None), False)


def test_the_same_state_in_two_languages_is_not_mixed_up() -> None:
    signs.toned.cache_clear()
    words = {}
    for language in ("en", "sv", "en", "sv"):
        with translation.override(language):
            words[language] = str(signs.READINESS["ready"][2])
            assert f">{words[language]}</span>" in render("{% readiness_state 'ready' %}")
    assert words["en"] == "Ready"
    assert signs.toned.cache_info().misses == 2


@pytest.mark.parametrize(
    ("days", "allowed", "promised", "text", "over"),
    [
        (18, 39, 27, "18/39", False),
        (39, 39, None, "39/39", False),
        (40, 39, 41, "40/39", True),
        (0, 28, None, "0/28", False),
        (-2, 28, None, "0/28", False),
        (5, 0, None, "5/0", True),
        (18, None, 20, "18", False),
    ],
)
def test_the_pathway_clock(days: int, allowed: int | None, promised: int | None, text: str, over: bool) -> None:
    html = render("{% pathway_clock days allowed promised %}", days=days, allowed=allowed, promised=promised)
    assert f'<span class="clock__text">{text}</span>' in html
    assert ("clock--over" in html) is over
    assert ("bar__over" in html) is over
    assert ("<svg" in html) is (allowed is not None)
    assert ("bar__notch" in html) is (promised is not None and allowed is not None)


def test_the_long_clock_speaks() -> None:
    with translation.override("en"):
        html = render("{% pathway_clock 46 39 41 long=True %}")
    assert '<span class="clock__text">46 of 39 days</span>' in html
    assert label(html) == "46 of 39 days, 7 days past the limit, answer promised on day 41"


def test_a_case_without_a_dated_suspicion_has_no_clock() -> None:
    assert render("{% pathway_clock days 39 %}", days=None) == ""


@pytest.mark.parametrize(("days", "allowed", "promised"), [*product((0, 1, 39, 400), (1, 39), (None, -3, 0, 39, 500))])
def test_no_part_of_a_clock_leaves_its_picture(days: int, allowed: int, promised: int | None) -> None:
    html = bars.pathway_clock("en", days, allowed, promised, False)
    for x, width in re.findall(r'x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', html):
        assert float(x) + float(width) <= bars.CLOCK_WIDTH + 0.01


@pytest.mark.parametrize(
    ("planned", "limit", "over"), [(0, 135, False), (135, 135, False), (136, 135, True), (5, 0, True), (0, 0, False)]
)
def test_capacity_is_hatched_over_the_mark(planned: int, limit: int, over: bool) -> None:
    with translation.override("en"):
        html = render('{% capacity_bar planned limit "Agenda" %}', planned=planned, limit=limit)
    assert ("bar__hatch" in html) is over
    assert ("bar--over" in html) is over
    assert "bar__limit" in html
    assert label(html).startswith(f"Agenda: {planned} of {limit} min")
    assert (f"{planned - limit} minutes over" in html) is over


def test_capacity_in_short() -> None:
    assert '<span class="bar__text">96/120</span>' in render('{% capacity_bar 96 120 "R" short=True %}')


def test_minutes_planned_and_used() -> None:
    with translation.override("en"):
        assert render("{% minutes 12 %}") == '<span class="minutes">12 min</span>'
        used = render("{% minutes 12 9 %}")
        assert "minutes--over" not in used
        assert label(used) == "12 minutes planned, 9 used"
        assert "minutes--over" in render("{% minutes 9 12 %}")


@pytest.mark.parametrize(
    ("spent", "budget", "text", "over"),
    [(252, 360, "04:12 / 06:00", False), (361, 360, "06:01 / 06:00", True), (3700, None, "1:01:40", False)],
)
def test_the_case_timer_is_right_without_script(spent: int, budget: int | None, text: str, over: bool) -> None:
    html = render("{% case_timer since budget now %}", since=NOW - timedelta(seconds=spent), budget=budget, now=NOW)
    assert f">{text}</span>" in html
    assert ("is-over" in html) is over
    assert f'data-now="{NOW.isoformat()}"' in html


def test_no_timer_before_the_case_has_begun() -> None:
    assert render("{% case_timer since 360 %}", since=None) == ""


def test_labels_are_escaped() -> None:
    bad = '<script>"x"</script>'
    for source in ("{% capacity_bar 1 2 bad %}", '{% icon "bell" bad %}'):
        html = render(source, bad=bad)
        assert "<script>" not in html
        assert "&lt;script&gt;" in html


def test_an_icon_is_hidden_unless_it_says_something() -> None:
    assert 'aria-hidden="true"' in render('{% icon "bell" %}')
    assert 'role="img" aria-label="Bell"' in render('{% icon "bell" "Bell" %}')


def test_no_sign_carries_inline_style_or_an_id() -> None:
    page = "".join(
        [
            render("{% readiness_strip strip %}", strip=tuple(signs.ANSWER_WORDS)[:4]),
            render("{% pathway_clock 46 39 41 %}{% capacity_bar 210 135 'A' %}{% minutes 9 12 %}{% icon 'bell' %}"),
        ]
    )
    assert "style=" not in page
    assert not re.search(r"\bid=", page)


def test_a_sign_is_built_once() -> None:
    signs.readiness_strip.cache_clear()
    for _ in range(3):
        ui.readiness_strip(("final", "final", "final", "final"))
    assert signs.readiness_strip.cache_info().misses == 1
