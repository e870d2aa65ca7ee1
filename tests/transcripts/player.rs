//! Plays a transcript through a face and says where the two part ways.

use std::collections::{BTreeSet, VecDeque};

use super::line::Line;
use super::script::{Marks, Numbered, Script, Step};
use super::shape;

/// One way into the server, for any number of people at once.
pub(crate) trait Face {
    /// Whether a sender hears its own PRIVMSG and NOTICE.
    const ECHOES: bool;
    /// Whether sources are whole `nick!user@host` masks.
    const WHOLE_SOURCES: bool;

    /// Lets somebody in under this nick.
    fn open(&mut self, who: &str, username: Option<&str>);
    /// Lets somebody connect who does not say yet who it is.
    fn connect(&mut self, who: &str) {
        panic!("{who} cannot connect: this face has no connections");
    }
    /// Lets somebody leave without a word.
    fn leave(&mut self, who: &str);
    /// Whether somebody was thrown out.
    fn is_out(&mut self, who: &str) -> bool;
    /// Sends a line and returns the receipt, where the face gives one.
    fn send(&mut self, who: &str, line: &Line) -> Option<Receipt>;
    /// The next line somebody receives, waiting for it; `None` when none comes.
    fn next(&mut self, who: &str) -> Option<Line>;
    /// All lines that are there by now, without waiting.
    fn rest(&mut self, who: &str) -> Vec<Line>;
}

/// What a face answers to a command at once.
#[derive(Debug)]
pub(crate) struct Receipt {
    pub(crate) status: String,
    pub(crate) numeric: Option<String>,
}

/// The last command and what is known about its fate.
struct Pending {
    number: usize,
    who: String,
    receipt: Receipt,
    refusal: Option<String>,
    is_checked: bool,
}

struct Player<'a, F> {
    face: &'a mut F,
    present: BTreeSet<String>,
    /// Lines read while looking for those that may come in any order or may be missing.
    unread: VecDeque<(String, Line)>,
    pending: Option<Pending>,
}

/// Plays the whole script. The error begins with the number of the line that was not fulfilled.
pub(crate) fn play<F: Face>(script: &Script, face: &mut F) -> Result<(), String> {
    let mut player = Player { face, present: BTreeSet::new(), unread: VecDeque::new(), pending: None };
    let mut steps = script.steps.as_slice();
    let mut last = 0;
    while let Some((step, rest)) = steps.split_first() {
        last = step.number;
        let group = group_at(steps);
        steps = if group.is_empty() {
            player.step(step).map_err(|failure| format!("{}: {failure}", step.number))?;
            rest
        } else {
            let length = group.len();
            player.hear_in_any_order(group)?;
            steps.split_at(length).1
        };
    }
    player.settle().map_err(|failure| format!("{last}: at the end, {failure}"))?;
    player.everybody_is_silent().map_err(|failure| format!("{last}: at the end, {failure}"))
}

impl<F: Face> Player<'_, F> {
    fn step(&mut self, numbered: &Numbered) -> Result<(), String> {
        match &numbered.step {
            Step::Open { who, username, reads_welcome } => {
                self.face.open(who, username.as_deref());
                self.present.insert(who.clone());
                if !reads_welcome {
                    self.forget(who)?;
                }
            }
            Step::Connect { who } => {
                self.face.connect(who);
                self.present.insert(who.clone());
            }
            Step::Out { who } => {
                self.settle()?;
                self.present.remove(who);
                if !self.face.is_out(who) {
                    return Err(format!("{who} should have been thrown out"));
                }
            }
            Step::Leave { who } => {
                self.settle()?;
                self.face.leave(who);
                self.present.remove(who);
            }
            Step::Send { who, line } => self.send(numbered.number, who, line)?,
            Step::Hear { who, line, marks } => self.hear(who, line, *marks)?,
            Step::Silence { who } => self.is_silent(who)?,
            Step::Receipt { who, status, numeric } => self.check_receipt(who, status, numeric.as_deref())?,
            Step::Forget => {
                self.settle()?;
                self.unread.clear();
                self.present.clone().iter().try_for_each(|who| self.forget(who))?;
            }
        }
        Ok(())
    }

    fn send(&mut self, number: usize, who: &str, line: &Line) -> Result<(), String> {
        self.settle()?;
        let receipt = self.face.send(who, line);
        if line.command.eq_ignore_ascii_case("QUIT") {
            self.present.remove(who);
        }
        self.pending = receipt.map(|receipt| Pending {
            number,
            who: who.to_string(),
            receipt,
            refusal: None,
            is_checked: false,
        });
        Ok(())
    }

    fn hear(&mut self, who: &str, expected: &Line, marks: Marks) -> Result<(), String> {
        if marks.echo && !F::ECHOES {
            return Ok(());
        }
        if marks.optional {
            self.look_ahead(who)?;
            let at = self.unread.iter().position(|(reader, _)| reader == who);
            let comes = at.is_some_and(|at| expected.describes(&self.unread[at].1, F::WHOLE_SOURCES));
            if !comes {
                return Ok(());
            }
        }
        let received =
            self.next(who)?.ok_or(format!("{who} should receive\n  {expected}\nand receives nothing"))?;
        self.note_refusal(who, &received);
        if expected.describes(&received, F::WHOLE_SOURCES) {
            return Ok(());
        }
        Err(format!("{who} should receive\n  {expected}\nand receives\n  {received}"))
    }

    fn hear_in_any_order(&mut self, group: &[Numbered]) -> Result<(), String> {
        let mut missing: Vec<(usize, &String, &Line)> = Vec::new();
        for numbered in group {
            if let Step::Hear { who, line, marks } = &numbered.step
                && (F::ECHOES || !marks.echo)
            {
                missing.push((numbered.number, who, line));
            }
        }
        while let Some((number, who, line)) = missing.first().copied() {
            let received = self
                .next(who)
                .map_err(|failure| format!("{number}: {failure}"))?
                .ok_or(format!("{number}: {who} should receive\n  {line}\nand receives nothing"))?;
            self.note_refusal(who, &received);
            let fit = missing.iter().position(|(_, _, line)| line.describes(&received, F::WHOLE_SOURCES));
            let at = fit.ok_or(format!(
                "{number}: {who} receives\n  {received}\nwhich is none of those expected here"
            ))?;
            missing.remove(at);
        }
        Ok(())
    }

    fn note_refusal(&mut self, who: &str, received: &Line) {
        if let Some(pending) =
            self.pending.as_mut().filter(|pending| pending.who == who && pending.refusal.is_none())
        {
            pending.refusal = received.refusal().map(ToString::to_string);
        }
    }

    fn next(&mut self, who: &str) -> Result<Option<Line>, String> {
        let at = self.unread.iter().position(|(reader, _)| reader == who);
        if let Some((_, line)) = at.and_then(|at| self.unread.remove(at)) {
            return Ok(Some(line));
        }
        let line = self.face.next(who);
        line.iter().try_for_each(shape::check)?;
        Ok(line)
    }

    /// Reads what is there for somebody into `unread`.
    fn look_ahead(&mut self, who: &str) -> Result<(), String> {
        let lines = self.face.rest(who);
        lines.iter().try_for_each(shape::check)?;
        self.unread.extend(lines.into_iter().map(|line| (who.to_string(), line)));
        Ok(())
    }

    /// Reads what is there for somebody, and asks of it no more than that numerics have their shape.
    fn forget(&mut self, who: &str) -> Result<(), String> {
        self.face.rest(who).iter().try_for_each(shape::check)
    }

    fn is_silent(&mut self, who: &str) -> Result<(), String> {
        self.look_ahead(who)?;
        match self.unread.iter().find(|(reader, _)| reader == who) {
            None => Ok(()),
            Some((_, line)) => Err(format!("{who} should receive nothing and receives\n  {line}")),
        }
    }

    fn everybody_is_silent(&mut self) -> Result<(), String> {
        let present: Vec<String> = self.present.iter().cloned().collect();
        present.iter().try_for_each(|who| self.is_silent(who))
    }

    fn check_receipt(&mut self, who: &str, status: &str, numeric: Option<&str>) -> Result<(), String> {
        let Some(pending) = &mut self.pending else { return Ok(()) };
        pending.is_checked = true;
        let receipt = &pending.receipt;
        if pending.who == who && receipt.status == status && receipt.numeric.as_deref() == numeric {
            return Ok(());
        }
        Err(format!("the receipt of line {} is {receipt:?}", pending.number))
    }

    /// Checks the receipt of the last command against what its sender received since.
    fn settle(&mut self) -> Result<(), String> {
        let Some(pending) = self.pending.take() else { return Ok(()) };
        let Pending { number, receipt, refusal, is_checked, .. } = pending;
        if is_checked || receipt.numeric == refusal {
            return Ok(());
        }
        Err(format!(
            "the receipt of line {number} is {receipt:?}, but its sender received the refusal {refusal:?}"
        ))
    }
}

/// The lines from here on that may change places: a run of marked ones for the same person.
fn group_at(steps: &[Numbered]) -> &[Numbered] {
    let reader = |numbered: &Numbered| match &numbered.step {
        Step::Hear { who, marks, .. } if marks.any_order => Some(who.clone()),
        _ => None,
    };
    let first = steps.first().and_then(reader);
    let length = steps.iter().take_while(|step| first.is_some() && reader(step) == first).count();
    steps.split_at(length).0
}
