// Starts an operation, looks at it, asks the service, cancels another, and reads pages
// and a stream; a line of JSON for each. TEMPORAL_ADDRESS and PERDURE_TASK_QUEUE say
// where, ID is the beginning of the workflow ids, and PERDURE_CODEC_SERVER with
// PERDURE_CODEC_TOKEN who reads payloads that are encrypted.

import { Client, Connection } from "@temporalio/client";
import { remoteCodec } from "./codec.js";
import { Ended, Perdure } from "./perdure.js";
import type { OperationInput } from "./contract/index.js";

const { TEMPORAL_ADDRESS: address = "localhost:7233", PERDURE_TASK_QUEUE: taskQueue = "perdure", ID: id = `typescript-${Date.now()}` } = process.env;
const { PERDURE_CODEC_SERVER: codecServer, PERDURE_CODEC_TOKEN: codecToken = "" } = process.env;

const connection = await Connection.connect({ address });
try {
  const dataConverter = codecServer ? { payloadCodecs: [remoteCodec(codecServer, codecToken)] } : {};
  await run(new Perdure(new Client({ connection, dataConverter }), taskQueue));
} finally {
  await connection.close();
}

async function run(perdure: Perdure): Promise<void> {
  const store = await perdure.start(`${id}/store`, vectorStore(2));
  say("started", await store.status());
  say("token", await store.token());
  say("polling", await store.setPolling({ intervalSeconds: 0.5 }));
  say("updated", await store.updateStatus({ headers: { "X-Trace": ["typescript"] } }));
  say("result", await store.wait());

  const other = await perdure.start(`${id}/canceled`, batch());
  await other.cancel("not needed any more");
  try {
    say("result", await other.wait());
  } catch (err) {
    if (!(err instanceof Ended)) throw err;
    say("ended", { type: err.type, status: err.status });
  }

  for await (const page of perdure.pages(`${id}/items`, { request: { service: "jobs", method: "GET", url: "/v1/items" } })) {
    say("page", page);
  }

  const request = { service: "jobs", method: "GET", url: "/events" };
  for await (const event of perdure.events(`${id}/events`, { request, protocol: { name: "openai" } })) {
    say("event", event);
  }
}

function vectorStore(seconds: number): OperationInput {
  const json = { name: "docs", metadata: { seconds: String(seconds) } };
  return {
    request: { service: "jobs", method: "POST", url: "/v1/vector_stores", body: { json } },
    type: "CreateVectorStore",
    polling: { intervalSeconds: 60 },
  };
}

function batch(): OperationInput {
  const json = { input_file_id: "file-1", endpoint: "/v1/chat/completions", completion_window: "24h", metadata: { seconds: "3600" } };
  return {
    request: { service: "jobs", method: "POST", url: "/v1/batches", body: { json } },
    polling: { intervalSeconds: 0.5 },
  };
}

function say(what: string, value: unknown): void {
  console.log(JSON.stringify({ [what]: value }));
}
