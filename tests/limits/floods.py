#!/usr/bin/env python3
"""Floods made by an enemy change nothing but counters, take no more memory than allowed, and cost as much a packet
however many came before.

usage: floods.py [--build build] [--size small|large] [--kind KIND…]

Each kind of tools/bench/flood.c (SYNs; SYNs that are answered, as with SYN cookies; bare ACKs; connections whose
ends collide in a hash without a key; half-open ones with one byte of payload; each time another server; first
fragments) runs through the packets of a capture of 50 mail sessions, and is analysed with --memory 4M:
  - peak memory: not above that of the capture alone by more than --memory and, where sessions are stored, what
    the store keeps of its database in memory, however large the flood;
  - kinds that begin no session (no payload): with memory for all, every table is as without the flood, but for
    the counters of the source and rows of attempts, of which there are a few for each hour, not for each packet;
    without, so are the sessions, but that the last packets of one that had ended may not be counted;
  - the others: with memory for all, the sessions of the 50 are as without the flood, and no other is decided.
    Without, connections are forgotten and met again in their middle: no part of one is in another group of
    verdicts (encrypted, clear) than the whole, or else incomplete, and what is met again is marked midstream.
The mix open (all connections open at once, each saying one packet in its turn) is held to the same with --memory 4M,
and to saying how many connections were given up.
Instructions (valgrind; none in builds with sanitizers): ten times the packets cost at most 10.5 times, from file
to verdict, for each kind, for hellos and certificates that are all new (the mix fresh), and for mail.
large is ten million packets and two million (one million servers), and takes about ten minutes.
The last line is "N passed, N failed".
"""
import argparse, collections, concurrent.futures, os, sqlite3, subprocess, sys, tempfile
import limits

BARE = ('syn', 'answered', 'ack', 'collide', 'fragments')
SPEAKING = ('byte', 'servers')
PACKETS = {'small': {}, 'large': dict.fromkeys(BARE, 10**7) | {'byte': 2 * 10**6, 'servers': 3 * 10**6}}
SMALL, GROWTH, ALL_NEW = 40000, 1500, {'fresh': 40, 'mail': 60, 'tiny': 150}
OPEN = {'small': 4000, 'large': 500000}
KINDS = (*BARE, *SPEAKING, 'open', *ALL_NEW)
MIB = 1 << 10                               # KiB, as memory is measured
MEMORY = 4                                  # MiB
STORE = 48 * MIB                            # pages of the database and what is known of it, of a full run
GROUP = {'implicit_tls': 'encrypted', 'starttls': 'encrypted', 'clear': 'in clear', 'clear_auth': 'in clear'}
DECIDED = ('implicit_tls', 'starttls', 'stripped', 'clear_auth', 'clear', 'tls_failed')


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, good, text):
        self.passed, self.failed = self.passed + bool(good), self.failed + (not good)
        if not good:
            print(text)


def analyze(build, capture, db, memory, said=None):
    """Peak KiB. said: a file for what it prints."""
    p = subprocess.Popen([build + '/mailseal', 'analyze', *([] if said else ['--quiet']), '--memory', memory, '--lanes', '0',
                          '--db', db, capture],
                         stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode:
        sys.exit('floods: analyze %s left with status %d' % (capture, p.returncode))
    return usage.ru_maxrss


def tables(db):
    """{table: its rows} of all but those that count."""
    con = sqlite3.connect(db)
    con.text_factory = bytes
    names = [n.decode() for n, in con.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1")]
    return {n: sorted(map(repr, con.execute('SELECT * FROM "%s"' % n))) for n in names
            if n not in ('source', 'database', 'attempt') and not n.startswith('sqlite_')}


def verdicts(db):
    """({ends: verdicts} of the 50, {verdict: sessions} of the others)."""
    ours, others = collections.defaultdict(list), collections.Counter()
    for src, port, dest, verdict in sqlite3.connect(db).execute('SELECT src_ip, src_port, dest_ip, verdict FROM sessions'):
        if src.startswith('10.') or dest.startswith('10.'):
            others[verdict] += 1
        else:
            ours[src, port, dest].append(verdict)
    return ours, others


def sessions(db):
    """Each with all columns but its place and those that its last packet changes."""
    con = sqlite3.connect(db)
    con.row_factory = sqlite3.Row
    return sorted(repr({k: row[k] for k in row.keys() if k not in ('id', 'end', 'pkts_toserver', 'pkts_toclient', 'source')})
                  for row in con.execute('SELECT * FROM sessions'))


def value(db, sql):
    return sqlite3.connect(db).execute(sql).fetchone()[0]


class Floods:
    def __init__(self, args, folder, tally):
        self.build, self.folder, self.tally = os.path.abspath(args.build), folder, tally
        self.size, self.measured = args.size, not sanitized(args.build)
        self.counter = limits.Counter(args.build, folder)
        self.base, _ = self.counter.generate('mail', 50)
        self.alone = self.path('alone.db')
        self.peak = analyze(self.build, self.base, self.alone, '%dM' % MEMORY)

    def path(self, name):
        return os.path.join(self.folder, name)

    def flooded(self, kind, n, memory):
        """(database, peak KiB)"""
        capture, db = self.path('flood.pcap'), self.path('flood.db')
        if os.path.exists(db):
            os.unlink(db)
        limits.run([self.build + '/bench/flood', kind, str(n), capture, self.base])
        peak = analyze(self.build, capture, db, memory)
        if peak > self.most(kind):              # pages may be handed out in large pieces by a kernel that has plenty
            os.unlink(db)
            peak = min(peak, analyze(self.build, capture, db, memory))
        os.unlink(capture)
        return db, peak

    def most(self, kind):
        # beside --memory: 4 MiB of fragments, and what the reader touches
        return self.peak + (MEMORY + 6) * MIB + (0 if kind in BARE else STORE)

    def memory(self, kind, n, peak):
        most = self.most(kind)
        if self.measured:
            self.tally.check(peak <= most, 'flood %s: %d packets took %d KiB at most, and %d are allowed' % (kind, n, peak, most))
        return peak

    def bare(self, kind, n):
        db, _ = self.flooded(kind, min(n, SMALL), '1G')
        expected, found = tables(self.alone), tables(db)
        for name in expected:
            self.tally.check(found[name] == expected[name], 'flood %s: table %s is not as without it' % (kind, name))
        db, peak = self.flooded(kind, n, '%dM' % MEMORY)
        self.memory(kind, n, peak)
        self.tally.check(sessions(db) == sessions(self.alone), 'flood %s: sessions are not as without it where memory is short' % kind)
        rows = value(db, 'SELECT count(*) FROM attempt')
        self.tally.check(rows <= 100, 'flood %s: %d rows of attempts' % (kind, rows))
        self.evicted(kind, db, kind != 'fragments')
        return peak

    def evicted(self, kind, db, expected):
        n = value(db, 'SELECT sum(evicted) FROM source')
        self.tally.check((n > 0) == expected, 'flood %s: %d connections were evicted, so this shows nothing' % (kind, n))

    def speaking(self, kind, n):
        expected, _ = verdicts(self.alone)
        few = min(n, SMALL)
        found, others = verdicts(self.flooded(kind, few, '1G')[0])
        self.tally.check(found == expected, 'flood %s: sessions that were there before are not as without it' % kind)
        wrong = {v: n for v, n in others.items() if v in DECIDED}
        self.tally.check(not wrong, 'flood %s: its sessions are said to be %s' % (kind, wrong))
        db, peak = self.flooded(kind, n, '%dM' % MEMORY)
        self.memory(kind, n, peak)
        self.parts(kind, db, expected)
        self.evicted(kind, db, True)
        return peak

    def parts(self, kind, db, expected):
        """Of the connections that were evicted and met again."""
        found, _ = verdicts(db)
        wrong = []
        for ends, (was, *_) in expected.items():
            for v in found.get(ends, ['missing']):
                if v != 'incomplete' and GROUP.get(v, v) != GROUP.get(was, was):
                    wrong.append('%s is said to be %s, and was %s' % (ends, v, was))
        self.tally.check(not wrong, 'flood %s, where memory is short: %d sessions: %s' % (kind, len(wrong), '; '.join(wrong[:3])))
        again = value(db, "SELECT count(*) FROM (SELECT sum(marks NOT LIKE '%midstream%') AS begun FROM sessions"
                          ' GROUP BY src_ip, src_port, dest_ip, dest_port HAVING begun > 1)')
        self.tally.check(again == 0, 'flood %s: %d connections were counted twice from their beginning' % (kind, again))

    def kind(self, kind):
        n = PACKETS[self.size].get(kind, SMALL)
        peak = (self.bare if kind in BARE else self.speaking)(kind, n)
        if self.size == 'large':
            print('%-10s %9d packets  peak %6.1f MB' % (kind, n, peak / 1024), flush=True)

    def open(self, n):
        """--memory holds for connections that are all real, and all open."""
        capture, _ = self.counter.generate('open', n)
        full, db = self.path('full.db'), self.path('open.db')
        analyze(self.build, capture, full, '2G')
        with open(self.path('said'), 'w+') as said:
            peak = analyze(self.build, capture, db, '%dM' % MEMORY, said)
            said.seek(0)
            text = said.read()
        os.unlink(capture)
        self.memory('open', n, peak)
        self.parts('open', db, verdicts(full)[0])
        self.evicted('open', db, True)
        number = value(db, 'SELECT sum(evicted) FROM source')
        self.tally.check('%d connections given up for want of memory' % number in text,
                         'open: that %d connections were given up is not said: %s' % (number, text))

    def growth(self, name):
        """Instructions of N packets and of 10 N, less those of none."""
        capture, cost = self.path('growth-%s.pcap' % name), []
        for times in (1, 10):
            if name in ALL_NEW:
                command = ['generate', name, str(ALL_NEW[name] * times), capture, 'tests/pcaps']
            else:
                command = ['flood', name, str(GROWTH * times), capture]
            packets = limits.numbers(limits.run([self.build + '/bench/' + command[0]] + command[1:]))['packets']
            cost.append((self.counter.count('verdicts', capture)[1] - self.begin) / packets)
        return name, cost[0], cost[1]

    def growths(self, kinds):
        empty = self.path('empty.pcap')
        with open(empty, 'wb') as f:
            f.write(limits.EMPTY)
        self.begin = self.counter.count('verdicts', empty)[1]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for name, few, many in pool.map(self.growth, kinds):
                if self.size == 'large':
                    print('%-10s %6.0f instructions a packet, of ten times as many %6.0f' % (name, few, many))
                self.tally.check(many <= 1.05 * few, '%s: ten times the packets cost %.2f times as many instructions'
                                 ' (%.0f a packet, then %.0f); at most 10.5' % (name, 10 * many / few, few, many))


def sanitized(build):
    with open(os.path.join(build, 'config')) as f:
        return 'sanitize' in f.read()


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument('--build', default='build')
    p.add_argument('--size', choices=('small', 'large'), default='small')
    p.add_argument('--kind', nargs='*', choices=KINDS, default=KINDS)
    args = p.parse_args()
    tally = Tally()
    here = '/dev/shm' if args.size == 'small' and os.access('/dev/shm', os.W_OK) else '/var/tmp'
    with tempfile.TemporaryDirectory(dir=here) as folder:
        floods = Floods(args, folder, tally)
        for kind in args.kind:
            if kind in BARE + SPEAKING:
                floods.kind(kind)
        if 'open' in args.kind:
            floods.open(OPEN[args.size])
        why = limits.reason_to_skip(args.build)
        if why:
            print('skipped: instructions are not counted: %s' % why)
        else:
            floods.growths([k for k in args.kind if k != 'open'])
    print('%d passed, %d failed' % (tally.passed, tally.failed))
    sys.exit(tally.failed > 0)


if __name__ == '__main__':
    main()
