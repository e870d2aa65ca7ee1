//! `sessions`: how many newcomers a second get a session, each stored with its welcome.

use std::time::Instant;

use anyhow::{Result, bail};

use crate::crowd::{SETUP_CONNECTIONS, SILENCE_MAX};
use crate::http::{cookie_of, write_registration};
use crate::net::Net;
use crate::plan::Bench;
use crate::report::{Latencies, Measure, Meter};
use crate::server::{Folder, Kind, Server};

pub(crate) fn run(bench: &Bench, kind: Kind) -> Result<Measure> {
    let folder = Folder::new(bench)?;
    let server = Server::start(bench, kind, &folder, &[])?;
    let mut net = Net::new(server.address, SETUP_CONNECTIONS)?;
    let mut sent_at = [Instant::now(); SETUP_CONNECTIONS];
    let mut latencies = Latencies::default();
    let (mut asked, mut created) = (0_u64, 0_u64);
    let meter = Meter::start(&server)?;
    for (connection, sent_at) in sent_at.iter_mut().enumerate() {
        *sent_at = Instant::now();
        net.send(connection, |out| write_registration(out, &format!("n{asked}")))?;
        asked += 1;
    }
    while created < asked {
        let Some(answer) = net.next(Instant::now() + SILENCE_MAX)? else { bail!("the server fell silent") };
        answer.expect_status(201)?;
        if cookie_of(answer.head).is_none() {
            bail!("a session without a cookie");
        }
        created += 1;
        let connection = answer.connection;
        latencies.add(sent_at[connection].elapsed());
        if meter.elapsed() < bench.options.duration() {
            sent_at[connection] = Instant::now();
            net.send(connection, |out| write_registration(out, &format!("n{asked}")))?;
            asked += 1;
        }
    }
    let mut measure = Measure::default();
    measure.set("sessions_per_s", created as f64 / meter.elapsed().as_secs_f64());
    measure.set_latencies(&mut latencies);
    meter.costs(&mut measure, &server, "server_cpu_ms_per_1000_sessions", created)?;
    Ok(measure)
}
