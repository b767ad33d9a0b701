"""Distributions with a plugin: laid out as they lie on the path, or built into wheels, installed, and checked."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

LIGHTHOUSE = Path(__file__).parents[1] / "plugins" / "lighthouse"
"""Where the source of a third party's plugin with every capability lies."""
BUILD = "import sys; from flit_core import buildapi; print(buildapi.build_wheel(sys.argv[1]))"
UV = Path(sys.executable).with_name("uv")
METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
ENTRY_POINTS = "[sre_copilot.integrations]\n{module} = {module}\n"


def lay_out(folder: Path, name: str, code: str) -> Path:
    """Write a distribution of one module into the folder and return the folder, to be put on the path."""
    module = name.replace("-", "_")
    (folder / f"{module}.py").write_text(code, encoding="utf-8")
    about = folder / f"{module}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(METADATA.format(name=name), encoding="utf-8")
    (about / "entry_points.txt").write_text(ENTRY_POINTS.format(module=module), encoding="utf-8")
    return folder


def installed(source: Path, site: Path) -> Path:
    """Build a wheel of a folder and install it into another one, which is returned; nothing asks the network."""
    with TemporaryDirectory() as wheels:
        built = _done(sys.executable, "-c", BUILD, wheels, folder=source)
        wheel = Path(wheels) / built.split()[-1]
        python = ("--python", sys.executable)
        _done(UV, "pip", "install", *python, "--offline", "--no-deps", "--target", site, wheel, folder=source)
    return site


def _done(*words: str | Path, folder: Path) -> str:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def kit(kind: str, site: Path, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run the conformance kit as whoever wrote the plugin does, though not with everything that takes long."""
    return _pytest(site, folder, f"--sre-copilot-conformance={kind}")


def no_kit(site: Path, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run pytest where the kit could be run, and don't ask for it."""
    return _pytest(site, folder)


def _pytest(site: Path, folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(site), "PYTEST_XDIST_WORKER": "", "SRE_COPILOT_SOAK": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
