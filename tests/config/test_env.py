"""Settings from the environment: what is taken, and what a wrong one is answered with."""

from pathlib import Path

import pytest

from config import env


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1", True), ("true", True), ("Yes", True), ("on", True), ("0", False), ("off", False), ("NO", False), ("", True)],
)
def test_flag(monkeypatch: pytest.MonkeyPatch, value: str, expected: bool) -> None:
    monkeypatch.setenv("MDK_X", value)
    assert env.flag("MDK_X", default=True) is expected


def test_a_wrong_flag_is_named_with_its_value_and_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MDK_X", "maybe")
    with pytest.raises(env.BadSetting, match=r"^MDK_X is 'maybe'\. Set it to 1 or 0\.$"):
        env.flag("MDK_X", default=False)


@pytest.mark.parametrize("value", ["ten", "1.5", "0", "70000", "-1"])
def test_a_wrong_number_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PORT", value)
    with pytest.raises(env.BadSetting, match=r"PORT is .* a whole number from 1 to 65535"):
        env.integer("PORT", 8000, least=1, most=65535)


def test_numbers_and_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", " 8080 ")
    monkeypatch.setenv("HOSTS", "a.example, b.example,,")
    assert env.integer("PORT", 8000) == 8080
    assert env.integer("OTHER_PORT", 8000) == 8000
    assert env.listed("HOSTS") == ["a.example", "b.example"]
    assert env.listed("OTHER_HOSTS", ["x"]) == ["x"]


def test_a_missing_text_says_what_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MDK_X", raising=False)
    with pytest.raises(env.BadSetting, match=r"^MDK_X is not set\. Set it to a name\.$"):
        env.text("MDK_X", expected="a name")


def test_what_may_be_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MDK_SECRET_KEY", "hush")
    with pytest.raises(env.BadSetting) as caught:
        env.text("MDK_SECRET_KEY", least=50)
    assert "hush" not in str(caught.value)


def test_a_folder_that_is_a_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("DATA_DIR", str(file))
    with pytest.raises(env.BadSetting, match="DATA_DIR"):
        env.folder("DATA_DIR", tmp_path)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u:p%40ss@db.example:5433/mdk", ("mdk", "u", "p@ss", "db.example", "5433", {})),
        ("postgres://u@db.example/mdk?sslmode=require", ("mdk", "u", "", "db.example", "", {"sslmode": "require"})),
        ("postgresql://u@/mdk?host=/run/pg", ("mdk", "u", "", "/run/pg", "", {})),
    ],
)
def test_database_addresses(url: str, expected: tuple[object, ...]) -> None:
    read = env.database(url)
    assert tuple(read[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")) == expected


def test_a_pool_is_set_when_wanted() -> None:
    assert env.database("postgresql://u@db/mdk", pool=8)["OPTIONS"]["pool"]["max_size"] == 8


@pytest.mark.parametrize("url", ["mysql://u@db/mdk", "postgresql://u@db", "postgresql://u@db:port/mdk", "db"])
def test_wrong_database_addresses_are_refused(url: str) -> None:
    with pytest.raises(env.BadSetting, match="DATABASE_URL"):
        env.database(url)


@pytest.mark.parametrize(
    ("url", "client", "broker"),
    [
        ("redis://r.example:6379", "redis://r.example:6379/2", "redis://r.example:6379/2"),
        ("rediss://:pw@r.example:6380/4", "rediss://:pw@r.example:6380/6", "rediss://:pw@r.example:6380/6"),
        ("unix:///run/r.sock", "unix:///run/r.sock?db=2", "redis+socket:///run/r.sock?virtual_host=2"),
        ("unix:///run/r.sock?db=3", "unix:///run/r.sock?db=5", "redis+socket:///run/r.sock?virtual_host=5"),
    ],
)
def test_redis_addresses(url: str, client: str, broker: str) -> None:
    assert (env.redis(url, 2), env.broker(url, 2)) == (client, broker)


@pytest.mark.parametrize("url", ["http://r.example", "redis://", "redis://r/x", "unix://", "r"])
def test_wrong_redis_addresses_are_refused(url: str) -> None:
    with pytest.raises(env.BadSetting, match="REDIS_URL"):
        env.redis(url, 0)
