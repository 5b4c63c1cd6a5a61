"""The JSON Schema of ``pipeline-kit.yml``: for editors, and for the check at every start."""

from __future__ import annotations

import json
from typing import Any

from pipeline_kit.config import section_of
from pipeline_kit.generate.options import Option, all_options
from pipeline_kit.steps import ALL

_TEXT = {"type": "string"}
_TYPES: dict[str, dict[str, Any]] = {
    "text": _TEXT,
    "whole number": {"type": "integer"},
    "number": {"type": "number"},
    "true or false": {"type": "boolean"},
}
_IMAGE = {"type": "string", "description": "Where the image is published, such as contosoreg.azurecr.io/shop/web."}
_PACKAGE = {
    "path": "Its folder, from the repository's top.",
    "prefix": "What its release tags start with before the version: NAME-v where it is not set.",
    "changelog": "Its changelog, from its folder; in place of bump.changelog.",
}
_PACKAGE_FILES = {
    "anyOf": [{"type": "array", "items": _TEXT}, _TEXT],
    "description": "Its files that hold the version, from its folder: PATH or PATH:WHERE; in place of bump.files.",
}
_AZURE = {
    "client": "Client id of the identity that GitHub signs in with: an id, not a secret.",
    "tenant": "Tenant of that identity: its id or domain.",
    "subscription": "Subscription of the deployment's resources.",
}


def schema() -> dict[str, Any]:
    """The schema as JSON values."""
    options = all_options()
    sections = {section_of(step): {"$ref": f"#/$defs/{section_of(step)}"} for step in ALL}
    sections = {key: value for key, value in sections.items() if _of(options, key)}
    overlay = {"image": _IMAGE, **sections}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pipeline-kit.yml",
        **_map(
            {
                "version": {"type": "integer", "const": 1, "description": "The version of this file's format: 1."},
                "image": _IMAGE,
                "azure": _described(_AZURE),
                **sections,
                "packages": {
                    "type": "object",
                    "description": "The packages of a repository of several: each has versions and tags of its own.",
                    "additionalProperties": _package(),
                },
                "environments": {
                    "type": "object",
                    "description": "For each environment what differs there; chosen with --env.",
                    "additionalProperties": _map(overlay),
                },
            }
        ),
        "$defs": {key: _map({one.key: _property(one) for one in _of(options, key)}) for key in sections},
    }


def text() -> str:
    """The schema's file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _of(options: tuple[Option, ...], section: str) -> list[Option]:
    return [one for one in options if section_of(one.step) == section]


def _map(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _described(texts: dict[str, str]) -> dict[str, Any]:
    return _map({key: {**_TEXT, "description": text} for key, text in texts.items()})


def _package() -> dict[str, Any]:
    described = _described(_PACKAGE)
    described["properties"]["files"] = _PACKAGE_FILES
    return described


def _property(option: Option) -> dict[str, Any]:
    described = {"description": option.help}
    if option.kind == "choice":
        return {"type": "string", "enum": list(option.choices), **described}
    if option.kind == "list":
        item = {"type": "string", "enum": list(option.choices)} if option.choices else _TEXT
        return {"anyOf": [{"type": "array", "items": item}, item], **described}
    if option.kind == "map":
        # A flag's KEY=VALUE list is accepted as well, so that a value can move from one to the other.
        return {
            "anyOf": [{"type": "object", "additionalProperties": _TEXT}, {"type": "array", "items": _TEXT}],
            **described,
        }
    return {**_TYPES[option.kind], **described}
