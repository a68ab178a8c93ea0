"""What one call of the RPC style gets: who calls, whether it may, what it asks for, and the answer's text."""

import json
import threading
import uuid

from identity import Identity, Policy
from keys import Keys, context_of
from signatures import Refused, check_acs3, check_rpc, pairs_of

SYSTEM = {"Action", "Version", "Format", "AccessKeyId", "SignatureMethod", "SignatureVersion", "SignatureNonce",
          "Timestamp", "SecurityToken", "Signature", "RegionId"}
SERVICES = {"2016-01-20": "kms", "2015-04-01": "sts"}
# A client that meets one of these sends what the vendor does not document.
COMPLAINTS = {"IncompleteSignature", "InvalidAction.NotFound", "InvalidVersion", "MissingParameter"}
JOURNAL_SIZE = 4096


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.body = method, body
        self.path, _, self.query = target.partition("?")
        self.headers = {name.lower(): value for name, value in headers.items()}


class Call:
    """A request as it was understood. `key_id` is None where nobody signed."""

    def __init__(self, action, version, signature, key_id, parameters):
        self.action, self.version, self.signature, self.key_id = action, version, signature, key_id
        self.parameters = parameters


class Cloud:
    """All state, under one lock."""

    def __init__(self):
        self.lock = threading.Lock()
        self.identity, self.keys = Identity(), Keys("cn-hangzhou", "1234567890")
        self.counts, self.agents, self.complaints, self.forced, self.journal = {}, [], [], [], []

    def answer(self, request):
        """(status, headers, text) of a call."""
        request_id = str(uuid.uuid4()).upper()
        if self.forced:
            forced = self.forced.pop(0)
            return forced["status"], forced.get("headers", {}), forced["body"]
        try:
            status, headers, members = 200, {}, self.call(request)
        except Refused as refused:
            if refused.code in COMPLAINTS:
                self.complaints.append(f"{refused.code}: {refused.message}")
            status, headers = refused.status, refused.headers
            members = {"HttpStatus": status, "Code": refused.code, "Message": refused.message}
        members["RequestId"] = request_id
        wants_json = request.headers.get("accept") == "application/json" or "format=json" in (
            request.query.lower() + "&" + request.body.decode(errors="replace").lower())
        if not wants_json:
            return status, headers, "<KMS>" + "".join(f"<{name}>{members[name]}</{name}>" for name in members) + "</KMS>"
        return status, headers, json.dumps(members)

    def call(self, request):
        if request.method not in ("GET", "POST"):
            raise Refused(403, "UnsupportedHTTPMethod")
        call = self.understand(request)
        entry = {"action": call.action, "version": call.version, "signature": call.signature, "code": "",
                 "in_body": bool(request.body),
                 "parameters": self.plain(call.parameters)}
        self.journal = self.journal[-JOURNAL_SIZE:] + [entry]
        self.counts[call.action] = self.counts.get(call.action, 0) + 1
        self.agents.append(request.headers.get("user-agent", ""))
        try:
            return self.serve(call)
        except Refused as refused:
            entry["code"] = refused.code
            raise

    def serve(self, call):
        service = SERVICES.get(call.version)
        if service == "sts":
            if call.key_id is not None:
                self.identity.check_permission(call.key_id, call.action)
            elif call.action != "AssumeRoleWithOIDC":
                raise Refused(400, "MissingParameter", "AccessKeyId")
            return self.identity.assume(call.action, call.parameters)
        if service != "kms":
            raise Refused(404, "InvalidVersion", call.version)
        if call.key_id is None:
            raise Refused(400, "MissingParameter", "AccessKeyId")
        if self.identity.unpaid:
            raise Refused(403, "Forbidden.InDebt", "The account is overdue.")
        if call.action in self.identity.fails:
            raise Refused(500, "InternalFailure")
        self.identity.check_permission(call.key_id, call.action, self.keys.named_by(call.parameters))
        return self.keys.do(call.action, call.parameters)

    def understand(self, request):
        """Checks who signed, and with which of the signatures."""
        headers = request.headers
        form = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        pairs = pairs_of(request.query) + (pairs_of(request.body.decode()) if form and request.body else [])
        parameters = dict(pairs)
        if len(parameters) != len(pairs):
            raise Refused(400, "InvalidParameter", "a parameter stands there twice")
        own = {name: value for name, value in parameters.items() if name not in SYSTEM}
        if headers.get("authorization", "").startswith("ACS3-"):
            key_id = check_acs3(request, self.identity.secret_of)
            self.identity.check_freshness(headers["x-acs-date"], headers["x-acs-signature-nonce"])
            self.identity.check_token(key_id, headers.get("x-acs-security-token", ""))
            return Call(headers["x-acs-action"], headers["x-acs-version"], "acs3", key_id, own)
        action = parameters.get("Action") or headers.get("x-acs-action", "")
        version = parameters.get("Version") or headers.get("x-acs-version", "")
        if "Signature" not in parameters:
            return Call(action, version, "none", None, own)
        key_id = check_rpc(request, parameters, self.identity.secret_of)
        self.identity.check_freshness(parameters.get("Timestamp", ""), parameters["SignatureNonce"])
        self.identity.check_token(key_id, parameters.get("SecurityToken", ""))
        return Call(action, version, "rpc", key_id, own)

    @staticmethod
    def plain(parameters):
        """The parameters with the context as a map, however it was sent, so that clients can be compared."""
        plain = {name: value for name, value in parameters.items() if not name.startswith("EncryptionContext")}
        if len(plain) != len(parameters):
            plain["EncryptionContext"] = context_of(parameters)
        return plain

    def control(self, command):
        """What a test may do; one member of the command names it."""
        keys, identity = self.keys, self.identity
        verb = command.pop("do")
        if verb == "create_key":
            keys.create(command["key"])
        elif verb == "create_alias":
            keys.aliases[command["alias"]] = command["key"]
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
            identity.keys = {name: key for name, key in identity.keys.items() if name in command.get("but", [])}
        elif verb == "permit":
            identity.permit(Policy(command["actions"], command.get("keys")))
        elif verb == "set_identity":
            for name, value in command["set"].items():
                setattr(identity, name, value)
        elif verb == "answer_next":
            self.forced = [command] * command["count"]
        elif verb == "forget_complaints":
            self.complaints = []
        elif verb != "look":
            raise ValueError(verb)
        seen = {"counts": self.counts, "agents": self.agents, "complaints": self.complaints, "journal": self.journal,
                "metadata_reads": identity.metadata_reads, "access_keys": sorted(identity.keys),
                "versions": {name: [v for v, _ in key.versions] for name, key in keys.keys.items()}}
        return seen if verb == "look" else {}
