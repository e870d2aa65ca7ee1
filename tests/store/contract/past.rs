//! Windows into what was said, from any place, and entries with whoever brought them about.

use neoirc::entry::{Conversation, Wire};
use neoirc::id::{Seq, UserId};
use neoirc::store::Window;

use crate::story::Story;
use crate::subject::Subject;

/// The places in a window that lies between two, as numbers.
fn window(
    story: &mut Story,
    conversation: Conversation,
    after: u64,
    before: u64,
    from_oldest: bool,
    limit: usize,
) -> Vec<u64> {
    let (after, before) = (Seq::new(after), (before > 0).then_some(Seq::new(before)));
    let window = Window { conversation, after, before, from_oldest, limit, history_max: 0 };
    story.store().reader().window(&window).unwrap().into_iter().map(Seq::get).collect()
}

/// Whatever of a talk is filed already, a window shows what is in it.
pub(super) fn a_window_is_cut_at_either_end(subject: Subject) {
    let mut story = Story::new(subject);
    let (alice, phone) = story.arrive("alice");
    let channel = story.found("#c", alice);
    let (talk, happenings) = (Conversation::Channel(channel), Conversation::Happenings(channel));
    for number in 0..3_000 {
        story.say(&[phone], if number % 2 == 0 { talk } else { happenings });
        if number % 500 == 0 {
            story.commit();
        }
    }
    story.commit();
    story.restart();
    let said: Vec<u64> = (1..=3_000).step_by(2).collect();
    for (conversation, shift) in [(talk, 0), (happenings, 1)] {
        for (after, before) in
            [(0, 0), (0, 1_000), (999, 2_500), (1_500, 0), (2_900, 0), (500, 502), (2_999, 0)]
        {
            let inside = |seq: &u64| *seq > after && (before == 0 || *seq < before);
            let expected: Vec<u64> = said.iter().map(|seq| seq + shift).filter(inside).collect();
            for limit in [1, 7, 1_000, 5_000] {
                let count = limit.min(expected.len());
                let oldest = window(&mut story, conversation, after, before, true, limit);
                assert_eq!(oldest, expected[..count], "{after} {before} {limit}");
                let newest = window(&mut story, conversation, after, before, false, limit);
                assert_eq!(newest, expected[expected.len() - count..], "{after} {before} {limit}");
            }
        }
    }
}

/// An entry comes back with its source, its device and its marks.
pub(super) fn an_entry_keeps_who_brought_it_about(subject: Subject) {
    let mut story = Story::new(subject);
    let (alice, phone) = story.arrive("alice");
    let (bob, _) = story.arrive("bob");
    let talk = Conversation::Direct(alice, bob);
    let said = story.say(&[phone], talk);
    let unsaid = story.answer(phone);
    let wire =
        Wire { source: Some("alice!al@host".into()), by: Some(phone), is_bot: true, ..Wire::default() };
    story.bring_about(said, wire);
    story.commit();
    story.restart();
    let reader = story.store().reader();
    let entries = reader.entries(&[said, Seq::new(99), unsaid]).unwrap();
    assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [said, unsaid]);
    let wire = entries[0].wire.as_deref().unwrap();
    assert_eq!((wire.source.as_deref(), wire.by), (Some("alice!al@host"), Some(phone)));
    assert!(wire.is_bot && !wire.is_for_watchers);
    assert!(entries[1].wire.as_deref().is_none_or(|wire| wire.source.is_none() && wire.by.is_none()));
    assert_eq!(reader.peers(alice).unwrap(), [bob]);
    assert_eq!(reader.peers(bob).unwrap(), [alice]);
    assert!(reader.peers(UserId::new(99)).unwrap().is_empty());
}
