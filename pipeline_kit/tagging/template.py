"""The templates of values: the part of Handlebars that names of images need.

``{{x}}``, ``{{{x}}}`` and ``{{&x}}``, ``{{#if x}}``, ``{{#unless x}}``, ``{{else}}``, ``{{else if x}}``, and variables
that take a format, ``{{date 'YYYYMMDD' tz='Asia/Tokyo'}}``. Whatever else Handlebars has is refused by name. https://handlebarsjs.com/guide/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import msgspec

from pipeline_kit.errors import Failure, fix, nearest
from pipeline_kit.tagging.lists import shown
from pipeline_kit.tagging.template_parser import Condition, Node, Value, nodes_of, refused

_LONGEST = 64 * 1024
_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;", "`": "&#x60;", "=": "&#x3D;"}
)


class Moment(msgspec.Struct, frozen=True):
    """A variable that takes a format, or None for the default one, and a time zone."""

    format: Callable[[str | None, str], str]


Variable: TypeAlias = str | bool | int | list[str] | Callable[[], str] | Moment
Variables: TypeAlias = Mapping[str, Variable]


class Template(msgspec.Struct, frozen=True):
    """A template that was read."""

    text: str
    nodes: tuple[Node, ...]

    @property
    def names(self) -> frozenset[str]:
        """The variables that it asks for."""
        return frozenset(_names(self.nodes))

    @property
    def values(self) -> frozenset[str]:
        """The variables whose values become part of the text: a condition's alone does not."""
        return frozenset(_names(self.nodes, conditions=False))

    def is_only(self, name: str) -> bool:
        """Whether it is nothing but that variable."""
        return len(self.nodes) == 1 and isinstance(self.nodes[0], Value) and self.nodes[0].name == name


def parse(text: str) -> Template:
    """The template ``text``.

    Failure: ``tag.template`` for what is no template, or a construct of Handlebars that is not supported.
    """
    if len(text) > _LONGEST:
        raise refused(text, f"it has {len(text)} characters", f"At most {_LONGEST} are read.")
    if "{{" not in text:
        return Template(text, (text,) if text else ())
    return Template(text, nodes_of(text))


def render(template: Template, variables: Variables, *, compat: bool = False) -> str:
    """The text with the variables filled in. With ``compat`` as docker/metadata-action does: HTML's escapes in
    ``{{x}}``, nothing for an unknown variable, and a condition that takes the text ``false`` for true.
    """
    return "".join(_rendered(template, template.nodes, variables, compat=compat))


def check(template: Template, known: Variables) -> None:
    """Refuse a template that asks for a variable which is not among ``known``."""
    for name in sorted(template.names):
        if name not in known:
            raise _unknown(template.text, name, known)


def _rendered(template: Template, nodes: tuple[Node, ...], variables: Variables, *, compat: bool) -> list[str]:
    found: list[str] = []
    for node in nodes:
        if isinstance(node, str):
            found.append(node)
        elif isinstance(node, Value):
            text = _filled(template, node, variables, compat=compat)
            found.append(text.translate(_ESCAPES) if compat and node.escaped else text)
        else:
            holds = _holds(template, node.name, variables, compat=compat)
            found += _rendered(template, node.then if holds else node.otherwise, variables, compat=compat)
    return found


def _filled(template: Template, node: Value, variables: Variables, *, compat: bool) -> str:
    variable = variables.get(node.name)
    if variable is None:
        if node.words or node.named or not compat:
            raise _unknown(template.text, node.name, variables)
        return ""
    if isinstance(variable, Moment):
        return _formatted(template, node, variable, compat=compat)
    if callable(variable):
        return variable()
    if node.words or node.named:
        raise refused(template.text, f"{node.name} takes nothing", "Only date and commit_date take a format.")
    if isinstance(variable, bool):
        return str(variable).lower()
    return ",".join(variable) if isinstance(variable, list) else str(variable)


def _formatted(template: Template, node: Value, moment: Moment, *, compat: bool) -> str:
    example = fix(f"{{{{{node.name} 'YYYYMMDD'}}}}")
    if len(node.words) != 1:
        raise refused(template.text, f"{node.name} has no format", "It takes one, in quotes.", example)
    zone = "UTC"
    for name, value in node.named:
        if name != "tz" or not value:
            raise refused(
                template.text, f"{node.name} has no {shown(name)}={shown(value or '')}", "It takes tz='ZONE'.", example
            )
        zone = value
    (word,) = node.words
    if word is None and not compat:
        raise refused(template.text, f"the format of {node.name} is not in quotes", "It would be ignored.", example)
    return moment.format(word or None, zone)


def _holds(template: Template, name: str, variables: Variables, *, compat: bool) -> bool:
    variable = variables.get(name)
    if isinstance(variable, Moment):
        raise refused(template.text, f"{{{{#if {name}}}}} asks nothing", "A date is always there.")
    if variable is None and not compat:
        raise _unknown(template.text, name, variables)
    value = variable() if callable(variable) else variable
    return bool(value) and (compat or value != "false")


def _names(nodes: tuple[Node, ...], *, conditions: bool = True) -> list[str]:
    found: list[str] = []
    for node in nodes:
        if isinstance(node, Value):
            found.append(node.name)
        elif isinstance(node, Condition):
            found += [node.name] if conditions else []
            found += _names((*node.then, *node.otherwise), conditions=conditions)
    return found


def _unknown(text: str, name: str, known: Variables) -> Failure:
    near = nearest(name, known)
    reason = f"Here are: {', '.join(known)}."
    return refused(text, f"there is no variable {shown(name)}", reason, *([fix(f"{{{{{near}}}}}")] if near else []))
