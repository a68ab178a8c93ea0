"""Checks the signatures of Alibaba Cloud requests. Written from the vendor's documentation and apart from
signetd's signer: another language, another library, and it decodes what was sent and encodes it anew."""

import base64
import hashlib
import hmac
import urllib.parse


class Refused(Exception):
    """An answer with an error code."""

    def __init__(self, status, code, message="", headers=None):
        super().__init__(code)
        self.status, self.code, self.message, self.headers = status, code, message, headers or {}


def encode(text):
    return urllib.parse.quote(text, safe="-_.~")


def canonical_query(pairs):
    return "&".join(f"{encode(name)}={encode(value)}" for name, value in sorted(pairs))


def pairs_of(text):
    """Names and values of a query or a form; a name twice is an error."""
    pairs = urllib.parse.parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text))
    if len({name for name, _ in pairs}) != len(pairs):
        raise Refused(400, "InvalidParameter", "a parameter stands there twice")
    return pairs


def check_acs3(request, secret_of):
    """ACS3-HMAC-SHA256. `secret_of` gives the secret of an access key id. Returns the id."""
    authorization = request.headers.get("authorization", "")
    algorithm, _, rest = authorization.partition(" ")
    fields = dict(part.partition("=")[::2] for part in rest.split(","))
    if algorithm != "ACS3-HMAC-SHA256" or set(fields) != {"Credential", "SignedHeaders", "Signature"}:
        raise Refused(400, "IncompleteSignature", "the Authorization header")
    signed = fields["SignedHeaders"].split(";")
    if signed != sorted(set(signed)):
        raise Refused(400, "IncompleteSignature", "SignedHeaders is not sorted")
    must = {"host"} | {name for name in request.headers if name.startswith("x-acs-")}
    if "content-type" in request.headers:
        must.add("content-type")
    missing = must - set(signed)
    if missing:
        raise Refused(400, "IncompleteSignature", f"not signed: {sorted(missing)}")
    for name in ("x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"):
        if not request.headers.get(name):
            raise Refused(400, "IncompleteSignature", f"no {name}")
    body_hash = hashlib.sha256(request.body).hexdigest()
    if request.headers["x-acs-content-sha256"] != body_hash:
        raise Refused(400, "SignatureDoesNotMatch", "x-acs-content-sha256 is not that of the body")
    canonical = "\n".join(
        [request.method, "/", canonical_query(pairs_of(request.query))]
        + [f"{name}:{request.headers.get(name, '').strip()}" for name in signed]
        + ["", ";".join(signed), body_hash])
    to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    key_id = fields["Credential"]
    if request.headers.get("x-acs-accesskey-id", key_id) != key_id:
        raise Refused(400, "IncompleteSignature", "x-acs-accesskey-id is not the credential")
    expected = hmac.new(secret_of(key_id).encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, fields["Signature"]):
        raise Refused(400, "SignatureDoesNotMatch", "the signature")
    return key_id


def check_rpc(request, parameters, secret_of):
    """HMAC-SHA1 over all parameters of query and form together. Returns the access key id."""
    rest = dict(parameters)
    signature = rest.pop("Signature", "")
    if rest.get("SignatureMethod") != "HMAC-SHA1" or rest.get("SignatureVersion") != "1.0":
        raise Refused(400, "IncompleteSignature", "SignatureMethod, SignatureVersion")
    if not rest.get("SignatureNonce") or len(rest["SignatureNonce"]) > 64:
        raise Refused(400, "IncompleteSignature", "SignatureNonce")
    to_sign = f"{request.method}&%2F&{encode(canonical_query(rest.items()))}"
    key_id = rest.get("AccessKeyId", "")
    mac = hmac.new((secret_of(key_id) + "&").encode(), to_sign.encode(), hashlib.sha1).digest()
    if not hmac.compare_digest(base64.b64encode(mac).decode(), signature):
        raise Refused(400, "SignatureDoesNotMatch", "the signature")
    return key_id
