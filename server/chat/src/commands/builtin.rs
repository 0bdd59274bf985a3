//! The list of commands, and reading a line into one of them. No I/O.

use wire::{Command, CommandSuggestion};

/// Trigger, hint for the arguments, description.
const ALL: [(&str, &str, &str); 18] = [
    ("away", "", "Set your status to away"),
    ("code", "[text]", "Display text as a code block"),
    ("dnd", "", "Do not disturb: no notifications on desktop and mobile"),
    ("header", "[text]", "Edit the channel header"),
    ("help", "", "List the commands of this server"),
    ("invite", "@[username] ~[channel]", "Invite a user to a channel"),
    ("join", "~[channel]", "Join the channel"),
    ("kick", "@[username]", "Remove a member from the channel"),
    ("leave", "", "Leave the current channel"),
    ("me", "[message]", "Do an action"),
    ("msg", "@[username] [message]", "Send a direct message to a user"),
    ("mute", "", "Turn notifications of the current channel off or on again"),
    ("offline", "", "Set your status to offline"),
    ("online", "", "Set your status to online"),
    ("open", "~[channel]", "Open the channel, joining it first"),
    ("purpose", "[text]", "Edit the channel purpose"),
    ("rename", "[text]", "Rename the channel"),
    ("shrug", "[message]", "Add \u{af}\\_(\u{30c4})_/\u{af} to your message"),
];

/// Whether the server itself carries out `/trigger`.
pub fn is_builtin(trigger: &str) -> bool {
    ALL.iter().any(|(known, ..)| *known == trigger)
}

/// Every command as clients list them.
pub fn all() -> Vec<Command> {
    let command = |(trigger, hint, description): &(&str, &str, &str)| Command {
        trigger: (*trigger).into(),
        auto_complete: true,
        auto_complete_desc: (*description).into(),
        auto_complete_hint: (*hint).into(),
        display_name: (*trigger).into(),
        ..Command::default()
    };
    ALL.iter().map(command).collect()
}

/// What could be meant by the beginning of a line, e.g. `/aw`.
pub fn suggestions(input: &str, custom: Vec<Command>) -> Vec<CommandSuggestion> {
    let Some(typed) = input.strip_prefix('/').map(str::to_lowercase) else { return Vec::new() };
    let suggestion = |command: Command| CommandSuggestion {
        complete: command.trigger.clone(),
        suggestion: command.trigger,
        hint: command.auto_complete_hint,
        description: command.auto_complete_desc,
        icon_data: String::new(),
    };
    all().into_iter().chain(custom).filter(|c| c.trigger.starts_with(&typed)).map(suggestion).collect()
}

/// A line as trigger and the rest; `None` when it is no command.
pub fn split(line: &str) -> Option<(String, &str)> {
    let line = line.trim().strip_prefix('/')?;
    let (trigger, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    (!trigger.is_empty()).then(|| (trigger.to_lowercase(), rest.trim()))
}

/// The names at the beginning of arguments: `@user`, `~channel`, and what follows.
pub fn name_and_rest(arguments: &str) -> (&str, &str) {
    let (name, rest) = arguments.split_once(char::is_whitespace).unwrap_or((arguments, ""));
    (name.trim_start_matches(['@', '~']), rest.trim())
}

/// The help text, as Markdown.
pub fn help() -> String {
    let line = |(trigger, hint, description): &(&str, &str, &str)| format!("- `/{trigger} {hint}` {description}\n");
    ALL.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_suggestions() {
        assert_eq!(split("/Msg  @ana hello you "), Some(("msg".into(), "@ana hello you")));
        assert_eq!(split("hello /away"), None);
        assert_eq!(split("/"), None);
        assert_eq!(name_and_rest("@ana hello you"), ("ana", "hello you"));
        let found: Vec<String> = suggestions("/m", Vec::new()).into_iter().map(|s| s.complete).collect();
        assert_eq!(found, ["me", "msg", "mute"]);
        assert!(suggestions("m", Vec::new()).is_empty());
    }

    #[test]
    fn every_listed_command_is_carried_out() {
        let known: Vec<String> = all().into_iter().map(|c| c.trigger).collect();
        let carried_out = super::super::execute::TRIGGERS;
        assert_eq!(known, carried_out);
    }
}
