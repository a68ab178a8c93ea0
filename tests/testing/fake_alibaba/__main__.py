"""A strict stand-in for Alibaba Cloud: KMS, STS and the ECS metadata service on one loopback port.

usage: python3 fake_alibaba [CERTIFICATE KEY]

Prints the port when it listens, with TLS where it is given a certificate. /_control takes commands as JSON from
the test. Only the standard library. Runs until it is killed."""

import email.utils
import http.server
import json
import socket
import ssl
import sys
import time

from cloud import Cloud, Request


class Faults:
    """What the next answers suffer on their way."""

    def __init__(self):
        self.kind, self.count, self.seconds = "", 0, 0.0

    def set(self, kind, count, seconds=0.0):
        self.kind, self.count, self.seconds = kind, count, seconds
        return {}

    def take(self):
        if self.count == 0:
            return ""
        self.count -= 1
        return self.kind


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cloud, faults = Cloud(), Faults()

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def reply(self, status, headers, text, kind, fault=""):
        now = time.time() + self.cloud.identity.skew
        body = text.encode()
        lines = [f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}", f"Date: {email.utils.formatdate(now, usegmt=True)}",
                 f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        answer = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        if fault == "hang":
            time.sleep(self.faults.seconds)
        elif fault == "cut":
            answer = answer[:-(len(body) // 2 + 1)]
        elif fault == "drop":
            answer = b""
        try:
            self.wfile.write(answer)
        except OSError:
            fault = "gone"
        self.close_connection = self.close_connection or fault in ("cut", "drop", "gone")

    def read_body(self):
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", "0")))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def serve(self):
        request = Request(self.command, self.path, self.headers, self.read_body())
        # Sending comes after the lock: an answer that hangs holds up nobody else.
        with self.cloud.lock:
            answer = self.answer(request)
        self.reply(*answer)

    def answer(self, request):
        if request.path == "/_control":
            command = json.loads(request.body)
            if command["do"] == "fault":
                return 200, {}, json.dumps(self.faults.set(**command["fault"])), "application/json"
            return 200, {}, json.dumps(self.cloud.control(command)), "application/json"
        if request.path.startswith("/latest/"):
            status, answer, is_json = self.cloud.identity.metadata(request.method, request.path, request.headers)
            return status, {}, json.dumps(answer) if is_json else answer, "text/plain"
        if request.path != "/":
            return 404, {}, "", "text/plain"
        return *self.cloud.answer(request), "application/json;charset=utf-8", self.faults.take()

    do_GET = do_POST = do_PUT = do_DELETE = serve

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


def main():
    server = Server(("127.0.0.1", 0), Handler)
    if len(sys.argv) == 3:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        # Not while accepting, where one slow client would hold up all.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    print(server.server_port, flush=True)
    server.serve_forever()


main()
