"""What is installed as a wheel, away from the sources, has everything it needs with it."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("bridge", "relayers", "oracles", "contracts")
LEFT_OUT = shutil.ignore_patterns("node_modules", "out", "out-home", "cache", "cache-home", "__pycache__", "*.egg-info")

MIGRATE = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import bridge
from bridge.adapters.migrations import migrate
assert Path(bridge.__file__).is_relative_to(sys.argv[1]), bridge.__file__
migrate(f"sqlite:///{sys.argv[2]}")
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a wheel from a copy of the sources, as `pip install .` does, and unpack it."""
    sources, target = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("installed")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, sources)
    for name in PACKAGES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, sources / name, ignore=LEFT_OUT)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    build = [*pip, "--no-build-isolation", "--no-index", "--wheel-dir", str(sources / "dist"), str(sources)]
    subprocess.run(build, check=True)
    (wheel,) = (sources / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def test_a_wheel_holds_every_module(installed: Path) -> None:
    ours = {path.relative_to(ROOT) for name in PACKAGES for path in (ROOT / name).rglob("*.py")}
    wanted = {path for path in ours if "node_modules" not in path.parts}
    assert sorted(path for path in wanted if not (installed / path).is_file()) == []


def test_a_wheel_holds_the_artifacts_of_the_contracts_and_the_specification(installed: Path) -> None:
    artifacts = {path.relative_to(ROOT) for path in (ROOT / "contracts" / "artifacts").rglob("*.json")}
    assert artifacts
    missing = {path for path in (*artifacts, Path("bridge/SPEC.md")) if not (installed / path).is_file()}
    assert missing == set()


def test_a_database_is_migrated_by_what_is_installed(installed: Path, tmp_path: Path) -> None:
    path = tmp_path / "relayer.sqlite"
    command = [sys.executable, "-c", MIGRATE, str(installed), str(path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert path.stat().st_size > 0
