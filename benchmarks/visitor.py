"""A visitor of the dashboard without a browser, who speaks Streamlit's own protocol: drawing takes most of the time."""

from __future__ import annotations

import http.client
import json
import uuid
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

_PATIENCE = 180  # seconds
_XSRF = "_streamlit_xsrf"


class Visitor:
    """One session on Triage, opened at an address whose query is `query`; use it in a `with` block."""

    def __init__(self, address: str, query: str) -> None:
        self._host = urlsplit(address).netloc
        self._query, self._session = query, ""
        self._uploader, self._sources = "", ""  # widgets, by their ids
        answer, _ = self._ask("GET", "/_stcore/health", b"", {})
        self._token = SimpleCookie(answer.getheader("Set-Cookie", ""))[_XSRF].value
        self._socket = connect(
            f"ws://{self._host}/_stcore/stream",
            subprotocols=["streamlit"],  # type: ignore[list-item]
            additional_headers={"Cookie": f"{_XSRF}={self._token}"},
            max_size=None,
        )

    def __enter__(self) -> Visitor:
        self._run(BackMsg())
        used = BackMsg()
        self._choose_upload(used)
        self._run(used)
        return self

    def __exit__(self, *_failure: object) -> None:
        self._socket.close()

    @property
    def params(self) -> dict[str, str]:
        """The parameters in the address of the page."""
        return {name: values[0] for name, values in parse_qs(self._query).items()}

    def upload(self, name: str, content: bytes) -> None:
        """Hand over a file, and wait until the page has all there is to see of it."""
        asked = BackMsg()
        asked.file_urls_request.request_id = uuid.uuid4().hex
        asked.file_urls_request.file_names.append(name)
        asked.file_urls_request.session_id = self._session
        self._socket.send(asked.SerializeToString())
        (urls,) = self._until("file_urls_response").file_urls_response.file_urls
        self._put(urls, name, content)
        used = BackMsg()
        self._choose_upload(used)
        widget = used.rerun_script.widget_states.widgets.add()
        widget.id = self._uploader
        info = widget.file_uploader_state_value.uploaded_file_info.add()
        info.name, info.size, info.file_id = name, len(content), urls.file_id
        info.file_urls.CopyFrom(urls)
        self._run(used)

    def _choose_upload(self, used: BackMsg) -> None:
        """Say that, of the ways to bring an input, Upload is the one that is open."""
        widget = used.rerun_script.widget_states.widgets.add()
        widget.id = self._sources
        widget.string_array_value.data.append("Upload")

    def _put(self, urls: FileURLs, name: str, content: bytes) -> None:
        mark = uuid.uuid4().hex
        head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename={json.dumps(name)}\r\n\r\n'
        body = head.encode() + content + f"\r\n--{mark}--\r\n".encode()
        headers = {
            "Content-Type": f"multipart/form-data; boundary={mark}",
            "X-Xsrftoken": self._token,
            "Cookie": f"{_XSRF}={self._token}",
        }
        answer, reply = self._ask("PUT", urls.upload_url, body, headers)
        if answer.status != http.client.NO_CONTENT:
            raise RuntimeError(f"The upload was refused: {answer.status} {reply[:200]!r}")

    def _ask(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection(self._host, timeout=_PATIENCE)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def _run(self, asked: BackMsg) -> None:
        asked.rerun_script.query_string = self._query
        self._socket.send(asked.SerializeToString())
        message = self._until("script_finished")
        while message.script_finished != ForwardMsg.FINISHED_SUCCESSFULLY:  # it began again
            message = self._until("script_finished")

    def _until(self, kind: str) -> ForwardMsg:
        """The next message of this kind; what others tell is noted."""
        while True:
            received = self._socket.recv(timeout=_PATIENCE, decode=False)
            message: ForwardMsg = ForwardMsg.FromString(received)
            message_kind = message.WhichOneof("type")
            if message_kind == "new_session":
                self._session = message.new_session.initialize.session_id or self._session
            elif message_kind == "page_info_changed":
                self._query = message.page_info_changed.query_string
            elif message_kind == "delta":
                self._note(message.delta.new_element)
            if message_kind == kind:
                return message

    def _note(self, element: Element) -> None:
        if element.WhichOneof("type") == "file_uploader":
            self._uploader = element.file_uploader.id
        elif element.WhichOneof("type") == "button_group" and "Upload" in {
            option.content for option in element.button_group.options
        }:
            self._sources = element.button_group.id
