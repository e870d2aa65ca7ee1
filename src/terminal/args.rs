//! The command line.

use std::io::Write;

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use clap_complete::Shell;

use crate::exit::{CODES, Failure};

const DEFAULT_SERVER: &str = "http://127.0.0.1:8080";

/// Everything that can be asked for.
pub(crate) fn command() -> Command {
    Command::new("neoirc")
        .about("Chat on a neoirc server, from a terminal or from a script")
        .version(env!("CARGO_PKG_VERSION"))
        .after_help(CODES)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .args(common())
        .subcommands([
            tui(),
            login(),
            register(),
            join(),
            send(),
            tail(),
            search(),
            marker(),
            Command::new("state").about("Show the session: nick, account, channels, topics").arg(json()),
            passwd(),
            Command::new("unregister").about("Drop the account of the session, which goes on without it"),
            Command::new("logout")
                .about("Leave: the session ends with its last client, and is forgotten here"),
            pow(),
            Command::new("completions")
                .about("Print completions for a shell")
                .arg(Arg::new("SHELL").required(true).value_parser(value_parser!(Shell))),
            Command::new("man").about("Print the manual page"),
        ])
}

/// What holds for all of them.
fn common() -> [Arg; 3] {
    let server = variable("server", "NEOIRC_SERVER", "URL", "Where the server is")
        .default_value(std::env::var("NEOIRC_SERVER").unwrap_or_else(|_| DEFAULT_SERVER.to_owned()));
    let profile =
        variable("profile", "NEOIRC_PROFILE", "NAME", "Which of several sessions on the same server")
            .default_value(std::env::var("NEOIRC_PROFILE").unwrap_or_else(|_| "default".to_owned()));
    let nick = variable("nick", "NEOIRC_NICK", "NICK", "Open a session under this nick where none is kept");
    let nick = match std::env::var("NEOIRC_NICK") {
        Ok(name) => nick.default_value(name),
        Err(_) => nick,
    };
    [server, profile, nick]
}

fn variable(flag: &'static str, name: &str, value: &'static str, help: &str) -> Arg {
    Arg::new(flag)
        .long(flag)
        .value_name(value)
        .global(true)
        .hide_default_value(flag == "nick")
        .help(format!("{help} [env: {name}]"))
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

fn json() -> Arg {
    flag("json", "Print JSON")
}

fn tui() -> Command {
    Command::new("tui")
        .about("The terminal client; /help in it tells what it can do")
        .arg(Arg::new("CHANNEL").num_args(0..).help("Channels to join"))
}

fn login() -> Command {
    Command::new("login")
        .about("Open a session and keep it, or enter a living one, or an account, with its password")
        .arg(Arg::new("NICK").required(true).help("The nick"))
        .arg(flag(
            "password",
            "Enter the living session of this nick, or its account; the password is read from standard input",
        ))
}

fn register() -> Command {
    Command::new("register")
        .about(
            "Make the session an account, which keeps its nick and password when it has ended; the password is read \
             from standard input",
        )
        .arg(Arg::new("NICK").help("The nick of a session that is opened for it, where none is kept here"))
}

fn join() -> Command {
    Command::new("join")
        .about("Come into channels")
        .arg(Arg::new("CHANNEL").required(true).num_args(1..).help("Channels, such as '#tea'"))
        .arg(Arg::new("key").long("key").value_name("KEY").help("The key of a channel under +k"))
}

fn send() -> Command {
    Command::new("send")
        .about("Say something to a channel or a nick, or what comes on standard input")
        .arg(
            // One argument of both: from the first word on, none is an option. What somebody else says may be the
            // text, and it must not be able to say `--server`.
            Arg::new("WORDS")
                .value_names(["TARGET", "TEXT"])
                .required(true)
                .num_args(2..)
                .trailing_var_arg(true)
                .allow_hyphen_values(true)
                .help(
                    "A channel, such as '#tea', or a nick; and what to say, whatever it begins with: options stand \
                     before the target. `-` alone reads the text from standard input",
                ),
        )
        .arg(flag("join", "Come into the channel first; nothing happens where one is already"))
        .arg(flag("notice", "Send a NOTICE, which nothing answers by itself"))
}

fn tail() -> Command {
    Command::new("tail")
        .about("Print what is said, and go on where the last `tail` was stopped")
        .after_help(format!(
            "The command of --exec is run by sh for each message, one after another. It finds the message as JSON\n\
             on its standard input, and in NEOIRC_COMMAND, NEOIRC_FROM, NEOIRC_TO, NEOIRC_TEXT, NEOIRC_ID,\n\
             NEOIRC_SEQ and NEOIRC_TS; nothing of a message becomes part of the command. When it fails, that is told\n\
             and the next message is next. One's own messages are left out. A variable holds 96 KiB at most.\n\n{CODES}"
        ))
        .arg(Arg::new("TARGET").help("Only what is said in this channel, or between oneself and this nick"))
        .arg(flag("json", "Print each message as a line of JSON"))
        .arg(flag("all", "Everything, not PRIVMSG and NOTICE alone"))
        .arg(flag("new", "Pass over what was said before now"))
        .arg(Arg::new("exec").long("exec").value_name("CMD").help("Run this for each message instead of printing it"))
        .arg(
            Arg::new("count")
                .long("count")
                .short('n')
                .value_name("N")
                .value_parser(value_parser!(u64).range(1..))
                .help("End after so many messages"),
        )
}

fn search() -> Command {
    Command::new("search")
        .about("Print what was said that has all of these words, the newest last")
        .arg(
            Arg::new("WORD")
                .required(true)
                .num_args(1..)
                .help("Words; '\"several words\"' that follow each other; 'beginn*'"),
        )
        .arg(
            Arg::new("target")
                .long("target")
                .value_name("TARGET")
                .help("Only in this channel, or between oneself and this nick"),
        )
        .arg(Arg::new("from").long("from").value_name("NICK").help("Only what was said under this nick"))
        .arg(
            Arg::new("limit")
                .long("limit")
                .short('n')
                .value_name("N")
                .value_parser(value_parser!(u16).range(1..=500))
                .help("The newest so many, at most 500; 50 where nothing is said"),
        )
        .arg(flag("json", "Print each message as a line of JSON"))
}

fn marker() -> Command {
    Command::new("marker")
        .about("Print how far has been read in a channel or a talk, on whatever device, or set it")
        .arg(Arg::new("TARGET").required(true).help("A channel, such as '#tea', or a nick"))
        .arg(Arg::new("TIME").help("Such as 2026-01-02T03:04:05.678Z, or `now`; it goes forward alone"))
}

fn passwd() -> Command {
    Command::new("passwd").about(
        "Set the password with which another device enters the session; it is read from standard input",
    )
}

fn pow() -> Command {
    Command::new("pow")
        .about("Compute a stamp of hashcash and print it: for a session, or for a message under +H")
        .arg(Arg::new("RESOURCE").required(true).help("The name of the server, or the channel"))
        .arg(
            Arg::new("bits")
                .long("bits")
                .value_name("N")
                .required(true)
                .value_parser(ValueParser::from(value_parser!(u32).range(0..=40)))
                .help("Bits of work"),
        )
        .arg(
            Arg::new("body")
                .long("body")
                .value_name("JSON")
                .help("The body of the message, such as '[\"hi\"]'"),
        )
}

/// Prints completions.
pub(crate) fn completions(words: &ArgMatches) -> Result<(), Failure> {
    let mut out = Vec::new();
    if let Some(shell) = words.get_one::<Shell>("SHELL") {
        clap_complete::generate(*shell, &mut command(), "neoirc", &mut out);
    }
    std::io::stdout().write_all(&out).map_err(Failure::Output)
}

/// Prints the manual page, of the commands too.
pub(crate) fn man() -> Result<(), Failure> {
    let mut out = Vec::new();
    let mut command = command();
    command.build();
    let page = clap_mangen::Man::new(command.clone());
    page.render(&mut out).map_err(Failure::Output)?;
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        let page = clap_mangen::Man::new(inner.clone());
        let name = format!(".SH \"NEOIRC {}\"\n", inner.get_name().to_uppercase());
        out.extend_from_slice(name.as_bytes());
        page.render_synopsis_section(&mut out).map_err(Failure::Output)?;
        page.render_description_section(&mut out).map_err(Failure::Output)?;
        page.render_options_section(&mut out).map_err(Failure::Output)?;
    }
    std::io::stdout().write_all(&out).map_err(Failure::Output)
}
