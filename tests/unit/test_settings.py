"""Where settings come from, and where secrets may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from matcher.cli import read_settings
from matcher.seal import Seal
from matcher.settings import SECRETS, Settings
from policies.errors import InputError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_secrets_come_from_the_environment_only(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    value = Seal.new_key()
    (folder / "huiqi.toml").write_text(f'port = 7001\n{name} = "{value}"\n', encoding="utf-8")
    with pytest.raises(InputError, match=f"{name} 是密钥.*HUIQI_{name.upper()}") as caught:
        read_settings()
    assert value not in str(caught.value)
    (folder / "huiqi.toml").write_text("port = 7001\n", encoding="utf-8")
    monkeypatch.setenv(f"HUIQI_{name.upper()}", value)
    settings = read_settings()
    assert settings.port == 7001 and value not in repr(settings)
    kept = getattr(settings, name)
    assert kept.get_secret_value() == value and value not in str(kept)


def test_the_environment_stands_before_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "huiqi.toml").write_text("port = 7001\nlogin_hours = 3\n", encoding="utf-8")
    monkeypatch.setenv("HUIQI_PORT", "7002")
    assert (Settings().port, Settings().login_hours, Settings(port=7003).port) == (7002, 3, 7003)


def test_a_key_that_is_none_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIQI_CONTACT_KEY", "not-a-key-but-secret")
    with pytest.raises(InputError, match="不是有效的密钥") as caught:
        _ = Settings().seal
    assert "not-a-key-but-secret" not in str(caught.value)
    monkeypatch.delenv("HUIQI_CONTACT_KEY")
    assert Settings().seal is None
