"""A client of a web service, which here is a thread of its own."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import requests


class Shop(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"received": %s}' % body)

    def log_message(self, *words: object) -> None:
        """Say nothing: the port is another one each time."""


def main() -> None:
    with HTTPServer(("127.0.0.1", 0), Shop) as server:
        threading.Thread(target=server.handle_request).start()
        with requests.Session() as session:
            session.trust_env = False
            url = f"http://127.0.0.1:{server.server_port}/orders"
            answer = session.post(url, json={"item": "lamp"}, timeout=20)
            print(answer.status_code, answer.json())


if __name__ == "__main__":
    if sys.argv[1:]:
        from probes import run

        sys.exit(run(sys.argv[1:]))
    main()
