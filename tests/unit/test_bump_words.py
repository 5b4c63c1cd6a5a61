"""Messages, accounts and settings of a release."""

from __future__ import annotations

import pytest

from pipeline_kit.ci.committer import committer
from pipeline_kit.ci.push_header import push_header
from pipeline_kit.errors import Failure
from pipeline_kit.git.environment import with_settings
from pipeline_kit.git.settings import Settings
from pipeline_kit.model.bump import Bumped, FileChange, Noted
from pipeline_kit.model.git_state import ReleaseTag
from pipeline_kit.model.release import Change, Release
from pipeline_kit.release.identity import Identity
from pipeline_kit.release.messages import commit_message, tag_message
from pipeline_kit.release.repository import Answer, broke
from pipeline_kit.release.signing import settings_for_writing
from pipeline_kit.render.bump import detail, preview, word

ID = "0123456789012345678901234567890123456789"
ONE = Release("1.5.0", "v1.5.0", previous=ReleaseTag("v1.4.2", "1.4.2", ID))
ONE_FILE = (FileChange("a", ""),)
WEB = Release("2.0.0", "web-v2.0.0", package="web")


@pytest.mark.parametrize(
    ("template", "releases", "message"),
    [
        ("", (ONE,), "chore(release): 1.5.0\n"),
        ("{tag}: {previous} to {version}\n\nbody", (ONE,), "v1.5.0: 1.4.2 to 1.5.0\n\nbody\n"),
        ("chore: {version}", (ONE, WEB), "chore: 1.5.0, web 2.0.0\n"),
        ("chore: {tag} {package}", (WEB,), "chore: web-v2.0.0 web\n"),
        ("no field", (ONE,), "no field\n"),
    ],
)
def test_a_template_is_filled_in(template: str, releases: tuple[Release, ...], message: str) -> None:
    assert commit_message(template, releases) == message


@pytest.mark.parametrize("template", ["{versions}", "{version.__class__}", "{0}", "{}", "{version", "{", "{{version}"])
def test_an_unknown_field_is_a_mistake(template: str) -> None:
    with pytest.raises(Failure) as caught:
        commit_message(template, (ONE,))
    assert caught.value.kind == "bump.message"


def test_a_tag_s_message_drives_no_terminal() -> None:
    changes = (Change(ID, "a\x1b[31m\u202eb", "feat", "web"), Change(ID, "x" * 1000), *[Change(ID, "y", "fix")] * 300)
    lines = tag_message(Release("1.5.0", "v1.5.0", changes=changes)).splitlines()
    assert lines[:3] == ["v1.5.0", "", "- feat(web): a\\x1b[31m\\u202eb"]
    assert len(lines[3]) == 202
    assert lines[-1] == "- 102 more"


@pytest.mark.parametrize(
    ("ci", "environ", "account"),
    [
        ("github", {}, ("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")),
        ("azure_devops", {"BUILD_REQUESTEDFOR": "A <B>\n", "BUILD_REQUESTEDFOREMAIL": "a@example.com"},
         ("A B", "a@example.com")),
        ("azure_devops", {"BUILD_REQUESTEDFOR": "A", "BUILD_REQUESTEDFOREMAIL": ""}, None),
        ("gitlab", {"GITLAB_USER_NAME": "A", "GITLAB_USER_EMAIL": "a@example.com"}, ("A", "a@example.com")),
        ("local", {"GITLAB_USER_NAME": "A", "GITLAB_USER_EMAIL": "a@example.com"}, None),
    ],
)  # fmt: skip
def test_a_ci_knows_who_it_works_for(ci: str, environ: dict[str, str], account: tuple[str, str] | None) -> None:
    assert committer(ci, environ) == account


@pytest.mark.parametrize(
    ("server", "remote", "sent"),
    [
        ("https://github.com", "https://github.com/contoso/shop", True),
        ("https://github.com", "http://github.com/contoso/shop", False),
        ("https://github.com", "https://github.com.example.com/contoso/shop", False),
        ("https://github.com", "https://github.com@example.com/contoso/shop", False),
        ("https://github.com", "git@github.com:contoso/shop", False),
        ("", "https://github.com/contoso/shop", False),
    ],
)
def test_the_job_s_token_goes_to_its_own_server_alone(server: str, remote: str, sent: bool) -> None:
    environ = {"GITHUB_SERVER_URL": server, "PIPELINE_KIT_GITHUB_TOKEN": "t"}
    found = push_header("github", environ, remote)
    assert (found is not None) == sent
    if found:
        assert found == ("http.https://github.com/.extraHeader", "AUTHORIZATION: basic eC1hY2Nlc3MtdG9rZW46dA==")
    assert push_header("local", environ, remote) is None
    assert push_header("github", environ | {"PIPELINE_KIT_GITHUB_TOKEN": "a\nb"}, remote) is None


def test_only_a_person_s_own_programs_sign() -> None:
    settings = Settings(
        (
            ("local", "gpg.program", "/evil"),
            ("local", "gpg.ssh.program", "/evil"),
            ("global", "gpg.program", "/mine"),
            ("system", "gpg.x509.program", "/theirs"),
        )
    )
    found = dict(settings_for_writing(settings, "origin"))
    assert (found["gpg.program"], found["gpg.openpgp.program"]) == ("/mine", "/mine")
    assert (found["gpg.x509.program"], found["gpg.ssh.program"]) == ("/theirs", "ssh-keygen")
    assert "/evil" not in found.values()


def test_settings_are_added_behind_those_that_are_there() -> None:
    found = with_settings(
        {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "a.b", "GIT_CONFIG_VALUE_0": "c"}, [("d.e", "f")]
    )
    assert (found["GIT_CONFIG_COUNT"], found["GIT_CONFIG_KEY_0"], found["GIT_CONFIG_KEY_1"]) == ("2", "a.b", "d.e")


def test_an_identity_is_what_git_reads() -> None:
    who = Identity("A B", "a@example.com", 1_700_000_000)
    assert str(who) == "A B <a@example.com> 1700000000 +0000"
    assert who.variables()["GIT_AUTHOR_DATE"] == "@1700000000 +0000"


def bumped(**more: object) -> Bumped:
    fields: dict[str, object] = {"releases": (Noted(ONE, "n"),), "base": ID, "commit": ID, **more}
    return Bumped(**fields)  # type: ignore[arg-type]  # a table's columns


@pytest.mark.parametrize(
    ("value", "dry_run", "said"),
    [
        (bumped(made=True, pushed=True, refs=("a:b",), remote="r"), False, "pushed v1.5.0 to origin"),
        (bumped(files=ONE_FILE), False, "1 file, commit 0123456, v1.5.0, not pushed: there is no remote origin"),
        (bumped(there=True, pushed=True), False, "nothing to do: v1.5.0 is on this commit, and origin has it"),
        (bumped(there=True), False, "nothing to do: v1.5.0 is on this commit"),
        (bumped(commit="", files=ONE_FILE, remote="r"), True, "would release v1.5.0; nothing was written"),
        (bumped(refs=("refs/tags/v1.5.0",), remote="r"), True, "would tag v1.5.0; nothing was written"),
        (bumped(), True, "would tag v1.5.0 without pushing, since there is no remote origin; nothing was written"),
        (bumped(there=True), True, "nothing to do: v1.5.0 is on this commit"),
        (bumped(there=True, pushed=True, remote_name="up"), False,
         "nothing to do: v1.5.0 is on this commit, and up has it"),
        (bumped(pushed=True, remote="r", remote_name="up"), False, "pushed v1.5.0 to up"),
        (bumped(remote_name="up"), False, "v1.5.0, not pushed: there is no remote up"),
        (
            bumped(there=True, remote="r"),
            True,
            "v1.5.0 is on this commit; would be pushed where origin lacks it",
        ),
    ],
)  # fmt: skip
def test_the_line_says_what_happened(value: Bumped, dry_run: bool, said: str) -> None:
    assert detail(value, dry_run=dry_run) == said
    assert word(value) == "1.5.0"


def test_a_dry_run_shows_all_of_it() -> None:
    shown = preview(
        bumped(
            commit="",
            message="chore: x\n\nbody\n",
            files=(FileChange("a", "--- a/a\n+++ b/a\n"),),
            refs=("refs/heads/main", "refs/tags/v1.5.0"),
            remote="url",
        )
    )
    assert shown == (
        "--- a/a\n+++ b/a\n"
        "commit   chore: x\n\n         body\n"
        "tag      v1.5.0\n"
        "push     origin (url), all or none\n         refs/heads/main\n         refs/tags/v1.5.0"
    )


@pytest.mark.parametrize(
    ("said", "kind"),
    [("fatal: unable to write file: No space left on device", "tool.disk"), ("fatal: bad object", "git.broke")],
)
def test_a_full_disk_is_told_apart(said: str, kind: str) -> None:
    assert broke("git mktag failed", Answer(128, "", said)).kind == kind
