// Makes calls with Alibaba Cloud's own clients for Node.js; in and out as sdk_client.py has it.
//   rpc:  @alicloud/kms20160120, which spreads the context over parameters
//   acs3: @alicloud/openapi-client
'use strict';
const { createRequire } = require('module');
const fs = require('fs');
const path = require('path');
const order = JSON.parse(fs.readFileSync(0, 'utf8'));
// The packages stand where they were installed, not beside this file.
const load = createRequire(path.join(process.argv[2], 'package.json'));
const openapi = load('@alicloud/openapi-client');
const { RuntimeOptions } = load('@alicloud/tea-util');
const kms = load('@alicloud/kms20160120');

const config = {
  accessKeyId: order.key_id, accessKeySecret: order.secret, endpoint: order.endpoint, protocol: 'http',
  // A busy machine is no reason to fail.
  connectTimeout: 60000, readTimeout: 60000,
};
if (order.token) config.securityToken = order.token;

async function callRpc(action, parameters) {
  const client = new kms.default({ ...config, toMap: () => config, regionId: 'cn-hangzhou', type: 'access_key' });
  const members = {};
  for (const [name, value] of Object.entries(parameters)) members[name[0].toLowerCase() + name.slice(1)] = value;
  const request = new kms[action + 'Request'](members);
  const answer = await client[action[0].toLowerCase() + action.slice(1)](request);
  return answer.toMap();
}

async function callAcs3(action, parameters) {
  const client = new openapi.default(new openapi.Config(config));
  const query = { ...parameters };
  if (query.EncryptionContext) query.EncryptionContext = JSON.stringify(query.EncryptionContext);
  const params = new openapi.Params({
    action, version: action.startsWith('AssumeRole') ? '2015-04-01' : '2016-01-20', protocol: 'HTTP', method: 'POST',
    authType: action === 'AssumeRoleWithOIDC' ? 'Anonymous' : 'AK', style: 'RPC', pathname: '/',
    reqBodyType: 'formData', bodyType: 'json',
  });
  const request = new openapi.OpenApiRequest(order.in_body ? { body: query } : { query });
  return (await client.callApi(params, request, new RuntimeOptions({}))).body;
}

async function main() {
  const answers = [];
  for (const { action, ...parameters } of order.steps) {
    for (const [name, value] of Object.entries(parameters)) {
      const reference = typeof value === 'string' && /^\$(\d+)\.(\w+)$/.exec(value);
      if (reference) parameters[name] = answers[Number(reference[1])][reference[2]];
    }
    try {
      answers.push(await (order.variant === 'rpc' ? callRpc : callAcs3)(action, parameters));
    } catch (error) {
      answers.push({ error: String(error.code || error).replace(/Error$/, '') });
    }
  }
  process.stdout.write(JSON.stringify(answers));
}

main();
