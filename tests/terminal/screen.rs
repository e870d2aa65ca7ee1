//! The terminal client in a terminal: what is typed, and what the screen shows.

use crate::program::{User, on_one_port};
use crate::support::{Answer, TestClient, TestServer, texts, until};
use crate::tmux::Terminal;

fn open(server: &TestServer, user: &User, nick: &str) -> Terminal {
    let terminal = Terminal::open(user, &server.url(), 80, 16);
    terminal.types(&format!("neoirc tui --nick {nick} '#tea'"));
    terminal.shows(&format!("{nick} has joined #tea"));
    terminal.shows(&format!("[{nick}] [2:#tea]"));
    terminal
}

#[test]
fn two_people_talk() {
    let (server, alice, bob) = (TestServer::spawn(), User::new(), User::new());
    let of_alice = open(&server, &alice, "alice");
    let of_bob = open(&server, &bob, "bob");
    of_alice.shows("bob has joined #tea");
    of_alice.types("/topic Tea, no coffee");
    of_bob.shows("alice changed the topic of #tea to:");
    of_bob.types("hello, is it time for tea?");
    of_alice.shows("<bob> hello, is it time for tea?");
    // `bo`, completed at the beginning of a line.
    of_alice.tmux(&["send-keys", "-l", "bo"]);
    of_alice.presses("Tab");
    of_alice.shows("[#tea] bob:");
    of_alice.types("always");
    of_bob.shows("<alice> bob: always");
    of_bob.types("/me pours");
    of_alice.shows("* bob pours");
    of_alice.types("//not a command");
    of_alice.shows("<alice> /not a command");
    of_alice.types("/jion #x");
    of_alice.shows("unknown command: /jion");
    let expected = "\
Tea, no coffee
                                                              │@alice
                                                              │ bob
00:00:00 -!- alice has joined #tea                            │
00:00:00 -!- bob has joined #tea                              │
00:00:00 -!- alice changed the topic of #tea to: Tea, no      │
         coffee                                               │
00:00:00 <bob> hello, is it time for tea?                     │
00:00:00 <alice> bob: always                                  │
00:00:00 * bob pours                                          │
00:00:00 <alice> /not a command                               │
00:00:00 -!- unknown command: /jion (nothing was sent; //jion │
         says it)                                             │
[00:00] [alice] [2:#tea]
[#tea]
";
    let screen = of_alice.screen().lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    let body = |text: &str| {
        text.lines()
            .filter(|line| !line.trim_matches([' ', '│']).is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(body(&screen), body(expected), "\n{screen}");
    // A talk opens a window of its own, which the bar at the bottom tells.
    of_bob.types("/msg alice psst");
    of_alice.shows("[Act: 3!]");
    of_alice.presses("M-a");
    of_alice.shows("<bob> psst");
    of_alice.presses("M-2");
    of_alice.shows("* bob pours");
    of_alice.presses("Up");
    of_alice.shows("[#tea] /jion #x");
    of_alice.presses("C-u");
    // Narrow, then wide again.
    of_alice.tmux(&["resize-window", "-x", "40", "-y", "10"]);
    of_alice.shows("<alice> /not a command");
    until("the list of nicks goes", || !of_alice.screen().contains("@alice"));
    of_alice.tmux(&["resize-window", "-x", "100", "-y", "30"]);
    of_alice.shows("@alice");
    of_alice.shows("hello, is it time for tea?");
    of_bob.types("/quit good night");
    of_bob.is_at_prompt();
    of_alice.shows("bob has quit");
}

#[test]
fn the_terminal_is_left_as_it_was_and_the_session_goes_on() {
    let (server, user) = (TestServer::spawn(), User::new());
    let bob = server.open("bob");
    bob.join("#tea");
    let terminal = open(&server, &user, "alice");
    bob.say("#tea", "before");
    terminal.shows("<bob> before");
    terminal.presses("C-c");
    terminal.is_at_prompt();
    // It echoes, parts lines and shows its cursor, so nothing of the client is left.
    terminal.types("stty -a | grep -q ' icanon' && stty -a | grep -q ' echo '; echo left-$?");
    terminal.shows("left-0");
    assert_eq!(terminal.tmux(&["display-message", "-p", "#{cursor_flag}#{alternate_on}"]).trim(), "10");
    bob.say("#tea", "meanwhile");
    terminal.types("clear; neoirc tui");
    terminal.shows("<bob> meanwhile");
    let screen = terminal.screen();
    assert!(screen.contains("<bob> before") && screen.matches("meanwhile").count() == 1, "{screen}");
    // A signal leaves it as clean as a key.
    terminal.types("/detach");
    terminal.is_at_prompt();
    terminal.types("clear; timeout --foreground 3 neoirc tui; echo ended-$?");
    terminal.shows("ended-124");
    assert_eq!(terminal.tmux(&["display-message", "-p", "#{cursor_flag}#{alternate_on}"]).trim(), "10");
}

#[test]
fn a_restart_of_the_server_heals_without_losing_a_line() {
    let (mut server, user) = (on_one_port(), User::new());
    let bob = server.open("bob");
    bob.join("#tea");
    let terminal = open(&server, &user, "alice");
    bob.say("#tea", "line 1");
    terminal.shows("line 1");
    server.kill9();
    terminal.shows("not connected");
    terminal.types("typed while nobody was there");
    server.start();
    bob.say("#tea", "line 2");
    terminal.shows("<bob> line 2");
    terminal.shows("<alice> typed while nobody was there");
    until("the connection is there again", || !terminal.screen().contains("not connected"));
    let screen = terminal.screen();
    assert_eq!((screen.matches("line 1").count(), screen.matches("line 2").count()), (1, 1), "{screen}");
    assert_eq!(screen.matches("typed while").count(), 1, "{screen}");
}

#[test]
fn what_was_typed_last_is_sent_or_told_of() {
    let (mut server, user) = (on_one_port(), User::new());
    let mut bob = server.open("bob");
    bob.join("#tea");
    let terminal = open(&server, &user, "alice");
    // All at once, so that the end comes before anything is sent.
    terminal.tmux(&["send-keys", "one more", "Enter", "and good night", "Enter", "/detach", "Enter"]);
    terminal.is_at_prompt();
    assert!(!terminal.screen().contains("not sent"), "{}", terminal.screen());
    let said: Vec<_> = texts(&bob.drain()).into_iter().filter(|text| text.contains("more")).collect();
    assert_eq!(said, ["one more"]);
    // With a server that is gone: what is secret is not told.
    terminal.types("clear; neoirc tui");
    terminal.shows("<alice> and good night");
    server.kill9();
    terminal.shows("not connected");
    terminal.types("nobody hears this");
    terminal.types("/register correct horse");
    terminal.types("/topic All gone");
    terminal.presses("C-c");
    terminal.is_at_prompt();
    let screen = terminal.screen();
    for told in ["#tea: nobody hears this", "REGISTER", "TOPIC #tea All gone"] {
        assert!(screen.contains(&format!("neoirc: not sent (no answer yet): {told}\n")), "{told}: {screen}");
    }
    assert!(!screen.contains("horse"), "{screen}");
}

/// One that is longer than this server takes in one request.
#[test]
fn a_session_ends_with_a_reason_of_any_length() {
    let (server, user) = (TestServer::spawn_with(&[("MAX_MESSAGE_SIZE", "512")]), User::new());
    let mut bob = server.open("bob");
    bob.join("#tea");
    let terminal = open(&server, &user, "alice");
    terminal.types(&format!("/quit {}", "é".repeat(300)));
    terminal.is_at_prompt();
    bob.poll_until(|message| message["command"] == "QUIT" && message["from"] == "alice");
    assert_eq!(user.run(&server, &["state"]).code, Some(5), "it is forgotten here too");
}

#[test]
fn scrolling_up_goes_back_as_far_as_the_server_remembers() {
    let (server, user) = (TestServer::spawn(), User::new());
    let bob = server.open("bob");
    bob.join("#tea");
    for number in 0..250 {
        bob.say("#tea", &format!("said {number:03}"));
    }
    let terminal = open(&server, &user, "alice");
    terminal.shows("said 249");
    until("the first line is reached", || {
        terminal.presses("PPage");
        terminal.screen().contains("said 000")
    });
    terminal.shows("-- more --");
    bob.say("#tea", "something new");
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(terminal.screen().contains("said 000"), "what is being read stays where it is");
    until("the newest line is reached", || {
        terminal.presses("NPage");
        terminal.screen().contains("something new")
    });
}

#[test]
fn what_was_said_is_found_at_the_screen() {
    let (server, user) = (TestServer::spawn(), User::new());
    let bob = server.open("bob");
    bob.join("#tea");
    bob.say("#tea", "one biscuit");
    bob.say("#tea", "two biscuits");
    let terminal = open(&server, &user, "alice");
    // The index follows within a second.
    until("it is found", || {
        terminal.types("/search biscuit*");
        std::thread::sleep(std::time::Duration::from_secs(1));
        terminal.screen().contains("2 found for biscuit*")
    });
    terminal.shows("#tea <bob> one biscuit");
    terminal.shows("#tea <bob> two biscuits");
    terminal.types("/search coffee");
    terminal.shows("0 found for coffee");
}

#[test]
fn an_account_is_made_at_the_screen() {
    let (server, user) = (TestServer::spawn(), User::new());
    let terminal = open(&server, &user, "alice");
    terminal.tmux(&["send-keys", "-l", "/register correct horse"]);
    terminal.shows("[#tea] /register •••••••••••••");
    terminal.presses("Enter");
    terminal.shows("You are now logged in as alice");
    terminal.types("/register correct horse");
    terminal.shows("-!- REGISTER: ");
    terminal.presses("Up");
    std::thread::sleep(std::time::Duration::from_millis(200));
    let screen = terminal.screen();
    assert!(!screen.contains("horse"), "neither remembered nor shown: {screen}");
    terminal.types("/unregister");
    terminal.shows("Account dropped: alice");
    assert_eq!(server.open("bob").state()["account"], serde_json::Value::Null);
}

/// What one device shows, another need not; and what somebody is about to say is told.
#[test]
fn two_devices_of_one_account_know_what_was_read() {
    let (server, user) = (TestServer::spawn(), User::new());
    let mut bob = server.open("bob");
    bob.join("#tea");
    let terminal = open(&server, &user, "alice");
    terminal.types("/register correct horse");
    terminal.shows("logged in as alice");
    let phone = TestClient::log_in(&server.nobody(), "alice", "correct horse");
    let marker = || phone.http.get("/api/v1/markers/%23tea").ok()["timestamp"].as_str().map(str::to_owned);
    bob.say("#tea", "for all devices");
    terminal.shows("<bob> for all devices");
    until("the other device knows that it was read", || marker().is_some());
    // What the other device reads first is no news here.
    terminal.presses("M-1");
    terminal.shows("[1:(status)]");
    bob.say("#tea", "read elsewhere");
    terminal.shows("[Act: 2]");
    let said = bob.drain().into_iter().rfind(|message| message["body"][0] == "read elsewhere").unwrap();
    let read = serde_json::json!({ "timestamp": said["ts"] });
    let put = phone.http.request(reqwest::Method::PUT, "/api/v1/markers/%23tea").json(&read);
    Answer::of(put).unwrap().ok();
    until("it is no news", || !terminal.screen().contains("[Act:"));
    // Typing, both ways, and an answer.
    terminal.presses("M-2");
    bob.command(&serde_json::json!({ "command": "TAGMSG", "to": "#tea", "meta": { "typing": "active" } }));
    terminal.shows("[bob is typing…]");
    let reply = serde_json::json!({ "reply": said["id"] });
    bob.command(
        &serde_json::json!({ "command": "PRIVMSG", "to": "#tea", "body": ["indeed"], "meta": reply }),
    );
    terminal.shows("<bob> [↪ bob: read elsewhere] indeed");
    until("the typing is over", || !terminal.screen().contains("typing"));
    terminal.tmux(&["send-keys", "-l", "/me"]);
    terminal.tmux(&["send-keys", "-l", " waves"]);
    let heard = bob.poll_until(|message| message["command"] == "TAGMSG" && message["from"] == "alice");
    let tags: Vec<_> = heard.iter().filter(|message| message["from"] == "alice").collect();
    assert_eq!((tags.len(), &tags[0]["meta"]["typing"]), (1, &"active".into()), "{tags:?}");
}

#[test]
fn nothing_hostile_reaches_the_screen() {
    let (server, user) = (TestServer::spawn(), User::new());
    let bob = server.open("bob");
    bob.join("#tea");
    let terminal = open(&server, &user, "alice");
    let title = || terminal.tmux(&["display-message", "-p", "#{pane_title}"]);
    let before = title();
    bob.say(
        "#tea",
        &format!("\u{1b}]2;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}gpj\u{200b}z{}", "\u{335}".repeat(900)),
    );
    bob.command(&serde_json::json!({ "command": "TOPIC", "to": "#tea", "body": ["\u{1b}[2J\u{202e}topic"] }));
    bob.say("#tea", "the end");
    terminal.shows("<bob> the end");
    let screen = terminal.screen();
    assert!(screen.contains("alice has joined") && screen.contains("gpjz"), "{screen}");
    assert!(!screen.contains(['\u{202e}', '\u{200b}', '\u{1b}']), "{screen:?}");
    assert_eq!((title(), screen.matches('\u{335}').count()), (before, 2));
}
