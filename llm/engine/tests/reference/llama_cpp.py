#!/usr/bin/env python3
"""Records what llama.cpp answers with the default language model: llama_cpp.py MODEL.gguf > llama_cpp.json

Needs llama.cpp as a wheel ships it, and its reader of GGUF files: pip install xllamacpp==2026.10.11549 gguf==0.19.0

`answer` comes from the model's weights widened to 32-bit floats: llama.cpp then multiplies exactly, and every correct
program must choose the same tokens. `behind` has the next likeliest tokens at each place and how far behind they are in
log-probability; only a near tie may fall the other way, where sums are rounded in another order. `shipped` is llama.cpp's answer with the file as it is, for which it
rounds the numbers between layers to 8 bits; the test prints how often that agrees, and does not ask for it.
Greedy, f32 cache, one thread, no prompt cache: a second run writes the same file.
"""
import hashlib
import importlib.metadata
import json
import pathlib
import sys
import tempfile
import urllib.request

import gguf
import xllamacpp

HERE = pathlib.Path(__file__).parent
CASES = [
    {"name": "capital", "messages": [{"role": "user", "content": "What is the capital of France?"}]},
    {"name": "system and history", "messages": [
        {"role": "system", "content": "You are Muster, the assistant of a field site. Answer in one sentence."},
        {"role": "user", "content": "The generator stopped at 04:15 and the fuel gauge reads empty."},
        {"role": "assistant", "content": "The generator most likely stopped because it ran out of fuel."},
        {"role": "user", "content": "What should we do first?"},
    ]},
    {"name": "continuation", "text": "It was the best of times, it was the worst of times, it was"},
    {"name": "code", "text": "def fibonacci(n):\n    \"\"\"Return the n-th Fibonacci number.\"\"\"\n"},
    {"name": "numbers, accents, emoji", "text": "Olá! 日本語 🦀 2024-01-31: we paid €1,234.50 for 3 cafés.\nSum of the prices: "},
    {"name": "long thread", "messages": [
        {"role": "user", "content": (HERE / "thread.txt").read_text() + "\nSummarise this thread in three sentences."},
    ]},
]
ANSWER_TOKENS = 64


def widen(source, target):
    """Writes `source` with every weight as a 32-bit float."""
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, "llama")
    skipped = ("general.architecture", "general.file_type", "general.quantization_version")
    for field in reader.fields.values():
        if not field.name.startswith("GGUF.") and field.name not in skipped:
            kind = field.types[0]
            inner = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(field.name, field.contents(), kind, inner)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, gguf.dequantize(tensor.data, tensor.tensor_type).astype("float32"))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def start(model):
    params = xllamacpp.CommonParams()
    params.model.path = model
    params.n_ctx, params.n_parallel, params.n_gpu_layers = 4096, 1, 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    params.port = 0
    params.ui = False
    return xllamacpp.Server(params)


def post(server, path, body):
    request = urllib.request.Request(server.listening_address + path, json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=600) as answer:
        return json.load(answer)


def greedy(server, tokens):
    answer = post(server, "/completion", {
        "prompt": tokens, "n_predict": ANSWER_TOKENS, "temperature": 0, "n_probs": 5, "cache_prompt": False,
        "samplers": ["temperature"], "return_tokens": True,
    })
    steps = answer["completion_probabilities"]
    # The server leaves places out where a token ends inside a character; such an answer is no use here.
    assert [step["id"] for step in steps] == answer["tokens"], "choose a prompt whose answer breaks no character"
    return steps


def record(server, case):
    prompt = case.get("text") or post(server, "/apply-template", {"messages": case["messages"]})["prompt"]
    tokens = post(server, "/tokenize", {"content": prompt, "parse_special": "messages" in case})["tokens"]
    steps = greedy(server, tokens)
    gap = lambda step, other: round(step["top_logprobs"][0]["logprob"] - other["logprob"], 3)
    return {
        **case,
        "prompt": tokens,
        "answer": [step["id"] for step in steps],
        "behind": [[[other["id"], gap(step, other)] for other in step["top_logprobs"][1:]] for step in steps],
    }


def main(model):
    with tempfile.TemporaryDirectory() as work:
        widened = str(pathlib.Path(work) / "f32.gguf")
        widen(model, widened)
        server = start(widened)
        cases = [record(server, case) for case in CASES]
        del server
    server = start(model)
    for case in cases:
        case["shipped"] = [step["id"] for step in greedy(server, case["prompt"])]
    del server
    note = (
        f"made by llama_cpp.py beside this file with llama.cpp of xllamacpp {importlib.metadata.version('xllamacpp')}; "
        f"model sha256 {hashlib.sha256(pathlib.Path(model).read_bytes()).hexdigest()}"
    )
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    print(f'{{"note": {json.dumps(note)},\n"cases": [\n{lines}\n]}}')


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
