"""One container takes the place of another, or does not: at every moment one of the two serves, or is about to.

The successor is tried out on a port of its own first, while the other serves; only then they change places, and it is
asked again. Whatever goes wrong, and whoever interrupts, the other one serves again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, why
from pipeline_kit.model.digest import short
from pipeline_kit.targets import docker_container as containers
from pipeline_kit.targets.docker_container import NameTaken, NotStarted, PortTaken, Publish
from pipeline_kit.targets.docker_failures import brought_back, not_brought_back, port_taken
from pipeline_kit.targets.docker_health import healthy
from pipeline_kit.targets.docker_site import busy
from pipeline_kit.targets.probe import Unhealthy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipeline_kit.context import Context
    from pipeline_kit.targets.docker_container import Container
    from pipeline_kit.targets.docker_image import Fetched
    from pipeline_kit.targets.docker_options import DockerOptions
    from pipeline_kit.targets.docker_site import Site

# What making, stopping and starting containers may take beside the waiting that the options allow, in seconds.
_MARGIN = 120.0
# A predecessor that was healthy before is so again soon, or something else is wrong.
_PATIENCE_WITH_THE_OTHER = 30.0


@dataclass(slots=True, kw_only=True)
class Replacement:
    """``before`` is the container to replace, None at a first deployment. ``publish`` is None for a container without a
    port. ``labels`` are for the successor.
    """

    site: Site
    before: Container | None
    fetched: Fetched
    options: DockerOptions
    variables: Mapping[str, str]
    labels: Mapping[str, str]
    publish: Publish | None
    context: Context
    log_folder: Path
    _tried: Container = field(init=False)
    _stopping: bool = field(default=False, init=False)

    def run(self) -> tuple[Container, tuple[str, ...]]:
        """The container that serves now, and why it is believed to. Failure ``deploy.*`` with the other one serving."""
        successor = self._tried = self._make_successor()
        try:
            if self._holds_the_port(self.before):
                self._try_out()
                self._stop_the_other()
            evidence = self._start_and_ask(successor)
        except Unhealthy as unhealthy:
            raise self._rolled_back(str(unhealthy)) from None
        except BaseException:
            self._bring_back()
            raise
        self._settle(successor)
        return successor, evidence

    @property
    def _logs(self) -> str:
        root = self.context.root
        return str(self.log_folder.relative_to(root) if self.log_folder.is_relative_to(root) else self.log_folder)

    def _make_successor(self) -> Container:
        options = self.options
        lease = self.site.lease(2 * options.health_timeout + 2 * options.stop_timeout + _MARGIN)
        try:
            made = self._create(self.site.next, {**self.labels, **lease}, self.publish)
        except NameTaken:
            raise busy(options.name) from None
        is_it = made.image == self.fetched.id or made.image in self.fetched.members()
        if is_it and made.source == self.fetched.name:
            return made
        containers.remove(self.site.engine, made)
        raise Failure(
            "deploy.digest",
            f"the container was made from {short(made.image)}, not {short(self.fetched.id)}",
            why(f"It was to be made from {self.fetched.name}, and was removed before it started."),
        )

    def _create(self, name: str, labels: Mapping[str, str], publish: Publish | None) -> Container:
        return containers.create(
            self.site.engine,
            name,
            self.fetched,
            self.options,
            variables=self.variables,
            labels=labels,
            publish=publish,
        )

    def _holds_the_port(self, container: Container | None) -> bool:
        return bool(container and container.active and self.publish and container.port == self.publish.port)

    def _try_out(self) -> None:
        publish = self.publish and Publish(self.publish.container_port, self.publish.address, 0)
        canary = self._create(self.site.canary, self.labels, publish)
        self._start_and_ask(canary)
        containers.remove(self.site.engine, canary)

    def _stop_the_other(self) -> None:
        if self.before:
            self._stopping = True
            containers.stop(self.site.engine, self.before, self.options.stop_timeout)

    def _start_and_ask(self, container: Container) -> tuple[str, ...]:
        self._tried = container
        with self.context.report.activity(f"{container.name} becomes healthy"):
            try:
                containers.start(self.site.engine, container)
            except NotStarted as error:
                raise Unhealthy(f"can't start: {error}") from error
            except PortTaken as error:
                raise port_taken(self.site.engine, container.port, str(error)) from error
            return healthy(self.site.engine, container, self.context, self.options.health_timeout)

    def _settle(self, successor: Container) -> None:
        """Give the successor the name. The first line decides: a run that is cut after it is finished by the next one,
        a run that is cut before is taken back.
        """
        engine = self.site.engine
        if self.before:
            containers.rename(engine, self.before, self.site.past)
        containers.rename(engine, successor, self.site.name)
        containers.keep_alive(engine, successor)
        if self.before:
            containers.stop(engine, self.before, self.options.stop_timeout)
            containers.remove(engine, self.before)

    def _rolled_back(self, reason: str) -> Failure:
        try:
            said = self._save_evidence()
        finally:
            self._bring_back()
        before = self.before if self.before and self.before.running else None
        if before and self._stopping:
            try:
                healthy(self.site.engine, before, self.context, _PATIENCE_WITH_THE_OTHER)
            except Unhealthy as unhealthy:
                raise not_brought_back(before, f"it {unhealthy}", self._logs) from None
        return brought_back(self._tried, reason, said, before, self._logs, stopped=self._stopping)

    def _save_evidence(self) -> str:
        from pipeline_kit.targets.docker_evidence import save

        return save(self.site.engine, self._tried, self.log_folder, self.context)

    def _bring_back(self) -> None:
        """Have things as they were, as fast as can be: a CI that cancels a run gives it seconds."""
        from docker.errors import DockerException
        from requests import RequestException

        engine = self.site.engine
        try:
            for name in (self.site.canary, self.site.next):
                containers.remove(engine, containers.find(engine, name))
            if self.before and self._stopping:
                # A stop that was interrupted goes on in the engine: waiting for it is the way to start for good.
                containers.stop(engine, self.before, 1)
                containers.start(engine, self.before)
        except (DockerException, RequestException, PortTaken, NotStarted) as error:
            if self.before is None:
                raise
            raise not_brought_back(self.before, str(error), self._logs) from error
