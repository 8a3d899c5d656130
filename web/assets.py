"""Front-end files, served by us under names that change with their content.

Vendor files are put in place by ``web/build_static.mjs``; our own lie beside it. Nothing is fetched from elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path

from flask import Blueprint, Flask, Response, request, send_from_directory

FOLDER = Path(__file__).parent / "static"
#: a file's address changes with its content, so a browser may keep it for a year
FOREVER_SECONDS = 31_536_000

files = Blueprint("files", __name__)
log = logging.getLogger(__name__)


class Assets:
    """Addresses of the front-end files by the name that templates use."""

    def __init__(self, folder: Path) -> None:
        places = (folder, folder / "studio")
        own = [path for place in places for path in place.iterdir() if path.suffix in {".css", ".js", ".svg"}]
        names = {path.relative_to(folder).as_posix(): path for path in own}
        self._urls = {name: f"/static/{name}?v={_digest(path)}" for name, path in names.items()}
        manifest = folder / "vendor" / "manifest.json"
        if manifest.exists():
            vendor: dict[str, str] = json.loads(manifest.read_text())
            self._urls |= {name: f"/static/vendor/{hashed}" for name, hashed in vendor.items()}
        else:
            log.warning("web/static/vendor 还没有生成，页面将没有样式：请运行 make setup")

    def url(self, name: str) -> str:
        """The address of a file; of a file that set-up has not made, one that answers 404."""
        return self._urls.get(name, f"/static/vendor/{name}")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


@files.get("/static/<path:name>")
def static(name: str) -> Response:
    """A front-end file, compressed where the browser takes it."""
    packed = request.accept_encodings.quality("gzip") > 0 and (FOLDER / f"{name}.gz").is_file()
    response = send_from_directory(FOLDER, f"{name}.gz" if packed else name, max_age=FOREVER_SECONDS)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
        response.mimetype = "text/css" if name.endswith(".css") else "text/javascript"
    response.headers.add("Vary", "Accept-Encoding")
    response.cache_control.immutable = True
    return response


def use_assets(app: Flask) -> None:
    """Serve the files and give templates ``asset(name)``."""
    app.register_blueprint(files)
    app.jinja_env.globals["asset"] = Assets(FOLDER).url
