"""`python -m tests.check_messages`: the Chinese catalogue is complete and matches the code."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parents[1]
PO = Path("locale/zh_Hans/LC_MESSAGES/django.po")


def main() -> int:
    """Extract into a copy, so that the working tree stays untouched."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tree"
        ignore = shutil.ignore_patterns(".venv", ".run", ".git", "tests", "static", "*.geojson", "node_modules")
        shutil.copytree(ROOT, copy, ignore=ignore)
        subprocess.run(
            [sys.executable, "manage.py", "makemessages", "-l", "zh_Hans", "--no-obsolete", "--no-location", "-v0"],
            cwd=copy, check=True,
        )  # fmt: skip
        fresh = polib.pofile(str(copy / PO))
    bad = [entry.msgid for entry in fresh if not entry.translated() or "fuzzy" in entry.flags]
    for text in bad:
        print(f"not translated: {text!r}")
    print(f"{len(fresh)} messages, {len(bad)} untranslated or fuzzy")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
