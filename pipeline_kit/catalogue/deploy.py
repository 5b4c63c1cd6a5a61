"""Failures of deploy."""

from pipeline_kit.catalogue.kind import Kind
from pipeline_kit.errors import Exit

KINDS: dict[str, Kind] = {
    "unscanned": Kind(
        Exit.REFUSED,
        "The image has not passed the scan",
        """Only an image that passed is deployed: a verdict on this very digest, made by this job under the policy that is configured now, with data that is young enough. Where there is none, deploy takes the image over from the registry by its digest and scans it.""",
    ),
    "revision": Kind(
        Exit.REFUSED,
        "The published image was built from another commit",
        """The record comes from another job, so the image is asked itself: its label org.opencontainers.image.revision names another commit than the one that is checked out.""",
    ),
    "credential": Kind(
        Exit.USAGE,
        "A variable of the container is a credential of this program or of the CI",
        """PIPELINE_KIT_*, AZURE_*, ARM_*, ACTIONS_*, GITHUB_TOKEN, SYSTEM_ACCESSTOKEN, CI_JOB_TOKEN and their like are never taken over into a container by their name alone. NAME=VALUE gives it a value of its own.""",
    ),
    "unhealthy": Kind(
        Exit.ROLLED_BACK,
        "What was deployed did not become healthy",
        """It exited, could not be started, ran out of memory, failed its own HEALTHCHECK, or did not answer below 400 on deploy.health within deploy.timeout,
or not for deploy.settle seconds without a break.
What served before serves now; it was stopped only if the new one had been healthy beside it.

Output and state of the container are in the log folder; they were taken before it was removed. Values of its environment variables are left out there.""",
    ),
    "rollback-failed": Kind(
        Exit.ROLLBACK_FAILED,
        "Neither the new nor the old one serves",
        """The new one did not become healthy, and the one before could not be brought back. The message says what is still there and the command that starts it.""",
    ),
    "busy": Kind(
        Exit.TRY_LATER,
        "Another run is replacing the same container",
        """Two at once would stop each other's containers. A run of another machine that was killed is believed for a few minutes; one of this machine is
known to be gone, and is cleaned up at once.""",
    ),
    "engine": Kind(
        Exit.TRY_LATER,
        "The Docker Engine can't be used",
        """It is the one that the docker command would use: DOCKER_HOST, else the current docker context, else /var/run/docker.sock. Start it, or let this user
reach it.

One that goes away while a container is replaced is waited for, and the replacement is made again. If it does not come back, nobody can tell what serves;
the next run puts right what this one left.""",
    ),
    "refused": Kind(
        Exit.BROKE,
        "The engine refused a request",
        """Its own words are shown. What served before serves now.""",
    ),
    "health": Kind(
        Exit.USAGE,
        "The health to ask for is no path",
        """It is the path alone, such as /healthz: the service is asked on its own port, and nobody else. '' asks nothing.""",
    ),
    "unreachable": Kind(
        Exit.BROKE,
        "The engine has no way to the registry",
        """It is the engine that pulls, from the machine it runs on. A registry on the loopback of this machine is not there for an engine elsewhere. Where the
image's layout is at hand, it is loaded instead.""",
    ),
    "throttled": Kind(
        Exit.TRY_LATER,
        "The registry throttles the engine",
        """It answered that too many requests came from the engine's address. Later it will answer again; nothing was changed.""",
    ),
    "denied": Kind(
        Exit.BROKE,
        "The registry does not let the engine pull",
        """The engine is given the credentials that this run has for the registry, for that registry alone. They need the right to pull.""",
    ),
    "absent": Kind(
        Exit.BROKE,
        "The registry does not have the whole image",
        """A manifest or a blob is missing, although it was published: it was deleted, or the registry cleaned up. Publish again.""",
    ),
    "pull": Kind(
        Exit.BROKE,
        "The engine could not take the image",
        """Its own words are shown. Nothing was changed.""",
    ),
    "digest": Kind(
        Exit.BROKE,
        "The engine holds another image than the published one",
        """An engine names an image by the digest of its index, its manifest or its config, which it computes itself. None of them is of the published image,
so nothing was started.""",
    ),
    "name": Kind(
        Exit.USAGE,
        "The container's name can't be used",
        """Either it is no name that Docker accepts, or a container of that name was started by somebody else. Only what pipeline-kit started is replaced.""",
    ),
    "port": Kind(
        Exit.USAGE,
        "The port is taken",
        """Something else listens on it. Set deploy.port to another port, or to 0 for any that is free.""",
    ),
    "container-port": Kind(
        Exit.USAGE,
        "It is not known on which port the service listens",
        """The image exposes none or several, and a wrong guess would publish the wrong one. Set deploy.container-port, or add EXPOSE to the Dockerfile.""",
    ),
    "address": Kind(
        Exit.USAGE,
        "The address can't be reached from here",
        """A port on the loopback of another machine can't be asked for its health from this one.""",
    ),
    "variable": Kind(
        Exit.USAGE,
        "A variable for the container is not set",
        """A bare name takes its value from the environment of the run. Set it there, or write NAME=VALUE.""",
    ),
}
