//! Conversations written down as text, played against the real server.
//!
//! Each file beside this one is a transcript; `script.rs` describes the notation. The player knows nothing of
//! HTTP: it drives a `Face`, so that the same conversation can be held through any way into the server.

mod clauses;
mod documents;
mod http_face;
mod irc_face;
mod line;
mod mint;
mod notation;
mod player;
mod script;
mod shape;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use http_face::HttpFace;
use irc_face::IrcFace;
use player::Face;
use script::Script;
use support::TestServer;

/// One test for each transcript, and one that finds files which nobody plays.
macro_rules! transcripts {
    ($($name:ident),* $(,)?) => {
        mod http {
            $(#[test] fn $name() { super::play_through_http(stringify!($name)); })*
        }

        mod irc {
            $(#[test] fn $name() { super::play_through_irc(stringify!($name)); })*
        }

        #[test]
        fn every_transcript_is_played() {
            let played = BTreeSet::from([$(stringify!($name).to_string()),*]);
            assert_eq!(played, transcripts_on_disk());
        }
    };
}

transcripts![
    account,
    account_full,
    admin,
    away,
    bot,
    help,
    info,
    invisible,
    invite,
    invite_list,
    invite_passes,
    irc_account,
    irc_lines,
    irc_mode_h,
    irc_registration,
    irc_sasl,
    ison,
    join,
    join_order,
    join_zero,
    key_pairing,
    kick,
    kill,
    limits,
    links,
    list,
    list_elist,
    lusers,
    markread,
    meta_json,
    missing_parameters,
    mode_b,
    mode_b_masks,
    mode_e,
    mode_h,
    mode_i,
    mode_invex,
    mode_k,
    mode_l,
    mode_lists,
    mode_lists_full,
    mode_m,
    mode_n,
    mode_o,
    mode_query,
    mode_s,
    mode_several,
    mode_t,
    mode_user,
    mode_v,
    monitor,
    monitor_full,
    motd,
    motd_missing,
    names,
    nick,
    notice,
    oper,
    oper_limit,
    oper_nobody,
    other_servers,
    part,
    ping,
    privmsg,
    pubkey,
    quit,
    rehash,
    secret,
    setname,
    stats,
    statusmsg,
    tagmsg,
    targets,
    time,
    topic,
    unknown_command,
    userhost,
    version,
    wallops,
    welcome,
    welcome_names,
    who,
    who_masks,
    whois,
    whowas,
    whox,
    whox_operator,
];

/// The one text here that is no transcript.
const LIST_OF_CLAUSES: &str = "clauses";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts")
}

fn transcripts_on_disk() -> BTreeSet<String> {
    let files = fs::read_dir(folder()).expect("the transcripts' folder is there");
    let paths = files.map(|file| file.expect("a folder can be read").path());
    let texts = paths.filter(|path| path.extension().is_some_and(|extension| extension == "txt"));
    let name = |path: PathBuf| path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
    texts.map(name).filter(|name| name != LIST_OF_CLAUSES).collect()
}

fn script_of(name: &str) -> Script {
    let path = folder().join(format!("{name}.txt"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Script::parse(&text).unwrap_or_else(|error| panic!("{name}.txt:{error}"))
}

fn play_through_http(name: &str) {
    let script = script_of(name);
    if script.only.as_deref().unwrap_or("http") == "http" {
        let server = TestServer::spawn_with(&settings(&script));
        play(name, &script, &mut HttpFace::new(&server));
    }
}

fn play_through_irc(name: &str) {
    let script = script_of(name);
    if script.only.as_deref().unwrap_or("irc") == "irc" {
        let irc = [("IRC_LISTEN_ADDR", "127.0.0.1:0"), ("CONNECTIONS_PER_IP", "0")];
        let server = TestServer::spawn_with(&[&irc, settings(&script).as_slice()].concat());
        play(name, &script, &mut IrcFace::new(&server));
    }
}

fn settings(script: &Script) -> Vec<(&str, &str)> {
    script.settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

#[track_caller]
fn play<F: Face>(name: &str, script: &Script, face: &mut F) {
    if let Err(failure) = player::play(script, face) {
        panic!("{name}.txt:{failure}");
    }
}
