"""Addresses of the ground floor's pages."""

from django.urls import path

from accounts.views import access_log, home, preferences, session, styleguide, units

app_name = "accounts"

urlpatterns = [
    path("", home.home_page, name="home"),
    path("login/", session.login_page, name="login"),
    path("logout/", session.logout_page, name="logout"),
    path("switch-role/", preferences.switch_role_page, name="switch-role"),
    path("language/", preferences.language_page, name="language"),
    path("theme/", preferences.theme_page, name="theme"),
    path("about/", home.about_page, name="about"),
    path("styleguide/", styleguide.styleguide, name="styleguide"),
    path("units/", units.units_page, name="units"),
    path("units/<int:pk>/", units.unit_page, name="unit"),
    path("memberships/<int:pk>/end/", units.end_membership_page, name="end-membership"),
    path("access-log/", access_log.access_log_page, name="access-log"),
]
