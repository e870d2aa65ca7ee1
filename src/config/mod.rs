//! Every setting: its name, default, unit and reason; and where its value comes from.
//!
//! A flag stands over the environment, the environment over the file, the file over the default. The names
//! of the environment are the names in the table; the file has the same in lower case, flags with hyphens.

mod dot_env;
mod file;
mod parse;
mod table;

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use crate::command::OperBlock;
use crate::delivery::QueueLimits;
use crate::engine::EngineSettings;
use crate::http::origin::Origins;
use crate::http::{HttpSettings, MetricsAccess, MetricsSettings, StreamSettings};
use crate::irc::{IrcSettings, Multiline, TlsSettings, WebIrcSettings};
use crate::limits::{Rate, Rates};
use crate::proxies::Proxies;
use crate::store::sqlite::Location;
pub use dot_env::Environment;
use parse::{address, boolean, duration, seconds, size, whole};
pub use table::{SETTINGS, Setting};

/// A value that cannot be used, with the name of its setting.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{name}: {why}")]
pub struct ConfigError {
    /// The name of the setting, or of the file.
    pub name: String,
    /// What is wrong with its value.
    pub why: String,
}

/// How log lines look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// The values of all settings, as text, in the order of the table.
#[derive(Clone)]
pub struct Values(Vec<(&'static Setting, String)>);

/// What the program runs with.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described in the table, under the same name")]
pub struct Settings {
    pub http_listen_addr: SocketAddr,
    pub dburl: Location,
    pub server_name: String,
    pub server_description: String,
    pub network_name: String,
    pub motd: Vec<String>,
    pub admin_email: String,
    pub oper: Option<OperBlock>,
    pub channels_per_session: usize,
    pub hooks_per_channel: usize,
    pub search: bool,
    pub clients_per_session: usize,
    pub min_password_length: usize,
    /// Accounts that there may be; 0 is no limit.
    pub accounts_max: usize,
    /// Whether sessions of accounts stay without a device unless they say otherwise.
    pub accounts_stay: bool,
    /// What is said of those; empty when they are not away.
    pub away_without_device: String,
    /// Markers that an account or a session has; 0 is no limit.
    pub markers_max: usize,
    pub history_page_max: usize,
    pub hashcash_bits: u32,
    pub hashcash_bits_max: u32,
    pub engine: EngineSettings,
    pub http: HttpSettings,
    pub irc: IrcSettings,
    pub debug: bool,
    pub log_format: LogFormat,
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |(setting, value): (&'static Setting, _)| {
            (setting.name, if setting.is_secret() { "(not shown)" } else { value })
        };
        f.debug_map().entries(self.iter().map(shown)).finish()
    }
}

impl Values {
    /// Gathers the values from flags, environment and file. For a trial the defaults are other ones, and
    /// `trial` is that of `DBURL`.
    ///
    /// # Errors
    /// When the file cannot be read, or has a key that is no setting's or a value that is a list.
    pub fn gather(
        flag: impl Fn(&Setting) -> Option<String>,
        environment: impl Fn(&str) -> Option<String>,
        file: Option<&Path>,
        trial: Option<&str>,
    ) -> Result<Self, ConfigError> {
        let file = file.map(file::read).transpose()?;
        let value = |setting: &'static Setting| {
            let default = match trial {
                Some(dburl) if setting.name == "DBURL" => dburl,
                Some(_) => setting.dev_default,
                None => setting.default,
            };
            flag(setting)
                .or_else(|| environment(setting.name))
                .or_else(|| file.as_ref()?.get(&setting.key()).cloned())
                .unwrap_or_else(|| default.to_owned())
        };
        Ok(Self(SETTINGS.iter().map(|setting| (setting, value(setting))).collect()))
    }

    /// The settings with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Setting, &str)> {
        self.0.iter().map(|(setting, value)| (*setting, value.as_str()))
    }

    fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(setting, _)| setting.name == name);
        found.map(|(_, value)| value.trim()).expect("only names in the table are asked for")
    }

    fn read<T>(&self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<T, ConfigError> {
        parse(self.get(name)).map_err(|why| ConfigError { name: name.to_owned(), why })
    }

    /// Reads every value.
    ///
    /// # Errors
    /// The first value that cannot be used.
    pub fn settings(&self) -> Result<Settings, ConfigError> {
        let mut http_listen_addr = self.read("HTTP_LISTEN_ADDR", address)?;
        if !self.get("PORT").is_empty() {
            http_listen_addr.set_port(self.read("PORT", parse::port)?);
        }
        Ok(Settings {
            http_listen_addr,
            dburl: self.read("DBURL", Location::parse)?,
            server_name: self.read("SERVER_NAME", parse::server_name)?,
            server_description: self.read("SERVER_DESCRIPTION", parse::line)?,
            network_name: self.read("NETWORK_NAME", parse::line)?,
            motd: self.read("MOTD", parse::lines)?,
            admin_email: self.read("ADMIN_EMAIL", parse::line)?,
            oper: self.oper()?,
            search: self.read("SEARCH", boolean)?,
            hooks_per_channel: self.read("HOOKS_PER_CHANNEL", whole)?,
            channels_per_session: self.read("CHANNELS_PER_SESSION", whole)?,
            clients_per_session: self.read("CLIENTS_PER_SESSION", whole)?,
            accounts_max: self.read("ACCOUNTS_MAX", whole)?,
            accounts_stay: self.read("ACCOUNTS_STAY", boolean)?,
            away_without_device: self.read("AWAY_WITHOUT_DEVICE", parse::away_text)?,
            markers_max: self.read("MARKERS_MAX", whole)?,
            min_password_length: self.read("MIN_PASSWORD_LENGTH", parse::password_length)?,
            history_page_max: self.read("CHATHISTORY_MAX", parse::history_page)?,
            hashcash_bits: self.read("NEOIRC_HASHCASH_BITS", parse::hashcash_bits)?,
            hashcash_bits_max: self.read("NEOIRC_HASHCASH_BITS_MAX", parse::hashcash_bits)?,
            engine: self.engine()?,
            http: self.http()?,
            irc: self.irc()?,
            debug: self.read("DEBUG", boolean)?,
            log_format: self.read("LOG_FORMAT", parse::log_format)?,
        })
    }

    /// Both or nothing: a name without a password would let everybody in who knows it.
    fn oper(&self) -> Result<Option<OperBlock>, ConfigError> {
        let (name, password) = (self.get("NEOIRC_OPER_NAME"), self.get("NEOIRC_OPER_PASSWORD"));
        match (name.is_empty(), password.is_empty()) {
            (true, true) => Ok(None),
            (false, false) => Ok(Some(OperBlock::new(name, password))),
            (true, false) => Err(missing("NEOIRC_OPER_NAME", "NEOIRC_OPER_PASSWORD")),
            (false, true) => Err(missing("NEOIRC_OPER_PASSWORD", "NEOIRC_OPER_NAME")),
        }
    }

    fn engine(&self) -> Result<EngineSettings, ConfigError> {
        let queues = QueueLimits {
            tail_entries: self.read("QUEUE_TAIL_ENTRIES", whole)?,
            entries_max: self.read("QUEUE_MAX_ENTRIES", whole)?,
            kept_ms: self.read("QUEUE_KEEP_READ", parse::milliseconds)?,
            polls_max: self.read("POLLS_PER_CLIENT", whole)?,
            streams_max: self.read("STREAMS_PER_CLIENT", whole)?,
        };
        Ok(EngineSettings {
            inbox_max: self.read("INBOX_MAX", parse::inbox)?,
            queues,
            queue_memory_bytes: self.read("QUEUE_MEMORY_MAX", size)?,
            settle_after: self.read("QUEUE_SETTLE_AFTER", duration)?,
            queue_age_max: self.read("QUEUE_MAX_AGE", duration)?,
            history_max: self.read("MAX_HISTORY", whole)?,
            search_timeout: self.read("SEARCH_TIMEOUT", duration)?,
            oper_attempts_per_minute: self.read("OPER_ATTEMPTS", whole)?,
            idle_timeout: self.read("SESSION_IDLE_TIMEOUT", duration)?,
        })
    }

    fn http(&self) -> Result<HttpSettings, ConfigError> {
        Ok(HttpSettings {
            message_bytes_max: self.read("MAX_MESSAGE_SIZE", parse::message_size)?,
            poll_timeout: self.read("LONG_POLL_TIMEOUT", seconds)?,
            header_timeout: self.read("HEADER_TIMEOUT", duration)?,
            body_timeout: self.read("BODY_TIMEOUT", duration)?,
            write_timeout: self.read("WRITE_TIMEOUT", duration)?,
            connections_max: self.read("CONNECTIONS_MAX", parse::connections)?,
            connections_per_address: self.read("HTTP_CONNECTIONS_PER_IP", whole)?,
            trusted_proxies: self.read("TRUSTED_PROXIES", Proxies::parse)?,
            cors_origins: self.read("CORS_ORIGINS", Origins::parse)?,
            rates: Rates {
                sessions: self.rate("SESSION_RATE_LIMIT", "SESSION_RATE_BURST")?,
                accounts: self.rate("ACCOUNT_RATE_LIMIT", "ACCOUNT_RATE_BURST")?,
                logins: self.rate("LOGIN_RATE_LIMIT", "LOGIN_RATE_BURST")?,
                commands: self.rate("COMMAND_RATE_LIMIT", "COMMAND_RATE_BURST")?,
                histories: self.rate("HISTORY_RATE_LIMIT", "HISTORY_RATE_BURST")?,
                hooks: self.rate("HOOK_RATE_LIMIT", "HOOK_RATE_BURST")?,
                hook_addresses: self.rate("HOOK_ADDRESS_RATE_LIMIT", "HOOK_ADDRESS_RATE_BURST")?,
                searches: self.rate("SEARCH_RATE_LIMIT", "SEARCH_RATE_BURST")?,
            },
            streams: StreamSettings {
                keep_alive: self.read("STREAM_KEEP_ALIVE", duration)?,
                age_max: self.read("STREAM_MAX_AGE", duration)?,
                per_address: self.read("STREAMS_PER_IP", whole)?,
            },
            workers: self.read("WORKERS", whole)?,
            reverse_dns: self.read("REVERSE_DNS", boolean)?,
            metrics: self.metrics()?,
        })
    }

    fn irc(&self) -> Result<IrcSettings, ConfigError> {
        let password = self.get("IRC_PASSWORD");
        let ping_after = self.read("IRC_PING_AFTER", duration)?;
        let silence_max = self.read("IRC_SILENCE_MAX", duration)?;
        if !silence_max.is_zero() && silence_max <= ping_after {
            // Nobody could answer.
            let why = "must be longer than IRC_PING_AFTER".to_owned();
            return Err(ConfigError { name: "IRC_SILENCE_MAX".to_owned(), why });
        }
        Ok(IrcSettings {
            listen_addr: self.read("IRC_LISTEN_ADDR", parse::optional(address))?,
            tls: self.tls()?,
            password: (!password.is_empty()).then(|| SecretString::from(password)),
            connections_per_address: self.read("CONNECTIONS_PER_IP", whole)?,
            registration_timeout: self.read("IRC_REGISTRATION_TIMEOUT", duration)?,
            ping_after,
            silence_max,
            connections_max: self.read("IRC_CONNECTIONS_MAX", parse::connections)?,
            send_queue_bytes: self.read("IRC_SENDQ_MAX", size)?,
            message_bytes_max: self.read("MAX_MESSAGE_SIZE", parse::message_size)?,
            multiline: Multiline {
                bytes_max: self.read("MULTILINE_MAX_BYTES", parse::multiline_bytes)?,
                lines_max: self.read("MULTILINE_MAX_LINES", parse::multiline_lines)?,
            },
            reverse_dns: self.read("REVERSE_DNS", boolean)?,
            sts_duration: self.read("STS_DURATION", duration)?,
            has_websocket: self.read("IRC_WEBSOCKET", boolean)?,
            proxies: self.proxies_of_irc()?,
            webirc: self.webirc()?,
        })
    }

    /// Whose headers are believed on the ports of IRC.
    fn proxies_of_irc(&self) -> Result<Proxies, ConfigError> {
        if !self.read("IRC_PROXY_PROTOCOL", boolean)? {
            return Ok(Proxies::default());
        }
        let proxies = self.read("TRUSTED_PROXIES", Proxies::parse)?;
        if proxies.is_empty() { Err(missing("TRUSTED_PROXIES", "IRC_PROXY_PROTOCOL")) } else { Ok(proxies) }
    }

    /// Both or nothing: a password alone would let everybody be anybody who knows it.
    fn webirc(&self) -> Result<Option<WebIrcSettings>, ConfigError> {
        let gateways = self.read("WEBIRC_GATEWAYS", Proxies::parse)?;
        let password = self.get("WEBIRC_PASSWORD");
        match (gateways.is_empty(), password.is_empty()) {
            (true, true) => Ok(None),
            (false, false) => Ok(Some(WebIrcSettings { gateways, password: SecretString::from(password) })),
            (true, false) => Err(missing("WEBIRC_GATEWAYS", "WEBIRC_PASSWORD")),
            (false, true) => Err(missing("WEBIRC_PASSWORD", "WEBIRC_GATEWAYS")),
        }
    }

    /// The address with both files, or nothing.
    fn tls(&self) -> Result<Option<TlsSettings>, ConfigError> {
        let Some(listen_addr) = self.read("IRC_TLS_LISTEN_ADDR", parse::optional(address))? else {
            return Ok(None);
        };
        for name in ["TLS_CERT", "TLS_KEY"] {
            if self.get(name).is_empty() {
                return Err(missing(name, "IRC_TLS_LISTEN_ADDR"));
            }
        }
        Ok(Some(TlsSettings {
            listen_addr,
            certificate: self.get("TLS_CERT").into(),
            key: self.get("TLS_KEY").into(),
        }))
    }

    fn metrics(&self) -> Result<MetricsSettings, ConfigError> {
        let username = self.read("METRICS_USERNAME", parse::basic_auth_name)?;
        let password = SecretString::from(self.get("METRICS_PASSWORD"));
        let listen_addr = self.read("METRICS_LISTEN_ADDR", parse::optional(address))?;
        let missing = |name: &str, why: &str| ConfigError { name: name.to_owned(), why: why.to_owned() };
        if username.is_empty() {
            return match listen_addr {
                Some(_) => Err(missing("METRICS_LISTEN_ADDR", "needs METRICS_USERNAME")),
                None => Ok(MetricsSettings::default()),
            };
        }
        if password.expose_secret().is_empty() {
            return Err(missing("METRICS_PASSWORD", "must be set, since METRICS_USERNAME is"));
        }
        Ok(MetricsSettings { access: Some(MetricsAccess { username, password }), listen_addr })
    }

    fn rate(&self, limit: &str, burst: &str) -> Result<Rate, ConfigError> {
        let per_second = self.read(limit, parse::rate)?;
        let rate = Rate { per_second, burst: self.read(burst, parse::burst)? };
        // What keeps the limits counts in nanoseconds, which would overflow.
        let refills_in_s = f64::from(rate.burst.get()) / per_second;
        if per_second > 0.0 && refills_in_s > parse::CENTURY.as_secs_f64() {
            let why = format!("is too low: what {burst} gives at once must come back in 100 years");
            return Err(ConfigError { name: limit.to_owned(), why });
        }
        Ok(rate)
    }
}

fn missing(name: &str, beside: &str) -> ConfigError {
    ConfigError { name: name.to_owned(), why: format!("must be set where {beside} is") }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gather(environment: &[(&str, &str)], file: &str) -> Result<Settings, ConfigError> {
        let mut written = tempfile::NamedTempFile::new().unwrap();
        written.write_all(file.as_bytes()).unwrap();
        let lookup = |name: &str| {
            environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        Values::gather(|_| None, lookup, Some(written.path()), None)?.settings()
    }

    #[test]
    fn every_default_can_be_used() {
        for trial in [None, Some("file:trial.db")] {
            Values::gather(|_| None, |_| None, None, trial).unwrap().settings().unwrap();
        }
    }

    #[test]
    fn the_environment_stands_over_the_file_and_the_file_over_the_default() {
        let settings = gather(&[("MAX_HISTORY", "7")], "max_history = 5\nqueue_max_entries = 9").unwrap();
        assert_eq!(settings.engine.history_max, 7);
        assert_eq!(settings.engine.queues.entries_max, 9);
        assert_eq!(settings.http.message_bytes_max, 4096);
    }

    #[test]
    fn a_secret_is_never_shown() {
        let (name, password) = (("METRICS_USERNAME", "prometheus"), ("METRICS_PASSWORD", "sesame"));
        let lookup = |wanted: &str| {
            [name, password].into_iter().find(|(key, _)| *key == wanted).map(|(_, value)| value.to_owned())
        };
        let values = Values::gather(|_| None, lookup, None, None).unwrap();
        let settings = values.settings().unwrap();
        let shown = format!("{values:?} {settings:?}");
        assert!(shown.contains("prometheus") && !shown.contains("sesame"), "{shown}");
        assert_eq!(settings.http.metrics.access.unwrap().password.expose_secret(), "sesame");
    }

    #[test]
    fn port_alone_sets_the_port() {
        let settings = gather(&[("PORT", "9000")], "").unwrap();
        assert_eq!(settings.http_listen_addr.to_string(), "0.0.0.0:9000");
    }

    #[test]
    fn a_bad_value_is_named() {
        for (name, value) in [
            ("MAX_HISTORY", "-1"),
            ("QUEUE_MAX_AGE", "soon"),
            ("DEBUG", "maybe"),
            ("PORT", "99999"),
            ("HTTP_LISTEN_ADDR", "nowhere"),
            ("DBURL", "postgres://x"),
            ("SERVER_NAME", "a b"),
            ("LOG_FORMAT", "xml"),
            ("INBOX_MAX", "0"),
            ("SESSION_RATE_LIMIT", "-1"),
            ("LOGIN_RATE_LIMIT", "inf"),
            ("COMMAND_RATE_BURST", "0"),
            ("TRUSTED_PROXIES", "127.0.0.1,localhost"),
            ("CORS_ORIGINS", "*"),
            ("MAX_MESSAGE_SIZE", "1"),
            ("METRICS_LISTEN_ADDR", "127.0.0.1:0"),
            ("METRICS_USERNAME", "a:b"),
            ("ADMIN_EMAIL", "a\nb"),
            ("NETWORK_NAME", "a\nb"),
            ("SERVER_DESCRIPTION", "a\rb"),
            ("AWAY_WITHOUT_DEVICE", "a\nb"),
            ("SERVER_NAME", "a\nb"),
            ("INBOX_MAX", "18446744073709551615"),
            ("CONNECTIONS_MAX", "18446744073709551615"),
            ("IRC_CONNECTIONS_MAX", "18446744073709551615"),
            ("HEADER_TIMEOUT", "500000000000y"),
            ("STREAM_MAX_AGE", "101y"),
            ("QUEUE_KEEP_READ", "101y"),
            ("LONG_POLL_TIMEOUT", "18446744073709551615"),
            ("SESSION_RATE_LIMIT", "0.0000000001"),
            ("MIN_PASSWORD_LENGTH", "257"),
            ("IRC_LISTEN_ADDR", "6667"),
            ("IRC_SENDQ_MAX", "some"),
            ("IRC_SILENCE_MAX", "90s"),
            ("STS_DURATION", "for long"),
            ("IRC_WEBSOCKET", "perhaps"),
            ("WEBIRC_GATEWAYS", "gateway"),
            ("CHATHISTORY_MAX", "1001"),
            ("MULTILINE_MAX_BYTES", "511"),
            ("MULTILINE_MAX_LINES", "65"),
            ("HISTORY_RATE_BURST", "0"),
            ("NEOIRC_HASHCASH_BITS", "41"),
            ("NEOIRC_HASHCASH_BITS_MAX", "many"),
        ] {
            let error = gather(&[(name, value)], "").unwrap_err();
            assert_eq!(error.name, name, "{error}");
        }
        let error = gather(&[("METRICS_USERNAME", "prometheus")], "").unwrap_err();
        assert_eq!(error.name, "METRICS_PASSWORD");
        let error = gather(&[("IRC_TLS_LISTEN_ADDR", "127.0.0.1:0"), ("TLS_CERT", "x")], "").unwrap_err();
        assert_eq!(error.name, "TLS_KEY");
        let error = gather(&[("IRC_PROXY_PROTOCOL", "true")], "").unwrap_err();
        assert_eq!(error.name, "TRUSTED_PROXIES");
        let error = gather(&[("WEBIRC_PASSWORD", "sesame")], "").unwrap_err();
        assert_eq!(error.name, "WEBIRC_GATEWAYS");
        let error = gather(&[("WEBIRC_GATEWAYS", "::1")], "").unwrap_err();
        assert_eq!(error.name, "WEBIRC_PASSWORD");
        let error = gather(&[("NEOIRC_OPER_NAME", "root")], "").unwrap_err();
        assert_eq!(error.name, "NEOIRC_OPER_PASSWORD");
        assert!(gather(&[], "max_histroy = 1").unwrap_err().why.contains("max_histroy"));
    }
}
