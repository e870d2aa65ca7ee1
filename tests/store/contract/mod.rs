//! What every engine promises, each promise a function over an open [`Subject`].

mod batches;
mod history;
mod past;
mod queues;
mod worlds;

use crate::subject::Subject;

/// Plays each promise against each engine.
macro_rules! every_engine {
    ($($module:ident: $($promise:ident)+;)+) => {
        every_engine!(@engine sqlite_in_a_file $($module: $($promise)+;)+);
        every_engine!(@engine sqlite_in_memory $($module: $($promise)+;)+);
        every_engine!(@engine plain_memory $($module: $($promise)+;)+);
    };
    (@engine $engine:ident $($module:ident: $($promise:ident)+;)+) => {
        mod $engine {
            $($(
                #[test]
                fn $promise() {
                    super::$module::$promise(super::Subject::$engine());
                }
            )+)+
        }
    };
}

every_engine! {
    worlds:
        an_empty_store_holds_an_empty_world
        people_and_their_clients_come_back
        the_newest_password_comes_back
        every_user_mode_comes_back_set_and_unset
        watched_nicks_come_back
        those_who_gave_up_nicks_come_back_as_far_as_there_is_room
        masks_come_back_with_their_setters
        channels_come_back_with_everything_about_them
        every_mode_comes_back_set_and_unset
        what_ended_is_gone
        ids_are_never_given_twice;
    batches:
        entries_after_the_checkpoint_come_back_with_their_audiences
        places_only_go_forward
        an_outcome_is_repeated_until_it_is_too_old
        an_outcome_is_its_clients_alone
        a_stamp_is_spent_with_its_batch_and_remembered
        a_batch_may_keep_an_outcome_of_a_client_that_it_removes
        a_batch_may_settle_the_queue_of_a_client_that_it_removes;
    queues:
        a_new_client_has_an_empty_queue
        what_was_spilled_is_read_back_in_order
        what_lies_far_apart_is_read_like_what_lies_close
        reading_is_bounded_by_places
        reading_is_cut_by_the_number_of_entries
        reading_is_cut_by_bytes_but_never_to_nothing
        what_is_acknowledged_leaves_the_queue
        the_oldest_go_when_there_are_too_many
        what_was_dropped_is_remembered_until_it_is_acknowledged
        what_is_too_old_goes
        a_removed_client_leaves_no_queue;
    history:
        a_channel_has_its_own_history
        two_who_talk_see_the_same_history
        talking_to_oneself_is_heard_once
        a_history_is_read_page_by_page
        a_history_shows_only_so_many_messages
        a_long_history_has_no_gap_and_nothing_twice
        the_newest_entry_until_a_time_is_found;
    past:
        a_window_is_cut_at_either_end
        an_entry_keeps_who_brought_it_about;
}
