#!/usr/bin/env python3
"""How fast a running llm reads prompts and writes answers: decode.py URL [TOKENS]"""
import json
import pathlib
import sys
import time
import urllib.request

base, tokens = sys.argv[1].rstrip("/"), int(sys.argv[2]) if len(sys.argv) > 2 else 64
THREAD = pathlib.Path(__file__).parents[2] / "llm/engine/tests/reference/thread.txt"


def run(prompt, most):
    """Prompt tokens, seconds to the first text, answer tokens, tokens a second between first and last text."""
    body = {"messages": [{"role": "user", "content": prompt}], "temperature": 0.8, "seed": 1, "max_tokens": most,
            "stream": True, "stream_options": {"include_usage": True}}
    request = urllib.request.Request(base + "/v1/chat/completions", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    begun, first, last, usage = time.time(), None, None, None
    with urllib.request.urlopen(request, timeout=600) as answer:
        for line in answer:
            if line.startswith(b"data: {"):
                chunk = json.loads(line[6:])
                usage = chunk.get("usage") or usage
                if chunk["choices"] and chunk["choices"][0]["delta"].get("content"):
                    last = time.time()
                    first = first or last
    written = usage["completion_tokens"]
    return usage["prompt_tokens"], first - begun, written, (written - 1) / max(last - first, 1e-9)


run("Hello", 4)
for _ in range(3):
    # The time makes every prompt new, so that no cache is reused.
    _, _, written, speed = run(f"{time.time()}: write a long story about a lighthouse keeper.", tokens)
    print(f"{written} tokens written, {speed:.1f} a second", flush=True)
read, seconds, _, _ = run(f"{time.time()}\n{THREAD.read_text()}", 2)
print(f"prompt of {read} tokens read in {seconds:.2f} s, {read / seconds:.0f} a second")
