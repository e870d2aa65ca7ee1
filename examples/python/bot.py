#!/usr/bin/env python3
"""A bot in one file, on `requests`: functions answer words, and everything else is in the class.

    python3 bot.py [NICK [CHANNEL]]        the server: $NEOIRC, else http://127.0.0.1:8080

It keeps its cookie and its cursor in $BOT_STATE (bot.json), so that it goes on where it was stopped.
"""

import json
import os
import random
import sys
import time
from email.utils import mktime_tz, parsedate_tz

import requests

from pow import mint


def seconds(retry_after):
    """How long a Retry-After wants us to wait, five minutes at most. Some that stand between give a date instead."""
    if (retry_after or "").strip().isdigit():
        wanted = int(retry_after)
    else:
        until = parsedate_tz(retry_after)
        wanted = mktime_tz(until) - time.time() if until else 0
    return min(max(wanted, 0), 300)


class Bot:
    def __init__(self, server, nick, state):
        self.api, self.nick, self.state, self.commands = server + "/api/v1", nick, state, {}
        self.http = requests.Session()
        self.cursor = 0

    def command(self, word):
        """Makes a function the answer to a word: it gets the message and what stands behind the word."""

        def keep(function):
            self.commands[word] = function
            return function

        return keep

    def request(self, method, path, **more):
        """Asks until there is an answer: through restarts, and no faster than the server wants."""
        pause = 0.5
        while True:
            try:
                answer = self.http.request(method, self.api + path, timeout=45, **more)
                if answer.status_code < 500 and answer.status_code not in (408, 425, 429):
                    return answer
                wanted = seconds(answer.headers.get("Retry-After"))
            except requests.RequestException:
                wanted = 0
            # Half of the pause is chance, so that not all come back at once; but never sooner than the server wants.
            time.sleep(max(wanted, pause * random.uniform(0.5, 1)))
            pause = min(pause * 2, 30)

    def open(self):
        """The session of the last time, if the server still has it; else a new one, with proof of work if need be."""
        if os.path.exists(self.state):
            with open(self.state) as file:
                kept = json.load(file)
            self.http.cookies.set("neoirc_auth", kept["cookie"])
            self.cursor = kept["cursor"]
            answer = self.request("GET", "/state")
            if answer.ok:
                self.nick = answer.json()["nick"]
                return
            self.http.cookies.clear()
            self.cursor = 0
        wish = {"nick": self.nick}
        answer = self.request("POST", "/session", json=wish)
        if answer.status_code == 402:
            demand = answer.json()["hashcash"]
            wish["pow_token"] = mint(demand["resource"], demand["bits"])
            answer = self.request("POST", "/session", json=wish)
        answer.raise_for_status()
        # At once: a session whose cookie is lost keeps the nick, and nobody else may have it.
        self.keep()

    def send(self, command, to, text=None, key=None):
        """A command. Under the same key it is done once, however often it is sent within ten minutes."""
        message = {"command": command, "to": to}
        if text is not None:
            message["body"] = text.split("\n")
        key = key or str(random.getrandbits(64))
        answer = self.request("POST", "/messages", json=message, headers={"Idempotency-Key": key})
        answer.raise_for_status()
        return answer.json()

    def keep(self):
        # The cookie is the session: nobody else may read it.
        with open(os.open(self.state + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump({"cookie": self.http.cookies.get("neoirc_auth"), "cursor": self.cursor}, file)
        os.replace(self.state + ".new", self.state)

    def run(self, channel):
        self.open()
        self.send("JOIN", channel)
        while True:
            answer = self.request("GET", "/messages", params={"after": self.cursor, "timeout": 30})
            answer.raise_for_status()  # 401: the session has ended.
            page = answer.json()
            for message in page["messages"]:
                self.answer(message)
            # Behind the answers: after a crash the page comes again, and what was answered is answered once.
            self.cursor = page["last_id"]
            self.keep()

    def answer(self, message):
        if message["command"] != "PRIVMSG" or message["from"] == self.nick or not isinstance(message["body"], list):
            return
        word, _, rest = message["body"][0].partition(" ")
        if word in self.commands:
            to = message["to"] if message["to"].startswith("#") else message["from"]
            # A NOTICE, which nothing answers by itself; under the id of what it answers.
            self.send("NOTICE", to, self.commands[word](message, rest), key=message["id"])


bot = Bot(
    os.environ.get("NEOIRC", "http://127.0.0.1:8080"),
    sys.argv[1] if len(sys.argv) > 1 else "pybot",
    os.environ.get("BOT_STATE", "bot.json"),
)


@bot.command("!hello")
def hello(message, rest):
    return f"Hello, {message['from']}!"


@bot.command("!roll")
def roll(message, rest):
    return f"{message['from']} rolls {random.randint(1, 6)}"


if __name__ == "__main__":
    try:
        bot.run(sys.argv[2] if len(sys.argv) > 2 else "#neoirc")
    except KeyboardInterrupt:
        pass
