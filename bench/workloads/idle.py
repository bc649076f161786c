"""A server with eight threads to which nobody talks.

python bench/workloads/idle.py [--seconds 5] [--report FILE]
"""

from __future__ import annotations

import socket
import threading
import time

import meter


def listen(server: socket.socket) -> None:
    """Wait for a connection until the server is shut down."""
    try:
        server.accept()
    except OSError:
        return


def main() -> None:
    parser = meter.arguments(__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    args = parser.parse_args()
    with meter.measured(args.report), socket.create_server(("127.0.0.1", 0)) as server:
        threads = [threading.Thread(target=listen, args=(server,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(args.seconds)
        server.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main()
