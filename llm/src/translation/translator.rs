//! The loaded pairs of languages (Bergamot models run by fxtranslate).

use crate::translation::document;
use fxtranslate::engine::Engine;
use llm_client::Language;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};

/// Every pair that lies in the models folder. The engines may not leave the thread that made them, so they live on one
/// of their own, which ends when the translator is dropped.
pub struct Translator {
    pairs: BTreeSet<Pair>,
    jobs: SyncSender<Job>,
}

type Pair = (String, String);

struct Job {
    text: String,
    pair: Pair,
    answer: SyncSender<String>,
}

impl Translator {
    /// Loads every `<from>-<to>` folder.
    ///
    /// # Errors
    /// Text that names the folder, when it holds no pair or one cannot be loaded.
    pub fn load(folder: &Path) -> Result<Self, String> {
        let (jobs, inbox) = sync_channel::<Job>(1);
        let (loaded, outcome) = sync_channel(1);
        let folder = folder.to_owned();
        let live = move || match load_pairs(&folder) {
            Err(reason) => drop(loaded.send(Err(reason))),
            Ok(engines) => {
                drop(loaded.send(Ok(engines.keys().cloned().collect())));
                for Job { text, pair, answer } in inbox {
                    if let Some(engine) = engines.get(&pair) {
                        let text = document::translate(&text, &mut |stretch| engine.translate_long(stretch));
                        // Nobody waits any more when this fails.
                        drop(answer.send(text));
                    }
                }
            }
        };
        std::thread::Builder::new().name("translation".into()).spawn(live).map_err(|e| e.to_string())?;
        let pairs = outcome.recv().map_err(|_| "the models are broken: loading them panicked".to_owned())??;
        Ok(Self { pairs, jobs })
    }

    /// Codes of all languages, sorted.
    pub fn codes(&self) -> Vec<String> {
        let mut codes: Vec<String> = self.pairs.iter().flat_map(|(from, to)| [from.clone(), to.clone()]).collect();
        codes.sort();
        codes.dedup();
        codes
    }

    /// Languages with what they can be translated into.
    pub fn languages(&self) -> Vec<Language> {
        let targets = |code: &String| {
            let mut all: Vec<String> =
                self.pairs.iter().filter(|(from, _)| from == code).map(|(_, to)| to.clone()).collect();
            all.push(code.clone());
            all.sort();
            all
        };
        self.codes().into_iter().map(|code| Language { name: name(&code), targets: targets(&code), code }).collect()
    }

    /// Translates a chat text and blocks meanwhile; `None` when the pair is not loaded or its model fails on the text.
    pub fn translate(&self, text: &str, source: &str, target: &str) -> Option<String> {
        if source == target {
            return Some(text.to_owned());
        }
        let pair = (source.to_owned(), target.to_owned());
        if !self.pairs.contains(&pair) {
            return None;
        }
        let (answer, waiting) = sync_channel(1);
        self.jobs.send(Job { text: text.to_owned(), pair, answer }).ok()?;
        waiting.recv().ok()
    }
}

fn load_pairs(folder: &Path) -> Result<BTreeMap<Pair, Engine>, String> {
    let entries = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut pairs = BTreeMap::new();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some((from, to)) = name.split_once('-') {
            pairs.insert((from.to_owned(), to.to_owned()), load_pair(&entry.path())?);
        }
    }
    if pairs.is_empty() {
        return Err(format!("{}: holds no folder like en-pt", folder.display()));
    }
    Ok(pairs)
}

fn load_pair(folder: &Path) -> Result<Engine, String> {
    let vocabulary = folder.join("vocab.spm");
    let engine = Engine::load_mmapped(folder.join("model.intgemm.alphas.bin"), &vocabulary, &vocabulary)
        .map_err(|e| format!("{}: {e}", folder.display()))?;
    let shortlist = folder.join("lex.s2t.bin");
    match std::fs::read(&shortlist) {
        Ok(bytes) => Ok(engine.with_shortlist_bytes(&bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(engine),
        Err(error) => Err(format!("{}: {error}", shortlist.display())),
    }
}

fn name(code: &str) -> String {
    match code {
        "en" => "English",
        "pt" => "Portuguese",
        "es" => "Spanish",
        "fr" => "French",
        "de" => "German",
        "it" => "Italian",
        other => other,
    }
    .to_owned()
}
