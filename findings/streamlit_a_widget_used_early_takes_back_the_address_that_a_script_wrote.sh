#!/usr/bin/env bash
# What a script writes into st.query_params is taken back by whoever uses a widget before it has reached the browser.
#
# What one would think: a parameter that a script has set stays set in its session until the person goes elsewhere; a
# widget that has nothing to do with the address leaves it alone.
# What happens (streamlit 1.67.0): every use of a widget brings along the address that the browser knew at that moment,
# and the server takes it for the one that holds (runtime/scriptrunner/script_runner.py). While the message about the new
# address is on its way - always for some milliseconds, for seconds on a slow line - the next run sees the old one, as
# if the person had gone back. The message still arrives, so the browser ends with the new address over a page that was
# drawn for the old one. An app that follows its address therefore loses what was just done, now and then.
# The session below sends what a browser sends: a second request from before the first answer was read.
#
# It ends with 0 if Streamlit behaves as described, and with 1 if that has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "streamlit==1.67.0" "websockets==17.4"
cat > "$work/app.py" <<'PYTHON'
import streamlit as st

run = st.session_state["run"] = st.session_state.get("run", 0) + 1
st.text(f"run {run} sees {st.query_params.to_dict()}")
if run == 1:
    st.query_params["view"] = "new"
PYTHON
cat > "$work/look.py" <<'PYTHON'
import socket, subprocess, sys, time, urllib.request
from importlib.metadata import version

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect


def ran(session, query):
    """Ask for a run with this address; the texts it shows, and the addresses it sends."""
    ask = BackMsg()
    ask.rerun_script.query_string = query
    session.send(ask.SerializeToString())
    texts, addresses = [], []
    while True:
        message = ForwardMsg()
        message.ParseFromString(session.recv(timeout=60))
        kind = message.WhichOneof("type")
        if kind == "delta" and message.delta.new_element.WhichOneof("type") == "text":
            texts.append(message.delta.new_element.text.body)
        if kind == "page_info_changed":
            addresses.append(message.page_info_changed.query_string)
        if kind == "script_finished":
            return texts, addresses


with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
command = [sys.executable, "-m", "streamlit", "run", sys.argv[1], "--server.port", str(port)]
command += ["--server.address", "127.0.0.1", "--server.headless", "true", "--browser.gatherUsageStats", "false"]
server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)
    where = f"ws://127.0.0.1:{port}/_stcore/stream"
    with connect(where, origin=f"http://127.0.0.1:{port}", max_size=None) as session:
        first = ran(session, "")
        early = ran(session, "")  # the browser has not read the new address yet
        late = ran(session, "view=new")  # now it has
finally:
    server.terminate()
    server.wait()

print("streamlit", version("streamlit"))
for name, found in (("first", first), ("used early", early), ("used late", late)):
    print(f"{name}: {found}")
expected = (["run 1 sees {}"], ["view=new"]), (["run 2 sees {}"], []), (["run 3 sees {'view': 'new'}"], [])
sys.exit(0 if (first, early, late) == expected else 1)
PYTHON
"$work/venv/bin/python" "$work/look.py" "$work/app.py"
