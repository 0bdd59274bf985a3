// Drives the llm service with the official Node library: node openai_check.mjs http://127.0.0.1:8000 SPEECH_FOLDER
import { createReadStream, readFileSync } from "node:fs";
import { join } from "node:path";
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

const words = (text) => text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
const sample = (name) => join(process.argv[3], name);
const transcribe = (name, wishes) =>
  client.audio.transcriptions.create({ model: "whisper-1", file: createReadStream(sample(name)), ...wishes });
const said = words(readFileSync(sample("two_cities.txt"), "utf8"));
const heard = words((await transcribe("two_cities.wav", { language: "en" })).text).slice(0, said.length);
check(`the words that were spoken, not ${heard.join(" ")}`, heard.join(" ") === said.join(" "));
const captions = await transcribe("en_fox.wav", { response_format: "srt" });
check("captions in SRT have times", /^1\r?\n00:00:\d\d,\d{3} --> 00:00:/.test(captions));

try {
  await client.chat.completions.create({ ...request, temperature: 7 });
  check("a bad value names its field", false);
} catch (error) {
  check("a bad value names its field", error.status === 400 && error.param === "temperature");
}

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
