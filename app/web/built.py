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
    """Where the scripts are, the style itself, and the policy that lets just these run.

    ``app`` comes with every page, ``refresh`` with those that renew parts of themselves, ``charts``
    when a chart is asked for.
    """

    app: str
    refresh: str
    charts: str
    style: str
    policy: str


def install(app: Flask) -> Built:
    """Serve the built files, compressed and for ever, and tell the pages where they are.

    Raises:
        PagesNotBuilt: they are missing.
    """
    try:
        names = json.loads((FOLDER / "names.json").read_text())
        style = (FOLDER / names["app.css"]).read_text()
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
        app=f"/{PREFIX}/{names['app.js']}",
        refresh=f"/{PREFIX}/{names['refresh.js']}",
        charts=f"/{PREFIX}/{names['charts.js']}",
        style=style,
        policy=_policy(style),
    )
    app.extensions["pages"] = built
    return built


def _policy(style: str) -> str:
    """Nothing but our own scripts, this one style, and images of our own."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self' 'sha256-{digest}'; "
        "img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


def _careful(headers: dict[str, str], _path: str, url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    if url.endswith("offline.js"):
        headers["Service-Worker-Allowed"] = "/"
        headers["Cache-Control"] = "no-cache"
