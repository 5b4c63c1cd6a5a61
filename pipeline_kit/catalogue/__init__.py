"""Every failure has an id, an exit code and an explanation that ``pipeline-kit explain ID`` prints offline.

An id is AREA.CAUSE, and the areas are the modules beside this file. A new failure is one entry here and one ``raise``.
"""

from pipeline_kit.catalogue import (
    build,
    bump,
    config,
    deploy,
    git,
    layout,
    login,
    push,
    record,
    registry,
    replay,
    run,
    scan,
    tag,
    tool,
    tree,
    version,
)
from pipeline_kit.catalogue.kind import Kind

KINDS: dict[str, Kind] = {
    f"{area.__name__.rsplit('.', 1)[-1]}.{cause}": kind
    for area in (
        build,
        bump,
        config,
        deploy,
        git,
        layout,
        login,
        push,
        record,
        registry,
        replay,
        run,
        scan,
        tag,
        tool,
        tree,
        version,
    )
    for cause, kind in area.KINDS.items()
}
