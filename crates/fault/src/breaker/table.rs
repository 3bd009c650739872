//! The table of transitions for the documentation, found by asking [`transition`].

use crate::breaker::state::{Effect, Illegal, Question, Signal, State, Step, transition};

/// A Markdown table of every state, every signal and every answer that matters.
pub fn transition_table() -> String {
    let mut table =
        String::from("| in | on | when | goes to | and |\n| --- | --- | --- | --- | --- |\n");
    for state in State::ALL {
        for signal in Signal::ALL {
            for (conditions, result) in outcomes(state, signal) {
                table.push_str(&row(state, signal, &conditions, result));
            }
        }
    }
    table
}

/// The questions that were asked, with their answers.
type Answers = Vec<(Question, bool)>;

/// Every way to answer the questions that are asked, with what follows.
fn outcomes(state: State, signal: Signal) -> Vec<(Answers, Result<Step, Illegal>)> {
    let mut found = Vec::new();
    let mut answers: Vec<bool> = Vec::new();
    loop {
        let mut asked = Vec::new();
        let result = transition(state, signal, |question| {
            // A question may be asked twice by neighbouring guards: it gets the same answer.
            if let Some((_, answer)) = asked.iter().find(|(known, _)| *known == question) {
                return *answer;
            }
            let answer = answers.get(asked.len()).copied().unwrap_or(true);
            asked.push((question, answer));
            answer
        });
        answers = asked.iter().map(|(_, answer)| *answer).collect();
        found.push((asked, result));
        // Next combination: the last yes becomes a no, what came after it is open again.
        while answers.last() == Some(&false) {
            answers.pop();
        }
        match answers.last_mut() {
            Some(last) => *last = false,
            None => return found,
        }
    }
}

fn row(
    state: State,
    signal: Signal,
    conditions: &[(Question, bool)],
    result: Result<Step, Illegal>,
) -> String {
    let when: Vec<&str> = conditions
        .iter()
        .map(|(question, answer)| if *answer { question.words().0 } else { question.words().1 })
        .collect();
    let (next, effect) = match result {
        Ok((next, Effect::Nothing)) if next == state => (next.name(), "nothing"),
        Ok((next, effect)) => (next.name(), effect.name()),
        Err(Illegal::Transition(..)) => ("-", "error: not legal"),
        Err(Illegal::Floor) => ("-", "error: the floor"),
        Err(Illegal::UnknownTicket) => ("-", "error: unknown ticket"),
    };
    format!("| {} | {} | {} | {next} | {effect} |\n", state.name(), signal.name(), when.join(", "))
}
