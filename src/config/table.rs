//! The table of settings. `--help`, `config print` and `neoirc.example.toml` are made from it.

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// Its name in the environment.
    pub name: &'static str,
    /// Its value when nobody sets it.
    pub default: &'static str,
    /// The same under `--dev`.
    pub dev_default: &'static str,
    /// What it does, with its unit.
    pub help: &'static str,
}

impl Setting {
    /// Its name in the file.
    pub fn key(&self) -> String {
        self.name.to_ascii_lowercase()
    }

    /// Whether its value is shown to nobody.
    pub fn is_secret(&self) -> bool {
        self.name.ends_with("PASSWORD")
    }

    /// Its name as a flag.
    pub fn flag(&self) -> String {
        self.key().replace('_', "-")
    }
}

const fn setting(name: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting { name, default, dev_default: default, help }
}

/// Every setting, in the order in which an operator meets them.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "HTTP_LISTEN_ADDR",
        default: "0.0.0.0:8080",
        dev_default: "127.0.0.1:8080",
        help: "Address and port for HTTP; port 0 takes a free one",
    },
    Setting {
        name: "IRC_LISTEN_ADDR",
        default: "127.0.0.1:6667",
        dev_default: "127.0.0.1:6667",
        help: "Address and port for IRC clients; port 0 takes a free one, empty: IRC is not served",
    },
    setting(
        "IRC_TLS_LISTEN_ADDR",
        "",
        "Address and port for IRC clients over TLS, usually port 6697; empty: none",
    ),
    setting(
        "TLS_CERT",
        "",
        "File with the certificate for TLS and those above it, in PEM; read again on SIGHUP",
    ),
    setting("TLS_KEY", "", "File with the key of the certificate, in PEM"),
    setting(
        "STS_DURATION",
        "0",
        "For how long IRC clients are told to come by TLS alone (sts), with a period such as 720h; 0: they are not told",
    ),
    setting(
        "IRC_WEBSOCKET",
        "true",
        "Whether IRC is spoken over WebSocket too, at /irc on the port of HTTP; pages need their origin in CORS_ORIGINS",
    ),
    setting(
        "IRC_PROXY_PROTOCOL",
        "false",
        "Whether TRUSTED_PROXIES begin each IRC connection with a PROXY header (version 1 or 2) that says whose it is",
    ),
    setting(
        "WEBIRC_PASSWORD",
        "",
        "Password of gateways that tell the addresses of their users (WEBIRC); empty: none may",
    ),
    setting("WEBIRC_GATEWAYS", "", "Addresses and networks of those gateways, such as 127.0.0.1, 10.0.0.0/8"),
    setting("IRC_PASSWORD", "", "Password that every IRC client has to send first (PASS); empty: none"),
    setting(
        "CONNECTIONS_PER_IP",
        "32",
        "IRC connections at once, for each address (IPv6: each /64); 0 is no limit",
    ),
    setting("IRC_CONNECTIONS_MAX", "20000", "IRC connections at once; a further one is closed"),
    setting(
        "IRC_REGISTRATION_TIMEOUT",
        "60s",
        "How long an IRC connection may take to say who it is; 0 is for ever",
    ),
    setting(
        "IRC_PING_AFTER",
        "90s",
        "After how long a silence an IRC client is asked whether it is there; 0 is never",
    ),
    setting("IRC_SILENCE_MAX", "150s", "After how long a silence an IRC connection is closed; 0 is never"),
    setting(
        "IRC_SENDQ_MAX",
        "1MiB",
        "How much may wait for an IRC client that does not read, before it is cut off; 0 is no limit",
    ),
    setting("PORT", "", "Port for HTTP alone, for hosts that give one"),
    setting(
        "DBURL",
        "file:./data/neoirc.db",
        "Where state lives: file:<path>, its folder is made; :memory: for trials",
    ),
    setting(
        "SERVER_NAME",
        "neoirc",
        "Name of the server, the sender of numerics; operators choose one with a dot",
    ),
    setting("SERVER_DESCRIPTION", "IRC over HTTP", "A line about the server, shown by WHOIS"),
    setting("NETWORK_NAME", "neoirc", "Name of the network, shown in the welcome"),
    setting(
        "MOTD",
        "Welcome to neoirc: IRC semantics, JSON over HTTP.\nSay hello in #neoirc.",
        "Message of the day, several lines if it has line breaks; empty for none",
    ),
    setting("ADMIN_EMAIL", "", "How to reach whoever runs the server, shown by ADMIN"),
    setting(
        "NEOIRC_OPER_NAME",
        "",
        "Name by which OPER makes an operator of the server; nobody becomes one without name and password",
    ),
    setting("NEOIRC_OPER_PASSWORD", "", "Password for OPER"),
    setting(
        "OPER_ATTEMPTS",
        "3",
        "Attempts of OPER that one session has in a minute, and one address; 0 is no limit",
    ),
    setting("REVERSE_DNS", "true", "Whether the names of addresses are looked up, off the critical path"),
    setting(
        "MIN_PASSWORD_LENGTH",
        "8",
        "Fewest characters of a password that PASS sets; 256 bytes at most fit",
    ),
    setting("ACCOUNTS_MAX", "100000", "Accounts that there may be; 0 is no limit"),
    setting(
        "ACCOUNT_RATE_LIMIT",
        "0.01",
        "New accounts a second, for each address (IPv6: each /64); 0.01 is 36 an hour, 0 is no limit",
    ),
    setting("ACCOUNT_RATE_BURST", "5", "New accounts at once, for each address"),
    setting(
        "ACCOUNTS_STAY",
        "false",
        "Whether sessions of accounts stay when their last device goes, until SESSION_IDLE_TIMEOUT; each may say otherwise (MODE S)",
    ),
    setting(
        "AWAY_WITHOUT_DEVICE",
        "Not connected",
        "What is said of a session that stays without a device, which is away then; empty: it is not",
    ),
    setting(
        "MARKERS_MAX",
        "200",
        "Read markers that an account or a session has; the oldest gives way, 0 is no limit",
    ),
    Setting {
        name: "NEOIRC_HASHCASH_BITS",
        default: "20",
        dev_default: "0",
        help: "Bits of proof of work that a new session costs, each of which doubles it; at most 40, 0 is none",
    },
    setting(
        "NEOIRC_HASHCASH_BITS_MAX",
        "0",
        "Bits that it may cost while many are opened: one more for each doubling above 60 at once or 40 a minute; 0 is no more than ever",
    ),
    setting(
        "TRUSTED_PROXIES",
        "",
        "Proxies that are believed about addresses (X-Forwarded-For) and TLS (X-Forwarded-Proto): addresses and networks, such as 127.0.0.1, 10.0.0.0/8",
    ),
    setting(
        "CORS_ORIGINS",
        "",
        "Other origins whose pages may use the interface, such as https://chat.example.org; a page of any further one is refused",
    ),
    setting(
        "SESSION_RATE_LIMIT",
        "1",
        "New sessions a second, for each address (IPv6: each /64); 0 is no limit",
    ),
    setting("SESSION_RATE_BURST", "20", "New sessions at once, for each address"),
    setting(
        "LOGIN_RATE_LIMIT",
        "1",
        "Logins a second, for each address (IPv6: each /64); 0 is no limit, also none for each nick",
    ),
    setting("LOGIN_RATE_BURST", "5", "Logins at once, for each address"),
    setting("COMMAND_RATE_LIMIT", "10", "Commands a second, for each session; 0 is no limit"),
    setting("COMMAND_RATE_BURST", "40", "Commands at once, for each session"),
    setting(
        "HISTORY_RATE_LIMIT",
        "5",
        "Pages of history, and looks at channels, members and clients, a second, for each session; 0 is no limit",
    ),
    setting("HISTORY_RATE_BURST", "100", "Pages of history and such looks at once, for each session"),
    setting(
        "CLIENTS_PER_SESSION",
        "10",
        "Devices that one session may have; a login from a further one is answered 409, 0 is no limit",
    ),
    setting("CHANNELS_PER_SESSION", "100", "Channels that one session may be in; 0 is no limit"),
    setting("HOOKS_PER_CHANNEL", "10", "Hooks that one channel may have; 0 is no limit"),
    setting("HOOK_RATE_LIMIT", "1", "Messages a second, for each hook; 0 is no limit"),
    setting("HOOK_RATE_BURST", "20", "Messages at once, for each hook"),
    setting(
        "HOOK_ADDRESS_RATE_LIMIT",
        "10",
        "Requests to hooks a second, for each address (IPv6: each /64); 0 is no limit",
    ),
    setting("HOOK_ADDRESS_RATE_BURST", "60", "Requests to hooks at once, for each address"),
    setting("SEARCH", "true", "Whether what was said can be searched, which takes about as much disk again"),
    setting("SEARCH_RATE_LIMIT", "1", "Searches a second, for each session; 0 is no limit"),
    setting("SEARCH_RATE_BURST", "10", "Searches at once, for each session"),
    setting("SEARCH_TIMEOUT", "2s", "How long one search may take; 0 is for ever"),
    setting("MAX_MESSAGE_SIZE", "4096", "Longest body of a request, in bytes"),
    setting("MAX_HISTORY", "10000", "Messages that each history shows; 0 is no limit"),
    setting("CHATHISTORY_MAX", "500", "Messages that one CHATHISTORY gives; from 1 to 1000"),
    setting(
        "MULTILINE_MAX_BYTES",
        "4096",
        "Longest message of several lines that an IRC client may send, in bytes; from 512 to 64KiB",
    ),
    setting("MULTILINE_MAX_LINES", "64", "Lines that it may have; from 1 to 64"),
    setting("LONG_POLL_TIMEOUT", "15", "How long a poll waits that does not say, in seconds; at most 30"),
    setting(
        "SESSION_IDLE_TIMEOUT",
        "720h",
        "How long a client may be silent before it is logged out; 0 is for ever",
    ),
    setting(
        "QUEUE_MAX_AGE",
        "720h",
        "How long a message waits for a client that does not read; 0 is for ever",
    ),
    setting(
        "QUEUE_MAX_ENTRIES",
        "100000",
        "Messages that wait for one client; the oldest are dropped, 0 is no limit",
    ),
    setting(
        "QUEUE_TAIL_ENTRIES",
        "2048",
        "Messages of one client kept in memory; what is beyond them goes to disk",
    ),
    setting(
        "QUEUE_MEMORY_MAX",
        "256MiB",
        "Bytes of messages kept in memory for all clients together; 0 is no limit",
    ),
    setting(
        "QUEUE_SETTLE_AFTER",
        "30s",
        "How long a message stays unread in memory alone before a queue on disk has it",
    ),
    setting(
        "QUEUE_KEEP_READ",
        "2m",
        "How long an acknowledged message stays in memory while there is room, for the other tabs of a browser",
    ),
    setting(
        "POLLS_PER_CLIENT",
        "4",
        "Polls of one client that wait at once; a further one ends the oldest, 0 is no limit",
    ),
    setting(
        "STREAMS_PER_CLIENT",
        "4",
        "Streams of one client at once; a further one ends the oldest, 0 is no limit",
    ),
    setting(
        "STREAMS_PER_IP",
        "32",
        "Streams at once, for each address (IPv6: each /64) but loopback while no proxy is named; 0 is no limit",
    ),
    setting(
        "STREAM_KEEP_ALIVE",
        "15s",
        "After how long a silence a stream shows that it is alive; 0 is never",
    ),
    setting(
        "STREAM_MAX_AGE",
        "1h",
        "How long a stream may last; its client goes on with a new one, which acknowledges, 0 is for ever",
    ),
    setting("INBOX_MAX", "1024", "Requests that wait for the writer; a further one is answered 503"),
    setting("CONNECTIONS_MAX", "20000", "HTTP connections at once; a further one waits"),
    setting(
        "HTTP_CONNECTIONS_PER_IP",
        "64",
        "HTTP connections at once, for each address (IPv6: each /64) but trusted proxies, and loopback while none is named; 0 is no limit",
    ),
    setting("HEADER_TIMEOUT", "5s", "How long the head of a request may take; 0 is for ever"),
    setting("BODY_TIMEOUT", "10s", "How long the body of a request may take; 0 is for ever"),
    setting(
        "WRITE_TIMEOUT",
        "30s",
        "How long a client may take nothing of an answer before its connection is cut; 0 is for ever",
    ),
    setting("METRICS_USERNAME", "", "Name that GET /metrics asks for; without one there are no metrics"),
    setting("METRICS_PASSWORD", "", "Password that goes with it"),
    setting(
        "METRICS_LISTEN_ADDR",
        "",
        "Address and port for metrics alone; empty: they are where everything else is",
    ),
    setting("WORKERS", "0", "Threads that serve requests; 0 is one for each core"),
    setting("DEBUG", "false", "Whether to log every request"),
    setting("LOG_FORMAT", "auto", "text, json, or auto: text on a terminal, JSON elsewhere"),
];
