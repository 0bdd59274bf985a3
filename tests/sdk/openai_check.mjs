// Drives the llm service with the official Node library. Usage: node openai_check.mjs http://127.0.0.1:8000
import OpenAI from "openai";

const base = process.argv[2].replace(/\/$/, "");
const client = new OpenAI({ baseURL: `${base}/v1`, apiKey: "unused", maxRetries: 0 });
let passed = 0;
let failed = 0;
function check(name, holds) {
  if (holds) passed += 1;
  else {
    failed += 1;
    console.log("FAILED", name);
  }
}

const [chat, embedder] = (await client.models.list()).data.map((model) => model.id);
const messages = [{ role: "user", content: "What is the capital of France?" }];
const request = { model: chat, messages, temperature: 0, max_tokens: 40 };

const answer = await client.chat.completions.create(request);
const text = answer.choices[0].message.content;
check("the answer is right", text.includes("Paris"));

let streamed = "";
let finish = null;
for await (const chunk of await client.chat.completions.create({ ...request, stream: true })) {
  streamed += chunk.choices[0]?.delta?.content ?? "";
  finish = chunk.choices[0]?.finish_reason ?? finish;
}
check("the stream says the same", streamed === text);
check("the stream says why it ended", finish === "stop");

const vectors = (await client.embeddings.create({ model: embedder, input: ["a cat", "a kitten", "tax law"] })).data;
const dot = (a, b) => a.embedding.reduce((sum, x, i) => sum + x * b.embedding[i], 0);
check("like texts have like vectors", dot(vectors[0], vectors[1]) > dot(vectors[0], vectors[2]));

try {
  await client.chat.completions.create({ ...request, temperature: 7 });
  check("a bad value names its field", false);
} catch (error) {
  check("a bad value names its field", error.status === 400 && error.param === "temperature");
}

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
