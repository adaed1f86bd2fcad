#!/usr/bin/env python3
"""No false alarm: many sessions without a stripper, none of which may have evidence of grade likely or proven.

usage: benign.py [--bin build/mailseal] [--sessions 10000] [--keep DIR] [--quick]

Takes the connections of tests/pcaps/recorded (real servers and clients) one by one, and lets them happen again: at
other times, between other addresses, many times, in the order of a SITUATION below: a server that never offers, one
that stops at noon, one whose TLS is broken, clients behind one address, and so on; two days of packet time. All of it is
analysed as it is (then each verdict must be that of the recording, too), with packets lost, reordered, and from one
direction only. --quick takes fewer of these. The last line is "N passed, N failed": one for each situation and way of
looking, one for the verdicts, one for the number of sessions."""
import argparse, collections, ipaddress, os, random, re, struct, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(HERE))
import golden, interleave

HOUR = 3600
START = 1768780800                          # 2026-01-19, midnight
ENCRYPTED, CLEAR = ('starttls', 'implicit_tls'), ('clear', 'clear_auth')
YES = ('220', 'OK', '+OK')


# --- what was recorded ---

class Atom:
    """A connection: packets are (µs since its first, bytes), `fields` what the manifest says of it."""
    def __init__(self, name, fields, packets):
        self.software, self.fields, self.port = name.split('-')[0], fields, int(fields['dest'].rsplit(':', 1)[1])
        self.six = fields['src'][0] == '['
        self.packets = [(at - packets[0][0], frame) for at, frame in packets]
        self.kind = self.kind_of()

    def kind_of(self):
        f = self.fields
        if f['verdict'] in ENCRYPTED:
            return 'up'
        if f['verdict'] in CLEAR + ('tls_failed',) and (f['starttls.reply'] or '').startswith('4'):
            return '454'
        if f['verdict'] == 'tls_failed' and f['starttls.offered'] is not False and f['starttls.reply'] in YES:
            return 'alert' if self.alerts() else 'broken'
        if f['verdict'] in CLEAR and f['starttls.reply'] is None:
            return {True: 'unwilling', False: 'bare'}.get(f['starttls.offered'], 'other')
        return 'probe' if f['verdict'] == 'incomplete' else 'blind' if f['starttls.offered'] is False else 'other'

    def alerts(self):
        """Whether an alert is seen, in clear or as a short encrypted record."""
        at = 54 + 20 if self.six else 34 + 20
        return any(re.search(rb'^\x15\x03|^\x17\x03\x03\x00\x13', frame[at + 12 * ((frame[at - 8] >> 4) > 5):]) for _, frame in self.packets)


def ends(frame):
    """(source, its port, destination, its port) of a frame without tags or tunnels; None of others."""
    if frame[12:14] == b'\x08\x00' and frame[14] == 0x45 and frame[23] == 6:
        return (frame[26:30], *struct.unpack_from('>H', frame, 34), frame[30:34], *struct.unpack_from('>H', frame, 36))
    if frame[12:14] == b'\x86\xdd' and frame[20] == 6:
        return (frame[22:38], *struct.unpack_from('>H', frame, 54), frame[38:54], *struct.unpack_from('>H', frame, 56))
    return None


def packed(endpoint):
    address, port = endpoint.rsplit(':', 1)
    return ipaddress.ip_address(address.strip('[]')).packed, int(port)


def recorded():
    found = []
    for entry in golden.read_manifest(golden.RECORDED)[0]:
        flows = collections.defaultdict(list)
        for at, _, frame in interleave.read_pcap(os.path.join(entry.folder, entry.captures[0])):
            e = ends(frame)
            flows[min(e[:2], e[2:]), max(e[:2], e[2:])].append((at, frame))
        for f in entry.sessions:
            pair = packed(f['src']), packed(f['dest'])
            found.append(Atom(entry.name, f, flows[min(pair), max(pair)]))
    return found


# --- letting it happen again ---

def moved(frame, from_client, client, server):
    """The frame between other ends; each is (address, port), packed."""
    frame, six = bytearray(frame), frame[12:14] == b'\x86\xdd'
    at, size, tcp = (22, 16, 54) if six else (26, 4, 34)
    source, target = (client, server) if from_client else (server, client)
    before = interleave.sum16(bytes(frame[at:at + 2 * size]))
    after = interleave.sum16(source[0] + target[0])
    ports = struct.unpack_from('>HH', frame, tcp)
    frame[at:at + 2 * size] = source[0] + target[0]
    struct.pack_into('>HH', frame, tcp, source[1], target[1])
    if not six:
        interleave.adjusted(frame, 24, interleave.fold(after + (~interleave.fold(before) & 0xffff)))
    interleave.adjusted(frame, tcp + 16, interleave.fold(after + source[1] + target[1] + (~interleave.fold(before + sum(ports)) & 0xffff)))
    return bytes(frame)


def address(six, net, host, server):
    """Of a client: a network (/24, /48) and a host in it; of a server: a number."""
    if six:
        return struct.pack('>HHHQH', 0x2001, 0xdb8 if not server else 0xdb9, net, 0, host)
    return bytes((172 if server else 10, net >> 8, net & 255, host))


class Stage:
    """Where a situation puts its sessions: play(hour, atom, (network, host))."""
    def __init__(self, atoms, seed):
        self.atoms, self.random, self.ports, self.number = atoms, random.Random(seed), collections.Counter(), 0
        self.sessions = []                  # (situation, atom, client end, server end, start)

    def begin(self, situation):
        self.situation, self.number = situation, self.number + 1

    def has(self, kind, port, *software):
        return [a for a in self.atoms if a.kind == kind and a.port == port and (not software or a.software in software)]

    def play(self, hour, atom, client):
        net = self.number * 40 % 60000 + client[0]
        end, server = address(atom.six, net, client[1], False), address(atom.six, self.number, 25, True)
        self.ports[end] += 1
        self.sessions.append((self.situation, atom, (end, 1024 + self.ports[end]), (server, atom.port), START + hour * HOUR))

    def pick(self, kind, port, *software): return self.random.choice(self.has(kind, port, *software))

    def many(self, count, first, last, hour_of=None):
        """Moments between two hours, in their order, each with a client of one of 40 networks."""
        for hour in sorted(self.random.uniform(first, last) for _ in range(count)):
            yield hour, (self.random.randrange(40), self.random.randrange(1, 250))

    def retry(self, hour, port, client, *software):
        """TLS that breaks without an alert, and the same client in clear soon after."""
        broken = self.has('broken', port, *software) or self.has('broken', port)
        first = self.random.choice(broken)
        self.play(hour, first, client)
        self.play(hour + self.random.uniform(2, 400) / HOUR + first.packets[-1][0] / 1e6 / HOUR,
                  self.random.choice([a for a in self.has('unwilling', port) or self.has('bare', port) if a.six == first.six] or self.has('unwilling', port)), client)


RELAY, SUBMISSION, IMAP, POP3 = (25, 'postfix'), (587, 'postfix'), (143, 'dovecot'), (110, 'cyrus')
PLACES = (RELAY, SUBMISSION, IMAP, POP3, (25, 'exim'), (25, 'sendmail'), (587, 'exim'), (143, 'cyrus'), (143, 'courier'))


def ordinary(s, n, port, software):
    """Clients that upgrade, and some that never do."""
    for hour, client in s.many(n, 0, 44):
        s.play(hour, s.pick(s.random.choice(('up', 'up', 'up', 'unwilling')), port, software), client)


def never(s, n, port, software):
    """A server that offers nothing, and clients that ask all the same."""
    for hour, client in s.many(n, 0, 44):
        kind = 'blind' if s.has('blind', port, software) and s.random.random() < .1 else 'bare'
        s.play(hour, s.pick(kind, port, software), client)


def broken(s, n, port, software):
    """A server whose TLS never worked; its clients come back in clear."""
    for hour, client in s.many(n // 2, 0, 44):
        s.retry(hour, port, client, software)


def broken_at_ten(s, n, port, software):
    """A server whose TLS breaks for two hours, for everybody."""
    for hour, client in s.many(n // 2, 0, 10):
        s.play(hour, s.pick('up', port, software), client)
    for hour, client in s.many(n // 4, 10, 12):
        s.retry(hour, port, client, software)
    for hour, client in s.many(n // 4, 12.2, 20):
        s.play(hour, s.pick('up', port, software), client)


def broken_client(s, n, port, software):
    """One client whose own TLS never works, at a server where that of all others does."""
    for hour, client in s.many(n * 3 // 4, 0, 44):
        s.play(hour, s.pick('up', port, software), client)
    for hour, _ in s.many(n // 8, 1, 44):
        s.retry(hour, port, (39, 251), software)


def alerting_client(s, n, port, software):
    """One client that refuses the server's certificate with an alert, and then goes clear."""
    for hour, client in s.many(n * 3 // 4, 0, 44):
        s.play(hour, s.pick('up', port, software), client)
    for hour, _ in s.many(n // 8, 1, 44):
        first = s.random.choice(s.has('alert', port, software) or s.has('alert', port))
        s.play(hour, first, (39, 251))
        s.play(hour + .02, s.random.choice([a for a in s.has('unwilling', port) if a.six == first.six]), (39, 251))


def expired_at_noon(s, n, port, software):
    """From noon on clients refuse the server's certificate with an alert, and come back in clear."""
    for hour, client in s.many(n // 2, 0, 12):
        s.play(hour, s.pick('up', port, software), client)
    for hour, client in s.many(n // 4, 12, 20):
        first = s.random.choice(s.has('alert', port, software) or s.has('alert', port))
        s.play(hour, first, client)
        s.play(hour + .02, s.random.choice([a for a in s.has('unwilling', port) if a.six == first.six]), client)


def nat(s, n, port, software):
    """Many unlike clients behind one address: some upgrade, some never do, some fail."""
    for hour, client in s.many(n // 2, 0, 44):
        s.play(hour, s.pick('up', port, software), client)
    for hour, _ in s.many(n // 2, 0, 44):
        kind = s.random.choice(('up', 'unwilling', 'broken', 'alert', 'unwilling'))
        s.play(hour, s.random.choice(s.has(kind, port, software) or s.has(kind, port)), (39, 251))


def balancer(s, n, port, software):
    """One address, before servers that offer and one that does not; who gets which is chance."""
    for hour, client in s.many(n, 0, 44):
        s.play(hour, s.random.choice(s.has('bare', port)) if s.random.random() < .04 else s.pick('up', port, software), client)


def affine_balancer(s, n, port, software):
    """The same, and a client network always gets the same server."""
    other = [a for a in s.has('bare', port) if a.software != software] or s.has('bare', port)
    for hour, client in s.many(n, 0, 44):
        s.play(hour, s.random.choice(other) if client[0] % 20 == 7 else s.pick('up', port, software), client)


def busy(s, n, port, software):
    """454 under load: for two hours a third of all tries."""
    for hour, client in s.many(n, 0, 44):
        s.play(hour, s.pick('454' if 9 < hour < 11 and s.random.random() < .35 else 'up', port, software), client)


def limited(s, n, port, software):
    """454 by a limit for each client: one client that comes far too often gets it most of the time."""
    for hour, client in s.many(n // 2, 0, 44):
        s.play(hour, s.pick('up', port, software), (client[0] % 39, client[1]))
    for k, (hour, _) in enumerate(s.many(n // 2, 8, 14)):
        s.play(hour, s.pick('454' if k % 6 else 'up', port, software), (39, 251))


def key_lost_at_noon(s, n, port, software):
    """454 for everybody from noon on."""
    for hour, client in s.many(n, 0, 40):
        s.play(hour, s.pick('454' if hour > 12 else 'up', port, software), client)


def off_at_noon(s, n, port, software):
    """The offer is gone at noon, for everybody."""
    for hour, client in s.many(n, 0, 44):
        s.play(hour, s.pick('bare', port, software) if hour > 12 else s.pick('up', port, software), client)


def on_at_noon(s, n, port, software):
    """The offer comes at noon."""
    for hour, client in s.many(n, 0, 44):
        s.play(hour, s.pick('bare', port, software) if hour < 12 else s.pick('up', port, software), client)


def off_one_by_one(s, n, port, software):
    """Three servers behind one address lose the offer at 11, 12 and 13; a client network always gets the same one."""
    for hour, client in s.many(n, 0, 44):
        s.play(hour, s.pick('bare' if hour > 11 + client[0] % 3 else 'up', port, software), client)


def everything(s, n, port, software):
    """Whatever else was recorded: each connection once at each of some addresses."""
    for hour, client in s.many(n, 0, 44):
        s.play(hour, s.random.choice([a for a in s.atoms if a.kind in ('other', 'probe', 'blind', 'up')]), client)


SITUATIONS = (                              # which, and what must have been recorded of the place
    (ordinary, ('up', 'unwilling')), (never, ('bare',)), (broken, ()), (broken_at_ten, ('up',)), (broken_client, ('up',)),
    (alerting_client, ('up',)), (expired_at_noon, ('up',)), (nat, ('up',)), (balancer, ('up',)), (affine_balancer, ('up',)), (busy, ('up', '454')), (limited, ('up', '454')),
    (key_lost_at_noon, ('up', '454')), (off_at_noon, ('up', 'bare')), (on_at_noon, ('up', 'bare')), (off_one_by_one, ('up', 'bare')))


def plan(atoms, count, quick):
    """Each situation at each place that has what it needs; quick: at one of them."""
    s = Stage(atoms, 5)
    able = []
    for n, (f, needs) in enumerate(SITUATIONS):
        places = [p for p in PLACES if all(s.has(kind, *p) for kind in needs)]
        able += [(f, p) for p in ([places[n % len(places)]] if quick else places)]
    able.append((everything, RELAY))
    for function, place in able:
        s.begin('%s, port %d, %s' % (function.__name__.replace('_', ' '), *place))
        function(s, -(-count * 11 // 10 // len(able)), *place)
    return s.sessions


def packets_of(sessions):
    """(µs, number of the session, from the client?, frame, which part of the session), in the order of time."""
    out = []
    for number, (_, atom, client, server, start) in enumerate(sessions):
        first = packed(atom.fields['src'])
        for n, (at, frame) in enumerate(atom.packets):
            mine = ends(frame)[:2] == first
            out.append((int(start * 1e6) + at, number, mine, moved(frame, mine, client, server), n / len(atom.packets)))
    out.sort(key=lambda p: p[:2])
    return out


# --- ways of looking ---

def lost(share): return lambda r, p: None if r.random() < share else p
def late(r, p): return (p[0] + r.randrange(3000), *p[1:]) if r.random() < .1 else p
def nearer(p, hops):
    """The packet with another time to live."""
    frame = bytearray(p[3])
    at = 21 if frame[12] == 0x86 else 22
    frame[at] = (frame[at] + hops) & 255
    if at == 22:
        interleave.adjusted(frame, 24, hops << 8)
    return (*p[:3], bytes(frame), p[4])


def numbered(p, shift):
    """The packet with other sequence numbers; shift is what is added to those of client and server."""
    frame, tcp = bytearray(p[3]), 54 if p[3][12] == 0x86 else 34
    mine, theirs = shift if p[2] else shift[::-1]
    before = interleave.sum16(bytes(frame[tcp + 4:tcp + 12]))
    seq, ack = struct.unpack_from('>II', frame, tcp + 4)
    struct.pack_into('>II', frame, tcp + 4, (seq + mine) & 0xffffffff, (ack + theirs) & 0xffffffff if frame[tcp + 13] & 16 else ack)
    interleave.adjusted(frame, tcp + 16, interleave.fold(interleave.sum16(bytes(frame[tcp + 4:tcp + 12])) + (~interleave.fold(before) & 0xffff)))
    return (*p[:3], bytes(frame), p[4])


def again(p, hops, shift=(0, 0)):
    """The packet as it is seen before a box and behind it, some µs later."""
    return [p, (p[0] + 40, *numbered(nearer(p, -hops & 255), shift)[1:])]


def of_connection(p):
    """Two numbers that are the same for all packets of a connection."""
    r = random.Random(p[1])
    return r.randrange(2**32), r.randrange(2**32)


def late_and_lost(r, p): return late(r, p) if r.random() > .01 else None


WAYS = {'as it is': lambda r, p: p, '0.1 % lost': lost(.001), '1 % lost': lost(.01), '5 % lost': lost(.05), '20 % lost': lost(.2),
        'another route from some moment on': lambda r, p: nearer(p, 1 + p[1] % 3) if p[1] % 101 / 101 < p[4] else p,
        'somebody else answers the SYN': lambda r, p: nearer(p, 100) if p[3][67 if p[3][12] == 0x86 else 47] & 18 == 18 else p,
        'one in twenty by another route': lambda r, p: nearer(p, 253) if r.random() < .05 else p,
        'both sides of a router': lambda r, p: again(p, 1),
        'both sides of a router, 1 % lost': lambda r, p: [q for q in again(p, 1) if r.random() > .01],
        'both sides of a box that numbers clients anew': lambda r, p: again(p, 1, (of_connection(p)[0], 0)),
        'both sides of a box that numbers anew': lambda r, p: again(p, 1, of_connection(p)),
        'reordered': late, 'reordered, 1 % lost': late_and_lost, 'client only': lambda r, p: p if p[2] else None,
        'server only': lambda r, p: None if p[2] else p, 'every third one-sided': lambda r, p: p if p[1] % 3 or p[2] == bool(p[1] % 2) else None}
QUICK = ('as it is', '5 % lost', 'server only', 'both sides of a router', 'both sides of a box that numbers anew')


def write(path, packets):
    with open(path, 'wb') as f:
        f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
        for at, _, _, frame, _ in packets:
            f.write(struct.pack('<IIII', at // 10**6, at % 10**6, len(frame), len(frame)) + frame)


def end_of(end):
    ip = str(ipaddress.ip_address(end[0]))
    return ('[%s]:%d' if ':' in ip else '%s:%d') % (ip, end[1])


def packets_by(seen):
    """None, one, or a list of them."""
    return seen if isinstance(seen, list) else [seen] if seen else []


def look(binary, packets, way, keep):
    """{(client, server): fields}."""
    r = random.Random(way)
    seen = sorted((q for p in packets for q in packets_by(WAYS[way](r, p))), key=lambda p: p[:2])
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(keep or folder, re.sub('[^a-z0-9]+', '-', way) + '.pcap')
        write(path, seen)
        sessions, _, wrong = golden.analyse(binary, [path], [], folder)
    if wrong:
        raise SystemExit('benign: %s: %s' % (way, wrong))
    return {(f['src'], f['dest']): f for f in map(golden.fields, sessions)}


def alarms(sessions, found, tally, way):
    by = collections.defaultdict(collections.Counter)
    for situation, _, client, server, _ in sessions:
        by[situation]['sessions'] += 1
        f = found.get((end_of(client), end_of(server)))
        if f and (f['strip.grade'] in ('likely', 'proven') or f['verdict'] == 'stripped'):
            by[situation]['+'.join(f['strip.evidence']) + ' ' + f['strip.grade']] += 1
    for situation, counts in by.items():
        wrong = {k: v for k, v in counts.items() if k != 'sessions'}
        tally.count(way + ': ' + situation, wrong and 'of %d sessions: %s' % (counts['sessions'], ', '.join('%d %s' % (v, k) for k, v in wrong.items())))


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument('--bin', default=os.path.join(golden.HERE, '..', 'build', 'mailseal'))
    ap.add_argument('--sessions', type=int, default=10000)
    ap.add_argument('--keep')
    ap.add_argument('--quick', action='store_true')
    a = ap.parse_args()
    sessions, tally = plan(recorded(), a.sessions, a.quick), golden.Tally()
    packets = packets_of(sessions)
    possible = collections.Counter()
    for way in QUICK if a.quick else WAYS:
        found = look(a.bin, packets, way, a.keep)
        alarms(sessions, found, tally, way)
        if way == 'as it is':
            wrong = collections.Counter((s, atom.fields['verdict'], f and f['verdict']) for s, atom, c, v, _ in sessions
                                        for f in [found.get((end_of(c), end_of(v)))] if not f or f['verdict'] != atom.fields['verdict'])
            tally.count('verdicts', '; '.join('%d %s: %s, not %s' % (n, s, have, want) for (s, want, have), n in wrong.items()))
            possible.update(e for f in found.values() if f['strip.grade'] == 'possible' for e in f['strip.evidence'])
    tally.count('number of sessions', '' if len(sessions) >= a.sessions else 'only %d' % len(sessions))
    print('%d sessions of %d situations, %d packets; possible as they are: %s' % (
        len(sessions), len({s[0] for s in sessions}), len(packets), ', '.join('%s %d' % p for p in sorted(possible.items())) or 'none'))
    print('%d passed, %d failed' % (tally.passed, tally.failed))
    sys.exit(tally.failed > 0)


if __name__ == '__main__':
    main()
