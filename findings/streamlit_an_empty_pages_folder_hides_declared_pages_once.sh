#!/usr/bin/env bash
# A folder called `pages` without a single script in it makes Streamlit deny the pages of st.navigation, once.
#
# What one would think: an app that declares its pages with st.navigation answers a direct link to one of them, whatever
# other folders lie beside it; the older way, one page for each script in `pages/`, needs scripts in `pages/`.
# What happens (streamlit 1.67.0): until some session has run st.navigation, the bare existence of the folder turns the
# older way on (runtime/pages_manager.py). The first visitor of a fresh server who follows a link to a declared page gets
# the "Page not found" message over it. The second visitor does not; without the folder, nobody does.
# So it is not seen by whoever tests with a server that is warm.
#
# It ends with 0 if Streamlit behaves as described, and with 1 if that has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "streamlit==1.67.0" "websockets==17.4"
for app in with without; do
  mkdir "$work/$app" "$work/$app/views"
  echo 'import streamlit as st; st.write("home")' > "$work/$app/views/home.py"
  echo 'import streamlit as st; st.write("other")' > "$work/$app/views/other.py"
  cat > "$work/$app/app.py" <<'PYTHON'
import streamlit as st

pages = [st.Page("views/home.py", default=True), st.Page("views/other.py")]
st.navigation(pages).run()
PYTHON
done
mkdir "$work/with/pages"
cat > "$work/look.py" <<'PYTHON'
import socket, subprocess, sys, time, urllib.request
from importlib.metadata import version

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect


def visits(folder, count=2):
    """Whether each of the first visitors who open /other is told that there is no such page."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.headless", "true", "--browser.gatherUsageStats", "false"]
    server = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        return [visit(port) for _ in range(count)]
    finally:
        server.terminate()
        server.wait()


def visit(port):
    told = False
    with connect(f"ws://127.0.0.1:{port}/_stcore/stream", origin=f"http://127.0.0.1:{port}", max_size=None) as session:
        ask = BackMsg()
        ask.rerun_script.page_name = "other"
        session.send(ask.SerializeToString())
        while True:
            message = ForwardMsg()
            message.ParseFromString(session.recv(timeout=60))
            told = told or message.WhichOneof("type") == "page_not_found"
            if message.WhichOneof("type") == "script_finished":
                return told


print("streamlit", version("streamlit"))
with_folder, without = visits(sys.argv[1]), visits(sys.argv[2])
print("with an empty folder `pages`, told `page not found`:", with_folder)
print("without it:", without)
sys.exit(0 if (with_folder, without) == ([True, False], [False, False]) else 1)
PYTHON
"$work/venv/bin/python" "$work/look.py" "$work/with" "$work/without"
