"""Static files, straight from STATIC_ROOT: `collectstatic` fills it, a proxy in front may serve it instead."""

import os

from django.conf import settings
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope


class Revalidated(StaticFiles):
    """A browser may keep a file, but asks each time whether it is still the one: a new release shows at once."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        return response


static_files = Revalidated(directory=settings.STATIC_ROOT, check_dir=False)
