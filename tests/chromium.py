"""The browser of this machine, without a window."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

CANDIDATES = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
#: A machine without a GPU, a sandbox of its own, or any network beside this site.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


def chromium() -> str | None:
    """Where it is: `CHROMIUM_PATH`, or where systems have it; None where there is none."""
    given = os.environ.get("CHROMIUM_PATH")
    return given or next((path for path in CANDIDATES if Path(path).exists()), None) or shutil.which("chromium")
