"""Variables while a pipeline runs, and the expressions that are evaluated only then."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.world.azure_pipelines.expressions import evaluate
from tests.world.azure_pipelines.values import Object, to_boolean, to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_MACRO = re.compile(r"\$\(([^()\s][^()]*)\)")
_RUNTIME = re.compile(r"\$\[(.*)\]", re.DOTALL)
_GOOD = ("Succeeded", "SucceededWithIssues")


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable's value. A secret is in no step's environment unless the step asks for it."""

    value: str
    secret: bool = False
    read_only: bool = False


def values(variables: Mapping[str, Variable]) -> Object:
    """The values of ``variables``, as expressions see them."""
    return Object((name, variable.value) for name, variable in variables.items())


def with_macros(text: Any, variables: Mapping[str, Variable]) -> Any:
    """``text`` with each ``$(name)`` replaced by that variable's value; an unknown one stays as it is."""
    if not isinstance(text, str):
        return text
    return _MACRO.sub(lambda match: variables[match[1]].value if match[1] in variables else match[0], text)


def environment_name(name: str) -> str:
    """The environment variable that a step finds the variable ``name`` in."""
    return name.replace(".", "_").replace(" ", "_").upper()


def declared(
    section: Iterable[Mapping[str, Any]] | None, outer: Mapping[str, Variable], names: Mapping[str, Any]
) -> Object:
    """The variables of a section and those around it; ``$[ ]`` in their values may name ``names``."""
    known = Object(outer)
    for each in section or ():
        if "name" in each:
            text = to_text(each.get("value"))
            runtime = _RUNTIME.fullmatch(text.strip())
            if runtime:
                functions = {"counter": lambda *_: 0.0}
                text = to_text(evaluate(runtime[1], {"variables": values(known), **names}, functions))
            known[each["name"]] = Variable(text)
    return known


def applies(condition: Any, variables: Mapping[str, Variable], names: Mapping[str, Any], before: Iterable[str]) -> bool:
    """Whether a condition holds, given the results of what came ``before``. Without one: if all of it went well."""
    text = to_text(condition) or "succeeded()"
    known = {"variables": values(variables), **names}
    return to_boolean(evaluate(with_macros(text, variables), known, _status_functions(list(before))))


def _status_functions(before: list[str]) -> dict[str, Callable[..., bool]]:
    return {
        "succeeded": lambda *_: all(result in _GOOD for result in before),
        "failed": lambda *_: "Failed" in before,
        "succeededorfailed": lambda *_: True,
        "always": lambda *_: True,
        "canceled": lambda *_: False,
    }
