"""Keys and what is done with them: Encrypt, Decrypt, DescribeKey, ListKeyVersions, CreateKeyVersion."""

import base64
import binascii
import hashlib
import hmac
import json
import os
import uuid

from signatures import Refused

MAX_PLAINTEXT = 6 * 1024
MAX_CONTEXT = 8192
STATE_CODES = {"Disabled": "Rejected.Disabled", "PendingDeletion": "Rejected.PendingDeletion",
               "PendingImport": "Rejected.PendingImport", "Unavailable": "Rejected.Unavailable"}


def strict_base64(text, what):
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(400, "InvalidParameter", f"{what} is no base64") from None
    if base64.b64encode(data).decode() != text:
        raise Refused(400, "InvalidParameter", f"{what} is no canonical base64")
    return data


def context_of(parameters):
    """The EncryptionContext, as one JSON string or, as one old SDK sends it, with a parameter a key."""
    flat = {name[len("EncryptionContext."):]: value for name, value in parameters.items()
            if name.startswith("EncryptionContext.")}
    if "EncryptionContext" not in parameters:
        return flat
    text = parameters["EncryptionContext"]
    try:
        context = json.loads(text)
    except ValueError:
        context = None
    good = isinstance(context, dict) and all(isinstance(value, str) for value in context.values())
    if flat or not good or len(text) > MAX_CONTEXT:
        raise Refused(400, "InvalidParameter", "EncryptionContext")
    return context


class Key:
    def __init__(self, key_id, arn):
        self.key_id, self.arn, self.state, self.versions = key_id, arn, "Enabled", []
        self.tells_primary, self.lag = True, 0
        self.add_version()

    def add_version(self):
        self.versions.append((str(uuid.uuid4()), os.urandom(32)))

    def secret(self, version):
        return next((secret for name, secret in self.versions if name == version), None)


def seal(secret, header, context, plaintext):
    """Encrypt-then-MAC with HMAC-SHA256 as keystream and tag: only the standard library is at hand."""
    nonce = os.urandom(16)
    associated = header + json.dumps(context, sort_keys=True).encode()
    body = bytes(a ^ b for a, b in zip(plaintext, stream(secret, nonce, len(plaintext))))
    return nonce + body + hmac.new(secret, b"tag" + nonce + body + associated, hashlib.sha256).digest()


def open_sealed(secret, header, context, sealed):
    nonce, body, tag = sealed[:16], sealed[16:-32], sealed[-32:]
    associated = header + json.dumps(context, sort_keys=True).encode()
    expected = hmac.new(secret, b"tag" + nonce + body + associated, hashlib.sha256).digest()
    if len(sealed) < 48 or not hmac.compare_digest(expected, tag):
        return None
    return bytes(a ^ b for a, b in zip(body, stream(secret, nonce, len(body))))


def stream(secret, nonce, size):
    blocks = (hmac.new(secret, b"stream" + nonce + i.to_bytes(4, "big"), hashlib.sha256).digest()
              for i in range((size + 31) // 32))
    return b"".join(blocks)[:size]


class Keys:
    """The actions. Each takes the parameters and returns the members of the answer."""

    ACTIONS = {
        "Encrypt": {"KeyId", "Plaintext", "EncryptionContext"},
        "Decrypt": {"CiphertextBlob", "EncryptionContext"},
        "DescribeKey": {"KeyId"},
        "ListKeyVersions": {"KeyId", "PageNumber", "PageSize"},
        "CreateKeyVersion": {"KeyId"},
    }
    REQUIRED = {"Encrypt": {"KeyId", "Plaintext"}, "Decrypt": {"CiphertextBlob"}}

    def __init__(self, region, account):
        self.region, self.account, self.keys, self.aliases, self.dedicated = region, account, {}, {}, False

    def create(self, key_id):
        self.keys[key_id] = Key(key_id, f"acs:kms:{self.region}:{self.account}:key/{key_id}")

    def do(self, action, parameters):
        if action not in self.ACTIONS:
            raise Refused(404, "InvalidAction.NotFound", action)
        if self.dedicated and action not in ("Encrypt", "Decrypt"):
            raise Refused(400, "UnsupportedOperation")
        names = {name.partition(".")[0] for name in parameters}
        if names - self.ACTIONS[action]:
            raise Refused(400, "InvalidParameter", f"unknown: {sorted(names - self.ACTIONS[action])}")
        if self.REQUIRED.get(action, {"KeyId"}) - names:
            raise Refused(400, "MissingParameter")
        return getattr(self, action.lower())(parameters)

    def named_by(self, parameters):
        """The id of the key that a call is about, known or not; None where that cannot be told."""
        if "KeyId" in parameters:
            return self.id_of(parameters["KeyId"])
        try:
            parts = base64.b64decode(parameters.get("CiphertextBlob", ""), validate=True).split(b" ", 2)
        except (binascii.Error, ValueError):
            return None
        return parts[0].decode(errors="replace") if len(parts) == 3 else None

    def id_of(self, name):
        return self.aliases.get(name, name.removeprefix(f"acs:kms:{self.region}:{self.account}:key/"))

    def find(self, name):
        """By id, Arn or alias/…"""
        if name.startswith("alias/") and name not in self.aliases:
            raise Refused(404, "Forbidden.AliasNotFound", "The specified Alias is not found.")
        key_id = self.id_of(name)
        if key_id not in self.keys:
            raise Refused(404, "Forbidden.KeyNotFound", "The specified Key is not found.")
        return self.keys[key_id]

    @staticmethod
    def must_be_enabled(key):
        if key.state != "Enabled":
            raise Refused(409, STATE_CODES[key.state])

    def encrypt(self, parameters):
        key = self.find(parameters["KeyId"])
        self.must_be_enabled(key)
        plaintext = strict_base64(parameters["Plaintext"], "Plaintext")
        if not 1 <= len(plaintext) <= MAX_PLAINTEXT:
            raise Refused(400, "InvalidParameter", "Plaintext")
        version, secret = key.versions[-1]
        header = f"{key.key_id} {version} ".encode()
        sealed = header + seal(secret, header, context_of(parameters), plaintext)
        return {"KeyId": key.key_id, "KeyVersionId": version, "CiphertextBlob": base64.b64encode(sealed).decode()}

    def decrypt(self, parameters):
        blob = strict_base64(parameters["CiphertextBlob"], "CiphertextBlob")
        parts = blob.split(b" ", 2)
        if len(parts) != 3:
            raise Refused(400, "InvalidParameter", "CiphertextBlob")
        key = self.find(parts[0].decode(errors="replace"))
        self.must_be_enabled(key)
        version = parts[1].decode(errors="replace")
        secret, header = key.secret(version), parts[0] + b" " + parts[1] + b" "
        plaintext = secret and open_sealed(secret, header, context_of(parameters), parts[2])
        if plaintext is None:
            raise Refused(400, "InvalidParameter", "CiphertextBlob or EncryptionContext")
        return {"KeyId": key.key_id, "KeyVersionId": version, "Plaintext": base64.b64encode(plaintext).decode()}

    def describekey(self, parameters):
        key = self.find(parameters["KeyId"])
        metadata = {"KeyId": key.key_id, "Arn": key.arn, "KeyState": key.state, "KeyUsage": "ENCRYPT/DECRYPT",
                    "KeySpec": "Aliyun_AES_256", "Origin": "Aliyun_KMS", "ProtectionLevel": "SOFTWARE"}
        if key.tells_primary:
            metadata["PrimaryKeyVersion"] = key.versions[-1 - key.lag][0]
        return {"KeyMetadata": metadata}

    def listkeyversions(self, parameters):
        key = self.find(parameters["KeyId"])
        size, page = int(parameters.get("PageSize", "10")), int(parameters.get("PageNumber", "1"))
        if not 1 <= size <= 100:
            raise Refused(400, "InvalidParameter", "PageSize")
        shown = key.versions[(page - 1) * size:page * size]
        return {"KeyVersions": {"KeyVersion": [{"KeyId": key.key_id, "KeyVersionId": name,
                                                "CreationDate": "2026-01-02T03:04:05Z"} for name, _ in shown]},
                "TotalCount": len(key.versions), "PageNumber": page, "PageSize": size}

    def createkeyversion(self, parameters):
        key = self.find(parameters["KeyId"])
        self.must_be_enabled(key)
        key.add_version()
        return {"KeyVersion": {"KeyId": key.key_id, "KeyVersionId": key.versions[-1][0],
                               "CreationDate": "2026-01-02T03:04:05Z"}}
