"""Settings, read at the edges only: `huiqi.toml` in the working folder, then HUIQI_… variables, then arguments."""

from __future__ import annotations

import datetime as dt
import ipaddress
from pathlib import Path
from typing import Any

from platformdirs import user_data_dir
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from matcher.seal import Seal
from policies.errors import InputError, Problem

SECRETS = frozenset({"contact_key", "smtp"})
"""Taken from the environment only."""


class Settings(BaseSettings):
    """Everything that can be set.

    Attributes:
        library: Folder of policy files; None for the shipped library.
        model: sentence-transformers name or path; None for the bundled multilingual-e5-small.
        dense: False matches by rules and words only.
        host: Address to serve on.
        port: Port to serve on.
        as_of: The day to answer for where nobody says one; None for today in Shanghai.
        data_dir: Folder of the database and of uploaded and produced files; None for the user's data folder.
        database: Database as an SQLAlchemy URL; None for huiqi.sqlite in the data folder.
        login: Whether one has to log in on this machine too; elsewhere one always has to.
        origin: Address that browsers use, such as "https://huiqi.example.cn", where a proxy stands in front; cookies
            are sent over TLS only if it begins with https.
        login_hours: Hours after which one has to log in again.
        upload_mib: Largest spreadsheet that may be uploaded, in MiB.
        contact_key: Key that contacts are encrypted and links are signed with; only from the environment.
        smtp: Mail server as an apprise URL such as "mailtos://user:password@smtp.example.cn?from=huiqi@example.cn";
            only from the environment.
        closing_days: How many days before a measure closes companies are told once more.
    """

    model_config = SettingsConfigDict(env_prefix="HUIQI_", toml_file="huiqi.toml", frozen=True, extra="ignore")

    library: Path | None = None
    model: str | None = None
    dense: bool = True
    host: str = "127.0.0.1"
    port: int = 7860
    as_of: dt.date | None = None
    data_dir: Path | None = None
    database: str | None = None
    login: bool = False
    origin: str | None = Field(default=None, pattern=r"^https?://[^/\s]+$")
    login_hours: int = Field(default=12, ge=1, le=720)
    upload_mib: int = Field(default=50, ge=1, le=1024)
    contact_key: SecretStr | None = None
    smtp: SecretStr | None = None
    closing_days: int = Field(default=15, ge=1, le=90)

    @property
    def data_folder(self) -> Path:
        """The data folder."""
        return self.data_dir or Path(user_data_dir("huiqi"))

    @property
    def url(self) -> str:
        """How links to the pages begin."""
        return self.origin or f"http://{self.host}:{self.port}"

    @property
    def seal(self) -> Seal | None:
        """What encrypts contacts and signs links; None without a key.

        Raises:
            InputError: the key is none.
        """
        return Seal(self.contact_key.get_secret_value()) if self.contact_key else None

    @property
    def needs_login(self) -> bool:
        """Whether one has to log in: everywhere but on a machine that serves only itself."""
        return self.login or self.origin is not None or not is_loopback(self.host)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the file.

        Raises:
            InputError: the file holds a secret.
        """
        return init_settings, env_settings, _File(settings_cls)


class _File(TomlConfigSettingsSource):
    """`huiqi.toml`: files are copied, backed up and shown to others, so secrets do not belong there."""

    def __call__(self) -> dict[str, Any]:
        """What the file sets."""
        found = super().__call__()
        for name in sorted(SECRETS & found.keys()):
            remedy = f"请从文件中删去，改为设置环境变量 HUIQI_{name.upper()}"
            raise InputError([Problem("设置文件 huiqi.toml", f"{name} 是密钥，不能写在文件里", remedy)])
        return found


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine only."""
    name = host.strip("[]").lower()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
