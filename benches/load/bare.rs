//! The bare reference: what an Actix server costs that only passes messages from hand to hand.
//!
//! It speaks just enough of the API for the load to run unchanged, keeps everything in memory, stores nothing and
//! knows no IRC: a room is a list of clients, and a nick is the room of one client. It shares what any good server
//! would share, one text per message rather than one per recipient, so that the comparison is not a cheap one.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::http::header;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use anyhow::{Context, Result};
use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::machine::die_with_parent;

/// As many messages as a real answer may hold.
const MESSAGES_PER_ANSWER_MAX: usize = 500;

/// Everything there is; rooms also hold each client under its nick.
#[derive(Default)]
struct Hub {
    clients: Mutex<HashMap<String, Arc<Client>>>,
    rooms: Mutex<HashMap<String, Vec<Arc<Client>>>>,
    /// The newest sequence number. Held while a message is handed out, which makes the order the same for all.
    newest: Mutex<u64>,
}

struct Client {
    nick: String,
    unread: Mutex<VecDeque<(u64, Bytes)>>,
    newest: watch::Sender<u64>,
}

#[derive(Deserialize)]
struct Registration {
    nick: String,
}

#[derive(Deserialize)]
struct Envelope {
    command: String,
    to: String,
    #[serde(default)]
    body: Vec<String>,
}

#[derive(Deserialize)]
struct Cursor {
    after: u64,
    timeout: u64,
}

/// Serves until it is killed.
///
/// # Errors
/// No port could be bound.
pub(crate) fn serve() -> Result<()> {
    die_with_parent();
    actix_web::rt::System::new().block_on(async {
        let hub = web::Data::new(Hub::default());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(hub.clone())
                .route("/api/v1/session", web::post().to(register))
                .route("/api/v1/messages", web::post().to(submit))
                .route("/api/v1/messages", web::get().to(poll))
        });
        let server = server.bind(("127.0.0.1", 0)).context("cannot bind a port")?;
        let address = server.addrs().into_iter().next().context("bound nothing")?;
        println!("bare listening on http://{address}");
        server.run().await.context("the server failed")
    })
}

/// A panic elsewhere does not make these plain lists any less true.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn register(hub: web::Data<Hub>, body: web::Bytes) -> HttpResponse {
    let Ok(Registration { nick }) = serde_json::from_slice(&body) else {
        return HttpResponse::BadRequest().finish();
    };
    let client = Arc::new(Client { nick, unread: Mutex::default(), newest: watch::Sender::new(0) });
    let mut clients = lock(&hub.clients);
    // As long as a real token; guessing it is nobody's aim here.
    let token = format!("{:064x}", clients.len() + 1);
    clients.insert(token.clone(), client.clone());
    let answer = format!(r#"{{"id":{},"nick":"{}"}}"#, clients.len(), client.nick);
    drop(clients);
    lock(&hub.rooms).entry(client.nick.clone()).or_default().push(client);
    let cookie = format!("neoirc_auth={token}; Path=/; HttpOnly; SameSite=Strict");
    HttpResponse::Created()
        .insert_header((header::SET_COOKIE, cookie))
        .content_type("application/json")
        .body(answer)
}

fn caller(hub: &Hub, request: &HttpRequest) -> Option<Arc<Client>> {
    let cookie = request.headers().get(header::COOKIE)?.to_str().ok()?;
    lock(&hub.clients).get(cookie.strip_prefix("neoirc_auth=")?).cloned()
}

async fn submit(hub: web::Data<Hub>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let Some(client) = caller(&hub, &request) else { return HttpResponse::Unauthorized().finish() };
    let Ok(envelope) = serde_json::from_slice::<Envelope>(&body) else {
        return HttpResponse::BadRequest().finish();
    };
    let answer = if envelope.command == "PRIVMSG" {
        let seq = hand_out(&hub, &client, &envelope);
        format!(r#"{{"status":"sent","id":"{}","seq":{seq}}}"#, id_of(seq))
    } else {
        lock(&hub.rooms).entry(envelope.to).or_default().push(client);
        r#"{"status":"joined"}"#.to_owned()
    };
    HttpResponse::Ok().content_type("application/json").body(answer)
}

/// Gives one shared text to everybody in the room, and for a nick to the sender as well.
fn hand_out(hub: &Hub, sender: &Arc<Client>, envelope: &Envelope) -> u64 {
    let body = serde_json::to_string(&envelope.body).unwrap_or_default();
    let rooms = lock(&hub.rooms);
    let mut newest = lock(&hub.newest);
    *newest += 1;
    // The same fields as a real message, so that as many bytes travel.
    let text = Bytes::from(format!(
        r#"{{"command":"PRIVMSG","from":"{}","to":"{}","body":{body},"id":"{}","seq":{},"ts":"2025-01-01T00:00:00.123456789Z"}}"#,
        sender.nick,
        envelope.to,
        id_of(*newest),
        *newest
    ));
    let in_room = rooms.get(&envelope.to).map(Vec::as_slice).unwrap_or_default();
    let copy_to_sender = (!envelope.to.starts_with('#')).then_some(sender);
    for client in in_room.iter().chain(copy_to_sender) {
        lock(&client.unread).push_back((*newest, text.clone()));
        client.newest.send_replace(*newest);
    }
    *newest
}

fn id_of(seq: u64) -> String {
    format!("01940000-0000-7000-8000-{seq:012x}")
}

async fn poll(hub: web::Data<Hub>, request: HttpRequest, cursor: web::Query<Cursor>) -> HttpResponse {
    let Some(client) = caller(&hub, &request) else { return HttpResponse::Unauthorized().finish() };
    let mut answer = page(&client, cursor.after);
    if answer.is_none() && cursor.timeout > 0 {
        let mut newest = client.newest.subscribe();
        let news = newest.wait_for(|newest| *newest > cursor.after);
        if let Ok(Ok(_)) = timeout(Duration::from_secs(cursor.timeout), news).await {
            answer = page(&client, cursor.after);
        }
    }
    let answer =
        answer.unwrap_or_else(|| format!(r#"{{"messages":[],"last_id":{}}}"#, cursor.after).into_bytes());
    HttpResponse::Ok().content_type("application/json").body(answer)
}

/// What came after the cursor, forgetting what came before; nothing when nothing came.
fn page(client: &Client, after: u64) -> Option<Vec<u8>> {
    let mut unread = lock(&client.unread);
    while unread.front().is_some_and(|(seq, _)| *seq <= after) {
        unread.pop_front();
    }
    let taken = unread.len().min(MESSAGES_PER_ANSWER_MAX);
    let (last_id, _) = unread.get(taken.checked_sub(1)?)?;
    let mut answer =
        Vec::with_capacity(unread.iter().take(taken).map(|(_, text)| text.len() + 1).sum::<usize>() + 64);
    answer.extend_from_slice(br#"{"messages":["#);
    for (position, (_, text)) in unread.iter().take(taken).enumerate() {
        if position > 0 {
            answer.push(b',');
        }
        answer.extend_from_slice(text);
    }
    let more = if taken < unread.len() { r#","more":true"# } else { "" };
    answer.extend_from_slice(format!(r#"],"last_id":{last_id}{more}}}"#).as_bytes());
    Some(answer)
}
