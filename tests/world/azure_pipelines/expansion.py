"""Pipelines and their templates, expanded as Azure DevOps does before anything runs."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from tests.world.azure_pipelines.directives import Scope, check_expressions, expanded, filled, items, members
from tests.world.azure_pipelines.parameters import bound
from tests.world.azure_pipelines.values import Object, TemplateError, to_text
from tests.world.azure_pipelines.yaml_tree import Map, load, to_plain, to_tree, to_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# An expanded pipeline, stage, job or step: dicts, lists and scalars.
Plain: TypeAlias = dict[str, Any]
Section: TypeAlias = Literal["stages", "jobs", "steps"]

_DEEPEST = 50
_STRATEGIES = ("runOnce", "rolling", "canary")
_HOOKS = ("deploy", "preDeploy", "routeTraffic", "postRouteTraffic", "on", "success", "failure")


def expand_pipeline(
    root: Path,
    file: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    repositories: Mapping[str, Path] | None = None,
    variables: Mapping[str, str] | None = None,
) -> Plain:
    """The pipeline ``file`` of the repository ``root``, expanded; TemplateError if Azure DevOps would refuse it.

    ``repositories`` says where the repositories are that it declares as resources, by alias or by name.
    """
    return _Expansion(root, repositories or {}, variables or {}).pipeline(file, parameters or {})


def expand_template(
    root: Path, file: str, section: Section, parameters: Mapping[str, Any] | None = None
) -> list[Plain]:
    """What a pipeline gets that includes the template ``file`` in its ``section``."""
    item = Map([("template", f"/{file}"), ("parameters", to_tree(to_value(parameters or {})))])
    return list(_Expansion(root, {}, {}).section(section, [item], Scope(Object(), Object(), "")))


class _Expansion:
    def __init__(self, root: Path, repositories: Mapping[str, Path], variables: Mapping[str, str]) -> None:
        self._repositories = {"self": root, **{alias.lower(): folder for alias, folder in repositories.items()}}
        self._variables = Object(variables)
        self._depth = 0

    def pipeline(self, file: str, parameters: Mapping[str, Any]) -> Plain:
        document, scope = self._read(file, Scope(Object(), Object(self._variables), ""))
        self._declare_repositories(document.get("resources"))
        return self._body(
            document, replace(scope, parameters=bound(document.get("parameters"), parameters.items(), file))
        )

    def section(self, name: Section, node: Any, scope: Scope) -> Iterator[Plain]:
        """The stages, jobs or steps of a list, those of templates in their place."""
        expand: Callable[[Any, Scope], Plain] = {"stages": self._stage, "jobs": self._job, "steps": _plain}[name]
        for item, inner in items(node, scope):
            if not isinstance(item, Map) or not item.has("template"):
                yield expand(item, inner)
                continue
            document, own = self._included(item, inner, name)
            self._depth += 1
            yield from self.section(name, document.get(name), own)
            self._depth -= 1

    def _declare_repositories(self, resources: Any) -> None:
        for each in (resources.get("repositories") or []) if isinstance(resources, Map) else []:
            if isinstance(each, Map) and each.has("repository"):
                folder = self._repositories.get(to_text(each.get("name")).lower())
                if folder is not None:
                    self._repositories.setdefault(to_text(each.get("repository")).lower(), folder)

    def _read(self, reference: str, scope: Scope) -> tuple[Map, Scope]:
        """The document that ``reference`` (``path@alias``) names from ``scope``, and a scope with its place."""
        path, _, alias = reference.replace("\\", "/").partition("@")
        repository = alias.lower() or scope.repository
        if repository not in self._repositories:
            raise TemplateError(f"Repository alias '{alias}' not declared")
        if path.startswith("/") or repository != scope.repository:
            file = path.lstrip("/")
        else:
            file = os.path.normpath(PurePosixPath(scope.file).parent / path)
        full = self._repositories[repository] / file
        if not full.is_file():
            raise TemplateError(f"File {path} not found in repository {repository} ({full})")
        document = load(full.read_text(encoding="utf-8"))
        if not isinstance(document, Map):
            raise TemplateError(f"{file}: Expected a mapping")
        check_expressions(document)
        return document, replace(scope, file=file, repository=repository)

    def _included(self, item: Map, scope: Scope, section: str) -> tuple[Map, Scope]:
        """A template that an item of a list names, and the scope of what is in it."""
        if self._depth > _DEEPEST:
            raise TemplateError("Exceeded max template nesting")
        include = expanded(item, scope)
        document, place = self._read(to_text(include.get("template")), scope)
        if not document.has(section):
            raise TemplateError(f"{place.file}: template has no '{section}' section")
        parameters = bound(document.get("parameters"), include.get("parameters"), place.file)
        return document, replace(place, parameters=parameters, loops={})

    def _body(self, document: Map, scope: Scope) -> Plain:
        body: Plain = {}
        if document.has("variables"):
            body["variables"] = self._variables_of(document.get("variables"), scope)
        for key, node in document:
            match key:
                case "parameters" | "variables":
                    continue
                case "stages" | "jobs" | "steps":
                    body[key] = list(self.section(key, node, scope))
                case "extends":
                    _add_new(body, self._extended(node, scope))
                case _:
                    body[key] = _plain(node, scope)
        return body

    def _extended(self, node: Any, scope: Scope) -> Plain:
        include = expanded(node, scope)
        document, place = self._read(to_text(include.get("template")), scope)
        parameters = bound(document.get("parameters"), include.get("parameters"), place.file)
        return self._body(document, replace(place, parameters=parameters, loops={}))

    def _variables_of(self, node: Any, scope: Scope) -> list[Plain]:
        """The variables of a section, in order: each may name those before it, and ``scope`` knows it from then on."""
        if isinstance(node, str):
            node = to_tree(filled(node, scope))
        found: list[Plain] = []
        if isinstance(node, Map):
            for name, value, inner in members(node, scope):
                text = to_text(expanded(value, inner.with_variables_of(scope)))
                scope.variables[name] = text
                found.append({"name": name, "value": text})
            return found
        for item, inner in items(node, scope):
            here = inner.with_variables_of(scope)
            if item.has("template"):
                document, own = self._included(item, here, "variables")
                found += self._variables_of(document.get("variables"), own.with_variables_of(scope))
                continue
            variable = _plain(item, here)
            found.append(variable)
            if "name" in variable:
                scope.variables[variable["name"]] = to_text(variable.get("value"))
        return found

    def _stage(self, node: Any, scope: Scope) -> Plain:
        return self._with_variables(node, scope, {"jobs": self._jobs})

    def _job(self, node: Any, scope: Scope) -> Plain:
        return self._with_variables(node, scope, {"steps": self._steps, "strategy": self._strategy})

    def _with_variables(self, node: Any, scope: Scope, parts: Mapping[str, Callable[[Any, Scope], Any]]) -> Plain:
        """A stage or job in the order it is written in, though its variables come first: the rest may name them."""
        own = scope.with_own_variables()
        pairs = list(members(node, own))
        body: Plain = {key: None for key, _, _ in pairs}
        for key, value, _ in pairs:
            if key == "variables":
                body[key] = self._variables_of(value, own)
        for key, value, inner in pairs:
            if key != "variables":
                body[key] = parts.get(key, _plain)(value, inner.with_variables_of(own))
        return body

    def _jobs(self, node: Any, scope: Scope) -> list[Plain]:
        return list(self.section("jobs", node, scope))

    def _steps(self, node: Any, scope: Scope) -> list[Plain]:
        return list(self.section("steps", node, scope))

    def _strategy(self, node: Any, scope: Scope) -> Any:
        if not isinstance(node, Map):
            return _plain(node, scope)
        body: Plain = {}
        for key, value, inner in members(node, scope):
            if key in _STRATEGIES or (key in _HOOKS and isinstance(value, Map)):
                body[key] = self._strategy(value, inner)
            elif key == "steps":
                body[key] = self._steps(value, inner)
            else:
                body[key] = _plain(value, inner)
        return body


def _plain(node: Any, scope: Scope) -> Any:
    return to_plain(expanded(node, scope))


def _add_new(body: Plain, more: Plain) -> None:
    for key, value in more.items():
        if key in body:
            raise TemplateError(f"'{key}' is already defined")
        body[key] = value
