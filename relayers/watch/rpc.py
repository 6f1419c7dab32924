"""JSON-RPC over HTTP to one node: batches, a deadline and a longest answer for everything, one kind of failure.

What fails is named without the node's address, which may hold credentials; so are addresses that a node quotes.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import aiohttp
import orjson

from bridge.adapters.redaction import hosts_only

_BATCH: Final = 50
_LONGEST_MESSAGE: Final = 200
_LONGEST_WORDS: Final = 2_000
_LONGEST_ANSWER: Final = 64 * 2**20
_CHUNK: Final = 2**16
_HEADERS: Final = {"Content-Type": "application/json", "Accept-Encoding": "identity"}


class Unreadable(Exception):
    """A node that does not answer, or whose answer makes no sense. The next look may find it well."""


class Refused(Unreadable):
    """A node that answers that it will not do it. `message` and `data` are the node's."""

    def __init__(self, name: str, method: str, message: str, data: str = "") -> None:
        super().__init__(f"{name} refused {method}: {message}")
        self.message = message
        self.data = data


class TooLong(Unreadable):
    """A node that answers more than is read. It may be well if it is asked for less."""


class Rpc:
    """One node."""

    def __init__(self, name: str, url: str, deadline_seconds: float, longest_answer: int = _LONGEST_ANSWER) -> None:
        """Ask the node at `url`; `longest_answer` is in bytes, inflated if it comes compressed unasked."""
        self.name = name
        self._url = url
        self._deadline = deadline_seconds
        self._longest = longest_answer
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def ask(self, method: str, *params: object) -> Any:  # noqa: ANN401 - a JSON value
        """Return one answer."""
        (answer,) = await self.ask_all([(method, params)])
        return answer

    async def ask_all(self, requests: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        """Return the answers to several requests, in order. Raises Unreadable if one of them has none."""
        answers = await self.try_all(requests)
        for answer in answers:
            if isinstance(answer, Refused):
                raise answer
        return answers

    async def try_all(self, requests: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        """Return answers, and in place of what the node refused, Refused."""
        found: list[Any] = []
        for start in range(0, len(requests), _BATCH):
            found += await self._batch(requests[start : start + _BATCH])
        return found

    async def _batch(self, requests: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        body = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}
            for number, (method, params) in enumerate(requests)
        ]
        answers = await self._post(orjson.dumps(body))
        if not isinstance(answers, list):
            raise Unreadable(f"{self.name} does not answer a batch with a batch")
        by_id = {answer.get("id"): answer for answer in answers if isinstance(answer, dict)}
        return [self._result(by_id.get(number), method) for number, (method, _) in enumerate(requests)]

    async def _post(self, body: bytes) -> object:
        if self._session is None:
            self._session = aiohttp.ClientSession(headers=_HEADERS)
        try:
            async with asyncio.timeout(self._deadline), self._session.post(self._url, data=body) as response:
                return orjson.loads(await self._body(response))
        except TimeoutError:
            raise Unreadable(f"{self.name} did not answer within {self._deadline:g} s") from None
        except (aiohttp.ClientError, OSError) as fault:
            raise Unreadable(f"{self.name} cannot be reached ({type(fault).__name__})") from None
        except ValueError:
            raise Unreadable(f"{self.name} answers something that is no JSON") from None

    async def _body(self, response: aiohttp.ClientResponse) -> bytearray:
        """Read an answer, in chunks: a node that never ends must not fill the memory."""
        found = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            found += chunk
            if len(found) > self._longest:
                raise TooLong(f"{self.name} answers with more than {self._longest} bytes")
        return found

    def _result(self, answer: Any, method: str) -> Any:  # noqa: ANN401 - a JSON value
        if not isinstance(answer, dict) or ("result" not in answer and "error" not in answer):
            raise Unreadable(f"{self.name} left {method} without an answer")
        if (error := answer.get("error")) is not None:
            words = error if isinstance(error, dict) else {"message": error}
            data = words.get("data")
            message = _without_addresses(str(words.get("message")))
            return Refused(self.name, method, message, data if isinstance(data, str) else "")
        return answer.get("result")


def _without_addresses(message: str) -> str:
    """Return a node's words; of addresses in them, such as a proxy quotes, the host only.

    That is done before they are shortened, or half an address could be left; and not to words without end.
    """
    return hosts_only(message[:_LONGEST_WORDS])[:_LONGEST_MESSAGE]
