"""A bot on a library that knows nothing of this server: joins, answers, and leaves when it is told to."""

import sys

import irc.bot


class Bot(irc.bot.SingleServerIRCBot):
    def on_welcome(self, connection, event):
        connection.join("#tea")

    def on_pubmsg(self, connection, event):
        said = event.arguments[0]
        if said == "bot: who is here?":
            members = sorted(self.channels["#tea"].users())
            connection.privmsg(event.target, f"{event.source.nick}: {' '.join(members)}")
        if said == "bot: go":
            self.die("as you wish")


host, port = sys.argv[1].rsplit(":", 1)
Bot([(host, int(port))], "bot", "A bot").start()
