//! What the agent says when it has nothing of the model's to say, in the asker's language.

use crate::reading::Unreadable;

/// Why a run gave no answer, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The asker or the shutdown of the server ended it.
    #[error("stopped")]
    Stopped,
    /// It took longer than allowed.
    #[error("no answer within the time allowed")]
    TooSlow,
    /// The model said nothing at all.
    #[error("the model gave an empty answer")]
    Empty,
    /// The model's service failed.
    #[error(transparent)]
    Model(#[from] llm_client::Error),
    /// There is nothing that can be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The chat server failed.
    #[error(transparent)]
    Chat(#[from] chat::Error),
}

/// The sentence for the asker; `locale` is theirs.
pub fn failure(failure: &Failure, locale: &str) -> String {
    use llm_client::Error as Model;
    let (english, portuguese) = match failure {
        Failure::Stopped => ("_Stopped._", "_Parado._"),
        Failure::TooSlow | Failure::Model(Model::Deadline { .. }) => (
            "The language model took too long. Please try again, or ask for less.",
            "O modelo de linguagem demorou demais. Tente de novo ou pergunte menos.",
        ),
        Failure::Empty => ("The language model gave no answer.", "O modelo de linguagem não deu resposta."),
        Failure::Model(Model::Busy { .. }) => (BUSY.0, BUSY.1),
        // A service that dies in the middle of an answer shows as a broken protocol.
        Failure::Model(error) if error.is_temporary() || matches!(error, Model::Protocol { .. }) => (
            "The language model is not available right now. Chat goes on without it; please ask again later. \
             An administrator can look at the state and the log of the service `llm` (`./muster status`, \
             `./muster logs llm`) and at `llm_url` in the configuration.",
            "O modelo de linguagem não está disponível agora. A conversa continua sem ele; pergunte de novo mais tarde. \
             Um administrador pode ver o estado e o registro do serviço `llm` (`./muster status`, `./muster logs llm`) \
             e `llm_url` na configuração.",
        ),
        Failure::Model(_) => (
            "The language model could not take this question. An administrator finds the reason in the server's log.",
            "O modelo de linguagem não aceitou esta pergunta. Um administrador encontra o motivo no registro do servidor.",
        ),
        Failure::Unreadable(Unreadable::NoTranscript) => (
            "I found no transcript of a call here. Record a call with transcription on, or ask in the thread of the call.",
            "Não encontrei transcrição de chamada aqui. Grave uma chamada com transcrição, ou pergunte na conversa da chamada.",
        ),
        Failure::Unreadable(Unreadable::Nothing) => {
            ("There is nothing here that I could read.", "Não há nada aqui que eu possa ler.")
        }
        Failure::Unreadable(Unreadable::TooLarge { .. }) => {
            ("The transcript is too large for me.", "A transcrição é grande demais para mim.")
        }
        Failure::Chat(error) if error.kind == chat::error::Kind::Forbidden => {
            ("You may not read what I would have to read.", "Você não pode ler o que eu teria de ler.")
        }
        Failure::Chat(_) => (
            "Something went wrong on the server. An administrator finds the reason in its log.",
            "Algo deu errado no servidor. Um administrador encontra o motivo no registro.",
        ),
    };
    pick(locale, english, portuguese)
}

const BUSY: (&str, &str) = (
    "I am busy with other questions. Please ask again in a minute.",
    "Estou ocupado com outras perguntas. Pergunte de novo em um minuto.",
);

/// Said when no place is free.
pub fn busy(locale: &str) -> String {
    pick(locale, BUSY.0, BUSY.1)
}

/// Said when the process ended while it wrote.
pub fn interrupted() -> String {
    "_The server was restarted while I was writing. Please ask again._".into()
}

/// Shown while a long text is read in parts.
pub fn reading(locale: &str, part: usize, parts: usize) -> String {
    pick(locale, &format!("_Reading part {part} of {parts} …_"), &format!("_Lendo a parte {part} de {parts} …_"))
}

/// Added when a text was too long to be read whole.
pub fn cut_short(locale: &str) -> String {
    pick(
        locale,
        "\n\n_The text was too long: only its first parts were read._",
        "\n\n_O texto era longo demais: só as primeiras partes foram lidas._",
    )
}

fn pick(locale: &str, english: &str, portuguese: &str) -> String {
    if locale.starts_with("pt") { portuguese.to_owned() } else { english.to_owned() }
}
