"""From files and environment to a configuration, or to everything that is wrong with it, all at once.

`PREFIX` and the path of a key in capitals, joined by two underscores, overrides the file: `JGB_RELAYER__API__PORT`.
Values that start with `[` or `{` are JSON. Any key with `_file` behind it names a file that holds the value.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bridge.adapters.config.fields import Wrong
from bridge.adapters.config.relayer import Home, Keys, RelayerConfig, Remote
from bridge.core.errors import Refuse

PREFIX: Final = "JGB_RELAYER__"
_SEPARATOR: Final = "__"
_FILE: Final = "_file"
_OWN_FILE_KEYS: Final = frozenset({"password_file"})
"""Keys that end like this themselves."""

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, what, and what to do about it."""

    where: str
    what: str
    todo: str
    is_passing: bool = False
    """Whether it may pass by itself while the others of its kind go on: worth a warning, no reason to stay down."""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}: {self.todo}"


class BadConfig(Refuse):
    """A configuration with everything that is wrong with it, one line each."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Draft:
    """A configuration as far as it can be understood, so that what is right in it can be tried out all the same."""

    problems: tuple[Problem, ...]
    config: RelayerConfig | None = None
    """None if there is a problem."""
    keys: Keys | None = None
    home: Home | None = None
    data_dir: Path | None = None
    remotes: Mapping[int, Remote] = field(default_factory=dict)
    """By their index in the file."""


def load(path: Path, environment: Mapping[str, str]) -> RelayerConfig:
    """Read a relayer's configuration. Raises BadConfig with all that is wrong."""
    draft = read_draft(path, environment)
    if draft.config is None:
        raise BadConfig(draft.problems)
    return draft.config


def read_draft(path: Path, environment: Mapping[str, str]) -> Draft:
    """Read a relayer's configuration as far as it goes."""
    document, problems = _document(path, environment, PREFIX)
    if document is None:
        return Draft(problems)
    context = {"folder": path.parent.absolute()}
    try:
        config = RelayerConfig.model_validate(document, context=context)
    except ValidationError as invalid:
        problems += tuple(map(_problem, invalid.errors()))
        return _salvage(document, invalid, context, problems)
    if problems:
        return Draft(problems, None, config.keys, config.home, config.data_dir, dict(enumerate(config.remotes)))
    return Draft((), config, config.keys, config.home, config.data_dir, dict(enumerate(config.remotes)))


def load_model(model: type[M], path: Path, environment: Mapping[str, str], prefix: str) -> M:
    """Read the configuration of another daemon by the same rules. Raises BadConfig with all that is wrong."""
    document, problems = _document(path, environment, prefix)
    if document is None:
        raise BadConfig(problems)
    try:
        config = model.model_validate(document, context={"folder": path.parent.absolute()})
    except ValidationError as invalid:
        raise BadConfig((*problems, *map(_problem, invalid.errors()))) from None
    if problems:
        raise BadConfig(problems)
    return config


def _document(
    path: Path, environment: Mapping[str, str], prefix: str
) -> tuple[dict[str, Any] | None, tuple[Problem, ...]]:
    """Return what file and environment say together; None if the file cannot be read."""
    try:
        document = tomllib.loads(path.read_text())
    except OSError as fault:
        return None, (Problem(str(path), str(fault.strerror), "name a configuration that can be read"),)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        return None, (Problem(str(path), f"is no TOML: {fault}", "correct that line"),)
    problems = [*_override(document, environment, prefix), *_read_files(document, path.parent, "")]
    return document, tuple(problems)


def _override(document: dict[str, Any], environment: Mapping[str, str], prefix: str) -> list[Problem]:
    """Put the environment's values into the document."""
    problems = []
    for name, text in sorted(environment.items()):
        if not name.startswith(prefix):
            continue
        keys = name.removeprefix(prefix).lower().split(_SEPARATOR)
        try:
            _put(document, keys, json.loads(text) if text[:1] in ("[", "{") else text)
        except (LookupError, TypeError, ValueError):
            problems.append(Problem(name, "leads to no key or holds no JSON", "correct or unset the variable"))
    return problems


def _put(document: Any, keys: list[str], value: object) -> None:  # noqa: ANN401 - a tree of dicts and lists
    *parents, last = keys
    for key in parents:
        document = document[int(key)] if isinstance(document, list) else document.setdefault(key, {})
    document[int(last) if isinstance(document, list) else last] = value


def _read_files(document: Any, folder: Path, where: str) -> list[Problem]:  # noqa: ANN401 - the same
    """Replace every `key_file` by `key` with what the file holds."""
    if isinstance(document, list):
        return [
            problem for index, item in enumerate(document) for problem in _read_files(item, folder, f"{where}[{index}]")
        ]
    problems: list[Problem] = []
    for key, value in list(document.items()) if isinstance(document, dict) else ():
        place = f"{where}.{key}" if where else key
        if not key.endswith(_FILE) or key in _OWN_FILE_KEYS:
            problems += _read_files(value, folder, place)
            continue
        del document[key]
        try:
            document[key.removesuffix(_FILE)] = (folder / str(value)).read_text().strip()
        except (OSError, UnicodeDecodeError):
            problems.append(Problem(place, f"{value} cannot be read", "correct the path or create the file"))
    return problems


def _salvage(
    document: dict[str, Any], invalid: ValidationError, context: Mapping[str, object], problems: tuple[Problem, ...]
) -> Draft:
    """Understand each part for itself, without the keys that nobody knows."""
    for error in invalid.errors():
        if error["type"] == "extra_forbidden":
            _drop(document, error["loc"])
    remotes = document.get("remotes")
    understood = {
        index: remote
        for index, part in enumerate(remotes if isinstance(remotes, list) else ())
        if (remote := _understood(Remote, part, context)) is not None
    }
    return Draft(
        problems=problems,
        keys=_understood(Keys, document.get("keys"), context),
        home=_understood(Home, document.get("home"), context),
        remotes=understood,
    )


def _understood(model: type[M], part: object, context: Mapping[str, object]) -> M | None:
    try:
        return model.model_validate(part, context=dict(context))
    except ValidationError:
        return None


def _drop(document: Any, where: tuple[int | str, ...]) -> None:  # noqa: ANN401 - a tree of dicts and lists
    *parents, last = where
    for key in parents:
        document = document[key]
    del document[last]


def _problem(error: ErrorDetails) -> Problem:
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"])[1:]
    reason = error.get("ctx", {}).get("error")
    match error["type"]:
        case "missing":
            return Problem(where, "is missing", "add it")
        case "extra_forbidden":
            return Problem(where, "is not a key that is known here", _hint(str(error["loc"][-1])))
        case _ if isinstance(reason, Wrong):
            return Problem(where, reason.what, reason.todo)
        case _:
            return Problem(where, error["msg"][:1].lower() + error["msg"][1:], "correct it")


def _hint(key: str) -> str:
    close = get_close_matches(key, _KEYS, n=1)
    return f"did you mean {close[0]}?" if close else "remove it"


def _keys_of(model: type[BaseModel]) -> set[str]:
    """Return the names of all keys, of the parts of a model too."""
    keys = set(model.model_fields)
    for name in model.model_fields:
        for part in _models_in(model.model_fields[name].annotation):
            keys |= _keys_of(part)
    return keys


def _models_in(annotation: Any) -> list[type[BaseModel]]:  # noqa: ANN401 - any type expression
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)]


_KEYS: Final = sorted(_keys_of(RelayerConfig))
