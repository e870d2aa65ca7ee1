#!/usr/bin/env python3
"""Takes what is POSTed to it and prints a line of each message: the other end of forward.sh. Standard library only.

    python3 receiver.py [PORT]        on 127.0.0.1; 0 or nothing takes a free port, which it prints first
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BYTES_MAX = 64 * 1024


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("Content-Length", "0"))
        if length > BYTES_MAX:
            return self.send_error(413)
        try:
            message = json.loads(self.rfile.read(length))
            # As JSON, so that nothing in it reaches the terminal as it is.
            print(json.dumps([message["to"], message["from"], message.get("body")]), flush=True)
        except (ValueError, KeyError, TypeError):
            return self.send_error(400)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0), Receiver)
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()
