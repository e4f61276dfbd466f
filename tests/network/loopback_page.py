"""`python -m tests.network.loopback_page CHROMIUM`: a page that counts as from a public address calls a WebSocket of this
machine; prints {"answer": …}."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from playwright.sync_api import sync_playwright
from websockets.sync.server import ServerConnection
from websockets.sync.server import serve as serve_sockets

CALL = """(port) => new Promise((resolve) => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
  socket.onmessage = ({ data }) => resolve(data);
  socket.onerror = () => resolve("failed");
})"""
BLOCKED = "ERR_BLOCKED_BY_LOCAL_NETWORK_ACCESS_CHECKS"


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>kiosk</title>")

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


def _keep(socket: ServerConnection) -> None:
    socket.send("kept")


def main() -> None:
    pages = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    with serve_sockets(_keep, "127.0.0.1", 0) as program, sync_playwright() as playwright:
        threading.Thread(target=program.serve_forever, daemon=True).start()
        port = pages.server_address[1]
        public = f"--ip-address-space-overrides=127.0.0.1:{port}=public"
        browser = playwright.chromium.launch(executable_path=sys.argv[1], args=["--no-sandbox", "--disable-gpu", public])
        page = browser.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"http://127.0.0.1:{port}/")
        answer = page.evaluate(CALL, program.socket.getsockname()[1])
        browser.close()
    print(json.dumps({"answer": "blocked" if any(BLOCKED in one for one in said) else answer}))


if __name__ == "__main__":
    main()
