//! `neoirc tui`: the terminal client, with the habits of irssi.

mod attention;
mod draw;
mod editor;
mod keys;
mod model;
mod screen;
mod sender;
mod typed;
mod typing;
mod window;

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use clap::ArgMatches;
use neoirc::client::{Client, Error, Message, Messages, Receipt};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep_until, timeout};

use self::draw::draw;
use self::editor::Editor;
use self::model::Model;
use self::screen::Screen;
use self::sender::{Outcome, PAGE, Sender};
use self::typing::Composing;
use crate::clean;
use crate::clock;
use crate::exit::Failure;
use crate::line;
use crate::profile::Profile;

/// The reader under whose name it is kept how far this has read.
const READER: &str = "tui";

/// How long a command is tried again. Whoever sits before the screen sees that it waits.
const PATIENCE: Duration = Duration::from_mins(9);

/// Time between two frames while much happens: more than an eye sees.
const FRAME: Duration = Duration::from_millis(33);

/// How often the clock and the state of the connection are looked at, and the cursor is kept.
const TICK: Duration = Duration::from_millis(500);

/// How often at most the other devices are told what was read on this one.
const MARK_PAUSE: Duration = Duration::from_secs(2);

/// How long the end waits for the server to take what was typed, and QUIT with it.
const GOODBYE: Duration = Duration::from_secs(3);

/// The terminal client at work.
struct Tui {
    model: Model,
    editor: Editor,
    sender: Sender,
    composing: Composing,
    /// Whether somebody looks at the terminal, as far as it tells.
    has_focus: bool,
    /// Rows of the log when it was last drawn.
    rows: usize,
    /// How it is to end, once that is decided.
    end: Option<End>,
    /// Whether the server has ended the session at our wish, so that there is nothing to come back to.
    has_quit: bool,
    /// What went wrong at the end, to be told when there is no screen any more.
    last_words: Vec<String>,
}

/// How it ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    /// The session goes on.
    Detach,
    /// The session ends too.
    Quit,
}

/// `neoirc tui`
pub(crate) async fn run(profile: &Profile, words: &ArgMatches) -> Result<(), Failure> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(Failure::Usage(
            "`neoirc tui` needs a terminal; scripts have `send` and `tail`".to_owned(),
        ));
    }
    let client = profile.reader(READER, PATIENCE).await?;
    let (sender, mut outcomes) = Sender::start(&client);
    let model = open_windows(&client).await?;
    let mut tui = Tui {
        model,
        editor: Editor::default(),
        sender,
        composing: Composing::default(),
        has_focus: true,
        rows: 0,
        end: None,
        has_quit: false,
        last_words: Vec::new(),
    };
    for channel in words.get_many::<String>("CHANNEL").into_iter().flatten() {
        tui.send(Message::new("JOIN").param(channel));
    }
    let mut messages = client.messages();
    let mut screen = Screen::take().map_err(Failure::Local)?;
    let outcome = tui.work(profile, &client, &mut messages, &mut outcomes, &mut screen).await;
    tui.goodbye(&mut outcomes).await;
    drop(screen);
    // A session that lives is not forgotten.
    let kept = if tui.has_quit { profile.leave() } else { profile.save(READER, &messages.place()) };
    for line in tui.last_words.iter().flat_map(|text| text.lines()) {
        // The terminal may be gone.
        let _ = writeln!(io::stderr(), "neoirc: {}", clean::line(line));
    }
    outcome.and(kept)
}

/// The windows of a session that goes on: its channels, with what was said there last.
async fn open_windows(client: &Client) -> Result<Model, Failure> {
    // The nick of where reading goes on: changes that are still to be read are heard in their turn.
    let mut model = Model::new(&client.messages().nick());
    if client.is_new() {
        return Ok(model);
    }
    let state = client.state_with_channels().await?;
    model.is_away = state.away.is_some();
    for channel in &state.channels {
        let index = model.open(&channel.name);
        if let Some(window) = model.windows.get_mut(index) {
            window.topic.clone_from(&channel.topic);
            window.prepend(&client.history(&channel.name, None, PAGE).await?);
        }
    }
    if model.windows.len() > 1 {
        model.show(1);
    }
    Ok(model)
}

impl Tui {
    async fn work(
        &mut self,
        profile: &Profile,
        client: &Client,
        messages: &mut Messages,
        outcomes: &mut UnboundedReceiver<Outcome>,
        screen: &mut Screen,
    ) -> Result<(), Failure> {
        let mut keys = screen::keys();
        let mut terminate = signal(SignalKind::terminate()).map_err(Failure::Local)?;
        let mut hang_up = signal(SignalKind::hangup()).map_err(Failure::Local)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::Local)?;
        let mut ticks = tokio::time::interval(TICK);
        let has_colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let (mut is_stale, mut may_draw_at) = (true, Instant::now());
        let (mut kept, mut may_mark_at) = (messages.cursor(), Instant::now());
        let mut is_over = false;
        while self.end.is_none() {
            self.model.now = std::time::Instant::now();
            tokio::select! {
                biased;
                () = sleep_until(may_draw_at), if is_stale => {
                    screen
                        .terminal
                        .draw(|frame| self.rows = draw(frame, &self.model, &self.editor, has_colours))
                        .map_err(Failure::Local)?;
                    (is_stale, may_draw_at) = (false, Instant::now() + FRAME);
                    continue;
                }
                _ = terminate.recv() => self.end = Some(End::Detach),
                _ = hang_up.recv() => self.end = Some(End::Detach),
                _ = interrupt.recv() => self.end = Some(End::Detach),
                event = keys.recv() => match event {
                    Some(event) => self.key(event),
                    None => self.end = Some(End::Detach),
                },
                Some(outcome) = outcomes.recv() => self.take_in(outcome),
                message = messages.next(), if !is_over => {
                    is_over = self.hear(message);
                }
                _ = ticks.tick() => {
                    self.model.is_connected = client.is_connected();
                    if may_mark_at <= Instant::now() {
                        may_mark_at = Instant::now() + MARK_PAUSE;
                        self.mark_read();
                    }
                    if messages.cursor() != kept {
                        kept = messages.cursor();
                        profile.save(READER, &messages.place())?;
                    }
                }
            }
            is_stale = true;
        }
        Ok(())
    }

    /// Waits a little until the server has taken what was typed, and keeps what it has not.
    async fn goodbye(&mut self, outcomes: &mut UnboundedReceiver<Outcome>) {
        // Where the terminal broke, nobody has decided it.
        let end = *self.end.get_or_insert(End::Detach);
        let taken = async {
            while !self.model.waiting.is_empty() {
                match outcomes.recv().await {
                    Some(outcome) => self.take_in(outcome),
                    None => return,
                }
            }
        };
        // What is left then is told.
        let _ = timeout(GOODBYE, taken).await;
        let left = self.model.waiting.drain(..);
        self.last_words.extend(left.map(|message| format!("not sent (no answer yet): {}", what(&message))));
        if end == End::Quit && !self.has_quit {
            self.last_words.push("the session goes on; `neoirc tui` comes back to it".to_owned());
        }
    }

    /// Takes in what came through the queue. Gives whether that was the end of it.
    fn hear(&mut self, message: Option<Result<Message, Error>>) -> bool {
        self.model.now = std::time::Instant::now();
        match message {
            Some(Ok(message)) => {
                let joined = message.command == "JOIN" && message.is_from(&self.model.nick);
                let is_new = joined && self.model.find(&message.to).is_none();
                self.model.hear(&message);
                if let (true, Some(index)) = (is_new, self.model.find(&message.to)) {
                    self.model.show(index);
                    self.sender.ask_history(&message.to, None);
                }
                false
            }
            Some(Err(error)) => {
                self.model
                    .note(&format!("{}. Ctrl+C leaves, `neoirc login` begins anew.", Failure::from(error)));
                true
            }
            None => true,
        }
    }

    /// Takes in the answer to something.
    fn take_in(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Sent(message, receipt) => {
                self.model.waiting.pop_front();
                let is_quit = message.command == "QUIT";
                match receipt.map(Receipt::granted) {
                    Ok(Ok(_)) | Err(Error::Unauthorized) if is_quit => self.has_quit = true,
                    // Everything else that IRC refuses comes through the queue, which is no longer read at the end.
                    Ok(Err(refusal)) if message.command == "NOTICE" || self.end.is_some() => {
                        self.tell(format!("{}: {refusal}", what(&message)));
                    }
                    Ok(_) => {}
                    Err(error) => {
                        self.tell(format!("not sent ({}): {}", Failure::from(error), what(&message)));
                    }
                }
            }
            Outcome::History(target, page) => {
                let Some(index) = self.model.find(&target) else { return };
                match page {
                    Ok(page) => self.model.windows[index].prepend(&page),
                    Err(error) => {
                        self.model.windows[index].is_loading = false;
                        // Somebody with whom nothing was ever said has no history.
                        self.model.windows[index].has_all = matches!(error, Error::Http { .. });
                    }
                }
            }
            Outcome::TypingRefused(place) => {
                if let Some(index) = self.model.find(&place) {
                    self.model.windows[index].typing.is_refused = true;
                }
            }
            Outcome::Failed(what, error) => {
                self.tell(format!("not sent ({}): {what}", Failure::from(error)));
            }
            Outcome::Found(words, found) => match found {
                Ok(found) => {
                    self.model.note(&format!("{} found for {words}", found.len()));
                    // The newest come first; on a screen they are read last.
                    for message in found.iter().rev() {
                        for mut line in line::lines(message) {
                            // A copy, which nobody answers and which is in no order.
                            (line.seq, line.id) = (0, None);
                            let day = clock::day(&message.ts).unwrap_or_default();
                            line.text = format!("{day} {} {}", clean::line(&message.to), line.text);
                            self.model.window_mut().push(line);
                        }
                    }
                }
                Err(error) => self.model.note(&format!("no search: {}", Failure::from(error))),
            },
        }
    }

    /// Tells the other devices what was read here.
    fn mark_read(&mut self) {
        for (place, read) in self.model.take_read(self.has_focus) {
            self.sender.mark(place, read);
        }
    }

    /// Says that something went wrong: on the screen, or behind it when it is about to go.
    fn tell(&mut self, text: String) {
        if self.end.is_some() {
            self.last_words.push(text);
        } else {
            self.model.note(&text);
        }
    }

    fn send(&mut self, message: Message) {
        self.model.waiting.push_back(message.clone());
        self.sender.send(message);
    }
}

/// What was to be sent, for those who are told that it was not; a password stays out of it.
fn what(message: &Message) -> String {
    let words = match message.command.as_str() {
        "PRIVMSG" | "NOTICE" => return format!("{}: {}", message.to, message.text().trim_matches('\u{1}')),
        "REGISTER" | "OPER" | "PASS" => return message.command.clone(),
        command => [command, &message.to].into_iter(),
    };
    let words = words.chain(message.params.iter().map(String::as_str));
    let words = words.chain(message.lines().iter().map(String::as_str));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
