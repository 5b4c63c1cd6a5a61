"""The inputs of the action and the parameters of the templates, on their way to the variables that they set.

A step always has all of them, and one that was left empty would hide what the job or its machine has set. So they come
under names of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_OURS = "PIPELINE_KIT_"
_INPUT = "PIPELINE_KIT_INPUT_"


def carrier(variable: str) -> str:
    """The variable in which the input comes that sets ``variable``."""
    return variable.replace(_OURS, _INPUT, 1)


def take_inputs(environ: MutableMapping[str, str]) -> None:
    """Put each input in the place of the variable that it sets. An empty one is no value, and hides nothing."""
    for name in [name for name in environ if name.startswith(_INPUT)]:
        if value := environ.pop(name):
            environ[name.replace(_INPUT, _OURS, 1)] = value
