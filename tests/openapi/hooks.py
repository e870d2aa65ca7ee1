"""What Schemathesis has to know that the description of the interface cannot say.

With NEOIRC_SESSION=1 every request has a cookie, set for each case as a browser would set it, so that Schemathesis knows
it for one and tries the same request without. Where a case has ended the session, the next opens another. Some of the
names that are made up are replaced by those of a channel that the session is in and of commands that there are; else
nearly everything would be answered with "no such".
"""

import itertools
import os

import requests
import schemathesis

COOKIE = "neoirc_auth"
CHANNEL = "#tea"
NUMBER_MAX = 2**63 - 1

# Every command of docs/commands.md. DIE and REHASH are refused to who is no operator of the server.
COMMANDS = """
    PRIVMSG NOTICE TAGMSG JOIN PART TOPIC MODE KICK INVITE NAMES LIST NICK SETNAME AWAY PUBKEY WHO WHOIS WHOWAS USERHOST
    ISON MONITOR LUSERS MOTD VERSION ADMIN INFO TIME LINKS STATS HELP PING PONG OPER KILL WALLOPS REHASH DIE PASS QUIT
""".split()

has_session = os.environ.get("NEOIRC_SESSION") == "1"
commands = itertools.cycle(COMMANDS)
turns = itertools.count()
nicks = (f"guest{number}" for number in itertools.count(1))
token = None
hook = None


def api(context):
    return context.operation.schema.get_base_url().rstrip("/") + "/api/v1"


def post(url, message):
    cookies = {COOKIE: token}
    requests.post(f"{url}/messages", json=message, cookies=cookies, timeout=10).raise_for_status()


def join(url):
    """To be in the channel, with something to read in it. Some case may have left it, or closed it to others."""
    post(url, {"command": "JOIN", "to": CHANNEL})
    post(url, {"command": "PRIVMSG", "to": CHANNEL, "body": ["Hello"], "meta": {"a": [1, None, {"b": True}]}})
    post(url, {"command": "PRIVMSG", "to": CHANNEL, "body": {"a": ["b", 2.5]}})


def open_session(url):
    """A new session that is in the channel, with a hook of that."""
    global token, hook
    # A nick of its own; some case may have opened a session by that name.
    for nick in nicks:
        answer = requests.post(f"{url}/session", json={"nick": nick}, timeout=10)
        if answer.status_code != 409:
            break
    answer.raise_for_status()
    token = answer.cookies[COOKIE]
    join(url)
    answer = requests.post(f"{url}/hooks", json={"channel": CHANNEL}, cookies={COOKIE: token}, timeout=10)
    if answer.status_code == 201:
        hook = answer.json()["url"].split("/")[-2:]


if has_session:

    @schemathesis.auth(refresh_interval=None)
    class Session:
        def get(self, case, context):
            if token is None:
                open_session(api(context))
            return token

        def set(self, case, data, context):
            case.cookies = {**(case.cookies or {}), COOKIE: data}

    @schemathesis.hook
    def after_call(context, case, response):
        """The server itself says that a session has ended: it has the client forget the cookie."""
        global token
        cleared = [line for line in response.headers.get("set-cookie", []) if line.startswith(f"{COOKIE}=;")]
        if cleared:
            token = None


def is_number(value):
    text = str(value)
    return text.isascii() and text.isdigit() and int(text) <= NUMBER_MAX


@schemathesis.hook
def before_call(context, case, kwargs):
    label, query = case.operation.label, case.query or {}
    if label == "GET /api/v1/messages" and is_number(query.get("timeout", "")):
        # Whoever asks for it waits up to 30 s, whatever LONG_POLL_TIMEOUT says.
        case.query["timeout"] = 0
    is_sound = case.meta is not None and case.meta.generation.mode.is_positive
    if not (has_session and is_sound and token):
        return
    turn = next(turns)
    if turn % 3 > 0 and label in ("GET /api/v1/history", "GET /api/v1/channels/{name}/members"):
        join(api(context))
        if label == "GET /api/v1/history":
            case.query["target"] = CHANNEL
        else:
            case.path_parameters["name"] = CHANNEL.removeprefix("#") if turn % 3 == 1 else CHANNEL
    elif turn % 3 > 0 and label == "GET /api/v1/search":
        case.query["target"] = CHANNEL
    elif turn % 3 > 0 and label == "GET /api/v1/hooks":
        case.query["channel"] = CHANNEL
    elif turn % 3 > 0 and label == "POST /api/v1/hooks":
        case.body["channel"] = CHANNEL
    elif turn % 3 > 0 and label == "POST /api/v1/hooks/{id}/{secret}" and hook:
        case.path_parameters["id"], case.path_parameters["secret"] = hook
    elif turn % 3 > 0 and label == "POST /api/v1/messages":
        case.body["command"] = next(commands)
        if turn % 3 == 1:
            case.body["to"] = CHANNEL
