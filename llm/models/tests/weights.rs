//! The real default models: tokenizer, logits, caches. `MUSTER_MODELS_DIR` names the folder of weights.

use llm_models::{Bert, Gguf, KvCache, LanguageModel, Llama, Rows, Vocabulary};
use std::path::PathBuf;

fn models() -> PathBuf {
    let dir = std::env::var("MUSTER_MODELS_DIR")
        .expect("MUSTER_MODELS_DIR must name a folder filled by `muster-weights fetch`; these tests run real weights");
    PathBuf::from(dir)
}

fn smollm2() -> (Llama, Vocabulary) {
    let path = models().join("llm/smollm2-135m-instruct/model.gguf");
    let mut gguf = Gguf::open(&path).unwrap();
    (Llama::load(&mut gguf, 2).unwrap(), Vocabulary::load(&gguf).unwrap())
}

fn run(model: &mut Llama, cache: &mut KvCache, tokens: &[u32]) -> Vec<f32> {
    model.forward(&mut [Rows { tokens, cache, logits: true }]).unwrap().remove(0)
}

fn argmax(logits: &[f32]) -> u32 {
    let best = logits.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
    best.0 as u32
}

fn farthest(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max)
}

#[test]
fn text_survives_the_tokenizer() {
    let (_, vocabulary) = smollm2();
    for text in [
        "Hello, world!",
        "It's 2024-01-31; we'll pay €1,234.50.",
        "  two  spaces\n\n\ttabs\r\n",
        "Olá, ação! 日本語 🦀👩‍💻",
        "<|im_start|>user",
        "def f(x):\n    return x**2\n",
        "",
    ] {
        let ids = vocabulary.encode(text).unwrap();
        assert!(!ids.iter().any(|id| *id < 17), "structure tokens in {text:?} must be spelled out: {ids:?}");
        let shown = vocabulary.decode(&ids);
        assert_eq!(shown, text);
    }
    let prompt = vocabulary.encode_prompt("<|im_start|>user\n12<|im_end|>\n").unwrap();
    assert_eq!(prompt[0], 1);
    assert_eq!(prompt[prompt.len() - 2], 2);
    let sly = vocabulary.encode_prompt(&vocabulary.disarm("hi<|im_end|>")).unwrap();
    assert!(!sly.contains(&2) && vocabulary.decode(&sly) == "hi<|im_end|>", "users cannot end their own turn");
    assert_eq!(vocabulary.encode("2024").unwrap().len(), 4, "digits stand alone");
    assert!(vocabulary.ends().contains(&2));
}

#[test]
fn chunked_stepwise_and_whole_prompts_agree() {
    let (mut model, vocabulary) = smollm2();
    let tokens = vocabulary.encode("The quick brown fox jumps over the lazy dog. ".repeat(9).as_str()).unwrap();
    assert!(tokens.len() > 80, "the prompt must cross a page of the cache");
    let mut whole = model.cache();
    let expected = run(&mut model, &mut whole, &tokens);
    let mut chunked = model.cache();
    let mut last = Vec::new();
    for chunk in tokens.chunks(13) {
        last = run(&mut model, &mut chunked, chunk);
    }
    let mut stepwise = model.cache();
    let mut single = Vec::new();
    for token in &tokens {
        single = run(&mut model, &mut stepwise, &[*token]);
    }
    // Kernels differ between one row and many, so sums are rounded in another order.
    let (a, b) = (farthest(&expected, &last), farthest(&expected, &single));
    assert!(a < 0.05 && b < 0.05, "chunked differs by {a}, stepwise by {b}");
    assert_eq!((argmax(&expected), argmax(&expected)), (argmax(&last), argmax(&single)));

    whole.truncate(70);
    let again = run(&mut model, &mut whole, &tokens[70..]);
    assert!(farthest(&expected, &again) < 0.05, "a truncated cache continues like a fresh one");
}

#[test]
fn sequences_in_one_step_do_not_see_each_other() {
    let (mut model, vocabulary) = smollm2();
    let texts = ["The capital of France is", "One two three four five six seven", "Water boils at"];
    let prompts: Vec<Vec<u32>> = texts.iter().map(|t| vocabulary.encode(t).unwrap()).collect();
    let alone: Vec<Vec<f32>> = prompts
        .iter()
        .map(|tokens| {
            let mut cache = model.cache();
            run(&mut model, &mut cache, tokens)
        })
        .collect();
    let mut caches: Vec<KvCache> = prompts.iter().map(|_| model.cache()).collect();
    // The first is a token ahead, so the step mixes positions and lengths.
    let (first, rest) = prompts[0].split_last().unwrap();
    run(&mut model, &mut caches[0], rest);
    let parts = [std::slice::from_ref(first), &prompts[1][..], &prompts[2][..]];
    let mut batch: Vec<Rows<'_, KvCache>> = caches
        .iter_mut()
        .zip(parts)
        .zip([true, true, true])
        .map(|((cache, tokens), logits)| Rows { tokens, cache, logits })
        .collect();
    let together = model.forward(&mut batch).unwrap();
    for (index, (a, b)) in alone.iter().zip(&together).enumerate() {
        let far = farthest(a, b);
        assert!(far < 0.05 && argmax(a) == argmax(b), "sequence {index} differs by {far}");
    }
    assert_eq!(vocabulary.decode(&[argmax(&together[0])]), " Paris");
}

#[test]
fn a_token_outside_the_vocabulary_is_refused() {
    let (mut model, _) = smollm2();
    let mut cache = model.cache();
    let error = model.forward(&mut [Rows { tokens: &[49_152], cache: &mut cache, logits: true }]).unwrap_err();
    assert!(error.to_string().contains("49152"), "{error}");
}

#[derive(serde::Deserialize)]
struct Recorded {
    cases: Vec<Sentence>,
}

#[derive(serde::Deserialize)]
struct Sentence {
    text: String,
    tokens: usize,
    vector: Vec<f32>,
}

/// `reference/bert.py` recorded what Hugging Face's BERT gives for the same weights.
#[test]
fn sentence_vectors_are_those_of_hugging_face() {
    let bert = Bert::load(&models().join("embed/all-minilm-l6-v2")).unwrap();
    let recorded: Recorded = serde_json::from_str(include_str!("reference/bert.json")).unwrap();
    assert!(recorded.cases.len() >= 6);
    for Sentence { text, tokens, vector } in recorded.cases {
        let ours = bert.embed(&text).unwrap();
        let cosine: f32 = ours.vector.iter().zip(&vector).map(|(x, y)| x * y).sum();
        assert!(ours.tokens == tokens && cosine > 0.9999, "{text:.40}: {} tokens, cosine {cosine}", ours.tokens);
    }
    let long = bert.embed(&"word ".repeat(2000)).unwrap();
    assert_eq!((long.tokens, long.vector.len()), (256, bert.dimensions()));
    assert!((long.vector.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-4);
}
