"""One node over JSON-RPC: single and batch requests, a deadline on each, errors told apart. It never tries again."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self, cast
from urllib.parse import urlsplit

import aiohttp
import orjson

from bridge.adapters.redaction import hosts_only
from bridge.core.errors import Retry

if TYPE_CHECKING:
    from web3.providers.rpc import AsyncHTTPProvider

DEADLINE_SECONDS: Final = 10.0
CONNECTIONS: Final = 8
BATCH: Final = 100
"""Requests per batch: providers allow from 100 up."""
LONGEST_ANSWER: Final = 256 << 20
"""Bytes, inflated: the receipts of a hundred blocks of 1,000 events in one batch are fewer."""
_LONGEST_MESSAGE: Final = 1_000
"""Characters that are kept of what a node says in place of a result."""
_OK: Final = 200


class Request(NamedTuple):
    """A method and its parameters, in JSON types."""

    method: str
    params: tuple[object, ...] = ()


class NodeError(NamedTuple):
    """What a node answered in place of a result: it understood, and said no."""

    code: int
    message: str
    data: object

    def __str__(self) -> str:
        return f"{self.message} ({self.code})"


class Unanswered(Retry):
    """The deadline passed without an answer."""


class Rpc:
    """One provider's node. Every request ends within the deadline: answered, or with errors.Retry.

    `name` is what logs and errors call it: the operator and the host, never the rest of the address, where the
    credentials are. `operator` is whose word its answers are.
    """

    def __init__(
        self,
        url: str,
        operator: str = "node",
        *,
        deadline: float = DEADLINE_SECONDS,
        connections: int = CONNECTIONS,
    ) -> None:
        address = urlsplit(url)
        self.operator = operator
        self.name = f"{operator} ({address.hostname}{f':{address.port}' if address.port else ''})"
        self._url = url
        self._deadline = deadline
        self._connections = connections
        self._opened: AsyncHTTPProvider | None = None

    def __repr__(self) -> str:
        return f"Rpc({self.name})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            provider, self._opened = self._opened, None
            await provider.disconnect()

    async def ask(self, method: str, *params: object) -> object | NodeError:
        """Return the answer to one request, or the node's error as data."""
        return self._read(await self._in_time(method, self._provider().make_request(_endpoint(method), params)))

    async def ask_all(self, requests: Sequence[Request]) -> list[object | NodeError]:
        """Return the answers to several requests in their order, asked in batches."""
        answers: list[object | NodeError] = []
        for start in range(0, len(requests), BATCH):
            answers += await self._ask_batch(requests[start : start + BATCH])
        return answers

    async def result(self, method: str, *params: object) -> object:
        """Return the result of one request. Raises Retry if the node has none."""
        return self._granted(method, await self.ask(method, *params))

    async def results(self, requests: Sequence[Request]) -> list[object]:
        """Return the results of several requests. Raises Retry if the node has not all of them."""
        answers = await self.ask_all(requests)
        return [self._granted(request.method, answer) for request, answer in zip(requests, answers, strict=True)]

    async def _ask_batch(self, requests: Sequence[Request]) -> list[object | NodeError]:
        method = requests[0].method
        pairs = [(_endpoint(request.method), request.params) for request in requests]
        answers = await self._in_time(method, self._provider().make_batch_request(pairs))
        if not isinstance(answers, list):
            refusal = self._read(answers)
            why = refusal if isinstance(refusal, NodeError) else "it answers with one result"
            raise Retry(f"{self.name} takes no batch: {why}")
        if len(answers) != len(requests):
            raise Retry(f"{self.name} answered {len(answers)} of {len(requests)} requests")
        return [self._read(answer) for answer in answers]

    async def _in_time(self, method: str, asking: Awaitable[object]) -> object:
        """Wait for an answer. What went wrong is told without the address: errors of aiohttp quote it."""
        try:
            async with asyncio.timeout(self._deadline):
                return await asking
        except TimeoutError:
            raise Unanswered(f"{self.name} did not answer {method} within {self._deadline:g} s") from None
        except _HttpStatus as status:
            raise Retry(f"{self.name} answered {method} with HTTP {status.code}") from None
        except _TooLong:
            raise Retry(f"{self.name} answered {method} with more than {LONGEST_ANSWER >> 20} MiB") from None
        except aiohttp.ClientConnectorError as fault:
            raise Retry(f"{self.name} cannot be reached: {fault.strerror or type(fault).__name__}") from None
        except (aiohttp.ClientError, OSError) as fault:
            raise Retry(f"{self.name} broke off {method}: {type(fault).__name__}") from None
        except ValueError:
            raise Retry(f"{self.name} answered {method} with what is no JSON-RPC") from None

    def _read(self, answer: object) -> object | NodeError:
        match answer:
            case {"error": {"code": int(code), "message": str(message), **rest}}:
                # A proxy may quote the address of the node behind it, with the credentials.
                return NodeError(code, hosts_only(message[:_LONGEST_MESSAGE]), rest.get("data"))
            case {"result": result}:
                return cast("object", result)
            case _:
                raise Retry(f"{self.name} answered with what is no JSON-RPC")

    def _granted(self, method: str, answer: object | NodeError) -> object:
        if isinstance(answer, NodeError):
            raise Retry(f"{self.name} refused {method}: {answer}")
        return answer

    def _provider(self) -> "AsyncHTTPProvider":
        if self._opened is None:
            self._opened = _provider_class()(
                self._url,
                exception_retry_configuration=None,
                request_kwargs={"headers": {"Content-Type": "application/json", "User-Agent": "jgb-bridge"}},
            )
            # web3's own session manager takes a lock of the whole process in a thread: a request that is cancelled
            # while it waits for that lock leaves it taken, and every request of the process hangs from then on.
            self._opened._request_session_manager = cast("Any", _Session(self._connections))  # noqa: SLF001
        return self._opened


class _HttpStatus(Exception):
    """An HTTP answer that is no JSON-RPC."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class _TooLong(Exception):
    """An answer of more than LONGEST_ANSWER."""


class _Session:
    """One bounded pool of connections, in the place of web3's session manager."""

    def __init__(self, connections: int) -> None:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections))
        self.session_cache = {"": self._session}
        """What the provider closes when it disconnects."""

    async def async_make_post_request(self, url: str, data: bytes, headers: dict[str, str]) -> bytes:
        """Return the body of the answer. Nodes send JSON-RPC errors with any status, so it is read before judged."""
        async with self._session.post(url, data=data, headers=headers) as response:
            body = b"".join([part async for part in _bounded(response.content)])
        if response.status != _OK and not body.lstrip().startswith((b"{", b"[")):
            raise _HttpStatus(response.status)
        return body


async def _bounded(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Pass on an answer. Raises _TooLong before it fills the memory: it is a stranger's, and may be inflated."""
    room = LONGEST_ANSWER
    async for part in content.iter_any():
        room -= len(part)
        if room < 0:
            raise _TooLong
        yield part


@cache
def _provider_class() -> type["AsyncHTTPProvider"]:
    """Return web3's provider with orjson in place of its JSON. web3 takes seconds to load, so it loads here."""
    from web3.providers.rpc import AsyncHTTPProvider

    class Provider(AsyncHTTPProvider):
        # The original logs addresses and answers.
        logger = logging.getLogger("bridge.adapters.evm.silent")
        encode_rpc_dict = staticmethod(orjson.dumps)  # type: ignore[assignment]
        decode_rpc_response = staticmethod(_decoded)  # type: ignore[assignment]

    Provider.logger.disabled = True
    return Provider


def _decoded(raw: bytes) -> object:
    """Parse an answer. Raises ValueError unless it is one, or a batch of them with their ids."""
    answer = orjson.loads(raw)
    if isinstance(answer, list):
        if not all(isinstance(item, dict) and isinstance(item.get("id"), int) for item in answer):
            raise ValueError("not a batch of answers")
    elif not isinstance(answer, dict):
        raise ValueError("not an answer")  # noqa: TRY004 - one class for all that a node gets wrong
    return answer


def _endpoint(method: str) -> Any:  # noqa: ANN401 - web3 has its own name for a string
    return method
