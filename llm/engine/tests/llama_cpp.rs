//! The real default model against llama.cpp, whose answers `reference/llama_cpp.py` recorded.

use llm_engine::{ChatTemplate, Turn};
use llm_models::{Gguf, LanguageModel, Llama, Rows, Vocabulary};
use std::path::PathBuf;

/// Log-probability by which a token may be behind and still be chosen, as sums of 32-bit floats are rounded in another
/// order. Distances were measured to be within 0.0005 of llama.cpp's.
const TIE_EXACT: f32 = 0.003;
/// The same for 8-bit weights and activations, as llm serves.
const TIE_SERVED: f32 = 0.5;

#[derive(serde::Deserialize)]
struct Recorded {
    cases: Vec<Case>,
}

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    text: Option<String>,
    #[serde(default)]
    messages: Vec<Message>,
    prompt: Vec<u32>,
    answer: Vec<u32>,
    behind: Vec<Vec<(u32, f32)>>,
    shipped: Vec<u32>,
}

#[derive(serde::Deserialize)]
struct Message {
    role: String,
    content: String,
}

fn recorded() -> Vec<Case> {
    let recorded: Recorded = serde_json::from_str(include_str!("reference/llama_cpp.json")).unwrap();
    assert!(recorded.cases.iter().map(|case| case.answer.len()).sum::<usize>() > 250, "the recording is whole");
    recorded.cases
}

fn model_file() -> PathBuf {
    let dir = std::env::var("MUSTER_MODELS_DIR")
        .expect("MUSTER_MODELS_DIR must name a folder filled by `muster-weights fetch`; these tests run real weights");
    PathBuf::from(dir).join("llm/smollm2-135m-instruct/model.gguf")
}

/// The logits after the prompt and after each token, when the model is led along the recorded answer.
fn led(model: &mut Llama, case: &Case) -> Vec<Vec<f32>> {
    let mut cache = model.cache();
    let mut tokens: &[u32] = &case.prompt;
    let mut all = Vec::new();
    for next in &case.answer {
        all.append(&mut model.forward(&mut [Rows { tokens, cache: &mut cache, logits: true }]).unwrap());
        tokens = std::slice::from_ref(next);
    }
    all
}

/// Fails where the likeliest token is another than llama.cpp's by more than a near tie; returns how many agree.
fn compare(model: &mut Llama, case: &Case, tie: f32) -> usize {
    let (mut agree, mut farthest, mut upset) = (0, 0.0f32, 0.0f32);
    for (step, logits) in led(model, case).into_iter().enumerate() {
        let (expected, behind) = (case.answer[step], &case.behind[step]);
        let ours = (0u32..).zip(&logits).max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
        let gap = |token: u32| logits[expected as usize] - logits[token as usize];
        farthest = behind.iter().map(|(token, far)| (gap(*token) - far).abs()).fold(farthest, f32::max);
        if ours == expected {
            agree += 1;
            continue;
        }
        let far = behind.iter().find(|(token, _)| *token == ours).map_or(f32::INFINITY, |(_, far)| *far);
        assert!(far < tie, "{}, token {step}: chose {ours}, not {expected}, which is likelier by {far}", case.name);
        upset = upset.max(far);
    }
    let all = case.answer.len();
    println!("{}: {agree} of {all} tokens; distances within {farthest:.4}, widest tie {upset}", case.name);
    agree
}

#[test]
fn prompts_are_tokenized_as_llama_cpp_does() {
    let gguf = Gguf::open(&model_file()).unwrap();
    let vocabulary = Vocabulary::load(&gguf).unwrap();
    let template = ChatTemplate::new(gguf.text("tokenizer.chat_template").unwrap()).unwrap();
    for case in recorded() {
        let turn = |m: &Message| Turn { role: m.role.clone(), content: vocabulary.disarm(&m.content) };
        let turns: Vec<Turn> = case.messages.iter().map(turn).collect();
        let prompt = match &case.text {
            Some(text) => vocabulary.encode(text),
            None => vocabulary.encode_prompt(&template.render(&turns, "", "").unwrap()),
        };
        assert_eq!(prompt.unwrap(), case.prompt, "{}", case.name);
    }
}

/// Proves the model's code: with 32-bit weights nothing but the order of sums differs between the programs.
#[test]
fn exact_arithmetic_chooses_the_tokens_of_llama_cpp() {
    let mut model = Llama::load(&mut Gguf::open(&model_file()).unwrap().exact(), 2).unwrap();
    for case in recorded() {
        compare(&mut model, &case, TIE_EXACT);
    }
}

/// Bounds what 8-bit arithmetic costs: as served, only near ties fall another way than exactly computed.
#[test]
fn served_tokens_differ_in_near_ties_only() {
    let mut model = Llama::load(&mut Gguf::open(&model_file()).unwrap(), 2).unwrap();
    let (mut agree, mut all) = (0, 0);
    for case in recorded() {
        agree += compare(&mut model, &case, TIE_SERVED);
        all += case.answer.len();
        let same = case.answer.iter().zip(&case.shipped).take_while(|(a, b)| a == b).count();
        println!("  llama.cpp's own 8-bit kernels leave the exact answer after {same} tokens");
    }
    println!("served: {agree} of {all} tokens are those of exact arithmetic");
    assert!(agree * 100 >= all * 93, "{agree} of {all}");
}
