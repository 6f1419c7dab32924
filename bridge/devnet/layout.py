"""Where a devnet keeps its files. All of them lie under one folder, and all of them go when it goes."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bridge.core.errors import Refuse

_OWN: Final = (
    "devnet.json",
    "deployment.json",
    "processes.json",
    "keys",
    "nodes",
    "relayers",
    "reporters",
    "mirror",
    "watchtower",
    "logs",
)


@dataclass(frozen=True, slots=True)
class Layout:
    """The folder of one devnet."""

    folder: Path

    @property
    def network(self) -> Path:
        """What users and tests read: `devnet.json`."""
        return self.folder / "devnet.json"

    @property
    def deployment(self) -> Path:
        """What was deployed where."""
        return self.folder / "deployment.json"

    @property
    def processes(self) -> Path:
        """What was started. Its presence marks the folder as a devnet's."""
        return self.folder / "processes.json"

    def keys(self, name: str) -> tuple[Path, Path]:
        """Keystore and password file of a key."""
        return self.folder / "keys" / f"{name}.json", self.folder / "keys" / f"{name}.password"

    def node(self, name: str) -> Path:
        """Folder of a node."""
        return self.folder / "nodes" / name

    def relayer(self, name: str) -> Path:
        """Folder of a relayer."""
        return self.folder / "relayers" / name

    def config(self, name: str) -> Path:
        """Configuration of a relayer."""
        return self.relayer(name) / "relayer.toml"

    def reporter(self, name: str) -> Path:
        """Folder of a reporter."""
        return self.folder / "reporters" / name

    def reporter_config(self, name: str) -> Path:
        """Configuration of a reporter."""
        return self.reporter(name) / "oracle.toml"

    @property
    def watchtower(self) -> Path:
        """Folder of the watchtower; its configuration is `watchtower.toml`."""
        return self.folder / "watchtower"

    @property
    def mirror(self) -> Path:
        """Documents that the stand-in for the publishers serves."""
        return self.folder / "mirror"

    def log(self, name: str) -> Path:
        """What a process writes."""
        return self.folder / "logs" / f"{name}.log"

    def claim(self) -> None:
        """Make the folder ours. Raises Refuse if it holds anything, a devnet or something else."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.processes.exists():
            raise Refuse(f"a devnet is in {self.folder}: stop it with `jgb-bridge devnet down --dir {self.folder}`")
        if any(self.folder.iterdir()):
            raise Refuse(f"{self.folder} is not empty: name a folder of its own for the devnet")
        try:
            self.processes.touch(exist_ok=False)
        except FileExistsError:
            raise Refuse(f"another devnet is being started in {self.folder}") from None
        for part in ("keys", "nodes", "relayers", "reporters", "mirror", "watchtower", "logs"):
            (self.folder / part).mkdir()

    def require(self) -> None:
        """Raise Refuse unless a devnet is here."""
        if not self.processes.exists():
            raise Refuse(f"no devnet in {self.folder}")

    def remove(self) -> None:
        """Remove what a devnet has written, the mark last; the folder too if nothing else is in it."""
        for part in sorted(_OWN, key=lambda name: name == self.processes.name):
            path = self.folder / part
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        if not any(self.folder.iterdir()):
            self.folder.rmdir()
