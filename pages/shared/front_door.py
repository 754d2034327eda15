"""Who may talk to the dashboard: judged before Streamlit sees a request.

Streamlit compares the Origin of a connection with this machine's addresses, and asks a service on the internet for one
of them when no other fits. No setting prevents that, so strangers have to be turned away first. Beyond that, what is
refused here is what no browser sends that shows the dashboard itself:

* a Host that is not in `server.allowedHosts`: somebody else's name that was made to lead to this machine;
* an Origin that is neither the dashboard's own nor in `server.corsAllowedOrigins`: a page from elsewhere that connects.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

# What the browser is asked to hold every page to. Scripts are Streamlit's own; its charts and components make some of
# them, and their styles, at run time.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
        "style-src 'self' 'unsafe-inline'; frame-ancestors 'self'; form-action 'self'; base-uri 'self'; "
        "object-src 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
}
_HOST = (
    "This dashboard does not answer to the name in the request: start it with --server.allowedHosts NAME for every "
    "name that it is reached by."
)
_ORIGIN = (
    "This dashboard does not talk to pages from elsewhere: start it with --server.corsAllowedOrigins ADDRESS for a "
    "page that may use it."
)


class FrontDoor:
    """The ASGI application `app` with strangers turned away, and with headers that hold a browser to this machine."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer that it is refused (403)."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = _refusal(headers.get("host"), headers.get("origin"))
        if refusal is None:
            await self._app(_as_its_own(scope), receive, _with_headers(send))
        elif scope["type"] == "http":
            await PlainTextResponse(refusal, 403)(scope, receive, send)
        else:
            await receive()  # the request to connect
            await send({"type": "websocket.close", "code": 1008, "reason": refusal[:100]})


def _refusal(host: str | None, origin: str | None) -> str | None:
    """Why a request with these headers is refused, or `None` if it is not."""
    if not is_host_allowed(host):
        return _HOST
    if origin is None or origin in config.get_option("server.corsAllowedOrigins"):
        return None
    try:
        own = urlsplit(origin).netloc.lower() == (host or "").lower()
    except ValueError:
        own = False
    return None if own else _ORIGIN


def _as_its_own(scope: Scope) -> MutableMapping[str, Any]:
    """The request without its Origin, which has been judged: Streamlit would ask the internet about another one.

    What Streamlit answers to it is what it answers to its own pages; no address of another one is repeated.
    """
    if scope["type"] != "websocket":
        return scope
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name != b"origin"]}


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers
