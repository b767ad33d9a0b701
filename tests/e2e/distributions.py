"""Distributions with a plugin, as they lie on the path once they are installed."""

from pathlib import Path

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
