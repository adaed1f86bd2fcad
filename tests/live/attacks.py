"""What the box does to a dialogue, one function for each attack; box.py carries it out segment by segment, proxy.py on
whole connections. Only segments are looked at, not lines across them: the servers and clients of the test send a
command, or a capability list, in one.

An attack is (from_client, from_server), each called with a Flow of box.py and the payload, and giving the payload that
goes on, or None when the segment is dropped. flow.proto is smtp, imap, pop3, or tls on a TLS port; flow.asked is set
when the client has asked for TLS, flow.tls when the server has said yes (on a TLS port from the start)."""
import re

WORD = {'smtp': b'STARTTLS', 'imap': b'STARTTLS', 'pop3': b'STLS'}
GO_AHEAD = {'smtp': rb'220[ -]', 'imap': rb'\S+ OK ', 'pop3': rb'\+OK'}
COMMAND = {'smtp': rb'(?i)(STARTTLS)\r\n$', 'imap': rb'(?i)\S+ (STARTTLS)\r\n$', 'pop3': rb'(?i)(STLS)\r\n$'}
OFFER = {'smtp': rb'(?m)^250[- ](STARTTLS)\r$', 'imap': rb'(?m)CAPABILITY .*?\b(STARTTLS)\b', 'pop3': rb'(?m)^(STLS)\r$'}


def asks(flow, data): return flow.proto in COMMAND and not flow.tls and re.match(COMMAND[flow.proto], data)
def goes(flow, data): return data
def overwritten(data, at, word): return data[:at] + word + data[at + len(word):]


def on_offer(change):
    """An attack on the capability list: change(flow, data, match of the offer)."""
    def server(flow, data):
        if not flow.tls and flow.proto in OFFER:
            m = re.search(OFFER[flow.proto], data)
            while m:
                data = change(flow, data, m)
                m = re.search(OFFER[flow.proto], data)
        return data
    return goes, server


def without(flow, data, m):
    """The offer is gone, with the line or the blank that belonged to it."""
    if flow.proto == 'imap':
        return data[:m.start(1) - 1] + data[m.end(1):]
    if flow.proto == 'smtp' and m[0].startswith(b'250 '):       # the line before becomes the last one
        before = data.rfind(b'\r\n', 0, m.start() - 1)
        data = overwritten(data, before + 2 if before >= 0 else 0, b'250 ')
    return data[:m.start()] + data[m.end() + 1:]


# A word that the list has anyway, as long as the keyword.
TWICE = {'smtp': b'8BITMIME', 'imap': b'LITERAL+', 'pop3': b'USER'}
def twice(flow, data, m): return overwritten(data, m.start(1), TWICE[flow.proto])
def masked(mask): return lambda flow, data, m: overwritten(data, m.start(1), mask(len(m[1])))


def mask_command(flow, data):
    m = asks(flow, data)
    return overwritten(data, m.start(1), b'X' * len(m[1])) if m else data


def refuse(text):
    """The command is taken away, and answered by the box itself."""
    def client(flow, data):
        m = asks(flow, data)
        if not m:
            return data
        tag = data.split(b' ')[0] + b' ' if flow.proto == 'imap' else b''
        flow.answer(tag + text + b'\r\n')
        return None
    return client, goes


NOOP = {'smtp': b'NOOP    ', 'imap': b'NOOP    ', 'pop3': b'NOOP'}
REFUSAL = {'smtp': (b'250', b'454'), 'imap': (b' OK', b' NO')}


def noop_instead(flow, data):
    m = asks(flow, data)
    flow.waiting = bool(m)
    return overwritten(data, m.start(1), NOOP[flow.proto]) if m else data


def yes_into_no(flow, data):
    """The answer to NOOP in the place of STARTTLS; POP3 servers refuse NOOP before a login by themselves."""
    if flow.waiting and flow.proto in REFUSAL:
        data = data.replace(*REFUSAL[flow.proto], 1)
    flow.waiting = False
    return data


def broken_hello(flow, data):
    """The first record of the server behind the go-ahead keeps its header, and nothing else."""
    if flow.tls and not flow.broken and len(data) > 5:
        flow.broken = True
        return data[:5] + bytes(b ^ 0x55 for b in data[5:])
    return data


def reset(flow, data):
    if flow.tls:
        flow.reset()
        return None
    return data


def swallow(flow, data): return None if flow.tls else data


def no_ehlo(flow, data):
    if flow.proto == 'smtp' and not flow.tls and re.match(rb'(?i)EHLO ', data):
        flow.answer(b'502 5.5.2 Error: command not recognized\r\n')
        return None
    return data


ATTACKS = {
    'pass': (goes, goes),
    'remove': on_offer(without),
    'remove-inline': on_offer(twice),
    'mask-x': on_offer(masked(lambda n: b'X' * (n - 1) + b'A')),
    'mask-star': on_offer(masked(lambda n: b'*' * n)),
    'mask-command': (mask_command, goes),
    'refuse-454': refuse(b'454 4.7.0 TLS not available due to local problem'),
    'refuse-500': refuse(b'500 5.5.1 Command unrecognized'),
    'refuse-502': refuse(b'502 5.5.1 Command not implemented'),
    'refuse-no': refuse(b'NO TLS is not available'),
    'refuse-bad': refuse(b'BAD Unknown command'),
    'refuse-err': refuse(b'-ERR Unknown command'),
    'refuse-inline': (noop_instead, yes_into_no),
    'break-hello': (goes, broken_hello),
    'reset': (reset, goes),
    'swallow': (swallow, goes),
    'helo-only': (no_ehlo, goes),
}
PROXIES = ('proxy', 'proxy-tls')
ONLY = {'refuse-454': 'smtp', 'refuse-500': 'smtp', 'refuse-502': 'smtp', 'helo-only': 'smtp', 'refuse-no': 'imap', 'refuse-bad': 'imap', 'refuse-err': 'pop3'}
