//! A real terminal: tmux, with a server of its own for each test.

use std::path::Path;
use std::process::Command;

use crate::program::User;
use crate::support::until;

/// One terminal with a shell in it.
pub(crate) struct Terminal {
    /// The socket, in the home of its user.
    socket: String,
}

impl Terminal {
    /// A terminal of this size with a shell that knows nothing but the program.
    pub(crate) fn open(user: &User, server: &str, width: u16, height: u16) -> Self {
        let socket = user.home().join("tmux").display().to_string();
        let terminal = Self { socket };
        let folder = Path::new(env!("CARGO_BIN_EXE_neoirc")).parent().unwrap().display().to_string();
        let path = format!("PATH={folder}:{}", std::env::var("PATH").unwrap());
        let state = format!("XDG_STATE_HOME={}", user.state().display());
        let server = format!("NEOIRC_SERVER={server}");
        let (width, height) = (width.to_string(), height.to_string());
        let words =
            ["new-session", "-d", "-x", &width, "-y", &height, "env", "-i", &path, &state, &server, "TZ=UTC"];
        let shell = ["LC_ALL=C.UTF-8", "TERM=screen-256color", "PS1=$ ", "/bin/sh"];
        terminal.tmux(&[&words[..], &shell[..]].concat());
        terminal.is_at_prompt();
        terminal
    }

    /// Runs tmux with these words.
    pub(crate) fn tmux(&self, words: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.env("LC_ALL", "C.UTF-8").env_remove("TMUX");
        let output =
            command.args(["-u", "-f", "/dev/null", "-S", &self.socket]).args(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Types a line and Enter.
    pub(crate) fn types(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
        self.presses("Enter");
    }

    /// Presses a key by tmux's name of it.
    pub(crate) fn presses(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    /// The screen as it is, with times made alike.
    pub(crate) fn screen(&self) -> String {
        without_times(&self.tmux(&["capture-pane", "-p"]))
    }

    /// Waits until the shell waits for a command. What is typed before that is the program's that ends.
    #[track_caller]
    pub(crate) fn is_at_prompt(&self) {
        until("the shell has a prompt", || {
            self.screen().lines().rfind(|line| !line.trim().is_empty()).is_some_and(|line| line.trim() == "$")
        });
    }

    /// Waits until the screen shows this.
    #[track_caller]
    pub(crate) fn shows(&self, text: &str) {
        let mut last = String::new();
        let what = format!("the screen shows {text:?}");
        let shown = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            until(&what, || {
                last = self.screen();
                last.contains(text)
            });
        }));
        assert!(shown.is_ok(), "{what} in vain:\n{last}");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        drop(Command::new("tmux").args(["-S", &self.socket, "kill-server"]).output());
    }
}

/// Digits around colons, as in times, made zeros.
fn without_times(screen: &str) -> String {
    let mut chars: Vec<char> = screen.chars().collect();
    for place in 0..chars.len().saturating_sub(4) {
        let is_time = |window: &[char]| {
            window[2] == ':' && [0, 1, 3, 4].iter().all(|place| window[*place].is_ascii_digit())
        };
        if is_time(&chars[place..place + 5]) {
            for digit in [0, 1, 3, 4] {
                chars[place + digit] = '0';
            }
        }
    }
    chars.into_iter().collect()
}
