"""Settings by environment: wrong ones are refused with one message that names each of them."""

import subprocess
import sys
from pathlib import Path

import pytest

from libs.common.service.settings import DatabaseSettings, Settings, SettingsRefused

GOOD = {
    "DATABASE_URL": "postgres://registry:secret@db.example/registry",
    "TOKEN_ISSUER": "https://issuer.example",
    "TOKEN_AUDIENCE": "footprint-registry",
    "JWKS_URL": "https://issuer.example/keys",
}
NAMES = [name.upper() for name in Settings.model_fields]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that has nothing of ours."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_few_settings_are_needed_and_the_rest_has_values(environment: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        environment.setenv(name, value)
    environment.setenv("CORS_ORIGINS", "https://a.example, https://b.example")
    environment.setenv("LOG_URLS", '{"registry": "postgresql://x/y"}')
    environment.setenv("LOG_LEVEL", "")
    settings = Settings.load()
    assert settings.database_url == "postgresql+asyncpg://registry:secret@db.example/registry"
    assert settings.cors_origins == ("https://a.example", "https://b.example")
    assert settings.log_urls == {"registry": "postgresql://x/y"}
    assert (settings.log_level, settings.clock_movable, settings.idempotency_hours) == ("info", False, 24)
    assert "secret" not in repr(settings)


def test_all_that_is_wrong_is_told_at_once_and_no_secret_with_it(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wrong = {
        "DATABASE_URL": "mysql://root:secret@db",
        "TOKEN_ISSUER": "https://issuer.example",
        "JWKS_URL": f"file://{tmp_path}/none.json",
        "CORS_ORIGINS": "*",
        "POOL_SIZE": "many",
        "LOG_LEVEL": "loud",
        "BUS": "pigeon",
        "MAX_BODY_BYTES": "-1",
    }
    for name, value in wrong.items():
        environment.setenv(name, value)
    with pytest.raises(SettingsRefused) as refused:
        Settings.load()
    message = str(refused.value)
    for name in {*wrong, "TOKEN_AUDIENCE"} - {"TOKEN_ISSUER"}:
        assert f"  {name}" in message
    assert "TOKEN_AUDIENCE is not set" in message
    assert "POOL_SIZE = 'many'" in message
    assert "there is no such file" in message
    assert "secret" not in message


@pytest.mark.parametrize(
    ("url", "accepted"),
    [
        ("https://issuer.example/keys", True),
        ("http://127.0.0.1:8000/issuer/keys", True),
        ("http://localhost/keys", True),
        ("http://[::1]/keys", True),
        ("http://issuer.example/keys", False),
        ("http://localhost.example/keys", False),
        ("http://127.0.0.1@issuer.example/keys", False),
        ("ftp://issuer.example/keys", False),
    ],
)
def test_keys_are_fetched_where_they_cannot_be_changed_on_their_way(
    environment: pytest.MonkeyPatch, url: str, *, accepted: bool
) -> None:
    for name, value in {**GOOD, "JWKS_URL": url}.items():
        environment.setenv(name, value)
    if accepted:
        assert Settings.load().jwks_url == url
        return
    with pytest.raises(SettingsRefused, match="https:// or file://"):
        Settings.load()


def test_more_connections_than_a_service_may_hold_are_refused(environment: pytest.MonkeyPatch) -> None:
    for name, value in {**GOOD, "POOL_SIZE": "7"}.items():
        environment.setenv(name, value)
    with pytest.raises(SettingsRefused, match="make 24 connections; a service may use 20"):
        Settings.load()


def test_a_database_is_enough_for_what_needs_no_callers(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DATABASE_URL", GOOD["DATABASE_URL"])
    assert DatabaseSettings.load().database_url.startswith("postgresql+asyncpg://")


def test_a_service_with_wrong_settings_does_not_start_and_says_why() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "services.contracts", "serve"],
        cwd=Path(__file__).parents[3],
        env={"PATH": "/usr/bin", "PORT": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.splitlines()[0] == "These settings are wrong:"
    assert "  DATABASE_URL is not set, but required" in run.stderr.splitlines()
