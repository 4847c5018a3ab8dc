"""Reading a service's settings in layers: defaults, then a YAML file, then the environment, then secret files.

`PANDA_CONFIG` names the YAML file and `PANDA_SECRETS` the folder of secret files. Whatever is wrong,
misspelt or unknown stops the service at its start with one line that names it, and a secret is never shown.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from alpha_panda.errors import InputError
from alpha_panda.resources.problems import ResourceError, dotted
from alpha_panda.resources.yaml_text import YamlDocument, parse_yaml
from alpha_panda.runtime.settings import ServiceSettings

CONFIG: Final = "PANDA_CONFIG"
SECRETS: Final = "PANDA_SECRETS"
_PREFIX: Final = "PANDA_"
_NOT_SETTINGS: Final = frozenset({CONFIG, SECRETS, "PANDA_DATA_DIR", "PANDA_ACTOR"})
"""Variables of the `panda` command itself."""
_MAP: Final = "kafka.profiles."
"""Settings whose keys are not known beforehand; validation knows the services."""
_HIDDEN: Final = ("password", "token", "secret")
_WHERE: Final = f"settings come from {CONFIG} (YAML), PANDA_… variables and the files in {SECRETS}"


class LayeredSettings(ServiceSettings, BaseSettings):
    """The settings of this process, read from all layers when it is made."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Strongest first: explicit values, secret files, environment, YAML."""
        _ = dotenv_settings
        sources: list[PydanticBaseSettingsSource] = [init_settings]
        if folder := os.environ.get(SECRETS):
            sources.append(
                NestedSecretsSettingsSource(
                    file_secret_settings,
                    secrets_dir=folder,
                    secrets_dir_missing="error",
                    secrets_prefix="",
                    secrets_nested_delimiter="__",
                ),
            )
        sources.append(env_settings)
        if file := os.environ.get(CONFIG):
            sources.append(InitSettingsSource(settings_cls, init_kwargs=read_mapping(Path(file))[0]))
        return tuple(sources)


def load_settings() -> LayeredSettings:
    """Read all layers; raises InputError with one line per wrong setting."""
    _refuse_unknown()
    try:
        return LayeredSettings()
    except ValidationError as error:
        raise InputError("\n".join(map(told, error.errors())), remedy=_WHERE) from error
    except SettingsError as error:
        raise InputError(f"settings cannot be read: {error}", remedy=_WHERE) from error


def read_mapping(file: Path) -> tuple[dict[str, Any], YamlDocument]:
    """The settings in a YAML file, and where each stands; an empty file has none.

    Raises:
        InputError: it cannot be read, or is not one mapping of settings.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"settings file {file} cannot be read: {error}", remedy="name a YAML file") from error
    documents = list(parse_yaml(text, str(file)))
    if problems := [problem for document in documents for problem in document.problems]:
        raise ResourceError(problems)
    if not documents or documents[0].value is None:
        return {}, YamlDocument(str(file))
    if len(documents) > 1 or not isinstance(documents[0].value, dict):
        raise InputError(f"settings file {file} is not one mapping of settings", remedy="see docs/settings.md")
    return documents[0].value, documents[0]


def told(problem: ErrorDetails) -> str:
    """A problem in words: the setting, what is wrong and with which value, except where that may be secret."""
    where = dotted(tuple(problem["loc"]))
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        return _unknown(where, setting_names())
    said = f"{where}: {message}" if where else message
    given = problem.get("input")
    if isinstance(given, str | int | float) and not any(word in where for word in _HIDDEN):
        return f"{said}, got {given!r}"
    return said


def setting_names(model: type[BaseModel] = ServiceSettings, parents: tuple[str, ...] = ()) -> Iterator[str]:
    """Every setting and section by its dotted name."""
    for name, field in model.model_fields.items():
        path = (*parents, name)
        yield ".".join(path)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from setting_names(field.annotation, path)


def _refuse_unknown() -> None:
    """A misspelt variable or file would leave a default in place of what a person set."""
    wrong = [
        _unknown(variable, [f"{_PREFIX}{_nested(name).upper()}" for name in setting_names()])
        for variable in sorted(os.environ)
        if variable.startswith(_PREFIX)
        and variable not in _NOT_SETTINGS
        and not _is_setting(variable.removeprefix(_PREFIX))
    ]
    wrong += [
        f"{file.parent}: " + _unknown(file.name, map(_nested, setting_names()))
        for file in _secret_files()
        if not _is_setting(file.name)
    ]
    if wrong:
        raise InputError("\n".join(wrong), remedy=_WHERE)


def _secret_files() -> list[Path]:
    """What is in the folder of secrets; Kubernetes keeps its own things there under names with a dot."""
    folder = os.environ.get(SECRETS)
    if not folder:
        return []
    try:
        return sorted(file for file in Path(folder).iterdir() if not file.name.startswith("."))
    except OSError as error:
        raise InputError(f"{SECRETS} names {folder}, which cannot be read: {error.strerror}", remedy=_WHERE) from error


def _is_setting(name: str) -> bool:
    """Whether a name with `__` is a setting, a section, or a key of a map."""
    path = name.lower().replace("__", ".")
    return path in set(setting_names()) or path.startswith(_MAP)


def _nested(name: str) -> str:
    return name.replace(".", "__")


def _unknown(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), n=1)
    return f"{name} is no setting" + (f": did you mean {close[0]}?" if close else "")
