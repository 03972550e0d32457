//! `--show-task-ratio`: how the users are shared among the classes, and how often a user chooses each task. Called by
//! `look`, and by `about` for the page.

use std::fmt::Write;

use crate::event::Share;
use crate::run::{ClassPlan, Ratio, Setup};

/// The classes of a run, in order of name.
pub(super) fn shares(setup: &Setup) -> Vec<Share> {
    let mut classes: Vec<&ClassPlan> = setup.classes.iter().collect();
    classes.sort_by(|a, b| a.class.name.cmp(&b.class.name));
    // A load shape's `tick` does not tell beforehand.
    let users = setup.schedule.most_users().unwrap_or(1).max(1) as f64;
    if !setup.parts.is_empty() {
        return of_scenarios(setup, &classes, users);
    }
    // Fixed counts are filled first; what is left is shared by weight.
    let mut left = users;
    let fixed: Vec<f64> = classes
        .iter()
        .map(|plan| {
            let count = f64::from(plan.class.fixed_count).min(left);
            left -= count;
            count
        })
        .collect();
    let weighted = |plan: &ClassPlan| if plan.class.fixed_count == 0 { plan.class.weight } else { 0.0 };
    let weights: f64 = classes.iter().map(|plan| weighted(plan)).sum();
    let share = |(plan, fixed): (&&ClassPlan, f64)| Share {
        name: plan.class.name.clone(),
        ratio: (fixed + part(weighted(plan), weights) * left) / users,
        parts: plan.ratios().into_iter().map(nested).collect(),
    };
    classes.iter().zip(fixed).map(share).collect()
}

/// The classes that scenarios run, by the users that each has at most.
fn of_scenarios(setup: &Setup, classes: &[&ClassPlan], users: f64) -> Vec<Share> {
    let most = |class: &str| {
        let own = setup.parts.iter().filter(|part| setup.classes[part.class].class.name == class);
        own.map(|part| part.scenario.pacing.most_users()).sum::<u64>() as f64
    };
    let shares = classes.iter().map(|plan| Share {
        name: plan.class.name.clone(),
        ratio: most(&plan.class.name) / users,
        parts: plan.ratios().into_iter().map(nested).collect(),
    });
    shares.filter(|share| share.ratio > 0.0).collect()
}

fn nested(ratio: Ratio) -> Share {
    Share { name: ratio.name, ratio: ratio.share, parts: ratio.tasks.into_iter().map(nested).collect() }
}

fn part(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// Locust's two tables: each part within what stands above it, and within the whole.
pub(super) fn render(shares: &[Share]) -> String {
    let rule = "-".repeat(80);
    let mut text = format!(" Task ratio per User class\n{rule}\n");
    table(shares, 0, None, &mut text);
    let _ = write!(text, "\n Total task ratio\n{rule}\n");
    table(shares, 0, Some(1.0), &mut text);
    text
}

/// `above`: what the parts are multiplied by, where they count within the whole.
fn table(shares: &[Share], level: usize, above: Option<f64>, text: &mut String) {
    for share in shares {
        let ratio = share.ratio * above.unwrap_or(1.0);
        let padding = "  ".repeat(level);
        let _ = writeln!(text, " {:<10} {padding}{}", format!("{padding}{:.1}", ratio * 100.0), share.name);
        table(&share.parts, level + 1, above.map(|_| ratio), text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(name: &str, ratio: f64, parts: Vec<Share>) -> Share {
        Share { name: name.into(), ratio, parts }
    }

    #[test]
    fn parts_count_within_what_is_above_and_within_the_whole() {
        let nested = share("Flow", 0.5, vec![share("a", 0.25, vec![]), share("b", 0.75, vec![])]);
        let text = render(&[share("U", 0.4, vec![nested, share("t", 0.5, vec![])]), share("V", 0.6, vec![])]);
        let rule = "-".repeat(80);
        let expected = [
            " Task ratio per User class",
            &rule,
            " 40.0       U",
            "   50.0       Flow",
            "     25.0       a",
            "     75.0       b",
            "   50.0       t",
            " 60.0       V",
            "",
            " Total task ratio",
            &rule,
            " 40.0       U",
            "   20.0       Flow",
            "     5.0        a",
            "     15.0       b",
            "   20.0       t",
            " 60.0       V",
            "",
        ];
        assert_eq!(text, expected.join("\n"));
    }
}
