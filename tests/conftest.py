"""What holds for every test: Hypothesis looks for counterexamples, and no test fails because a machine is busy."""

import functools
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

settings.register_profile("project", deadline=None)
settings.load_profile("project")

_WHOLE = ("e2e", "faults")
"""Folders whose tests run whole bridges: they take longest, so they begin first."""
_NETWORKS = ("running: Running", "readers: Readers")
"""Networks that live for a whole session, as a test asks for them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the long ones begin first."""
    items.sort(key=lambda item: not any(folder in item.path.parts for folder in _WHOLE))


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> "FilesAndNetworks":
    """Say who runs what when tests run in parallel."""
    return FilesAndNetworks(config, log)


class FilesAndNetworks(LoadFileScheduling):  # type: ignore[misc]
    """Sends all files that share a network to one worker, so that it is raised once, and each other file whole."""

    def _split_scope(self, nodeid: str) -> str:
        return _scope_of(Path(self.config.rootpath, super()._split_scope(nodeid)))


@functools.cache
def _scope_of(file: Path) -> str:
    text = file.read_text()
    return next((network for network in _NETWORKS if network in text), str(file))
