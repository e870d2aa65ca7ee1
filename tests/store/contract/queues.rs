//! Queues on disk: what clients have not acknowledged in time.

use neoirc::delivery::page::Dropped;
use neoirc::delivery::{PageLimits, Settled};
use neoirc::id::{ClientId, Seq};

use crate::story::{Story, at, spill};
use crate::subject::Subject;

/// A story with one client, and as many entries for it.
fn with_entries(subject: Subject, count: usize) -> (Story, ClientId, Vec<Seq>) {
    let mut story = Story::new(subject);
    let (_, phone) = story.arrive("alice");
    let seqs = story.answers(phone, count);
    story.commit();
    (story, phone, seqs)
}

/// What a restart finds of a queue, compared with what the last commit said of it.
fn restarted(story: &mut Story, settled: Settled) {
    let loaded = story.restart();
    let found = loaded.queues.iter().find(|queue| queue.disk.client == settled.client).unwrap();
    assert_eq!(found.disk, settled);
    assert_eq!(found.seen_at, at(5_000), "when the client last asked for anything is kept");
}

pub(super) fn a_new_client_has_an_empty_queue(subject: Subject) {
    let (mut story, phone, _) = with_entries(subject, 3);
    let loaded = story.restart();
    assert_eq!(loaded.queues[0].disk, Settled::new(phone));
    assert_eq!(story.read(phone, Seq::ZERO, Seq::new(u64::MAX >> 1)), []);
}

pub(super) fn what_was_spilled_is_read_back_in_order(subject: Subject) {
    let (mut story, phone, seqs) = with_entries(subject, 1_300);
    // Every third entry is somebody else's; a run holds a few hundred, so that there are several.
    let own: Vec<Seq> = seqs.iter().copied().filter(|seq| seq.get() % 3 != 0).collect();
    let first = story.settle(spill(Settled::new(phone), &own[..600]));
    assert_eq!((first.stored, first.settled), (600, own[599]));
    let second = story.settle(spill(first, &own[600..]));
    assert_eq!(second.stored, own.len() as u64);
    restarted(&mut story, second);
    assert_eq!(story.read(phone, Seq::ZERO, second.settled), own);
}

/// Whether little or much of what is between them is somebody else's, or gone.
pub(super) fn what_lies_far_apart_is_read_like_what_lies_close(subject: Subject) {
    let (mut story, phone, _) = with_entries(subject, 1);
    let mut settled = Settled::new(phone);
    for apart in [2, 8, 9, 10, 40] {
        let after = settled.settled;
        let seqs = story.answers(phone, 800);
        story.commit();
        let own: Vec<Seq> = seqs.iter().copied().step_by(apart).collect();
        settled = story.settle(spill(settled, &own));
        assert_eq!(story.read(phone, after, settled.settled), own, "{apart} apart");
        for entries in [1, own.len() / 2, own.len() - 1, own.len()] {
            let limits = PageLimits { entries, bytes: usize::MAX };
            let stretch = story.store().reader().read(phone, after, settled.settled, limits).unwrap();
            let read: Vec<Seq> = stretch.lines.iter().map(|line| line.seq).collect();
            assert_eq!((&read[..], stretch.cut), (&own[..entries], entries < own.len()), "{apart} apart");
        }
    }
}

pub(super) fn reading_is_bounded_by_places(subject: Subject) {
    let (mut story, phone, seqs) = with_entries(subject, 700);
    let settled = story.settle(spill(Settled::new(phone), &seqs));
    assert_eq!(story.read(phone, seqs[9], seqs[19]), seqs[10..=19]);
    assert_eq!(story.read(phone, seqs[9], seqs[9]), []);
    assert_eq!(story.read(phone, seqs[19], seqs[9]), []);
    assert_eq!(story.read(phone, settled.settled, settled.settled.next()), []);
    assert_eq!(story.read(ClientId::new(999), Seq::ZERO, settled.settled), [], "nobody's queue is empty");
}

pub(super) fn reading_is_cut_by_the_number_of_entries(subject: Subject) {
    let (mut story, phone, seqs) = with_entries(subject, 20);
    let settled = story.settle(spill(Settled::new(phone), &seqs));
    for (entries, cut) in [(0, true), (1, true), (19, true), (20, false), (21, false)] {
        let limits = PageLimits { entries, bytes: usize::MAX };
        let stretch = story.store().reader().read(phone, Seq::ZERO, settled.settled, limits).unwrap();
        assert_eq!(stretch.lines.len(), entries.min(20));
        assert_eq!(stretch.cut, cut, "cut says that there is more, with a limit of {entries}");
    }
}

pub(super) fn reading_is_cut_by_bytes_but_never_to_nothing(subject: Subject) {
    let (mut story, phone, seqs) = with_entries(subject, 9);
    let settled = story.settle(spill(Settled::new(phone), &seqs));
    let line = br#"{"seq":1}"#.len();
    for (bytes, lines) in [(0, 1), (1, 1), (line, 1), (3 * line, 3), (4 * line - 1, 3), (9 * line, 9)] {
        let limits = PageLimits { entries: 100, bytes };
        let stretch = story.store().reader().read(phone, Seq::ZERO, settled.settled, limits).unwrap();
        assert_eq!((stretch.lines.len(), stretch.cut), (lines, lines < 9), "with {bytes} bytes");
    }
}

pub(super) fn what_is_acknowledged_leaves_the_queue(subject: Subject) {
    let (mut story, phone, seqs) = with_entries(subject, 1_000);
    let mut settled = story.settle(spill(Settled::new(phone), &seqs));
    // In the middle of a run, at the end of one, and past everything.
    for (acked, left) in [(100, 900), (512, 488), (513, 487), (999, 1), (1_000, 0)] {
        let mut settlement = spill(settled, &[]);
        settlement.acked = Seq::new(acked);
        settled = story.settle(settlement);
        assert_eq!((settled.stored, settled.acked), (left, Seq::new(acked)));
        assert_eq!(settled.dropped, None, "what was read was not dropped");
        let read = story.read(phone, Seq::new(acked), settled.settled);
        assert_eq!(read.len() as u64, left);
        restarted(&mut story, settled);
    }
}

pub(super) fn the_oldest_go_when_there_are_too_many(subject: Subject) {
    let (mut story, phone, seqs) = with_entries(subject, 1_200);
    let mut settlement = spill(Settled::new(phone), &seqs[..1_100]);
    settlement.entries_max = 1_000;
    let settled = story.settle(settlement);
    assert_eq!(settled.stored, 1_000);
    assert_eq!(settled.dropped, Some(Dropped { entries: 100, through: seqs[99], at: at(5_001) }));
    assert_eq!(story.read(phone, Seq::ZERO, settled.settled), seqs[100..1_100]);
    restarted(&mut story, settled);

    // More of the same, across a whole run: the counts add up.
    let mut settlement = spill(settled, &seqs[1_100..]);
    settlement.entries_max = 300;
    let settled = story.settle(settlement);
    assert_eq!(settled.dropped, Some(Dropped { entries: 900, through: seqs[899], at: at(5_001) }));
    assert_eq!(story.read(phone, Seq::ZERO, settled.settled), seqs[900..]);
    restarted(&mut story, settled);
}

pub(super) fn what_was_dropped_is_remembered_until_it_is_acknowledged(subject: Subject) {
    let (mut story, phone, seqs) = with_entries(subject, 20);
    let mut settlement = spill(Settled::new(phone), &seqs[..10]);
    settlement.entries_max = 4;
    let settled = story.settle(settlement);
    assert_eq!(settled.dropped.map(|dropped| dropped.entries), Some(6));

    let mut settlement = spill(settled, &[]);
    settlement.acked = seqs[4];
    let settled = story.settle(settlement);
    assert!(settled.dropped.is_some(), "the cursor has not passed what was dropped");

    let mut settlement = spill(settled, &[]);
    settlement.acked = seqs[5];
    let settled = story.settle(settlement);
    assert_eq!(settled.dropped, None, "the client was told");
    assert_eq!(settled.stored, 4);

    let mut settlement = spill(settled, &seqs[10..]);
    settlement.entries_max = 4;
    let settled = story.settle(settlement);
    assert_eq!(settled.dropped.map(|dropped| dropped.entries), Some(10), "the count begins anew");
    restarted(&mut story, settled);
}

pub(super) fn what_is_too_old_goes(subject: Subject) {
    let (mut story, phone, seqs) = with_entries(subject, 20);
    let settled = story.settle(spill(Settled::new(phone), &seqs[..10]));
    let settled = story.settle(spill(settled, &seqs[10..15]));
    let mut settlement = spill(settled, &seqs[15..]);
    settlement.acked = seqs[1];
    settlement.expired = seqs[9];
    let settled = story.settle(settlement);
    assert_eq!(settled.stored, 10);
    assert_eq!(settled.dropped, Some(Dropped { entries: 8, through: seqs[9], at: at(5_001) }));
    assert_eq!(story.read(phone, seqs[1], settled.settled), seqs[10..]);
    restarted(&mut story, settled);
}

pub(super) fn a_removed_client_leaves_no_queue(subject: Subject) {
    let (mut story, phone, seqs) = with_entries(subject, 5);
    let settled = story.settle(spill(Settled::new(phone), &seqs));
    let user = story.world.client(phone).unwrap().user;
    story.leave(user, phone);
    story.commit();
    assert!(story.restart().queues.is_empty());
    assert_eq!(story.read(phone, Seq::ZERO, settled.settled), []);
}
