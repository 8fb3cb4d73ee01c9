// What @azure/arm-machinelearning does with a workspace: jobs, assets, schedules, online endpoints. Prints what it saw.
"use strict";

const { AzureMachineLearningWorkspaces } = require("@azure/arm-machinelearning");
const { ClientSecretCredential } = require("@azure/identity");

const told = process.env;
const seen = {};
const unique = Date.now().toString(36);
const authority = { authorityHost: told.AZURE_AUTHORITY_HOST, disableInstanceDiscovery: true };
const credential = new ClientSecretCredential(
  told.AZURE_TENANT_ID, told.AZURE_CLIENT_ID, told.AZURE_CLIENT_SECRET, authority);
const endpoint = told.AZURE_AUTHORITY_HOST;
const service = new AzureMachineLearningWorkspaces(
  credential, told.AZUREML_SUBSCRIPTION_ID, { endpoint, $host: endpoint });
const workspace = [told.AZUREML_RESOURCE_GROUP, told.AZUREML_WORKSPACE_NAME];
const quick = { updateIntervalInMs: 50 };

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function all(pages) {
  const found = [];
  for await (const each of pages) found.push(each);
  return found;
}

async function refused(act) {
  try {
    await act();
    return null;
  } catch (error) {
    return [error.name, error.statusCode, error.code];
  }
}

async function until(name, ...statuses) {
  for (let looks = 0; looks < 900; looks += 1) {
    const { properties } = await service.jobs.get(...workspace, name);
    if (statuses.includes(properties.status)) return properties;
    await pause(100);
  }
  throw new Error(`${name} is none of ${statuses}`);
}

async function environment() {
  const body = { properties: { image: "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04", tags: { by: "js" } } };
  const name = `js-environment-${unique}`;
  const made = await service.environmentVersions.createOrUpdate(...workspace, name, "1", body);
  const read = await service.environmentVersions.get(...workspace, name, "1");
  seen.environment = [read.id === made.id, read.properties.image === body.properties.image, read.properties.tags];
  seen.versions = (await all(service.environmentVersions.list(...workspace, name))).map((each) => each.name);
  seen.container = (await service.environmentContainers.get(...workspace, name)).properties.latestVersion;
  seen.missing = await refused(() => service.environmentVersions.get(...workspace, name, "2"));
  return made.id;
}

function command(environmentId, text, more = {}) {
  return { properties: { jobType: "Command", command: text, environmentId, experimentName: "javascript", ...more } };
}

async function jobs(environmentId) {
  const name = `js-${unique}`;
  const script = "import json\ndef init(): pass\ndef run(raw_data): return [2 * each for each in json.loads(raw_data)]\n";
  const text = "printf \"$SCRIPT\" > ${{outputs.code}}/score.py && echo 2 > ${{outputs.model}}/factor.txt";
  const outputs = { code: { jobOutputType: "uri_folder" }, model: { jobOutputType: "uri_folder" } };
  const more = { outputs, environmentVariables: { SCRIPT: script }, tags: { kind: "made" } };
  const made = await service.jobs.createOrUpdate(...workspace, name, command(environmentId, text, more));
  seen.made = [made.name, made.properties.jobType, made.properties.status];
  const ended = await until(name, "Completed", "Failed", "Canceled");
  seen.ended = [ended.status, ended.tags, Object.keys(ended.outputs).sort(), Object.keys(ended.services).sort()];
  const listed = await all(service.jobs.list(...workspace, { jobType: "Command", tag: "kind" }));
  seen.listed = listed.some((each) => each.name === name);
  seen.refused = await refused(() => service.jobs.createOrUpdate(
    ...workspace, `${name}-bad`, command("azureml:none-of-them:1", "true")));

  const long = `${name}-long`;
  await service.jobs.createOrUpdate(...workspace, long, command(environmentId, "sleep 300"));
  await until(long, "Running");
  await service.jobs.beginCancelAndWait(...workspace, long, quick);
  seen.canceled = (await until(long, "Completed", "Failed", "Canceled")).status;
  await service.jobs.beginDeleteAndWait(...workspace, long, quick);
  seen.deleted = await refused(() => service.jobs.get(...workspace, long));
  return name;
}

async function assets(job) {
  const store = (await service.datastores.get(...workspace, "workspaceblobstore")).properties;
  const secrets = await service.datastores.listSecrets(...workspace, "workspaceblobstore");
  seen.datastore = [store.datastoreType, store.isDefault, secrets.secretsType];
  const place = `azureml://datastores/workspaceblobstore/paths/azureml/${job}`;
  const name = `js-${unique}`;
  const data = { properties: { dataType: "uri_folder", dataUri: `${place}/model/` } };
  seen.data = (await service.dataVersions.createOrUpdate(...workspace, name, "1", data)).properties.dataType;
  const model = { properties: { modelType: "custom_model", modelUri: `${place}/model/`, description: "d" } };
  const { id } = await service.modelVersions.createOrUpdate(...workspace, name, "1", model);
  seen.models = (await all(service.modelContainers.list(...workspace))).some((each) => each.name === name);
  const codeUri = `https://${store.accountName}.blob.${store.endpoint}/${store.containerName}/azureml/${job}/code/`;
  const code = await service.codeVersions.createOrUpdate(...workspace, name, "1", { properties: { codeUri } });
  return { model: id, codeId: code.id };
}

async function schedule(environmentId) {
  const name = `js-schedule-${unique}`;
  const action = { actionType: "CreateJob", jobDefinition: command(environmentId, "true").properties };
  const trigger = { triggerType: "Cron", expression: "0 3 * * *" };
  const body = { properties: { action, trigger } };
  const made = await service.schedules.beginCreateOrUpdateAndWait(...workspace, name, body, quick);
  seen.schedule = [made.properties.isEnabled, made.properties.trigger.expression];
  const off = { properties: { action, trigger, isEnabled: false } };
  await service.schedules.beginCreateOrUpdateAndWait(...workspace, name, off, quick);
  await service.schedules.beginDeleteAndWait(...workspace, name, quick);
  seen["no schedule"] = await refused(() => service.schedules.get(...workspace, name));
}

async function online(environmentId, { model, codeId }) {
  const name = `js-${unique}`;
  const identity = { type: "SystemAssigned" };
  const body = { location: "eastus", identity, properties: { authMode: "Key" } };
  const made = await service.onlineEndpoints.beginCreateOrUpdateAndWait(...workspace, name, body, quick);
  const properties = {
    endpointComputeType: "Managed", instanceType: "Standard_DS3_v2", model, environmentId,
    codeConfiguration: { codeId, scoringScript: "score.py" },
  };
  const deployment = { location: "eastus", sku: { name: "Default", capacity: 1 }, properties };
  const blue = await service.onlineDeployments.beginCreateOrUpdateAndWait(
    ...workspace, name, "blue", deployment, quick);
  const shared = { ...body, properties: { authMode: "Key", traffic: { blue: 100 } } };
  const full = await service.onlineEndpoints.beginCreateOrUpdateAndWait(...workspace, name, shared, quick);
  seen.online = [made.properties.provisioningState, blue.properties.provisioningState, full.properties.traffic];
  const { primaryKey } = await service.onlineEndpoints.listKeys(...workspace, name);
  const headers = { Authorization: `Bearer ${primaryKey}`, "Content-Type": "application/json" };
  const answer = await fetch(made.properties.scoringUri, { method: "POST", headers, body: "[1, 2]" });
  seen.scored = [answer.status, await answer.json()];
  const logs = await service.onlineDeployments.getLogs(...workspace, name, "blue", { tail: 20 });
  seen.logs = typeof logs.content;
  await service.onlineEndpoints.beginDeleteAndWait(...workspace, name, quick);
  seen.gone = await refused(() => service.onlineEndpoints.get(...workspace, name));
}

async function region() {
  const families = (await all(service.usages.list("eastus"))).map((each) => each.type.split("/").slice(1).join("/"));
  seen.usages = ["totalCores/usages", "vmFamily/usages"].every((each) => families.includes(each));
  const quotas = await all(service.quotas.list("eastus"));
  const own = quotas.find((each) => each.id.includes("/workspaces/"));
  const asked = { value: [{ id: own.id, type: own.type, limit: own.limit, unit: "Count" }] };
  seen.quota = (await service.quotas.update("eastus", asked)).value[0].status;
  const { value } = await service.virtualMachineSizes.list("eastus");
  seen.size = value.find((each) => each.name === "Standard_DS3_v2").vCPUs;
}

async function connection() {
  const name = `js-connection-${unique}`;
  const properties = { authType: "PAT", category: "Git", target: "https://x.example", credentials: { pat: "hush" } };
  const made = await service.workspaceConnections.create(...workspace, name, { properties });
  const listed = await all(service.workspaceConnections.list(...workspace, { category: "Git" }));
  const hidden = !JSON.stringify([made, listed]).includes("hush");
  seen.connection = [made.properties.authType, listed.some((each) => each.name === name), hidden];
  await service.workspaceConnections.delete(...workspace, name);
  seen["no connection"] = await refused(() => service.workspaceConnections.get(...workspace, name));
}

async function itself() {
  const before = await service.workspaces.get(...workspace);
  const changed = await service.workspaces.beginUpdateAndWait(...workspace, { tags: { by: "js" } }, quick);
  const again = await service.workspaces.beginCreateOrUpdateAndWait(
    ...workspace, { location: "eastus", friendlyName: before.friendlyName }, quick);
  seen.itself = [changed.tags, again.tags, again.friendlyName === before.friendlyName];
  const keys = await service.workspaces.listKeys(...workspace);
  const alone = await service.workspaces.listStorageAccountKeys(...workspace);
  seen.keys = Boolean(keys.userStorageKey) && keys.userStorageKey === alone.userStorageKey;
  const parameters = { value: { udr: {} } };
  const { value } = await service.workspaces.beginDiagnoseAndWait(...workspace, { parameters, ...quick });
  seen.diagnosis = Object.values(value).flat();
  seen.operations = (await all(service.operations.list())).some((each) => each.name.endsWith("/jobs/cancel/action"));
}

async function another() {
  const [group] = workspace, name = `w${unique}`, body = { location: "eastus", kind: "Default", friendlyName: "F" };
  await service.workspaces.beginCreateOrUpdateAndWait(group, name, body, quick);
  const made = await service.workspaces.get(group, name);
  const listed = (await all(service.workspaces.listByResourceGroup(group))).some((each) => each.name === name);
  const inside = await refused(() => service.jobs.get(group, name, "j"));
  await service.workspaces.beginDeleteAndWait(group, name, quick);
  const gone = await refused(() => service.workspaces.get(group, name));
  seen.another = [made.provisioningState, made.friendlyName, listed, inside[1], gone[1]];
}

async function main() {
  seen.workspace = (await service.workspaces.get(...workspace)).name;
  await region();
  await connection();
  await itself();
  await another();
  const environmentId = await environment();
  const parts = await assets(await jobs(environmentId));
  await schedule(environmentId);
  await online(environmentId, parts);
  console.log(`RESULT ${JSON.stringify(seen)}`);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
