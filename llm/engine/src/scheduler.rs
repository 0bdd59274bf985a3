//! What runs in the next step; pure functions of counts.

/// Rows each running sequence contributes to a step. `pending` holds, per sequence in order of arrival, the tokens that
/// the model has not seen yet: 1 while it answers, more while its prompt is read.
///
/// Answers go first, one row each, so a long prompt slows them but never stops them; prompts share up to `chunk` rows
/// in order of arrival.
pub(crate) fn plan(pending: &[usize], chunk: usize) -> Vec<usize> {
    let mut left = chunk.max(1);
    pending
        .iter()
        .map(|&tokens| match tokens {
            0 | 1 => tokens,
            prompt => {
                let rows = prompt.min(left);
                left -= rows;
                rows
            }
        })
        .collect()
}

/// Whether a sequence that may grow to `need` tokens fits beside those running.
pub(crate) fn admits(running: usize, reserved: usize, need: usize, sequences: usize, cache_tokens: usize) -> bool {
    running == 0 || (running < sequences && reserved + need <= cache_tokens)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn answers_go_on_while_prompts_are_read_in_order() {
        assert_eq!(plan(&[1, 500, 1, 40], 256), [1, 256, 1, 0]);
        assert_eq!(plan(&[1, 244, 1, 40], 256), [1, 244, 1, 12]);
        assert!(plan(&[], 256).is_empty());
    }

    #[test]
    fn the_first_is_always_admitted_and_others_by_room() {
        assert!(admits(0, 0, 9000, 4, 100));
        assert!(admits(1, 50, 50, 4, 100) && !admits(1, 51, 50, 4, 100) && !admits(4, 0, 1, 4, 100));
    }

    proptest! {
        #[test]
        fn every_step_makes_progress_within_its_budget(pending in prop::collection::vec(1usize..400, 1..9), chunk in 0usize..300) {
            let rows = plan(&pending, chunk);
            prop_assert!(rows.iter().sum::<usize>() >= 1);
            let prompts: usize = rows.iter().zip(&pending).filter(|(_, p)| **p > 1).map(|(r, _)| *r).sum();
            prop_assert!(prompts <= chunk.max(1));
            prop_assert!(rows.iter().zip(&pending).all(|(r, p)| r <= p));
        }
    }
}
