"""The options that a run goes by, each with its value and where that comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline_kit.record import Setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline_kit.config import Settings
    from pipeline_kit.generate.options import Option
    from pipeline_kit.session import Session
    from pipeline_kit.steps.command import Shared

DEFAULT = "default"
# Variables of a container, and the credentials of a build cache, may be secrets wherever they were not committed: their
# names are kept, their values are not.
WITHHELD = frozenset({"build.cache-from", "build.cache-to", "deploy.variables"})


def effective(
    session: Session, shared: Shared, given: Mapping[str, str] | None = None, *, without: tuple[str, ...] = ()
) -> tuple[Setting, ...]:
    """All options with their values, in the order of precedence: ``given``, environment, file, default; those of the
    steps ``without`` are left out.
    """
    from pipeline_kit.generate.options import all_options

    settings = session.settings(shared.config)
    found = []
    if shared.image and shared.image != settings.text("image"):
        variable = "PIPELINE_KIT_IMAGE"
        found.append(Setting("image", shared.image, variable if session.environ.get(variable) else "--image"))
    for key in (("image",), ("azure", "client"), ("azure", "tenant")):
        if settings.text(*key) and not (found and key == ("image",)):
            found.append(Setting(".".join(key), settings.text(*key), str(settings.place(*key))))
    for step, options in _by_step(all_options()).items():
        if step in without:
            continue
        values = session.defaults(shared.config, step, shared.environment)
        of_step = session.settings_of(step, shared.config)
        found += [
            _overridden(session, option, given or {})
            or _configured(option, values, of_step, shared.environment)
            or Setting(option.path, option.default, DEFAULT)
            for option in options
        ]
    return tuple(found)


def changed(settings: tuple[Setting, ...]) -> tuple[Setting, ...]:
    """Those that are not at their default."""
    return tuple(one for one in settings if one.origin != DEFAULT)


def _by_step(options: tuple[Option, ...]) -> dict[str, list[Option]]:
    found: dict[str, list[Option]] = {}
    for option in options:
        found.setdefault(option.step, []).append(option)
    return found


def _overridden(session: Session, option: Option, given: Mapping[str, str]) -> Setting | None:
    set_here = (given.get(f"{option.step}.{option.key}"), "--set")
    for text, origin in (set_here, (session.environ.get(option.variable), option.variable)):
        if text:
            return Setting(option.path, _names(text) if option.path in WITHHELD else text, origin)
    return None


def _configured(option: Option, values: dict[str, Any], settings: Settings, environment: str) -> Setting | None:
    value = values.get(option.key.replace("-", "_"))
    if value is None:
        return None
    path = tuple(option.path.split("."))
    place = settings.place("environments", environment, *path) or settings.place(*path)
    return Setting(option.path, _text(value), str(place or settings.shown))


def _names(text: str) -> str:
    return ", ".join(line.partition("=")[0].strip() for line in text.splitlines() if line.strip())


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join("=".join(map(str, one)) if isinstance(one, (list, tuple)) else str(one) for one in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
