"""A strict stand-in for Alibaba Cloud: KMS, STS and the ECS metadata service on one loopback port.

Prints the port when it listens. /_control takes commands as JSON from the test. Only the standard library.
Ends with its standard input, so that it never outlives the test."""

import datetime
import email.utils
import http.server
import json
import os
import socket
import ssl
import sys
import threading
import uuid

from identity import Identity
from keys import Keys
from signatures import Refused, check_acs3, check_rpc, pairs_of

SYSTEM = {"Action", "Version", "Format", "AccessKeyId", "SignatureMethod", "SignatureVersion", "SignatureNonce",
          "Timestamp", "SecurityToken", "Signature", "RegionId"}
VERSIONS = {"2016-01-20": "kms", "2015-04-01": "sts"}


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.body = method, body
        self.path, _, self.query = target.partition("?")
        self.headers = {name.lower(): value for name, value in headers.items()}


class Cloud:
    """All state, under one lock."""

    def __init__(self):
        self.lock = threading.Lock()
        self.identity, self.keys = Identity(), Keys("cn-hangzhou", "1234567890")
        self.counts, self.agents, self.complaints, self.forced = {}, [], [], []

    def answer(self, request):
        """(status, headers, text) of an RPC call."""
        request_id = str(uuid.uuid4()).upper()
        try:
            if self.forced:
                forced = self.forced.pop(0)
                return forced["status"], forced.get("headers", {}), forced["body"]
            return 200, {}, json.dumps({"RequestId": request_id, **self.call(request)})
        except Refused as refused:
            if refused.code in ("IncompleteSignature", "InvalidAction.NotFound", "MissingParameter"):
                self.complaints.append(f"{refused.code}: {refused.message}")
            body = {"HttpStatus": refused.status, "Code": refused.code, "Message": refused.message,
                    "RequestId": request_id}
            if request.headers.get("accept") != "application/json" and "Format=JSON" not in request.query:
                return refused.status, {}, f"<Error><Code>{refused.code}</Code></Error>"
            return refused.status, refused.headers, json.dumps(body)

    def call(self, request):
        if request.method not in ("GET", "POST"):
            raise Refused(403, "UnsupportedHTTPMethod")
        form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        pairs = pairs_of(request.query) + (pairs_of(request.body.decode()) if form and request.body else [])
        parameters = dict(pairs)
        if len(parameters) != len(pairs):
            raise Refused(400, "InvalidParameter", "a parameter stands there twice")
        if "x-acs-action" in request.headers:
            action, version, key_id = self.check_acs3(request)
            own = parameters
        else:
            action, version, key_id = self.check_rpc(request, parameters)
            own = {name: value for name, value in parameters.items() if name not in SYSTEM}
        self.counts[action] = self.counts.get(action, 0) + 1
        self.agents.append(request.headers.get("user-agent", ""))
        if VERSIONS.get(version) == "sts":
            if key_id is not None:
                self.identity.check_permission(key_id, action)
            return self.identity.assume(action, own)
        if VERSIONS.get(version) != "kms" or key_id is None:
            raise Refused(404, "InvalidVersion")
        self.identity.check_permission(key_id, action)
        return self.keys.do(action, own)

    def check_acs3(self, request):
        headers = request.headers
        key_id = check_acs3(request, self.identity.secret_of)
        self.identity.check_freshness(headers["x-acs-date"], headers["x-acs-signature-nonce"])
        self.identity.check_token(key_id, headers.get("x-acs-security-token", ""))
        return headers["x-acs-action"], headers["x-acs-version"], key_id

    def check_rpc(self, request, parameters):
        action, version = parameters.get("Action", ""), parameters.get("Version", "")
        if action == "AssumeRoleWithOIDC":
            return action, version, None
        key_id = check_rpc(request, parameters, self.identity.secret_of)
        self.identity.check_freshness(parameters.get("Timestamp", ""), parameters["SignatureNonce"])
        self.identity.check_token(key_id, parameters.get("SecurityToken", ""))
        return action, version, key_id

    def control(self, command):
        """What a test may do; one member of the command names it."""
        keys, identity = self.keys, self.identity
        verb = command.pop("do")
        if verb == "create_key":
            keys.create(command["key"])
        elif verb == "rotate":
            keys.keys[command["key"]].add_version()
        elif verb == "set_key":
            for name, value in command["set"].items():
                setattr(keys.keys[command["key"]], name, value)
        elif verb == "delete_key":
            del keys.keys[command["key"]]
        elif verb == "dedicated":
            keys.dedicated = command["on"]
        elif verb == "add_access_key":
            identity.add(**command["access_key"])
        elif verb == "remove_access_keys":
            identity.keys.clear()
        elif verb == "permit":
            for key in identity.keys.values():
                key.may = set(command["actions"])
            identity.roles = {role: set(command["actions"]) for role in identity.roles}
        elif verb == "set_identity":
            for name, value in command["set"].items():
                setattr(identity, name, value)
        elif verb == "answer_next":
            self.forced = [command] * command["count"]
        elif verb != "look":
            raise ValueError(verb)
        return {"counts": self.counts, "agents": self.agents, "complaints": self.complaints,
                "versions": {name: [v for v, _ in key.versions] for name, key in keys.keys.items()}}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cloud = None

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def reply(self, status, headers, text, kind):
        now = datetime.datetime.now(datetime.timezone.utc).timestamp() + self.cloud.identity.skew
        body = text.encode()
        lines = [f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}", f"Date: {email.utils.formatdate(now, usegmt=True)}",
                 f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.wfile.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def serve(self):
        length = int(self.headers.get("content-length", "0"))
        request = Request(self.command, self.path, self.headers, self.rfile.read(length) if length else b"")
        with self.cloud.lock:
            if request.path == "/_control":
                answer = self.cloud.control(json.loads(request.body))
                return self.reply(200, {}, json.dumps(answer), "application/json")
            if request.path.startswith("/latest/"):
                status, answer, is_json = self.cloud.identity.metadata(request.method, request.path, request.headers)
                return self.reply(status, {}, json.dumps(answer) if is_json else answer, "text/plain")
            if request.path != "/":
                return self.reply(404, {}, "", "text/plain")
            return self.reply(*self.cloud.answer(request), "application/json;charset=utf-8")

    do_GET = do_POST = do_PUT = do_DELETE = serve

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


def main():
    Handler.cloud = Cloud()
    server = Server(("127.0.0.1", 0), Handler)
    if len(sys.argv) == 3:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.buffer.read()
    os._exit(0)


main()
