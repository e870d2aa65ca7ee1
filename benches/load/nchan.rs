//! Nchan as a peer: nginx with its module for channels that are read by long poll, where it is installed (Debian:
//! `nginx-light` and `libnginx-mod-nchan`). It keeps messages in memory, knows nobody and stores nothing.
//!
//! It plays the scenarios in which members of one channel read. Several messages come in one answer where several wait,
//! which is its faster way. A message is as long as one of ours, and who heard what is counted in the same way.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::crowd::SILENCE_MAX;
use crate::http::{header, write};
use crate::net::Net;
use crate::plan::Bench;
use crate::report::{Latencies, Measure, Meter, median};
use crate::room::Heard;
use crate::server::{self, Folder, Kind, Server};
use crate::tally::{self, Listener, Scanner};

/// Where Debian puts it.
const MODULE: &str = "/usr/lib/nginx/modules/ngx_nchan_module.so";
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// How long polls that were sent may take to be waiting: nothing tells when they are.
const SETTLE: Duration = Duration::from_millis(300);
/// How long members may take to read the rest after the last message was sent.
const PATIENCE: Duration = Duration::from_secs(30);
/// Waking is measured this often; the median counts.
const WAKINGS: usize = 3;

/// Whether it can be played against.
pub(crate) fn is_installed() -> bool {
    Path::new(MODULE).exists() && Command::new("nginx").arg("-v").output().is_ok()
}

/// Members read, senders send: each the next message when its last is acknowledged or, in lockstep, when everybody has
/// it.
pub(crate) fn run(bench: &Bench, senders: usize, members: usize, lockstep: bool) -> Result<Measure> {
    let folder = Folder::new(bench)?;
    let server = start(bench, &folder)?;
    let mut room = Room::open(&server, senders, members)?;
    thread::sleep(SETTLE);
    let meter = Meter::start(&server)?;
    for sender in 0..senders {
        room.say(sender)?;
    }
    let sending_ends = Instant::now() + bench.options.duration();
    let mut still_sending = senders;
    while still_sending > 0 || !room.everybody_heard_all() {
        let Some(heard) = room.next(sending_ends + PATIENCE)? else { break };
        let goes_on = Instant::now() < sending_ends;
        if lockstep {
            if still_sending > 0 && room.everybody_heard_all() && room.acknowledged == u64::from(room.sent[0])
            {
                if goes_on { room.say(0)? } else { still_sending = 0 }
            }
        } else if let Heard::Acknowledged { sender } = heard {
            if goes_on { room.say(sender)? } else { still_sending -= 1 }
        }
    }
    let mut measure = Measure::default();
    measure.set("deliveries_per_s", room.delivered as f64 / meter.elapsed().as_secs_f64());
    measure.set("messages", room.acknowledged as f64);
    meter.costs(&mut measure, &server, "server_cpu_ms_per_1000_deliveries", room.delivered)?;
    measure.set_latencies(&mut room.latencies);
    measure.faults = tally::faults_of_all(&room.listeners, &room.sent);
    Ok(measure)
}

/// Senders alone.
pub(crate) fn acks(bench: &Bench, senders: usize) -> Result<Measure> {
    let folder = Folder::new(bench)?;
    let server = start(bench, &folder)?;
    let mut room = Room::open(&server, senders, 0)?;
    let meter = Meter::start(&server)?;
    for sender in 0..senders {
        room.say(sender)?;
    }
    while meter.elapsed() < bench.options.duration() {
        let Some(Heard::Acknowledged { sender }) = room.next(Instant::now() + SILENCE_MAX)? else {
            bail!("nginx fell silent");
        };
        room.say(sender)?;
    }
    let mut measure = Measure::default();
    measure.set("acks_per_s", room.acknowledged as f64 / meter.elapsed().as_secs_f64());
    meter.costs(&mut measure, &server, "server_cpu_ms_per_1000_acks", room.acknowledged)?;
    Ok(measure)
}

/// Members who only wait, and how soon all of them are told one thing.
pub(crate) fn idle(bench: &Bench, members: usize) -> Result<Measure> {
    let folder = Folder::new(bench)?;
    let server = start(bench, &folder)?;
    let kib_at_start = server.resident_kib()?;
    let mut room = Room::open(&server, 1, members)?;
    thread::sleep(SETTLE + Duration::from_secs(bench.options.settle.into()));
    let kib_waiting = server.resident_kib()?;
    let mut measure = Measure::default();
    measure.set("kib_per_client", kib_waiting.saturating_sub(kib_at_start) as f64 / members as f64);
    measure.set("server_mib", kib_waiting as f64 / 1024.0);
    let mut wakings = Vec::new();
    for round in 1..=WAKINGS {
        let began = Instant::now();
        room.say(0)?;
        let mut woken = None;
        // The sender is answered last, and cannot say the next thing before.
        while woken.is_none() || room.acknowledged < round as u64 {
            if room.next(began + PATIENCE)?.is_none() {
                break;
            }
            woken = woken.or_else(|| room.everybody_heard_all().then(|| began.elapsed()));
        }
        wakings.push(woken.unwrap_or(PATIENCE).as_secs_f64());
        thread::sleep(SETTLE);
    }
    measure.set("wake_s", median(&mut wakings));
    measure.faults = tally::faults_of_all(&room.listeners, &room.sent);
    Ok(measure)
}

fn start(bench: &Bench, folder: &Folder) -> Result<Server> {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr())?;
    let path = std::path::absolute(folder.path())?;
    let (folder, port) = (path.display(), free.port());
    let settings = format!(
        "load_module {MODULE};\ndaemon off; master_process off; pid {folder}/pid; error_log stderr error;\n\
         worker_rlimit_nofile 65536; events {{ worker_connections 30000; }}\n\
         http {{ access_log off; keepalive_timeout 75s; keepalive_requests 1000000000;\n\
         client_body_temp_path {folder}/body; nchan_shared_memory_size 512M;\n\
         server {{ listen 127.0.0.1:{port} backlog=4096;\n\
         location = /pub {{ nchan_publisher; nchan_channel_id b; nchan_message_timeout 1m;\n\
         nchan_message_buffer_length 100000; }}\n\
         location = /sub {{ nchan_subscriber longpoll; nchan_channel_id b; nchan_longpoll_multipart_response raw;\n\
         nchan_subscriber_timeout 25s; nchan_subscriber_first_message newest; }} }} }}\n"
    );
    let file = path.join("nginx.conf");
    fs::write(&file, settings).context("cannot write the settings of nginx")?;
    let mut command = server::command_that_dies_with_us(Path::new("nginx"))?;
    command.arg("-p").arg(&path).arg("-c").arg(&file);
    let server = Server::adopt(bench, Kind::Nchan, &path, command, free)?;
    let begun = Instant::now();
    while TcpStream::connect(free).is_err() {
        ensure!(begun.elapsed() < START_TIMEOUT, "nginx does not listen");
        thread::sleep(Duration::from_millis(5));
    }
    Ok(server)
}

/// Members poll on the first connections, senders send on the others.
struct Room {
    net: Net,
    members: usize,
    /// `Last-Modified` and `Etag` of the newest answer to each member, which are its cursor.
    cursors: Vec<Option<(Vec<u8>, Vec<u8>)>>,
    listeners: Vec<Listener>,
    scanner: Scanner,
    sent: Vec<u32>,
    sent_at: Vec<Vec<Instant>>,
    acknowledged: u64,
    delivered: u64,
    latencies: Latencies,
}

impl Room {
    fn open(server: &Server, senders: usize, members: usize) -> Result<Self> {
        let mut room = Room {
            net: Net::new(server.address, members + senders)?,
            members,
            cursors: vec![None; members],
            listeners: (0..members).map(|_| Listener::new(senders)).collect(),
            scanner: Scanner::new(),
            sent: vec![0; senders],
            sent_at: vec![Vec::new(); senders],
            acknowledged: 0,
            delivered: 0,
            latencies: Latencies::default(),
        };
        for member in 0..members {
            room.poll(member)?;
        }
        Ok(room)
    }

    fn poll(&mut self, member: usize) -> Result<()> {
        let cursor = self.cursors[member].as_ref();
        self.net.send(member, |out| {
            out.extend(b"GET /sub HTTP/1.1\r\nHost: load\r\n");
            if let Some((modified, etag)) = cursor {
                let (before, between) =
                    (b"If-Modified-Since: ".as_slice(), b"\r\nIf-None-Match: ".as_slice());
                out.extend([before, modified, between, etag, b"\r\n"].concat());
            }
            out.extend(b"\r\n");
        })
    }

    fn say(&mut self, sender: usize) -> Result<()> {
        let (text, seq) = (tally::text(sender, self.sent[sender]), self.acknowledged);
        // The fields of a real message, so that as many bytes travel.
        let body = format!(
            r##"{{"command":"PRIVMSG","from":"m{sender}","to":"#b","body":["{text}"],"id":"01940000-0000-7000-8000-{seq:012x}","seq":{seq},"ts":"2025-01-01T00:00:00.123456789Z"}}"##
        );
        self.sent[sender] += 1;
        self.sent_at[sender].push(Instant::now());
        let length = body.len();
        self.net.send(self.members + sender, |out| {
            write(
                out,
                format_args!("POST /pub HTTP/1.1\r\nHost: load\r\nContent-Length: {length}\r\n\r\n{body}"),
            );
        })
    }

    /// Waits for something to happen; nothing when `deadline` comes first.
    fn next(&mut self, deadline: Instant) -> Result<Option<Heard>> {
        let Some(answer) = self.net.next(deadline)? else { return Ok(None) };
        if let Some(sender) = answer.connection.checked_sub(self.members) {
            ensure!(matches!(answer.status, 201 | 202), "nginx answers {}", answer.status);
            self.acknowledged += 1;
            return Ok(Some(Heard::Acknowledged { sender }));
        }
        let member = answer.connection;
        if answer.status == 200 {
            let (Some(modified), Some(etag)) =
                (header(answer.head, b"last-modified"), header(answer.head, b"etag"))
            else {
                bail!("an answer without a cursor");
            };
            let (count, oldest) = self.scanner.scan_texts(answer.body, &mut self.listeners[member])?;
            self.cursors[member] = Some((modified.to_vec(), etag.to_vec()));
            self.delivered += count;
            if let Some((sender, number)) = oldest {
                self.latencies.add(self.sent_at[sender][number as usize].elapsed());
            }
        }
        self.poll(member)?;
        Ok(Some(Heard::Messages))
    }

    fn everybody_heard_all(&self) -> bool {
        let sent: u64 = self.sent.iter().map(|sent| u64::from(*sent)).sum();
        self.delivered >= sent * self.members as u64
    }
}
