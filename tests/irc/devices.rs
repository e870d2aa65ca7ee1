//! A session with several devices, some of them connections: what each is told of what the others do.

use crate::support::{IrcClient, TestServer, command_of_line};

/// Another device of a session.
fn attach(address: &str, nick: &str, capabilities: &str) -> IrcClient {
    let mut client = IrcClient::connect(address);
    if !capabilities.is_empty() {
        client.send(&format!("CAP REQ :{capabilities}\r\nCAP END"));
    }
    client.send(&format!("PASS :correct horse\r\nNICK {nick}\r\nUSER {nick} 0 * :{nick}"));
    client.until(&["376", "422"]);
    client.drain();
    client
}

/// Lines of what is told a little later, until one with this command.
fn commands(client: &mut IrcClient, last: &str) -> Vec<String> {
    client.until(&[last]).iter().map(|line| command_of_line(line).to_owned()).collect()
}

#[test]
fn where_one_device_goes_the_others_see_who_is_there() {
    let server = TestServer::spawn_irc(&[]);
    let address = server.irc_address();
    let host = server.open("host");
    host.join("#tea");
    host.command(&serde_json::json!({ "command": "TOPIC", "to": "#tea", "body": ["green"] }));
    let mut web = server.open("alice");
    web.pass("correct horse");
    let mut wire = attach(&address, "alice", "multi-prefix userhost-in-names");
    web.join("#tea");
    let heard = wire.until(&["366"]);
    let told: Vec<&str> = heard.iter().map(|line| command_of_line(line)).collect();
    assert_eq!(told, ["JOIN", "332", "333", "353", "366"], "{heard:#?}");
    assert!(heard[3].contains("@host!host@127.0.0.1"), "as it asked for them: {heard:#?}");
    let mut other = attach(&address, "alice", "");
    assert_eq!(wire.ask("JOIN #own").iter().filter(|line| command_of_line(line) == "366").count(), 1, "once");
    assert_eq!(commands(&mut other, "366"), ["JOIN", "353", "366"]);
    web.drain();
}

#[test]
fn what_one_device_says_to_somebody_the_others_show_if_they_can() {
    let server = TestServer::spawn_irc(&[]);
    let address = server.irc_address();
    let mut bob = IrcClient::open(&address, "bob");
    let web = server.open("alice");
    web.pass("correct horse");
    web.join("#tea");
    let mut plain = attach(&address, "alice", "");
    let mut echo = attach(&address, "alice", "echo-message");
    let mut own = attach(&address, "alice", "znc.in/self-message");
    web.say("bob", "hi");
    let told = [":alice!alice@127.0.0.1 PRIVMSG bob :hi"];
    assert_eq!(bob.drain(), told);
    assert!(plain.drain().is_empty(), "it would take it for a word of bob's");
    assert_eq!(
        (echo.drain().as_slice(), own.drain().as_slice()),
        (&told.map(String::from)[..], &told.map(String::from)[..])
    );
    // In a channel, and to oneself, there is nothing to be mistaken.
    web.say("#tea", "hi");
    web.say("alice", "note");
    let told = ["#tea :hi", "alice :note"].map(|to| format!(":alice!alice@127.0.0.1 PRIVMSG {to}"));
    assert_eq!(plain.drain(), told);
    assert_eq!(own.drain(), told);
}

/// What waits in the log is told with the mask of then, and not to whoever said it.
#[test]
fn what_is_read_from_disk_knows_who_said_it() {
    let server = TestServer::spawn_irc(&[
        ("QUEUE_TAIL_ENTRIES", "1"),
        ("QUEUE_MEMORY_MAX", "1"),
        ("QUEUE_SETTLE_AFTER", "1ms"),
        ("QUEUE_KEEP_READ", "0"),
    ]);
    let address = server.irc_address();
    let mut wires: Vec<IrcClient> = (0..4).map(|n| IrcClient::open(&address, &format!("wire{n}"))).collect();
    for wire in &mut wires {
        wire.ask("JOIN #tea");
    }
    let webs: Vec<_> = (0..4).map(|n| server.open(&format!("web{n}"))).collect();
    for web in &webs {
        web.join("#tea");
    }
    for wire in &mut wires {
        wire.drain();
    }
    let heard: Vec<Vec<String>> = std::thread::scope(|scope| {
        for web in &webs {
            scope.spawn(move || (0..40).for_each(|n| drop(web.say("#tea", &format!("{n}")))));
        }
        let lines: String = "PRIVMSG #tea :and the wire\r\n".repeat(40);
        let mut reading = Vec::new();
        for wire in &mut wires {
            wire.send_bytes(lines.as_bytes());
            reading.push(scope.spawn(move || wire.drain()));
        }
        reading.into_iter().map(|reading| reading.join().unwrap()).collect()
    });
    for (n, (wire, mut heard)) in wires.iter_mut().zip(heard).enumerate() {
        heard.extend(wire.drain());
        let own = format!(":wire{n}!");
        assert!(heard.iter().all(|line| !line.starts_with(&own)), "no echo is asked for: {heard:#?}");
        assert!(
            heard.iter().all(|line| line.split(' ').next().unwrap().ends_with("@127.0.0.1")),
            "{heard:#?}"
        );
    }
}

/// A session that has modes tells so to whoever comes into it.
#[test]
fn modes_come_after_the_message_of_the_day() {
    let server = TestServer::spawn_irc(&[]);
    let web = server.open("alice");
    web.pass("correct horse");
    web.command(&serde_json::json!({ "command": "MODE", "to": "alice", "params": ["+iw"] }));
    let mut wire = IrcClient::connect(&server.irc_address());
    wire.send("PASS :correct horse\r\nNICK alice\r\nUSER alice 0 * :Alice");
    wire.until(&["376"]);
    assert_eq!(wire.drain()[0], ":irc.test 221 alice +iw");
}

/// What a connection is told because another device has joined a channel is no answer to what it has just asked, and what
/// others say meanwhile is not lost.
#[test]
fn what_another_device_brings_about_is_no_answer_to_a_label() {
    let server = TestServer::spawn_irc(&[]);
    let address = server.irc_address();
    let web = server.open("alice");
    web.pass("correct horse");
    let mut wire = attach(&address, "alice", "labeled-response batch draft/chathistory draft/read-marker");
    let mut bob = IrcClient::open(&address, "bob");
    let rounds = 30;
    let mut heard = Vec::new();
    for n in 0..rounds {
        bob.send(&format!("PRIVMSG alice :{n}"));
        web.join(&format!("#c{n}"));
        heard.extend(wire.until(&["JOIN"]));
        wire.send(&format!("@label=h{n} CHATHISTORY LATEST #c{n} * 5\r\n@label=l{n} LIST #none"));
        let mut round = wire.drain();
        if !round.iter().any(|line| command_of_line(line) == "366") {
            round.extend(wire.until(&["366"]));
        }
        heard.extend(round);
    }
    bob.drain();
    heard.extend(wire.drain());
    let aside = heard.iter().filter(|line| ["MARKREAD", "353", "366"].contains(&command_of_line(line)));
    let aside: Vec<&String> = aside.collect();
    assert_eq!(aside.len(), 3 * rounds);
    assert!(aside.iter().all(|line| line.starts_with(':')), "part of no answer: {aside:#?}");
    let said =
        heard.iter().filter_map(|line| line.split_once(" PRIVMSG alice :")).map(|(_, text)| text.to_owned());
    assert_eq!(said.collect::<Vec<_>>(), (0..rounds).map(|n| n.to_string()).collect::<Vec<_>>());
    let batches = |sign: &str| {
        let words = heard.iter().filter_map(|line| line.split_once(&format!(" BATCH {sign}")));
        words.map(|(_, name)| name.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(batches("+"), batches("-"), "each ends before the next begins: {heard:#?}");
    assert_eq!(heard.iter().filter(|line| line.starts_with("@label=")).count(), 2 * rounds);
}
