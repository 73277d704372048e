"""The built scripts and the style: what `deploy/pages.sh` makes of ``assets/``."""

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from whitenoise import WhiteNoise

FOLDER = Path(__file__).resolve().parent / "built"
PREFIX = "assets"
A_YEAR = 365 * 86_400


class PagesNotBuilt(Exception):
    """The scripts and the style are missing."""

    def __init__(self) -> None:
        super().__init__(
            "Chưa dựng các trang; hãy chạy: make install\n"
            "The pages are not built yet; run: make install"
        )


@dataclass(frozen=True)
class Built:
    """The script and the style of every page, where others are, and the policy that lets these run.

    ``refresh`` comes with pages that renew parts of themselves, ``charts`` when one is asked for.
    """

    script: str
    style: str
    refresh: str
    charts: str
    policy: str


def install(app: Flask) -> Built:
    """Serve the built files, compressed and for ever, and tell the pages where they are.

    Raises:
        PagesNotBuilt: they are missing.
    """
    try:
        names = json.loads((FOLDER / "names.json").read_text())
        script, style = ((FOLDER / names[one]).read_text() for one in ("app.js", "app.css"))
    except FileNotFoundError:
        raise PagesNotBuilt from None
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=FOLDER,
        prefix=PREFIX,
        max_age=A_YEAR,
        immutable_file_test=lambda _path, url: "offline" not in url,
        add_headers_function=_careful,
    )
    built = Built(
        script=script,
        style=style,
        refresh=f"/{PREFIX}/{names['refresh.js']}",
        charts=f"/{PREFIX}/{names['charts.js']}",
        policy=_policy(script, style),
    )
    app.extensions["pages"] = built
    return built


def _policy(script: str, style: str) -> str:
    """Nothing but this script, this style, and scripts, styles and images of our own."""
    return (
        f"default-src 'none'; script-src 'self' {_digest(script)}; "
        f"style-src 'self' {_digest(style)}; "
        "img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _careful(headers: dict[str, str], _path: str, url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    if url.endswith("offline.js"):
        headers["Service-Worker-Allowed"] = "/"
        headers["Cache-Control"] = "no-cache"
