// Runs the real packages of JavaScript, one task after another in one process. A line of standard input is a task:
// {"consumer", "environ": {…}, "env_file": path or null, "url": of the simulated account, "model", "as_published": whether it
// is about the package's own way through the network, false where it is left out}; a line of standard output is what came
// of it: {"region": as the package has it, where it tells; "error": what it threw, null for nothing}.
// The first line says that the packages are there: {"ready": true}.
import { createInterface } from "node:readline";
import { BedrockRuntimeClient, ConverseCommand } from "@aws-sdk/client-bedrock-runtime";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { AnthropicBedrock } from "@anthropic-ai/bedrock-sdk";
import { createAmazonBedrock } from "@ai-sdk/amazon-bedrock";
import { ChatBedrockConverse } from "@langchain/aws";
import dotenv from "dotenv";

console.warn = () => {};
// A package that gives up on one way to credentials leaves its request to fail later, when the next task is under way.
process.on("unhandledRejection", () => {});
// A second is what the SDK waits between two tries of a container's address where nobody is.
const later = globalThis.setTimeout;
globalThis.setTimeout = (then, milliseconds, ...rest) => later(then, milliseconds === 1000 ? 100 : milliseconds, ...rest);

// Without HTTP/2, which the server of the simulated account does not speak.
let asPublished = false;
const requestHandler = () => (asPublished ? undefined : new NodeHttpHandler());

const packages = {
  "javascript-sdk": async (model, seen) => {
    const client = new BedrockRuntimeClient({ requestHandler: requestHandler(), maxAttempts: 1 });
    seen.region = await client.config.region();
    const messages = [{ role: "user", content: [{ text: "hello" }] }];
    await client.send(new ConverseCommand({ modelId: model, messages }));
  },
  "anthropic-js": async (model, seen) => {
    const client = new AnthropicBedrock({ maxRetries: 0 });
    seen.region = client.awsRegion;
    await client.messages.create({ model, max_tokens: 10, messages: [{ role: "user", content: "hello" }] });
  },
  "vercel-ai": async (model) => {
    const prompt = [{ role: "user", content: [{ type: "text", text: "hello" }] }];
    await createAmazonBedrock()(model).doGenerate({ prompt });
  },
  "langchain-js": async (model, seen) => {
    const clientOptions = { requestHandler: requestHandler(), maxAttempts: 1 };
    const chat = new ChatBedrockConverse({ model, maxRetries: 0, clientOptions });
    seen.region = chat.region;
    await chat.invoke([["user", "hello"]]);
  },
};

// The innermost reason last: wrappers hide it.
const told = (error) => {
  const all = [];
  for (let each = error; each; each = each.cause) all.push(`${each.name}: ${each.message}`);
  return all.join(" / ");
};

console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin })) {
  const task = JSON.parse(line);
  for (const variable of Object.keys(process.env)) delete process.env[variable];
  Object.assign(process.env, task.environ);
  if (task.env_file) dotenv.config({ path: task.env_file, quiet: true });
  Object.assign(process.env, { AWS_ENDPOINT_URL: task.url, ANTHROPIC_BEDROCK_BASE_URL: task.url });
  asPublished = task.as_published ?? false;
  const seen = { region: null, error: null };
  try {
    await packages[task.consumer](task.model, seen);
  } catch (error) {
    seen.error = told(error);
  }
  console.log(JSON.stringify(seen));
}
