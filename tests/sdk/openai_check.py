#!/usr/bin/env python3
"""Drives the llm service with the official Python library: openai_check.py http://127.0.0.1:8000 SPEECH_FOLDER"""

import pathlib
import re
import sys

import openai

base = sys.argv[1].rstrip("/")
client = openai.OpenAI(base_url=base + "/v1", api_key="unused", max_retries=0)
passed = failed = 0


def check(name, holds):
    global passed, failed
    if holds:
        passed += 1
    else:
        failed += 1
        print("FAILED", name)


chat, embedder = [model.id for model in client.models.list().data]
question = [{"role": "user", "content": "What is the capital of France?"}]

answer = client.chat.completions.create(model=chat, messages=question, temperature=0, max_tokens=40)
text = answer.choices[0].message.content
check("the answer is right", "Paris" in text)
check("the answer ended by itself", answer.choices[0].finish_reason == "stop")
usage = answer.usage
check("usage adds up", usage.total_tokens == usage.prompt_tokens + usage.completion_tokens > 0)

chunks = list(
    client.chat.completions.create(
        model=chat, messages=question, temperature=0, max_tokens=40, stream=True,
        stream_options={"include_usage": True},
    )
)
streamed = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
check("the stream says the same", streamed == text)
check("the stream ends with usage", chunks[-1].usage.completion_tokens == usage.completion_tokens)

short = client.chat.completions.create(model=chat, messages=question, temperature=0, max_tokens=2)
check("max_tokens cuts", short.choices[0].finish_reason == "length" and short.usage.completion_tokens == 2)
stopped = client.chat.completions.create(model=chat, messages=question, temperature=0, max_tokens=40, stop=["Paris"])
check("stop cuts", "Paris" not in stopped.choices[0].message.content)
seeded = [
    client.chat.completions.create(model=chat, messages=question, temperature=1, seed=5, max_tokens=20)
    .choices[0].message.content
    for _ in range(2)
]
check("a seed repeats", seeded[0] == seeded[1])

vectors = client.embeddings.create(model=embedder, input=["a cat", "a kitten", "tax law"]).data
floats = client.embeddings.create(model=embedder, input="a cat", encoding_format="float").data[0].embedding
dot = lambda a, b: sum(x * y for x, y in zip(a.embedding, b.embedding))
check("like texts have like vectors", dot(vectors[0], vectors[1]) > dot(vectors[0], vectors[2]))
check("base64 and float agree", max(abs(a - b) for a, b in zip(vectors[0].embedding, floats)) < 1e-5)

words = lambda text: re.findall(r"[\w']+", text.lower())
folder = pathlib.Path(sys.argv[2])
said = words((folder / "two_cities.txt").read_text())
heard = words(client.audio.transcriptions.create(model="whisper-1", file=folder / "two_cities.wav", language="en").text)
check(f"the words that were spoken, not {heard[:len(said)]}", heard[:len(said)] == said)
verbose = client.audio.transcriptions.create(model="whisper-1", file=folder / "en_fox.wav",
                                             response_format="verbose_json", timestamp_granularities=["word"])
check("the language is heard", verbose.language in ("en", "english"))
times = [(word.start, word.end) for word in verbose.words]
check("words have rising times", len(times) > 5 and all(a[0] <= b[0] for a, b in zip(times, times[1:])))

try:
    client.chat.completions.create(model="nobody", messages=question)
    check("an unknown model is refused", False)
except openai.NotFoundError as error:
    check("an unknown model is refused", error.code == "model_not_found")
try:
    client.chat.completions.create(model=chat, messages=question, temperature=7)
    check("a bad value names its field", False)
except openai.BadRequestError as error:
    check("a bad value names its field", error.param == "temperature")
for field, value in {"logprobs": True, "n": 2, "logit_bias": {"17": 5}}.items():
    try:
        client.chat.completions.create(model=chat, messages=question, **{field: value})
        check(f"{field} is refused", False)
    except openai.BadRequestError as error:
        check(f"{field} is refused by name", error.param == field)

print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
