"""One's own uploads and results, by their random id."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse

from matcher.access import audit
from matcher.access.identity import identity_of
from matcher.services import Services


def router(services: Services) -> APIRouter:
    """The download; a file that is somebody else's is answered like one that does not exist."""
    routes = APIRouter()

    @routes.get("/files/{file_id}")
    def download(file_id: str, request: Request) -> FileResponse:
        stored = services.files.find(file_id, identity_of(request.scope).user_id)
        if stored is None:
            audit.record(services, request.scope, "file.download", file_id, "refused")
            raise HTTPException(404)
        path = services.files.path_of(stored)
        if not path.is_file():
            audit.record(services, request.scope, "file.download", file_id, "failed")
            raise HTTPException(404)
        audit.record(services, request.scope, "file.download", file_id)
        kept = {"cache-control": "private, no-store"}
        return FileResponse(path, media_type=stored.media_type, filename=stored.name, headers=kept)

    return routes
