"""The README's picture of a page, made anew: python -m tests.report_screenshot."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests import browser as chromium
from tests.conftest import COMMAND

PICTURE = Path(__file__).parent / "data" / "report.png"
WIDTH, HEIGHT = 1180, 640
CALL = ("compare", "-c", "아침 먹고 학교를 갑니다", "-c", "I eat breakfast and go to school", "-e", "tfidf")
TOKEN = "tr[data-of='1'] td:nth-of-type(3) button:nth-of-type(2)"  # the middle of 학교를 under bert


def main() -> None:
    """Write the picture, or say what is missing."""
    if (lacking := chromium.missing()) is not None:
        sys.exit(lacking)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        page = Path(folder) / "report.html"
        subprocess.run([*COMMAND, *CALL, "-o", str(page)], check=True)
        with chromium.browser(Path(folder)) as window:
            window.resize(WIDTH, HEIGHT)
            window.open(page)
            window.script("document.querySelector(arguments[0]).focus({preventScroll: true})", TOKEN)
            PICTURE.write_bytes(window.screenshot())


if __name__ == "__main__":
    main()
