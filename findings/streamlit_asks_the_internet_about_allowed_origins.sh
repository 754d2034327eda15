#!/usr/bin/env bash
# Streamlit asks the internet about the Origin of a websocket, even of one that server.corsAllowedOrigins allows.
#
# What one would think: an app that listens on 127.0.0.1, with usage statistics off, sends nothing anywhere; and an
# origin that is on the list of allowed ones is let in because it is on the list.
# What happens (streamlit 1.67.0): for an Origin that is neither the app's own nor this machine's, Streamlit fetches
# http(s)://checkip.amazonaws.com to learn the machine's external address, and compares the Origin with that first. The
# list of allowed origins comes last (web/server/server_util.py, is_url_from_allowed_origins), so that allowed ones cause
# the request, too. As nothing is remembered when it fails, every connection waits for it again.
# What prevents it: to look at the Origin before Streamlit does, in a middleware of st.App.
#
# All connections of this script are to 127.0.0.1: the "proxy" that the app is told of is a listener of its own.
# It ends with 0 if Streamlit behaves as described, and with 1 if that has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "streamlit==1.67.0"
echo 'import streamlit as st; st.write("hello")' > "$work/app.py"
cat > "$work/look.py" <<'PYTHON'
import http.client, os, socket, subprocess, sys, threading, time
from importlib.metadata import version

ALLOWED, STRANGE = "https://allowed.example", "https://strange.example"
heard = []
trap = socket.create_server(("127.0.0.1", 0))


def listen():
    while True:
        visitor, _ = trap.accept()
        with visitor:
            heard.append(visitor.recv(1000).split(b"\r\n")[0].decode())


threading.Thread(target=listen, daemon=True).start()
with socket.socket() as one:
    one.bind(("127.0.0.1", 0))
    port = one.getsockname()[1]
proxy = f"http://127.0.0.1:{trap.getsockname()[1]}"
names = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
app = subprocess.Popen(
    [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}", "--server.address=127.0.0.1",
     "--server.headless=true", "--browser.gatherUsageStats=false", f"--server.corsAllowedOrigins={ALLOWED}"],
    env={**os.environ, **dict.fromkeys(names, proxy), "no_proxy": "", "NO_PROXY": ""},
    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
)


def ask(path, headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def connect(origin):
    """The status of a websocket's handshake with this Origin, and what was asked of the internet meanwhile."""
    heard.clear()
    opening = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
               "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==", "Origin": origin}
    status = ask("/_stcore/stream", opening)
    return status, list(heard)


try:
    for _ in range(600):
        try:
            if ask("/_stcore/health", {}) == 200:
                break
        except OSError:
            time.sleep(0.1)
    own, strange, allowed = connect(f"http://127.0.0.1:{port}"), connect(STRANGE), connect(ALLOWED)
finally:
    app.kill()
print("streamlit", version("streamlit"), "python", sys.version.split()[0])
for name, (status, asked) in (("the app's own", own), ("a strange one", strange), ("an allowed one", allowed)):
    print(f"Origin: {name:15} -> {status}, asked of the internet: {asked or 'nothing'}")
as_described = (
    own == (101, [])
    and strange[0] == 403 and any("checkip.amazonaws.com" in one for one in strange[1])
    and allowed[0] == 101 and any("checkip.amazonaws.com" in one for one in allowed[1])
)
sys.exit(0 if as_described else 1)
PYTHON
cd "$work" && venv/bin/python look.py
# Output seen:
#   streamlit 1.67.0 python 3.11.7
#   Origin: the app's own   -> 101, asked of the internet: nothing
#   Origin: a strange one   -> 403, asked of the internet: ['GET http://checkip.amazonaws.com/ HTTP/1.1', 'CONNECT checkip.amazonaws.com:443 HTTP/1.0']
#   Origin: an allowed one  -> 101, asked of the internet: ['GET http://checkip.amazonaws.com/ HTTP/1.1', 'CONNECT checkip.amazonaws.com:443 HTTP/1.0']
