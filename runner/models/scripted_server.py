"""A model server without a model: OpenAI's chat completions over real HTTP, answered by a script."""

import asyncio
import hashlib
import ipaddress
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from secondreader.runner.models.script import (
    ChatRequest,
    Script,
    ScriptedReply,
    ScriptedUsage,
    ScriptPlayer,
    UnscriptedRequest,
)

MAX_BODY = 32_000_000
STARTED = 1_735_689_600
"""The `created` of every answer: the same request gets the same bytes."""

DEMO_SCRIPT = Path(__file__).parent / "scripts" / "demo.yaml"
"""An agent and a judge for dry runs of any scenario pack."""


class ServerError(Exception):
    """The server cannot start, in one sentence."""


def make_app(script: Script) -> Starlette:
    """The ASGI application of one script."""
    scripted = ScriptPlayer(script)

    async def complete(request: Request) -> Response:
        return await respond_to_body(scripted, await request.body())

    async def models(_request: Request) -> Response:
        listed = [{"id": name, "object": "model", "created": STARTED} for name in script.models]
        return JSONResponse({"object": "list", "data": listed})

    routes = [
        Route("/v1/chat/completions", complete, methods=["POST"]),
        Route("/v1/models", models, methods=["GET"]),
    ]
    return Starlette(routes=routes, max_body_size=MAX_BODY)


async def respond_to_body(scripted: ScriptPlayer, data: bytes) -> Response:
    """Answer the body of one chat completion request."""
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        return make_error_response(400, "The body is not JSON.")
    if not isinstance(body, dict) or not isinstance(body.get("messages"), list):
        return make_error_response(400, "The body needs model and messages.")
    if body.get("stream"):
        return make_error_response(400, "This server does not stream; leave stream out.")
    request = ChatRequest(body)
    try:
        reply = scripted.answer_request(request)
    except UnscriptedRequest as error:
        return make_error_response(400, str(error))
    await asyncio.sleep(reply.delay)
    if reply.body is not None:
        return Response(reply.body, reply.status, reply.headers, media_type="application/json")
    if reply.status >= 400:
        return make_error_response(reply.status, reply.text or "Scripted error.", reply.headers)
    return JSONResponse(make_completion(request, reply), reply.status, reply.headers)


def make_error_response(status: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """An error in OpenAI's shape."""
    body = {"error": {"message": message, "type": "scripted", "param": None, "code": None}}
    return JSONResponse(body, status, headers)


def make_completion(request: ChatRequest, reply: ScriptedReply) -> dict[str, Any]:
    """The chat.completion object."""
    answer_id = hashlib.sha256(request.fingerprint.encode()).hexdigest()[:24]
    return {
        "id": f"chatcmpl-{answer_id}",
        "object": "chat.completion",
        "created": STARTED,
        "model": request.model,
        "choices": [
            {
                "index": 0,
                "message": make_reply_message(reply, answer_id),
                "logprobs": None,
                "finish_reason": reply.finish_reason or ("tool_calls" if reply.tool_calls else "stop"),
            }
        ],
        "usage": format_usage(reply.usage or count_words(request, reply)),
    }


def make_reply_message(reply: ScriptedReply, answer_id: str) -> dict[str, Any]:
    """The assistant's message."""
    message: dict[str, Any] = {"role": "assistant", "content": reply.text, "refusal": reply.refusal}
    if reply.reasoning is not None:
        message["reasoning_content"] = reply.reasoning
    if reply.tool_calls:
        message["tool_calls"] = [
            {
                "id": f"call_{answer_id[:12]}{position:02}",
                "type": "function",
                "function": {"name": call.name, "arguments": call.raw},
            }
            for position, call in enumerate(reply.tool_calls)
        ]
    return message


def count_words(request: ChatRequest, reply: ScriptedReply) -> ScriptedUsage:
    """Words instead of tokens."""
    written = [reply.text, reply.reasoning, *(call.raw for call in reply.tool_calls)]
    return ScriptedUsage(
        prompt=sum(len(text.split()) for text in request.texts),
        completion=sum(len(text.split()) for text in written if text),
    )


def format_usage(usage: ScriptedUsage) -> dict[str, int]:
    """The usage as OpenAI writes it."""
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.prompt + usage.completion,
    }


def open_listener(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one. Raises ServerError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ServerError(f"Cannot listen on {host}:{port}: {error.strerror}; name another --port.") from None
    return listener


def get_base_url(listener: socket.socket) -> str:
    """The base URL that a client on this machine names."""
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = "::1" if ":" in host else "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/v1"


def serve_script(script: Script, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or a termination signal; `announce` gets the base URL once connections are taken."""
    listener = open_listener(host, port)
    listener.listen(128)
    announce(get_base_url(listener))
    config = uvicorn.Config(make_app(script), log_level="error", access_log=False, ws="none", lifespan="off")
    with listener:
        uvicorn.Server(config).run(sockets=[listener])
