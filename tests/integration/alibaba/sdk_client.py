"""Makes calls with Alibaba Cloud's own Python clients, as the test asks on standard input, and prints what came back.

In:  {"variant": "acs3"|"rpc", "endpoint": "host:port", "key_id", "secret", "token", "ca_file", "steps": [{"action", …}]}
Out: one list with, for each step, its answer's members or {"error": code}.
A value "$N.Name" in a step is the member Name of answer N."""

import json
import sys

from alibabacloud_credentials.provider.ecs_ram_role import EcsRamRoleCredentialsProvider
from alibabacloud_credentials.provider.oidc import OIDCRoleArnCredentialsProvider
from alibabacloud_credentials.provider.ram_role_arn import RamRoleArnCredentialsProvider
from alibabacloud_credentials.provider.static_ak import StaticAKCredentialsProvider
from alibabacloud_kms20160120 import models as kms_models
from alibabacloud_kms20160120.client import Client as KmsClient
from alibabacloud_sts20150401 import models as sts_models
from alibabacloud_sts20150401.client import Client as StsClient
from alibabacloud_tea_openapi.models import Config

# A busy machine is no reason to fail.
TIMEOUT_MS = 60000
# action: (client, its model, its method)
ACTIONS = {
    "Encrypt": (KmsClient, kms_models.EncryptRequest, "encrypt"),
    "Decrypt": (KmsClient, kms_models.DecryptRequest, "decrypt"),
    "DescribeKey": (KmsClient, kms_models.DescribeKeyRequest, "describe_key"),
    "ListKeyVersions": (KmsClient, kms_models.ListKeyVersionsRequest, "list_key_versions"),
    "CreateKeyVersion": (KmsClient, kms_models.CreateKeyVersionRequest, "create_key_version"),
    "AssumeRole": (StsClient, sts_models.AssumeRoleRequest, "assume_role"),
    "AssumeRoleWithOIDC": (StsClient, sts_models.AssumeRoleWithOIDCRequest, "assume_role_with_oidc"),
}


def call(order, step):
    client, model, method = ACTIONS[step.pop("action")]
    config = Config(access_key_id=order["key_id"], access_key_secret=order["secret"], endpoint=order["endpoint"],
                    protocol="http", security_token=order.get("token"), connect_timeout=TIMEOUT_MS,
                    read_timeout=TIMEOUT_MS)
    if order["variant"] == "rpc":
        config.signature_algorithm = "v2"
    answer = getattr(client(config), method)(model().from_map(step))
    return answer.body.to_map()


def credentials(order, step):
    """The vendor's credentials library. It knows one address and https only, so both are set here."""
    kind, endpoint = step["credentials"], order["endpoint"]
    if kind == "ecs_role":
        provider = EcsRamRoleCredentialsProvider(disable_imds_v1=True)
        provider._EcsRamRoleCredentialsProvider__metadata_service_host = endpoint
    elif kind == "oidc":
        provider = OIDCRoleArnCredentialsProvider(
            role_arn=step["RoleArn"], oidc_provider_arn=step["OIDCProviderArn"], oidc_token_file_path=step["file"],
            role_session_name=step["RoleSessionName"], duration_seconds=3600, sts_endpoint=endpoint)
    else:
        provider = RamRoleArnCredentialsProvider(
            credentials_provider=StaticAKCredentialsProvider(access_key_id=order["key_id"],
                                                             access_key_secret=order["secret"]),
            role_arn=step["RoleArn"], role_session_name=step["RoleSessionName"], duration_seconds=3600,
            sts_endpoint=endpoint)
    # It allows the metadata service one second.
    provider._runtime_options.update(ca=order.get("ca_file"), connectTimeout=TIMEOUT_MS, readTimeout=TIMEOUT_MS)
    got = provider.get_credentials()
    return {"AccessKeyId": got.get_access_key_id(), "AccessKeySecret": got.get_access_key_secret(),
            "SecurityToken": got.get_security_token()}


def main():
    order, answers = json.load(sys.stdin), []
    for step in order["steps"]:
        for name, value in step.items():
            if isinstance(value, str) and value.startswith("$"):
                number, _, member = value[1:].partition(".")
                step[name] = answers[int(number)][member]
        try:
            answers.append(credentials(order, step) if "credentials" in step else call(order, step))
        except Exception as error:  # every kind that the libraries have
            code = getattr(error, "code", None)
            answers.append({"error": code or f"{type(error).__name__}: {error}"})
    json.dump(answers, sys.stdout)


main()
