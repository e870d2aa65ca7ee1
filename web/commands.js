// What becomes of a line that somebody types: messages for the server, something for the page to do, or a warning.

import { isChannel } from './text.js';

const words = (rest) => rest.split(/ +/).filter(Boolean);
/** The first so many words, and the rest as it was typed. */
function split(rest, count) {
  const taken = [];
  let left = rest;
  for (let turn = 0; turn < count; turn += 1) {
    const match = /^ *([^ ]+) ?/.exec(left);
    if (!match) break;
    taken.push(match[1]);
    left = left.slice(match[0].length);
  }
  return [taken, left];
}

const send = (...messages) => ({ send: messages });
const warn = (text) => ({ warn: text });
const body = (text) => (text ? { body: [text] } : {});
const needsChannel = 'That works in a channel.';

/** A command that goes to the channel at hand, or to one that is named first. */
function inChannel(rest, here) {
  const [[first], left] = split(rest, 1);
  if (first && isChannel(first)) return [first, left];
  return [isChannel(here) ? here : null, rest];
}

function modes(letters, sign) {
  return (rest, here) => {
    const [channel, left] = inChannel(rest, here);
    const nicks = words(left);
    if (!channel || nicks.length === 0) return warn(channel ? 'Whom?' : needsChannel);
    return send({ command: 'MODE', to: channel, params: [sign + letters.repeat(nicks.length), ...nicks] });
  };
}

/** Lines that the server takes in one message. */
const LINES_MAX = 64;

/** Text lines to a target. */
function message(command, to, text) {
  const lines = text.split('\n');
  if (lines.length > LINES_MAX) return warn(`Not sent: these are ${lines.length} lines, and a message has at most ${LINES_MAX}. Send them in parts.`);
  return send({ command, to, body: lines });
}
const plain = (command) => (rest) => send({ command, ...(rest ? { params: words(rest) } : {}) });

const COMMANDS = {
  me: (rest, here) => (here === '*' ? warn(needsChannel) : send({ command: 'PRIVMSG', to: here, body: [`\x01ACTION ${rest}\x01`] })),
  msg(rest) {
    const [[to], text] = split(rest, 1);
    if (!to || !text) return warn('/msg NICK TEXT');
    return message('PRIVMSG', to, text);
  },
  query(rest) {
    const [[to], text] = split(rest, 1);
    if (!to) return warn('/query NICK');
    return { ...(text ? message('PRIVMSG', to, text) : {}), look: to };
  },
  notice(rest) {
    const [[to], text] = split(rest, 1);
    return to && text ? message('NOTICE', to, text) : warn('/notice NICK TEXT');
  },
  join(rest) {
    const [channels, ...keys] = words(rest);
    if (!channels) return { dialog: 'channels' };
    const to = channels.split(',').map((name) => (isChannel(name) || name === '0' ? name : `#${name}`)).join(',');
    return { ...send({ command: 'JOIN', to, ...(keys.length ? { params: [keys.join(',')] } : {}) }), joining: to };
  },
  part(rest, here) {
    const [channel, reason] = inChannel(rest, here);
    return channel ? send({ command: 'PART', to: channel, ...body(reason) }) : warn(needsChannel);
  },
  close: (rest, here) => (isChannel(here) ? { ...send({ command: 'PART', to: here, ...body(rest) }), close: here } : { close: here }),
  topic(rest, here) {
    const [channel, text] = inChannel(rest, here);
    if (!channel) return warn(needsChannel);
    return send({ command: 'TOPIC', to: channel, ...(text === '-delete' ? { body: [''] } : body(text)) });
  },
  kick(rest, here) {
    const [channel, left] = inChannel(rest, here);
    const [[nick], reason] = split(left, 1);
    if (!channel || !nick) return warn(channel ? '/kick NICK REASON' : needsChannel);
    return send({ command: 'KICK', to: channel, params: [nick], ...body(reason) });
  },
  ban: modes('b', '+'), unban: modes('b', '-'), op: modes('o', '+'), deop: modes('o', '-'),
  voice: modes('v', '+'), devoice: modes('v', '-'),
  mode(rest, here) {
    const [first, ...others] = words(rest);
    if (first && !/^[+-]/.test(first)) return send({ command: 'MODE', to: first, ...(others.length ? { params: others } : {}) });
    if (here === '*') return warn('/mode TARGET LETTERS');
    return send({ command: 'MODE', to: here, ...(first ? { params: [first, ...others] } : {}) });
  },
  invite(rest, here) {
    const [nick, channel = here] = words(rest);
    if (!nick) return send({ command: 'INVITE' });
    return isChannel(channel) ? send({ command: 'INVITE', to: nick, params: [channel] }) : warn('/invite NICK CHANNEL');
  },
  names: (rest, here) => send({ command: 'NAMES', to: rest || here }),
  list: (rest) => (rest ? send({ command: 'LIST', to: rest }) : { dialog: 'channels' }),
  nick: (rest) => (rest ? send({ command: 'NICK', body: [words(rest)[0]] }) : warn('/nick NEW')),
  setname: (rest) => send({ command: 'SETNAME', body: [rest] }),
  away: (rest) => send({ command: 'AWAY', ...body(rest) }),
  back: () => send({ command: 'AWAY' }),
  who: (rest, here) => send({ command: 'WHO', to: words(rest)[0] || here, ...(words(rest)[1] ? { params: words(rest).slice(1) } : {}) }),
  whois: (rest) => (rest ? send({ command: 'WHOIS', to: words(rest)[0] }) : warn('/whois NICK')),
  whowas: (rest) => (rest ? send({ command: 'WHOWAS', to: words(rest)[0] }) : warn('/whowas NICK')),
  monitor: (rest) => send({ command: 'MONITOR', params: words(rest || 'L') }),
  help: (rest) => (rest ? send({ command: 'HELP', params: [rest.toUpperCase()] }) : { dialog: 'help' }),
  oper: plain('OPER'), motd: plain('MOTD'), version: plain('VERSION'), admin: plain('ADMIN'), info: plain('INFO'), time: plain('TIME'),
  links: plain('LINKS'), stats: plain('STATS'), lusers: plain('LUSERS'), userhost: plain('USERHOST'), ison: plain('ISON'),
  rehash: plain('REHASH'), die: plain('DIE'),
  wallops: (rest) => send({ command: 'WALLOPS', body: [rest] }),
  kill(rest) {
    const [[nick], reason] = split(rest, 1);
    return nick ? send({ command: 'KILL', params: [nick], body: [reason || 'no reason'] }) : warn('/kill NICK REASON');
  },
  pass: (rest) => (rest ? send({ command: 'PASS', body: [rest] }) : { dialog: 'password' }),
  register: (rest) => (rest ? send({ command: 'REGISTER', params: ['*', '*', rest] }) : { dialog: 'account' }),
  // Only with the name it is done at once; else the page asks first.
  unregister: (rest) => (rest ? send({ command: 'UNREGISTER', params: [words(rest)[0]] }) : { dialog: 'unregister' }),
  search: (rest, here) => ({ dialog: 'search', search: { q: rest, target: here === '*' ? '' : here } }),
  react: (rest) => (rest ? { react: rest } : warn('/react SIGN, for the message that is picked, or the last one')),
  reply: (rest) => (rest ? { reply: rest } : warn('/reply TEXT, to the message that is picked, or the last one')),
  trust: (rest) => (rest ? { act: { type: 'trust', nick: words(rest)[0] } } : warn('/trust NICK, whose new signing key is to count')),
  clear: () => ({ clear: true }),
  quit: (rest) => send({ command: 'QUIT', ...body(rest) }),
};
const ALIASES = { j: 'join', p: 'part', leave: 'part', m: 'msg', privmsg: 'msg', q: 'query', t: 'topic', k: 'kick', w: 'whois', n: 'names', logout: 'quit', exit: 'quit', wc: 'close', devices: 'clients', find: 'search' };
COMMANDS.account = () => ({ dialog: 'account' });
COMMANDS.clients = () => ({ dialog: 'devices' });

export const NAMES = Object.keys(COMMANDS).sort();

/** `here` is the name of the conversation at hand, `*` that with the server. */
export function parse(input, here) {
  const text = input.replace(/\r/g, '');
  if (text.startsWith('//') || !text.startsWith('/')) {
    const said = text.startsWith('//') ? text.slice(1) : text;
    if (here === '*') return warn('Nobody is listening here. Join a channel, or use a command such as /join.');
    return message('PRIVMSG', here, said);
  }
  const [, given, rest] = /^\/(\S*) ?([^]*)$/.exec(text);
  const typed = given.toLowerCase();
  const name = Object.hasOwn(ALIASES, typed) ? ALIASES[typed] : typed;
  if (!Object.hasOwn(COMMANDS, name)) return warn(`There is no command /${given}. It was not sent; // at the beginning says a line with one stroke.`);
  return COMMANDS[name](rest.replace(/\n/g, ' ').trimEnd(), here);
}
