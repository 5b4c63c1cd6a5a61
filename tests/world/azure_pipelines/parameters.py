"""A template's parameters: what it declares, and what it was given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.world.azure_pipelines.values import NoConversion, Object, TemplateError, equal, to_number, to_text
from tests.world.azure_pipelines.yaml_tree import Map, to_value

_TEXTS = ("string", "environment", "filepath", "serviceconnection")
_LISTS = ("stringlist", "steplist", "joblist", "deploymentlist", "stagelist", "containerlist")
_OTHERS = ("object", "legacyobject", "pool", "step", "job", "deployment", "stage", "container")


class Parameters(Object):
    """Parameters, of which only the declared ones can be named."""

    def get(self, key: str, default: Any = None) -> Any:
        """The value of ``key``; TemplateError if it was not declared."""
        if key not in self:
            raise TemplateError(f"Unexpected parameter reference: parameters.{key}")
        return super().get(key, default)


def bound(declared: Any, given: Iterable[tuple[str, Any]] | None, file: str) -> Parameters:
    """The parameters of the template ``file``; TemplateError if what is given does not fit what is declared."""
    values = {name.lower(): (name, value) for name, value in given or ()}
    parameters = Parameters()
    if declared is None or isinstance(declared, Map):
        # The older form has no types: anything may be given, and scalars are texts.
        for name, value in [*(declared or ()), *values.values()]:
            parameters[name] = to_value(_as_text(value))
        return parameters
    for declaration in declared:
        if not isinstance(declaration, Map) or not declaration.get("name"):
            raise TemplateError(f"{file}: parameter without name")
        name = declaration.get("name")
        parameters[name] = to_value(_bound(declaration, values.pop(name.lower(), None), file))
    for name, _ in values.values():
        raise TemplateError(f"{file}: Unexpected parameter '{name}'")
    return parameters


def _bound(declaration: Map, given: tuple[str, Any] | None, file: str) -> Any:
    name, kind = declaration.get("name"), str(declaration.get("type") or "string").lower()
    if kind not in ("number", "boolean", *_TEXTS, *_LISTS, *_OTHERS):
        raise TemplateError(f"{file}: parameter '{name}': unexpected type '{kind}'")
    if given is None and not declaration.has("default"):
        raise TemplateError(f"{file}: A value for the '{name}' parameter must be provided.")
    value = _converted(given[1] if given else declaration.get("default"), kind, f"{file}: The '{name}' parameter")
    _check_allowed(value, declaration.get("values"), f"{file}: The '{name}' parameter")
    return value


def _converted(value: Any, kind: str, what: str) -> Any:
    if kind in _TEXTS:
        if isinstance(value, (list, Mapping, Map)):
            raise TemplateError(f"{what} is not a valid String.")
        return to_text(value)
    if kind == "boolean":
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if not isinstance(value, bool):
            raise TemplateError(f"{what} value '{value}' is not a valid Boolean.")
    if kind == "number":
        try:
            if value in (None, "") or isinstance(value, bool):
                raise NoConversion("it is no number")
            return to_number(value)
        except NoConversion:
            raise TemplateError(f"{what} value '{value}' is not a valid Number.") from None
    if kind in _LISTS and not isinstance(value, list):
        raise TemplateError(f"{what} is not a valid {kind}.")
    return value


def _check_allowed(value: Any, allowed: list[Any] | None, what: str) -> None:
    if not allowed:
        return
    if isinstance(value, list):
        if not all(any(equal(each, option) for option in allowed) for each in value):
            raise TemplateError(f"{what} has a value that is not allowed: {allowed}")
    elif not any(equal(_as_text(value), to_text(option)) for option in allowed):
        raise TemplateError(f"{what} value '{_as_text(value)}' is not a valid option: {allowed}")


def _as_text(value: Any) -> Any:
    """A scalar as text; None and what is no scalar as it is."""
    return value if value is None or isinstance(value, (list, Mapping, Map)) else to_text(value)
