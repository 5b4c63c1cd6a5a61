"""A push survives every single fault at every one of its requests, and says what is true."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from pipeline_kit import http
from pipeline_kit.context import Silent
from pipeline_kit.errors import Exit, Failure
from pipeline_kit.model.plan import Tag
from pipeline_kit.model.reference import Repository
from pipeline_kit.oci.auth import Authorizer
from pipeline_kit.oci.client import Registry
from pipeline_kit.oci.credential import Credential, anonymous
from pipeline_kit.oci.server import serving
from pipeline_kit.oci.transfer import publish, pull, stage
from pipeline_kit.oci.verify import verify
from tests.world.docker_registry import running_registry
from tests.world.fast_clock import FastClock
from tests.world.fault_proxy import BAD_ANSWERS, TRANSIENT, Fault, running_fault_proxy
from tests.world.sample_image import AMD64, ARM64, layer_tar, write_image
from tests.world.token_service import Account, running_token_service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline_kit.model.image import Image
    from tests.world.fault_proxy import FaultProxy

_TAGS = (
    Tag("1.5.0", "version"),
    Tag("sha-9c1f2e7", "commit"),
    *(Tag(name, "moving") for name in ("1.5", "1", "latest")),
)

_LAYERS = (layer_tar("one", 1_500_000), layer_tar("two"), layer_tar("three"), layer_tar("four"))


@contextmanager
def _connected(address: str, path: str, credential: Credential | None = None) -> Iterator[Registry]:
    repository = Repository(address, path)
    clock = FastClock()
    with http.session({}) as session:
        scopes = (f"repository:{path}:pull,push",)
        auth = Authorizer(repository, credential or anonymous(address), session, clock, scopes)
        yield Registry(repository, session, auth, clock)


def _failure(image: Image, address: str, path: str, credential: Credential | None = None) -> Failure | None:
    """None if the push says that it succeeded."""
    with _connected(address, path, credential) as registry:
        try:
            stage(Path(image.layout), image, registry, activity=Silent(), workers=1)
            publish(registry, image.digest, _TAGS)
        except Failure as failure:
            return failure
    return None


def _push(image: Image, address: str, path: str, credential: Credential | None = None) -> str:
    """'' if the push says that it succeeded, else what it says."""
    failure = _failure(image, address, path, credential)
    return f"{failure.kind}: {failure}" if failure else ""


def _is_whole(image: Image, address: str, path: str, folder: Path) -> bool:
    """Whether the registry, asked without the proxy, has the whole image under each tag."""
    with _connected(address, path) as registry:
        if any(registry.head_manifest(tag.name) != image.digest for tag in _TAGS):
            return False
        pull(registry, "latest", folder, activity=Silent())
        return verify(folder, None).digest == image.digest


def _outcome(image: Image, proxy: FaultProxy, path: str, folder: Path) -> str:
    said = _push(image, proxy.address, path)
    whole = _is_whole(image, proxy.upstream, path, folder)
    if not proxy.struck:
        return "no effect"
    if said:
        return f"false failure: {said}" if whole else f"failed: {said}"
    return "survived" if whole else "false success"


@pytest.fixture(params=["docker-registry", "local registry"])
def upstream(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an empty registry, which keeps all in memory where it can: hundreds of images are pushed."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        if request.param == "docker-registry":
            with running_registry(Path(folder, "registry")) as registry:
                yield registry.address
        else:
            with serving(Path(folder, "registry"), durable=False) as address:
                yield address


@pytest.mark.parametrize("fault", TRANSIENT, ids=lambda fault: fault.name.lower())
def test_every_request_may_fail_once(upstream: str, fault: Fault, tmp_path: Path) -> None:
    image = write_image(tmp_path / "image", tars=_LAYERS, platforms=(AMD64, ARM64))
    with running_fault_proxy(upstream) as proxy:
        assert _push(image, proxy.address, "clean/run") == ""
        requests = len(proxy.requests)
        outcomes: Counter[str] = Counter()
        for at in range(requests):
            proxy.arm(fault, at)
            outcomes[_outcome(image, proxy, f"fault/at{at}", tmp_path / "pulled")] += 1
    print(f"{fault.name}: {dict(outcomes)} of {requests} requests")
    assert set(outcomes) <= {"survived", "no effect"}
    assert outcomes["survived"] >= 3


def _named(image: Image, address: str, path: str) -> list[str]:
    """The tags that name the image, asked without the proxy."""
    with _connected(address, path) as registry:
        held = {tag.name: registry.head_manifest(tag.name) for tag in _TAGS}
    assert set(held.values()) <= {None, image.digest}
    return [name for name, digest in held.items() if digest]


@pytest.mark.parametrize("fault", BAD_ANSWERS, ids=lambda fault: fault.name.lower())
def test_every_answer_may_be_none(upstream: str, fault: Fault, tmp_path: Path) -> None:
    """The push goes on where the registry can be made to say what it has, and else says what is published."""
    image = write_image(tmp_path / "image", tars=_LAYERS, platforms=(AMD64, ARM64))
    with running_fault_proxy(upstream) as proxy:
        assert _push(image, proxy.address, "clean/run") == ""
        requests = len(proxy.requests)
        outcomes: Counter[str] = Counter()
        for at in range(requests):
            path = f"fault/at{at}"
            proxy.arm(fault, at)
            failure = _failure(image, proxy.address, path)
            named = _named(image, upstream, path)
            if failure is None:
                assert len(named) == len(_TAGS), f"request {at} was {proxy.requests[at]}"
                outcomes["survived"] += 1
                continue
            assert len(named) < len(_TAGS), f"published, and said: {failure.kind} {failure}, {proxy.requests[at]}"
            told = f"{len(named)} of {len(_TAGS)} tags published" + (f" ({' '.join(named)})" if named else "")
            true = (told, "blobs, 0 tags published") if not named else (told,)  # while blobs are sent no tag is counted
            assert str(failure.done).endswith(true), f"{failure.done!r}, and it is {told!r}"
            outcomes[failure.kind] += 1
    print(f"{fault.name}: {dict(outcomes)} of {requests} requests")
    assert outcomes["survived"] >= 2


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name.lower())
def test_every_request_of_a_rerun_may_go_wrong(upstream: str, fault: Fault, tmp_path: Path) -> None:
    """What is published stays, and is taken over where the fault passes."""
    image = write_image(tmp_path / "image", tars=_LAYERS, platforms=(AMD64, ARM64))
    with running_fault_proxy(upstream) as proxy:
        assert _push(image, proxy.address, "shop/web") == ""
        proxy.arm()
        assert _push(image, proxy.address, "shop/web") == ""
        requests = len(proxy.requests)
        outcomes: Counter[str] = Counter()
        for at in range(requests):
            proxy.arm(fault, at)
            failure = _failure(image, proxy.address, "shop/web")
            assert len(_named(image, upstream, "shop/web")) == len(_TAGS)
            outcomes[failure.kind if failure else "survived" if proxy.struck else "no effect"] += 1
    print(f"rerun, {fault.name}: {dict(outcomes)} of {requests} requests")
    if fault in TRANSIENT:
        assert set(outcomes) <= {"survived", "no effect"}


@pytest.mark.parametrize("fault", BAD_ANSWERS, ids=lambda fault: fault.name.lower())
def test_what_is_published_and_never_confirmed_is_said_so(upstream: str, fault: Fault, tmp_path: Path) -> None:
    """All answers are bad after the last tag was taken."""
    image = write_image(tmp_path / "image")
    with running_fault_proxy(upstream) as proxy:
        assert _push(image, proxy.address, "clean/run") == ""
        last = max(at for at, request in enumerate(proxy.requests) if request == "PUT /v2/clean/run/manifests/latest")
        proxy.arm(fault, last + 1, persistent=True)
        failure = _failure(image, proxy.address, "some/image")
        assert failure
        assert (failure.kind, failure.exit) == ("push.unconfirmed", Exit.TRY_LATER)
        assert failure.done == "all blobs, 4 of 5 tags published (1.5.0 sha-9c1f2e7 1.5 1), and perhaps latest"
        proxy.arm()
        assert _push(image, proxy.address, "some/image") == ""


@pytest.mark.parametrize("fault", TRANSIENT, ids=lambda fault: fault.name.lower())
def test_the_token_service_may_fail_once(fault: Fault, tmp_path: Path) -> None:
    image = write_image(tmp_path / "image")
    pusher = Account("pusher", "secret", {"*": frozenset({"pull", "push"})})
    with running_token_service(tmp_path, (pusher,)) as service, running_fault_proxy(service.service) as proxy:
        names = {**service.auth["token"], "realm": f"http://{proxy.address}/oauth2/token"}
        with running_registry(tmp_path / "registry", auth={"token": names}) as registry:
            credential = Credential(registry=registry.address, username="pusher", secret="secret", origin="test")
            proxy.arm(fault, 0)
            assert _push(image, registry.address, "team/app", credential) == ""
            assert len(proxy.requests) == 1 + (proxy.struck and fault is not Fault.EARLY_HINTS)


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name.lower())
def test_every_request_of_a_login_may_go_wrong(fault: Fault, tmp_path: Path) -> None:
    """It says what is granted or that it failed, and never takes something else for a login."""
    pusher = Account("pusher", "secret", {"*": frozenset({"pull", "push"})})
    outcomes: Counter[str] = Counter()
    with running_token_service(tmp_path, (pusher,)) as service, running_fault_proxy(service.service) as tokens:
        names = {**service.auth["token"], "realm": f"http://{tokens.address}/oauth2/token"}
        with (
            running_registry(tmp_path / "registry", auth={"token": names}) as registry,
            running_fault_proxy(registry.address) as proxy,
        ):
            credential = Credential(registry=proxy.address, username="pusher", secret="secret", origin="test")
            for spoilt, others, requests in ((proxy, tokens, 2), (tokens, proxy, 1)):
                others.arm()
                for at in range(requests):
                    spoilt.arm(fault, at)
                    with _connected(proxy.address, "team/app", credential) as client:
                        try:
                            assert client.granted() == {"pull", "push"}
                            outcomes["survived" if spoilt.struck else "no effect"] += 1
                        except Failure as failure:
                            outcomes[failure.kind] += 1
    print(f"login, {fault.name}: {dict(outcomes)}")
    if fault in TRANSIENT:
        assert set(outcomes) <= {"survived", "no effect"}
    if fault in (Fault.EMPTY, Fault.FOREIGN):
        assert "survived" not in outcomes
