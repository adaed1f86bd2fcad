#!/usr/bin/env python3
"""A second reading of captures: slow, simple, and written from doc/measurement.md alone.

usage: read.py [--ports LIST] [--separate] CAPTURE…     prints one line for each session

It shares nothing with the program but that page. Whole streams are kept in memory, and each connection is read from
its first byte to its last; see packets.py, streams.py, tls.py, mail.py with protocols.py, evidence.py, verdict.py.
"""
import ipaddress, re, sys
from dataclasses import dataclass, field
import evidence, packets, protocols, streams, tls
from tls import CLIENT, SERVER
from verdict import verdict

# Section 1: the ports, their protocols, and whether TLS comes first.
PORTS = {25: ('smtp', False), 587: ('smtp', False), 2525: ('smtp', False), 465: ('smtp', True), 24: ('lmtp', False), 143: ('imap', False),
         993: ('imap', True), 110: ('pop3', False), 995: ('pop3', True), 4190: ('sieve', False)}
CLASSES = {'smtp': protocols.Smtp, 'lmtp': protocols.Smtp, 'imap': protocols.Imap, 'pop3': protocols.Pop3, 'sieve': protocols.Sieve}
ALPN = {'imap': 'imap', 'pop3': 'pop3', 'managesieve': 'sieve'}

# What a line of a server or of a client looks like, for each protocol.
SERVER_LINE = {'smtp': rb'[2-5]\d\d(?:[ -]|\r?$)', 'imap': rb'\* (?:OK|PREAUTH|BYE|CAPABILITY|LIST|FLAGS|\d+ [A-Z]+)\b|[A-Za-z0-9.]+ (?:OK|NO|BAD) ',
               'pop3': rb'\+OK|-ERR', 'sieve': rb'"IMPLEMENTATION"|(?:OK|NO|BYE)(?: \(| "|\r?$)'}
CLIENT_LINE = {'smtp': rb'(?:EHLO|HELO|LHLO)\b|MAIL FROM:|RCPT TO:|(?:DATA|QUIT|RSET|STARTTLS|NOOP|HELP|AUTH [A-Z0-9-]+|BDAT \d+|VRFY .*|EXPN .*|ETRN .*)\b',
               'imap': rb'[A-Za-z0-9.]+ (?:CAPABILITY|NOOP|LOGOUT|ID|ENABLE|STARTTLS|LOGIN|AUTHENTICATE|SELECT|EXAMINE|LIST|LSUB|STATUS|'
                       rb'FETCH|UID|SEARCH|STORE|COPY|APPEND|CREATE|IDLE|NAMESPACE|GETQUOTAROOT|CLOSE|EXPUNGE|CHECK)\b',
               'pop3': rb'(?:USER|PASS|APOP|CAPA|STLS|STAT|LIST|UIDL|RETR|DELE|TOP|AUTH|QUIT|NOOP|RSET)\b',
               'sieve': rb'(?:AUTHENTICATE "|CAPABILITY\r?$|STARTTLS\r?$|PUTSCRIPT "|LISTSCRIPTS|GETSCRIPT "|HAVESPACE "|LOGOUT\r?$)'}
OTHERS = {'http': rb'(?:GET|POST|HEAD|PUT|OPTIONS|DELETE|TRACE|PATCH|CONNECT) \S+ HTTP/|HTTP/1\.', 'ssh': rb'SSH-\d', 'socks': rb'[\4\5][\0-\x09]',
          'rtsp': rb'RTSP/1', 'redis': rb'\*[1-9]\r\n\$\d+\r\n'}
PROXY_2 = b'\r\n\r\n\0\r\nQUIT\n'


@dataclass
class Session:
    verdict: str
    client: tuple
    server: tuple
    protocol: str
    exposure: str = None
    grade: str = 'none'
    evidence: dict = field(default_factory=dict)
    offered: bool = None
    version: str = None
    time: float = 0.0

    def __str__(self):
        def end(e): return ('[%s]:%d' if ':' in e[0] else '%s:%d') % e
        return '%s %s > %s %s exposure=%s %s' % (self.verdict, end(self.client), end(self.server), self.protocol, self.exposure,
                                                 ' '.join([self.grade] + sorted(self.evidence)))


# --- who is the client, and what is spoken ---

class Sample:
    """The first bytes of one side, and its first lines."""

    def __init__(self, reading, side):
        pieces = reading.streams[side].pieces
        self.whole = bool(pieces) and pieces[0].start == reading.first[side]
        self.bytes, self.start = b'', pieces[0].data if pieces else b''
        for before, p in zip([None] + pieces, pieces):
            self.bytes += (b'\n' if before and before.end != p.start else b'') + p.data
            if len(self.bytes) > 1 << 16:
                break
        self.lines = [line for line in self.bytes.split(b'\n') if line][:60]
        if not self.whole and len(self.lines) > 1 and pieces and not pieces[0].begins:
            self.lines = self.lines[1:]

    def matches(self, table, name):
        return [line for line in self.lines if re.match(table[name], line, re.I)]

    def first_is(self, table):
        return next((n for n in table if self.lines and re.match(table[n], self.lines[0], re.I)), None)


def proxy_header(stream):
    """The length of a PROXY header in front of a stream (HAProxy's proxy-protocol.txt), which is no part of the session."""
    b = b''
    for p in stream.pieces:
        if p.start == len(b):
            b += p.data
    if b[:12] == PROXY_2 and len(b) >= 16 and b[12] in (0x20, 0x21):
        return 16 + int.from_bytes(b[14:16], 'big')
    m = re.match(rb'PROXY (?:UNKNOWN[^\r]{0,93}|TCP[46] (\S+) (\S+) \d+ \d+)\r\n', b)
    try:
        for address in m[1], m[2]:
            ipaddress.ip_address((address or b'::').decode('latin-1'))
        return len(m[0])
    except (TypeError, ValueError):
        return 0


def who_is_client(connection, samples, ports):
    """Section 1, Client. The number of its side."""
    for s in connection.segments:
        if s.flags & packets.SYN:
            side = connection.side(s)
            return 1 - side if s.flags & packets.ACK else side
    scores = [sum(len(samples[c].matches(CLIENT_LINE, p)) for p in CLIENT_LINE) +
              sum(len(samples[1 - c].matches(SERVER_LINE, p)) for p in SERVER_LINE) for c in (0, 1)]
    for c in (0, 1):
        b = samples[c].bytes
        if b[:1] == b'\x16' and b[5:6] == b'\1':
            return c
        if b[:1] == b'\x16' and b[5:6] == b'\2':
            return 1 - c
    if scores[0] != scores[1]:
        return 0 if scores[0] > scores[1] else 1
    return 0 if connection.ends[1][1] in ports or connection.ends[0][1] not in ports else 1


def protocol(client, server, port, ports):
    """The mail protocol by the bytes spoken, else by the port; and the name of another one that they show, or None."""
    for sample in (client, server):
        found = next((n for n in OTHERS if re.match(OTHERS[n], sample.bytes)), None)
        if found and sample.whole:
            return None, found
    if client.whole and server.whole and re.match(rb':\S+ (?:\d{3}|NOTICE) ', server.bytes):
        return None, 'irc'                  # RFC 1459 section 2.3
    spoken = server.whole and server.first_is(SERVER_LINE)
    by_port = ports.get(port, ('',))[0].replace('lmtp', 'smtp')
    if not spoken and client.whole and by_port and client.lines and re.match(CLIENT_LINE[by_port], client.lines[0], re.I):
        spoken = by_port
    spoken = spoken or (client.first_is(CLIENT_LINE) if client.whole and not tls.begins(server.bytes) else None)
    if not spoken:
        counts = {p: len(client.matches(CLIENT_LINE, p)) + len(server.matches(SERVER_LINE, p)) for p in SERVER_LINE}
        best = max(counts, key=lambda p: (counts[p], p == by_port))
        spoken = best if counts[best] else None
    if spoken == 'smtp':
        verbs = [line.split()[0].upper() for line in client.lines if line.split()]
        replies = [line[:3] for line in server.lines]
        if verbs and verbs[0] == b'USER' and any(r in (b'331', b'230', b'530') for r in replies):
            return None, 'ftp'
        if re.match(rb'AUTH (?:TLS|SSL)', (client.lines or [b''])[0], re.I) or (verbs[:1] == [b'FEAT'] and b'211' in replies):
            return None, 'ftp'              # RFC 4217, RFC 2389
        if replies and replies[0] in (b'200', b'201') and server.whole and verbs and verbs[0] not in (b'EHLO', b'HELO', b'LHLO', b'MAIL', b'RCPT', b'DATA', b'BDAT'):
            return None, 'news'             # RFC 3977 section 5.1
        if b'LHLO' in verbs[:3] or (port == 24 and b'EHLO' not in verbs and b'HELO' not in verbs):
            spoken = 'lmtp'
    return spoken, None


def is_noise(sample):
    """The beginning was seen, and it is neither text nor TLS."""
    b = sample.start
    if not b or not sample.whole or tls.begins(b) is not False or PROXY_2.startswith(b[:12]):
        return False
    if any(re.match(command, sample.bytes, re.I) for command in CLIENT_LINE.values()):
        return False                        # names of 8 bits may stand behind a command
    return any(c > 126 or (c < 32 and c not in b'\t\r\n') for c in b[:8])


# --- one connection ---

def read_connection(connection, ports, end):
    """The Session of a connection, or None if it gets no row."""
    if not any(s.length for s in connection.segments):
        return None                         # an attempt
    reading = streams.Reading(connection)
    if not reading.chunks or not any(s.pieces for s in reading.streams):
        return None
    for side in (0, 1):
        reading.skip(side, proxy_header(reading.streams[side]))
    samples = [Sample(reading, side) for side in (0, 1)]
    client_side = who_is_client(connection, samples, ports)
    client, server = samples[client_side], samples[1 - client_side]
    port = connection.ends[1 - client_side][1]
    mail_port = any(e[1] in ports for e in connection.ends)
    spoken, stray = protocol(client, server, port, ports)
    by_port, tls_port = ports.get(port, (None, False))
    if port not in ports and mail_port:
        by_port, tls_port = ports[connection.ends[client_side][1]]
    midstream = not any(s.flags & packets.SYN for s in connection.segments)
    sides = [bool(reading.streams[side].pieces) for side in (client_side, 1 - client_side)]

    def dialogue(reading, loose):
        cls = CLASSES[spoken or by_port or 'smtp']
        return cls(reading.chunks, client_side, port, tls_port, midstream, sides, end, loose).run()
    first = best_reading(reading, dialogue)
    seen = [bool(reading.segments[side]) for side in (client_side, 1 - client_side)]
    judged = [tls.Judged(a, sides, seen, end) for a in first.facts.attempts]
    for j in judged:
        if j.state == 'null':
            through_null(first, j, spoken or by_port or 'smtp', port, sides, end)
    gather_evidence(first, reading, connection, dialogue, client_side)
    not_mail = bool(stray)
    alpn = [n for j in judged for n in j.chosen_alpn or j.alpn]
    if any(n in ('h2', 'http/1.1', 'h3') for n in alpn) and not any(n in ALPN for n in alpn):
        not_mail = True
    if not spoken and not judged and (is_noise(client) or is_noise(server) or
                                      server.whole and b'\n' in server.bytes and not server.first_is(SERVER_LINE)):
        not_mail = True
    if mail_port and port not in ports and judged and not spoken and not any(n in ALPN for n in alpn):
        not_mail = True                     # the client's own port says nothing about TLS on an odd one
    if not mail_port:
        spoken = on_odd_port(first, client, server, spoken, alpn, not_mail)
        if spoken is None:
            return None
    v = verdict(not_mail, first.facts, judged, midstream or not all(sides), end)
    return report(v, connection, client_side, spoken or by_port, first.facts, judged)


def best_reading(reading, dialogue):
    """Section 5: where a body's end is ambiguous the replies decide. Both readings are tried; fewer replies that
    nobody asked for and fewer commands without one is better."""
    strict = dialogue(reading, False)
    if not strict.orphans + strict.unanswered or not isinstance(strict, protocols.Smtp):
        return strict
    loose = dialogue(reading, True)
    return loose if loose.orphans + loose.unanswered < strict.orphans + strict.unanswered else strict


def through_null(first, judged, name, port, sides, end):
    """A suite without encryption: judge by what went on (section 3)."""
    chunks, at = [], [0, 0]
    for r in judged.records:
        if r.kind == tls.DATA:
            data = r.body[:max(0, r.length - judged.mac)]
            chunks.append(streams.Chunk(r.side, 'data', at[r.side], data, len(data), 0, end, at[1 - r.side]))
            at[r.side] += len(data)
    inner = CLASSES[name](chunks, CLIENT, port, False, False, sides, end).run()
    first.facts.spoken |= inner.facts.spoken
    first.facts.tried |= inner.facts.tried
    if inner.facts.exposure:
        first.facts.expose(inner.facts.exposure)


def gather_evidence(first, reading, connection, dialogue, client_side):
    f = first.facts
    first.mask_verdict()
    if any(s.conflicts for s in reading.streams):
        last = best_reading(streams.Reading(connection, last_wins=True), dialogue)
        if evidence.conflict(first, last, reading.streams):
            f.evidence.pop('masked_capability', None)
            f.add('overlap_conflict', 'proven')
            f.offered = f.offered or last.facts.offered
    servers = reading.segments[1 - client_side]
    chunk = first.refusal or (first.lacking if f.offered is False else first.no_hello if f.offered is None else None)
    forged = chunk and evidence.forged(chunk, servers)
    if forged:
        f.add('forged_reply', 'likely' if f.evidence and forged == 'sure' else 'possible')
        if 'refused_for_now' in f.evidence and forged == 'sure':
            f.add('refused_for_now', 'likely')


def on_odd_port(first, client, server, spoken, alpn, not_mail):
    """Section 1: mail counts there once greeting and dialogue are those of a mail protocol; TLS when ALPN says so."""
    named = next((ALPN[n] for n in alpn if n in ALPN), None)
    if named and first.facts.attempts:
        return named
    if not_mail or not spoken or not server.whole:
        return None
    name = spoken.replace('lmtp', 'smtp')
    greets = re.match(SERVER_LINE[name], server.bytes, re.I)
    verbs = [line.split()[0].upper() for line in client.lines if line.split()]
    speaks = not client.lines or any(v in (b'EHLO', b'HELO', b'LHLO') for v in verbs[:2]) if name == 'smtp' else client.matches(CLIENT_LINE, name)
    return spoken if greets and speaks and len(server.matches(SERVER_LINE, name)) > 1 else None


def report(v, connection, client_side, name, f, judged):
    ends = connection.ends[client_side], connection.ends[1 - client_side]
    s = Session(v, *ends, name, time=connection.segments[0].time)
    s.exposure = f.exposure
    s.evidence = f.evidence
    s.grade = max(f.evidence.values(), key=evidence.RANK.index, default='none')
    s.offered = f.offered
    s.version = next((tls.NAMES.get(j.version) for j in reversed(judged) if j.version), None)
    return s


# --- captures ---

def ports_of(option):
    """--ports as `analyze` has it: PORT:PROTOCOL[:tls],…; with = in front, the only ones."""
    ports = {} if option.startswith('=') else dict(PORTS)
    for word in option.lstrip('=').split(','):
        number, name, *more = word.split(':')
        ports[int(number)] = (name, 'tls' in more)
    return ports


def worlds(captures, separate):
    """Captures that continue one another: by their first packets, within a minute, of one link type."""
    if separate:
        return [[c] for c in captures]
    known = []
    for c in captures:
        times = [(time, link) for time, link, _, _ in packets.records(c)]
        if times:
            known.append((times[0][0], times[-1][0], times[0][1], c))
    found = []
    for begin, end, link, c in sorted(known):
        if found and found[-1][0][1] == link and begin - found[-1][0][0] <= 60:
            found[-1][1].append(c)
            found[-1][0][0] = end
        else:
            found.append(([end, link], [c]))
    return [w for _, w in found]


def read(captures, ports=PORTS, separate=False):
    """All sessions of captures."""
    found = []
    for world in worlds(captures, separate):
        segments = packets.segments(world)
        end = max([s.time for s in segments], default=0)
        for c in streams.connections(segments):
            s = read_connection(c, ports, end)
            if s:
                found.append(s)
    return found


def main():
    arguments, ports, separate = sys.argv[1:], PORTS, False
    if '--ports' in arguments:
        i = arguments.index('--ports')
        ports = ports_of(arguments[i + 1])
        del arguments[i:i + 2]
    if '--separate' in arguments:
        arguments.remove('--separate')
        separate = True
    if not arguments or arguments[0].startswith('-'):
        sys.exit(__doc__.strip())
    for s in read(arguments, ports, separate):
        print(s)


if __name__ == '__main__':
    main()
