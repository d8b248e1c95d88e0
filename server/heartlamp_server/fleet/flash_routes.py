"""Images for the browser's flashing page, for who may install: from our own folder, nothing from outside."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi import Path as InPath
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from heartlamp_server.fleet import images
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope

FileName = Annotated[str, InPath(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]


class FlashImage(BaseModel):
    file: str
    chip: str
    family: str
    sha256: str
    size: int


class FlashImages(BaseModel):
    """Newest first."""

    images: list[FlashImage]


class FlashPart(BaseModel):
    path: str
    offset: int


class FlashBuild(BaseModel):
    chipFamily: str
    parts: list[FlashPart]


class FlashManifest(BaseModel):
    """As esp-web-tools reads it."""

    name: str
    version: str
    new_install_prompt_erase: bool
    new_install_improv_wait_time: int
    builds: list[FlashBuild]


def router(gate: Gate, folder: Path | None) -> APIRouter:
    """`folder`: None where server.toml names none."""
    routes = APIRouter()
    Installs = Annotated[Scope, Depends(gate.require("device.change"))]
    refusals: dict[int | str, dict[str, Any]] = {n: {"model": Problem} for n in (404, 409)}
    unknown = partial(problem, 404, "没有这个镜像 · no such image", "请刷新 · reload")

    def one(file: str) -> images.Image:
        found = next((image for image in images.listed(folder) if image.file == file), None)
        if found is None:
            raise unknown()
        return found

    @routes.get("/flash")
    async def list_images(scope: Installs) -> FlashImages:
        """Images of the county's own store."""
        found = await run_in_threadpool(images.listed, folder)
        return FlashImages(
            images=[
                FlashImage(file=i.file, chip=i.chip, family=images.FAMILIES[i.chip], sha256=i.sha256, size=i.size)
                for i in found
            ]
        )

    @routes.get("/flash/{file}/manifest", responses=refusals)
    async def flash_manifest(file: FileName, scope: Installs) -> FlashManifest:
        """What esp-web-tools is to write where."""
        return FlashManifest.model_validate(images.manifest(await run_in_threadpool(one, file)))

    @routes.get("/flash/{file}/image", response_class=Response, responses=refusals)
    async def flash_image(file: FileName, scope: Installs) -> Response:
        """The image, if it is still what was added."""
        image = await run_in_threadpool(one, file)
        assert folder is not None
        try:
            data = await run_in_threadpool(images.read, folder, image)
        except images.Spoilt:
            raise problem(
                409, "镜像已损坏 · the image is damaged, or gone", "请重新添加 · add it again: heartlamp-tech image add"
            ) from None
        return Response(data, media_type="application/octet-stream")

    return routes
