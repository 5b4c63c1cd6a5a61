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
from pipeline_kit.targets.docker_engine import is_lost, raised, words
from pipeline_kit.targets.docker_failures import brought_back, engine_gone, not_brought_back, port_taken
from pipeline_kit.targets.docker_health import QUICK, healthy
from pipeline_kit.targets.docker_site import busy
from pipeline_kit.targets.docker_tidy import remove
from pipeline_kit.targets.probe import Patience, Unhealthy

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
_PATIENCE_WITH_THE_OTHER = Patience(30.0)


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
        """The container that serves now, and why it is believed to. Failure ``deploy.*`` with the other one serving.

        An engine that goes away in between is the caller's to wait for: nothing can be brought back without it.
        """
        successor = self._tried = self._make_successor()
        try:
            evidence = self._take_over(successor)
            self._give_the_name(successor)
        except Unhealthy as unhealthy:
            raise self._rolled_back(str(unhealthy)) from None
        except Exception as error:
            if not is_lost(error):
                self._bring_back()
            raise
        except BaseException as stopped:
            self._bring_back_in_haste(stopped)
            raise
        self._remove_the_other()
        return successor, evidence

    def _take_over(self, successor: Container) -> tuple[str, ...]:
        """Have the successor serve, alone; why it is believed to."""
        if self._holds_the_port(self.before):
            self._try_out()
            self._stop_the_other()
            return self._start_and_ask(successor)
        evidence = self._start_and_ask(successor)
        if self.before:
            self._stop_the_other()
            healthy(self.site.engine, successor, self.context, QUICK)
        return evidence

    @property
    def _logs(self) -> str:
        root = self.context.root
        return str(self.log_folder.relative_to(root) if self.log_folder.is_relative_to(root) else self.log_folder)

    def _make_successor(self) -> Container:
        options = self.options
        lease = self.site.lease(2 * (options.health_timeout + options.settle + options.stop_timeout) + _MARGIN)
        try:
            made = self._create(
                self.site.next, {**self.labels, **lease}, self.publish, kept_alive=self.site.engine.is_podman
            )
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

    def _create(
        self, name: str, labels: Mapping[str, str], publish: Publish | None, *, kept_alive: bool = False
    ) -> Container:
        return containers.create(
            self.site.engine,
            name,
            self.fetched,
            self.options,
            variables=self.variables,
            labels=labels,
            publish=publish,
            kept_alive=kept_alive,
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
            patience = Patience(self.options.health_timeout, self.options.settle)
            return healthy(self.site.engine, container, self.context, patience)

    def _give_the_name(self, successor: Container) -> None:
        """The second line decides: a run that is cut after it is finished by the next one, a run that is cut before is
        taken back. That the other one is gone by now, removed by somebody, changes nothing.
        """
        containers.keep_alive(self.site.engine, successor)
        if self.before:
            containers.rename(self.site.engine, self.before, self.site.past)
        containers.rename(self.site.engine, successor, self.site.name)

    def _remove_the_other(self) -> None:
        from docker.errors import APIError

        try:
            containers.remove(self.site.engine, self.before)
        except APIError as error:
            self.context.report.warn(f"the container {self.site.past} is left to the next run: {words(error)}")

    def _rolled_back(self, reason: str) -> Failure:
        try:
            said = self._save_evidence()
        finally:
            self._bring_back()
        before, now = self.before, self.before and containers.find(self.site.engine, self.before.id)
        if before and before.running and now is None:
            raise not_brought_back(before, None, "somebody removed it meanwhile", self._logs)
        if now and self._stopping:
            try:
                healthy(self.site.engine, now, self.context, _PATIENCE_WITH_THE_OTHER)
            except Unhealthy as unhealthy:
                raise not_brought_back(now, now, f"it {unhealthy}", self._logs) from None
        if self.fetched.brought:
            remove(self.site.engine, [self.fetched.name], [])
        served = now if before and before.running else None
        return brought_back(self._tried, reason, said, served, self._logs, stopped=self._stopping)

    def _save_evidence(self) -> str:
        from pipeline_kit.targets.docker_evidence import save

        return save(self.site.engine, self._tried, self.log_folder, self.context)

    def _bring_back(self) -> None:
        """Have things as they were, as fast as can be: a CI that cancels a run gives it seconds."""
        from docker.errors import APIError

        engine = self.site.engine
        try:
            for name in (self.site.canary, self.site.next, self._tried.id):
                containers.remove(engine, containers.find(engine, name))
            before = self.before and containers.find(engine, self.before.id)
            if before and before.name == self.site.past:
                containers.rename(engine, before, self.site.name)
            if before and self.before and self.before.running and not before.running:
                # By somebody, or by an engine that was started again and has not come to it yet.
                self._stopping = True
            if before and self._stopping:
                # A stop that was interrupted goes on in the engine: waiting for it is the way to start for good.
                containers.stop(engine, before, 1)
                containers.start(engine, before)
        except (APIError, PortTaken, NotStarted) as error:
            if self.before is None:
                raise
            left = containers.find(engine, self.before.id)
            raise not_brought_back(self.before, left, str(error), self._logs) from error

    def _bring_back_in_haste(self, stopped: BaseException) -> None:
        """The same for a run that was asked to end: it does not wait for an engine that went away."""
        try:
            self._bring_back()
        except raised() as error:
            if not is_lost(error):
                raise
            raise engine_gone(self.options.name, words(error)) from stopped
