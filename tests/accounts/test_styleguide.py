"""The component page and the error pages."""

from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from accounts.views.styleguide import PAGES

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_page_shows_in_both_languages(client: Client, settings: Any, page: str, language: str) -> None:
    settings.DEMO = True
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    answer = client.get(reverse("accounts:styleguide"), {"page": page} if page else {})
    assert answer.status_code == 200
    assert f'<html lang="{language}"' in answer.text
    assert "<h1" in answer.text


def test_it_exists_in_development_and_the_demo_only(client: Client, settings: Any) -> None:
    settings.DEMO = settings.DEBUG = False
    assert client.get(reverse("accounts:styleguide")).status_code == 404


def test_an_unknown_page_is_not_found_and_a_post_is_refused(client: Client, settings: Any) -> None:
    settings.DEMO = True
    assert client.get(reverse("accounts:styleguide"), {"page": "cake"}).status_code == 404
    assert client.post(reverse("accounts:styleguide")).status_code == 405


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_chosen_theme_stands_on_the_page(client: Client, settings: Any, theme: str) -> None:
    settings.DEMO = True
    client.cookies["theme"] = theme
    assert f'data-theme="{theme}"' in client.get(reverse("accounts:styleguide")).text


@pytest.mark.parametrize("page", ["400.html", "500.html"])
def test_the_pages_of_last_resort_need_nothing(page: str) -> None:
    html = render_to_string(page)
    assert "<h1>" in html
    assert "style=" not in html
