"""Write docs/reference/openapi.json, the API's description that its users see; a test says when it is due."""

import json
from pathlib import Path, PurePosixPath

from sre_copilot.entrypoints.http import django_settings

TARGET = Path(__file__).parents[1] / "docs" / "reference" / "openapi.json"


def main() -> None:
    """Write the file."""
    django_settings.configure()
    # Only now: the API needs a configured Django.
    from sre_copilot.entrypoints.http.documentation import described

    schema = described(PurePosixPath("/"))
    TARGET.write_text(json.dumps(schema, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
