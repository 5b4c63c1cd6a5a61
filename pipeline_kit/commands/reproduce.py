"""The line that repeats a failure in a fresh clone, on a laptop: the command with all that was not at its default.

What stands in the configuration stands in the commit. What came by flags, inputs and variables does not: it becomes
flags of the step, or ``--set`` of a run. Secrets are named, and their values are left to the reader.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

import click

from pipeline_kit.ci.reproduced import reproduced
from pipeline_kit.commands.effective import WITHHELD
from pipeline_kit.errors import Failure
from pipeline_kit.generate.options import all_options
from pipeline_kit.steps import ORDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipeline_kit.generate.options import Option
    from pipeline_kit.session import Session

_CHAINS = ("run", "plan")
# They need what an earlier step gave, which a fresh clone lacks.
_FIRST = {"scan": "build", "push": "build", "deploy": "build"}
# Failures that come before any step needs another one.
_AT_ONCE = ("config", "record", "git")
_SECRETS = ("PIPELINE_KIT_REGISTRY_PASSWORD",)
_PLAIN = ("PIPELINE_KIT_REGISTRY_USERNAME", "PIPELINE_KIT_AZURE_CLIENT", "PIPELINE_KIT_AZURE_TENANT")
_REACHING = ("run", "login", "push", "deploy")
_BUILDING = ("run", "build")
_SECRET_FROM = re.compile(r"(?:[,=]|^)env=([A-Za-z_]\w*)")


def reproduction(command: click.Command, arguments: list[str], session: Session, failure: Failure) -> str:
    """The line for ``command``, which was called with ``arguments`` and failed with ``failure``."""
    name = str(command.name)
    values = _given(command, arguments, session.environ)
    if values is None:  # what can't be parsed is repeated as it was typed
        return _joined(session, failure, [name, *arguments], {})
    options = {f"{one.step}.{one.key}": one for one in all_options()}
    others = {key: text for key, one in options.items() if (text := session.environ.get(one.variable, "").strip())}
    if name in _CHAINS:
        values["given"] = _as_set(options, others, values.get("given", []), release=bool(values.get("release")))
        if name == "run" and not values.get("dry_run"):
            _narrow(values, session.step, failure)
        return _joined(session, failure, [name, *_flags(command, values)], {}, values["given"])
    at_once = failure.kind.partition(".")[0] in _AT_ONCE
    if name in _FIRST and not at_once:
        return _joined(session, failure, *_as_run(name, command, values, options, others))
    if name == "build" and failure.narrowed:
        values["target"] = [failure.narrowed]
    counted = {"version", "tag"} if name in ORDER else {"version"} if name == "bump" else set()
    beside = {options[key].variable: text for key, text in others.items() if options[key].step in counted - {name}}
    return _joined(session, failure, [name, *_flags(command, values)], beside, values.get("secrets", []))


def _given(command: click.Command, arguments: list[str], environ: Mapping[str, str]) -> dict[str, Any] | None:
    """What each parameter was given as text, on the command line or by its variable, by name; None for a mistake."""
    with click.Context(command, info_name=command.name) as context:
        try:
            typed, rest, _ = command.make_parser(context).parse_args(list(arguments))
        except click.UsageError:
            return None
    named: list[object] = [typed.get(param.name) for param in command.params if isinstance(param, click.Argument)]
    # One that was left out is click's own mark for that.
    found: dict[str, Any] = {"": [*(text for text in named if isinstance(text, str)), *rest]}
    for param in command.params:
        if not isinstance(param, click.Option) or param.name is None:
            continue
        if isinstance(typed.get(param.name), (str, bool, list)):
            value = typed[param.name]
            found[param.name] = value if isinstance(value, (bool, list)) else [value]
            continue
        variable = param.envvar or f"PIPELINE_KIT_{command.name}_{param.name}".upper().replace("-", "_")
        if text := environ.get(str(variable), "").strip():
            found[param.name] = _from_variable(param, text)
    return found


def _from_variable(param: click.Option, text: str) -> bool | list[str]:
    if param.is_flag and text.lower() in {"1", "true", "t", "yes", "y", "on", "0", "false", "f", "no", "n", "off"}:
        return bool(click.BOOL(text))
    return list(param.type.split_envvar_value(text)) if param.multiple else [text]


def _flags(command: click.Command, values: Mapping[str, Any]) -> list[str]:
    """The values as flags, in the order of the help."""
    found: list[str] = []
    for param in command.params:
        value = values.get(str(param.name))
        if value is True:
            found.append(param.opts[0])
        elif value is False:
            found += param.secondary_opts[:1]
        elif value is not None:
            path = f"{command.name}.{str(param.name).replace('_', '-')}"
            found += [word for one in value for word in (param.opts[0], _shown(path, str(one)))]
    return [*found, *values.get("", [])]


def _as_set(
    options: Mapping[str, Option], others: Mapping[str, str], typed: Iterable[str], *, release: bool = False
) -> list[str]:
    """``STEP.OPTION=VALUE`` for what variables say, and what was typed, which wins."""
    typed = list(typed)
    named = {one.partition("=")[0] for one in typed}
    found = []
    for key, text in others.items():
        if key not in named and (release or options[key].step in ORDER):
            found += [f"{key}={one}" for one in _each(options[key], text)]
    return [_shown_set(one) for one in (*found, *typed)]


def _each(option: Option, text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()] if option.kind in ("list", "map") else [text]


def _as_run(
    step: str, command: click.Command, values: dict[str, Any], options: Mapping[str, Option], others: Mapping[str, str]
) -> tuple[list[str], dict[str, str], list[str]]:
    """A step that goes on from earlier ones as the part of a run that ends with it."""
    own: list[str] = []
    for param in command.params:
        key = f"{step}.{str(param.name).replace('_', '-')}"
        if key in options and (value := values.pop(str(param.name), None)) is not None:
            own += [f"{key}={str(one).lower() if one in (True, False) else one}" for one in _listed(value)]
    given = _as_set(options, others, own)
    shared = _flags(command, values)
    sets = [word for one in given for word in ("--set", one)]
    return ["run", "--from", _FIRST[step], "--until", step, *sets, *shared], {}, given


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _narrow(values: dict[str, Any], step: str, failure: Failure) -> None:
    """Have a run begin as late, and end as soon, as the failure needs: what comes after it is not for a laptop."""
    if step not in ORDER or failure.kind.partition(".")[0] in ("config", "record"):
        return
    for name in ("only", "first", "last"):
        values.pop(name, None)
    values |= {"first": [_FIRST.get(step, step)], "last": [step]}
    if step == "build" and failure.narrowed:
        values["given"] = [one for one in values["given"] if not one.startswith("build.target=")]
        values["given"].append(f"build.target={failure.narrowed}")


def _shown(path: str, text: str) -> str:
    """What may hold a secret is shown by its name."""
    return f"{text.partition('=')[0]}=..." if path in WITHHELD and "=" in text else text


def _shown_set(pair: str) -> str:
    key, _, text = pair.partition("=")
    return f"{key}={_shown(key, text)}"


def _joined(
    session: Session, failure: Failure, words: list[str], beside: Mapping[str, str], texts: Iterable[str] = ()
) -> str:
    """The whole line: the clone that shows it, what is checked out, the folder, variables, secrets, the command."""
    environ, name = session.environ, words[0]
    checkout, event = reproduced(environ, session.dialect.event(environ)[0])
    folder = str(session.folder_in_tree)
    variables = {**event, **beside}
    secrets: list[str] = []
    if name in _REACHING:
        variables |= {one: environ[one] for one in _PLAIN if environ.get(one)}
        secrets += _SECRETS
    if name in _BUILDING:
        secrets += [one for text in (*texts, *_configured_secrets(session)) for one in _SECRET_FROM.findall(text)]
    given = [f"{one}={_quoted(text)}" for one, text in variables.items()]
    named = [f"{one}=..." for one in dict.fromkeys(secrets) if environ.get(one)]
    command = " ".join([*given, *named, "pipeline-kit", *map(_quoted, words)])
    there = f"cd {shlex.quote(folder)}" if folder != "." else ""
    return " && ".join(filter(None, (failure.clone, checkout, there, command)))


def _configured_secrets(session: Session) -> list[str]:
    """The secrets that the configuration names; none where it can't be read."""
    try:
        found = session.settings(session.environ.get("PIPELINE_KIT_CONFIG", "")).options("build").get("secrets", [])
    except Failure:
        return []
    return [found] if isinstance(found, str) else list(found)


def _quoted(text: str) -> str:
    """``text`` for a shell. What has several lines stays on one."""
    lines = text.rstrip("\n").split("\n")
    if len(lines) == 1:
        return shlex.quote(lines[0])
    return f"\"$(printf '%s\\n' {' '.join(map(shlex.quote, lines))})\""
