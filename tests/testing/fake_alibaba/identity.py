"""Who may call: access keys, STS, and the metadata service of an ECS instance."""

import datetime
import time
import uuid

from signatures import Refused

ALL = {"Encrypt", "Decrypt", "DescribeKey", "ListKeyVersions", "CreateKeyVersion", "AssumeRole"}
ASSUME_PARAMETERS = {
    "AssumeRole": {"RoleArn", "RoleSessionName", "DurationSeconds", "ExternalId"},
    "AssumeRoleWithOIDC": {"RoleArn", "RoleSessionName", "DurationSeconds", "OIDCProviderArn", "OIDCToken"},
}
OIDC_TOKEN = "eyJhbGciOiJub25lIn0.e30.fake"


class Policy:
    """What RAM allows: actions, and the keys of KMS on which it allows them (None: all)."""

    def __init__(self, actions, keys=None):
        self.actions, self.keys = set(actions), None if keys is None else set(keys)

    def allows(self, action, key):
        return action in self.actions and (key is None or self.keys is None or key in self.keys)


class AccessKey:
    def __init__(self, secret, token, expires, policy):
        self.secret, self.token, self.expires, self.policy, self.active = secret, token, expires, policy, True


class Identity:
    def __init__(self):
        self.keys, self.skew, self.lifetime, self.nonces = {}, 0, 3600, set()
        self.role, self.hardened, self.metadata_tokens, self.metadata_reads = "signet-node", True, set(), []
        self.unpaid = self.sts_fails = False
        self.fails = []  # actions of KMS
        # Whether an expired token is refused as if RAM forbade it, as the vendor says may happen.
        self.expired_is_forbidden = False
        self.roles = {"acs:ram::1:role/signet": Policy(ALL), "acs:ram::1:role/guarded": Policy(ALL)}
        # What the trust policy of a role asks of whoever assumes it.
        self.external_ids = {"acs:ram::1:role/guarded": "the-external-id"}

    def now(self):
        return time.time() + self.skew

    def add(self, key_id, secret, token="", expires=float("inf"), may=ALL, keys=None):
        self.keys[key_id] = AccessKey(secret, token, expires, Policy(may, keys))

    def permit(self, policy):
        """What every access key and role may do from now on."""
        for key in self.keys.values():
            key.policy = policy
        self.roles = {role: policy for role in self.roles}

    def issue(self, policy):
        """A new temporary key, as STS answers it."""
        key_id, secret, token = f"STS.{uuid.uuid4().hex}", uuid.uuid4().hex, f"tok+en/{uuid.uuid4().hex}=="
        expires = self.now() + self.lifetime
        self.keys[key_id] = AccessKey(secret, token, expires, policy)
        moment = datetime.datetime.fromtimestamp(expires, datetime.timezone.utc)
        return {"AccessKeyId": key_id, "AccessKeySecret": secret, "SecurityToken": token,
                "Expiration": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}

    def secret_of(self, key_id):
        key = self.keys.get(key_id)
        if key is None:
            raise Refused(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
        if not key.active:
            raise Refused(400, "InvalidAccessKeyId.Inactive")
        return key.secret

    def check_freshness(self, timestamp, nonce):
        try:
            moment = datetime.datetime.strptime(timestamp, "%Y-%m-%dT%H:%M:%SZ")
        except ValueError:
            raise Refused(400, "IllegalTimestamp") from None
        if abs(moment.replace(tzinfo=datetime.timezone.utc).timestamp() - self.now()) > 15 * 60:
            raise Refused(400, "InvalidTimeStamp.Expired")
        if nonce in self.nonces:
            raise Refused(400, "SignatureNonceUsed")
        self.nonces.add(nonce)

    def check_token(self, key_id, token):
        key = self.keys[key_id]
        if key.token and not token:
            raise Refused(400, "MissingSecurityToken")
        if token != key.token:
            raise Refused(400, "InvalidSecurityToken.MismatchWithAccessKey")
        if self.now() >= key.expires:
            if self.expired_is_forbidden:
                raise Refused(403, "Forbidden.NoPermission")
            raise Refused(400, "InvalidSecurityToken.Expired")

    def check_permission(self, key_id, action, key=None):
        """`key` is the one of KMS that the call is about, where it can be told."""
        if not self.keys[key_id].policy.allows(action, key):
            raise Refused(403, "Forbidden.NoPermission", "This operation is forbidden by permission system.")

    def assume(self, action, parameters):
        """AssumeRole and AssumeRoleWithOIDC."""
        if action not in ASSUME_PARAMETERS:
            raise Refused(404, "InvalidAction.NotFound", action)
        unknown = set(parameters) - ASSUME_PARAMETERS[action]
        if unknown:
            raise Refused(400, "InvalidParameter", f"unknown: {sorted(unknown)}")
        if not parameters.get("RoleSessionName") or int(parameters.get("DurationSeconds", "3600")) < 900:
            raise Refused(400, "InvalidParameter")
        if self.sts_fails:
            raise Refused(503, "ServiceUnavailable")
        role = parameters.get("RoleArn", "")
        if role not in self.roles:
            raise Refused(404, "EntityNotExist.Role")
        if self.external_ids.get(role, parameters.get("ExternalId")) != parameters.get("ExternalId"):
            raise Refused(403, "NoPermission", "You are not authorized to do this action.")
        if action == "AssumeRoleWithOIDC":
            if parameters.get("OIDCProviderArn") != "acs:ram::1:oidc-provider/ack-rrsa-c1":
                raise Refused(404, "EntityNotExist.OIDCProvider")
            if parameters.get("OIDCToken") != OIDC_TOKEN:
                raise Refused(400, "AuthenticationFail.OIDCToken.Invalid")
        return {"AssumedRoleUser": {"Arn": role + "/signetd", "AssumedRoleId": "3"},
                "Credentials": self.issue(self.roles[role])}

    def metadata(self, method, path, headers):
        """(status, text or object, whether it is JSON) of the metadata service."""
        if method == "PUT" and path == "/latest/api/token":
            if self.hardened == "refuses":
                return 500, "", False
            if not self.hardened:
                return 404, "", False
            if "x-forwarded-for" in headers:
                return 403, "", False
            if not 1 <= int(headers.get("x-aliyun-ecs-metadata-token-ttl-seconds", "0")) <= 21600:
                return 400, "", False
            token = uuid.uuid4().hex
            self.metadata_tokens.add(token)
            return 200, token, False
        self.metadata_reads.append("hardened" if "x-aliyun-ecs-metadata-token" in headers else "plain")
        if method != "GET":
            return 405, "", False
        if self.hardened and headers.get("x-aliyun-ecs-metadata-token") not in self.metadata_tokens:
            return 403, "", False
        base = "/latest/meta-data/ram/security-credentials/"
        if not self.role or not path.startswith(base):
            return 404, "", False
        if path == base:
            return 200, self.role, False
        if path != base + self.role:
            return 404, "", False
        return 200, {"Code": "Success", "LastUpdated": "2026-01-02T03:04:05Z", **self.issue(Policy(ALL))}, True
