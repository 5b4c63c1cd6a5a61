"""Random inputs and events for docker/metadata-action and for us; the same ones each time.

They are put together from the pieces in ``metadata_peer_parts.json``. ``python -m tests.contract.metadata_peer_cases``
prints them for ``record_metadata_peer.mjs``, which records the answers; another seed is its first argument.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

SEED = 20200110
COUNT = 420
SHA = "860c1904a1ce19322e91ac35af1ab07466440c37"
HEAD_SHA = "3370e228f2209994d57af4427fe64e71bb79ac96"
_PARTS: dict[str, list[str]] = json.loads(
    (Path(__file__).parent / "metadata_peer_parts.json").read_text(encoding="utf-8")
)
_SEMVERS, _PEP440S = _PARTS["semvers"], _PARTS["pep440s"]


def cases(seed: int = SEED) -> list[dict[str, Any]]:
    """All cases: an environment, a payload, the action's inputs."""
    chance = random.Random(seed)
    return [_case(chance) for _ in range(COUNT)]


def _case(chance: random.Random) -> dict[str, Any]:
    environ, payload = _event(chance)
    rules = [_rule(chance) for _ in range(chance.choice((0, 1, 1, 2, 3, 4)))]
    inputs = {
        "images": chance.choice(("u/a", "U/A\nghcr.io/O/b", "", "name=Foo/Bar\nname=x/y,enable=false", "a/b,c/d")),
        "tags": "\n".join(rules) if chance.random() < 0.9 else "\r\n".join(["# comment", "", *rules]),
        "flavor": "\n".join(_flavor(chance)),
        "labels": "\n".join(_label(chance) for _ in range(chance.choice((0, 0, 1, 3)))),
    }
    if chance.random() < 0.1:
        environ["DOCKER_METADATA_SHORT_SHA_LENGTH"] = chance.choice(("12", "0", "40", "3.7", "0x9", "1e1", " 8 ", "x"))
    if chance.random() < 0.1:
        environ["DOCKER_METADATA_PR_HEAD_SHA"] = "true"
    return {"environ": environ, "payload": payload, "inputs": inputs}


def _event(chance: random.Random) -> tuple[dict[str, str], dict[str, Any]]:
    payload: dict[str, Any] = {"repository": {"default_branch": "master"}}
    name, ref = "push", f"refs/heads/{chance.choice(_PARTS['branches'])}"
    kind = chance.random()
    if kind < 0.5:
        ref = f"refs/tags/{chance.choice([*_SEMVERS, *_PEP440S])}"
        payload["base_ref"] = chance.choice((None, "refs/heads/master", "refs/heads/feat/x"))
        name = chance.choice(("push", "push", "push", "create", "release"))
    elif kind < 0.65:
        name = chance.choice(("pull_request", "pull_request_target"))
        ref = chance.choice(("refs/pull/15/merge", "refs/pull/15/head"))
        payload |= {"number": 15, "pull_request": {"base": {"ref": "master"}, "head": {"sha": HEAD_SHA}}}
    elif kind < 0.75:
        name, ref = chance.choice(("schedule", "issues", "discussion", "workflow_dispatch")), "refs/heads/master"
    if chance.random() < 0.3:
        payload["head_commit"] = {"id": SHA, "timestamp": "2019-11-03T01:30:15+02:00"}
    if chance.random() < 0.2:
        payload["commits"] = [{"id": chance.choice((SHA, "0" * 40)), "timestamp": "2018-02-28T23:59:59.123Z"}]
    environ = {"GITHUB_EVENT_NAME": name, "GITHUB_REF": ref, "GITHUB_SHA": SHA}
    return environ | {"GITHUB_REPOSITORY": "octocat/Hello-World"}, payload


def _rule(chance: random.Random) -> str:
    kind = chance.choice(_PARTS["types"])
    fields = _own(kind, chance) + _common(chance)
    chance.shuffle(fields)
    return ",".join([f"type={kind}", *fields] if chance.random() < 0.9 else [*fields, f"type={kind}"])


def _own(kind: str, chance: random.Random) -> list[str]:
    """The fields that rules of that type have."""
    match kind:
        case "schedule":
            return [f"pattern={_text(chance)}"] if chance.random() < 0.7 else []
        case "semver" | "pep440":
            versions = _SEMVERS if kind == "semver" else _PEP440S
            found = [f"pattern={chance.choice(_PARTS['version_patterns'])}"]
            found += [f"value={chance.choice(versions)}"] if chance.random() < 0.3 else []
            matching = _quoted(chance, f"match={chance.choice(_PARTS['patterns'])}")
            return found + ([matching] if chance.random() < 0.2 else [])
        case "match":
            found = [_quoted(chance, f"pattern={chance.choice(_PARTS['patterns'])}")]
            group = chance.choice(("0", "1", "1", "2", "01", "", "-1", "x", "1.0"))
            found += [f"group={group}"] if chance.random() < 0.5 else []
            return found + ([f"value={chance.choice(_SEMVERS)}"] if chance.random() < 0.3 else [])
        case "edge":
            return [f"branch={chance.choice(('dev', 'master', ''))}"] if chance.random() < 0.5 else []
        case "ref":
            return [f"event={chance.choice(('branch', 'branch', 'tag', 'tag', 'tag', 'pr', 'pr', 'pr', 'x'))}"]
        case "raw":
            return [chance.choice(("value=", "")) + _text(chance)]
        case _:
            return [f"format={chance.choice(('short', 'long'))}"] if chance.random() < 0.5 else []


def _common(chance: random.Random) -> list[str]:
    found = []
    conditions = ["true", "false", "{{is_default_branch}}", "{{is_not_default_branch}}"]
    for name, values in (
        ("priority", ("2000", "50", "0x10", "abc", "", "1e3", "-1")),
        ("prefix", ("", "pre-", "{{branch}}-", "a&b")),
        ("suffix", ("", "-post", "-{{sha}}")),
        ("enable", [*conditions, *conditions, "TRUE"]),
        ("foo", ("bar",)),
    ):
        if chance.random() < 0.15:
            found.append(f"{name if chance.random() < 0.8 else name.upper()}={chance.choice(values)}")
    return found


def _text(chance: random.Random) -> str:
    pick = chance.random()
    if pick < 0.45:
        zone = f" tz='{chance.choice(_PARTS['zones'])}'" if chance.random() < 0.4 else ""
        return f"n-{{{{{chance.choice(('date', 'commit_date'))} '{chance.choice(_PARTS['formats'])}'{zone}}}}}"
    if pick < 0.85:
        return chance.choice(("", "x-")) + chance.choice(_PARTS["templates"])
    return chance.choice(_PARTS["plain"])


def _quoted(chance: random.Random, field: str) -> str:
    pick = chance.random()
    return f'"{field}"' if pick < 0.2 else f'"""{field}"""' if pick < 0.35 else field


def _flavor(chance: random.Random) -> list[str]:
    found = []
    if chance.random() < 0.3:
        found.append(f"latest={chance.choice(('auto', 'true', 'true', 'false', 'false', 'maybe'))}")
    for side in ("prefix", "suffix"):
        if chance.random() < 0.15:
            more = chance.choice(("", ",onlatest=true", ",onlatest=false"))
            found.append(f"{side}={chance.choice(('fl-', '-alpine', '{{sha}}-', 'a=b', ''))}{more}")
    return found


def _label(chance: random.Random) -> str:
    key = chance.choice(_PARTS["keys"])
    value = chance.choice([*_PARTS["templates"], "T=1", "", "a, b", "#c", " sp "])
    return chance.choice(
        (f"{key}={value}", f"{key}={chance.choice(_PARTS['keys'])}", chance.choice(_PARTS["odd_labels"]))
    )


if __name__ == "__main__":
    json.dump(cases(int(sys.argv[1]) if sys.argv[1:] else SEED), sys.stdout, ensure_ascii=False)
