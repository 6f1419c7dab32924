"""A stand-in for the publishers: serves sample documents in their paths, and moves on in stages.

`python -m bridge.devnet.mirror --folder DIR --port N`. DIR holds `0`, `1` and so on; a document is served from the
highest stage, up to the current one, that has it. `POST /stage/K` moves on; it listens on the loopback alone.
"""

import shutil
from hashlib import sha256
from pathlib import Path
from typing import Final

import click
from aiohttp import web

from bridge.devnet.processes import LOOPBACK

_NOTHING: Final = "there is no such document yet\n"
_ANSWERS: Final = ("fm01", "fm08", "ir01")
_CURVE: Final = {
    "jgbcme.csv": "english/policy/jgbs/reference/interest_rate/jgbcme.csv",
    "jgbcme_all.csv": "english/policy/jgbs/reference/interest_rate/historical/jgbcme_all.csv",
    "jgbcm.csv": "jgbs/reference/interest_rate/jgbcm.csv",
    "jgbcm_all.csv": "jgbs/reference/interest_rate/data/jgbcm_all.csv",
}


def lay_out(folder: Path, samples: Path) -> None:
    """Copy sample documents into the publishers' paths: those of `samples`, then those of its stages over them."""
    stages = [samples / name for name in ("stage-0", "stage-1")]
    _copy(samples, folder / "0")
    for number, stage in enumerate(stages):
        _copy(stage, folder / str(number))


def _copy(source: Path, target: Path) -> None:
    for workbook in source.glob("boj/m[pd]*.xlsx"):
        prefix, year = workbook.name[:2], workbook.name[2:6]
        _place(workbook, target / "boj-daily" / prefix / year / workbook.name)
    for name in _ANSWERS:
        for form in ("json", "csv"):
            _place(source / "boj" / f"{name}.en.{form}", target / "boj-api" / f"{name}.{form}")
    for name, path in _CURVE.items():
        _place(source / "mof" / name, target / "mof" / path)


def _place(source: Path, target: Path) -> None:
    if source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


class Mirror:
    """The documents of a folder over HTTP, with ETag and 304."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.stage = 0

    def application(self) -> web.Application:
        """Return what is served."""
        application = web.Application()
        application.add_routes(
            [
                web.get("/stage", self._show_stage),
                web.post(r"/stage/{stage:\d+}", self._move),
                web.get("/boj-api/getDataCode", self._answer),
                web.get("/{path:.+}", self._document),
            ]
        )
        return application

    async def _show_stage(self, _request: web.Request) -> web.Response:
        return web.json_response({"stage": self.stage})

    async def _move(self, request: web.Request) -> web.Response:
        self.stage = int(request.match_info["stage"])
        return await self._show_stage(request)

    async def _answer(self, request: web.Request) -> web.Response:
        """Pick an answer of the API by database and form; it holds all of the sample's months."""
        name = f"{request.query.get('db', '').lower()}.{request.query.get('format', 'json').lower()}"
        return self._send(request, f"boj-api/{name}")

    async def _document(self, request: web.Request) -> web.Response:
        return self._send(request, request.match_info["path"])

    def _send(self, request: web.Request, path: str) -> web.Response:
        file = self._find(path)
        if file is None:
            return web.Response(status=404, text=_NOTHING)
        body = file.read_bytes()
        etag = f'"{sha256(body).hexdigest()[:32]}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(body=body, headers={"ETag": etag})

    def _find(self, path: str) -> Path | None:
        """Return the newest document that has appeared. Only what lies in the folder is ever served."""
        for stage in range(self.stage, -1, -1):
            root = (self._folder / str(stage)).resolve()
            file = (root / path).resolve()
            if file.is_file() and file.is_relative_to(root):
                return file
        return None


@click.command()
@click.option("--folder", required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--port", required=True, type=int)
def main(folder: Path, port: int) -> None:
    """Serve sample documents in the publishers' paths."""
    web.run_app(Mirror(folder).application(), host=LOOPBACK, port=port, access_log=None, print=None)


if __name__ == "__main__":
    main()
