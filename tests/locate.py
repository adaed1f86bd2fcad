#!/usr/bin/env python3
"""mailseal locate: captures made so that the place, the side and the kind of a stripper are known, or cannot be.

usage: locate.py [--bin build/mailseal]

The last line is "N passed, N failed" (checks).
"""
import contextlib, json, os, resource, sqlite3, subprocess, sys, tempfile
import checks
from checks import check, run

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
KEYS = ['client', 'server', 'port', 'sessions', 'first', 'last', 'about', 'word', 'says', 'evidence', 'session']
A, B, C = '198.51.100.%d', '203.0.113.%d', '2001:db8:1::%x'         # client networks
ONE, TWO, THREE = '192.0.2.25', '192.0.2.26', '192.0.2.27'          # servers


# --- captures ---

LIST = 'S: 220 mx.example ESMTP Postfix\nC: EHLO client.example\nS: 250-mx.example\nS: 250-PIPELINING\nS: 250-SIZE 10240000\nS: 250-VRFY\nS: 250-ETRN\n%sS: 250-ENHANCEDSTATUSCODES\nS: 250 8BITMIME\n'
MAIL = 'C: MAIL FROM:<a@client.example>\nS: 250 2.1.0 Ok\nC: QUIT\nS: 221 2.0.0 Bye\n'
OFFER = LIST % 'S: 250-STARTTLS\n'
WAYS = {
    'tls': OFFER + 'C: STARTTLS\nS: 220 2.0.0 Ready to start TLS\ntls 1.3 sni=mx.example\n',
    'masked': LIST % 'S: 250-XXXXXXXA\n' + MAIL,
    'refused': OFFER + 'C: STARTTLS\nS: 502 5.5.1 Error: command not implemented\n' + MAIL,
    'forged': OFFER + 'C: STARTTLS\nnext ttl %d\nnext id 1\nS: 502 5.5.1 Error: command not implemented\n' + MAIL,
    'masked command': OFFER + 'C: XXXXXXXX\nS: 500 5.5.2 Error: command not recognized\n' + MAIL,
    'echo': OFFER + 'C: STARTTLS\nS: 500 5.5.1 Command unrecognized: "XXXXXXXX"\n' + MAIL,
    'blind': LIST % '' + 'C: STARTTLS\nS: 220 2.0.0 Ready to start TLS\ntls 1.3 sni=mx.example\n',
    'clear': LIST % '' + MAIL,
}


class Capture:
    """Sessions one behind the other, a minute apart, or by `at` in minutes."""
    def __init__(self):
        self.text, self.n, self.minute = 'start 2026-01-05T10:00:00\n', 0, 0

    def add(self, client, server, way, port=25, ttl=None, at=None, times=1):
        for _ in range(times):
            at_minute = self.minute + 1 if at is None else at
            v6 = lambda a: '[%s]' % a if ':' in a else a
            host = client % (7 + self.n % 50)
            here = '2001:db8::%s' % server.rsplit('.', 1)[1] if ':' in client else server
            self.text += 'connection %d\nserver %s:%d\nclient %s:%d\nstart 2026-01-%02dT%02d:%02d:00\n' % (
                self.n, v6(here), port, v6(host), 40001 + self.n, 5 + at_minute // 1440, (10 + at_minute // 60) % 24, at_minute % 60)
            self.text += 'set S ttl %d\n' % (ttl or 57) + (WAYS[way] if '%' not in WAYS[way] else WAYS[way] % self.odd)
            self.minute, self.n = at_minute, self.n + 1
        return self

    odd = 61

    def forged(self, ttl):
        self.odd = ttl
        return self


def located(folder, capture, *options, analyze=()):
    path = os.path.join(folder, 'made-%d' % len(os.listdir(folder)))
    with open(path + '.txt', 'w') as f:
        f.write(capture.text)
    subprocess.run([sys.executable, os.path.join(ROOT, 'tools', 'make-pcap'), path + '.txt', path + '.pcap'], check=True)
    status, _, err = run('analyze', '--quiet', '--db', path + '.db', *analyze, path + '.pcap')
    check('it is read', (status, err), (0, ''))
    return path + '.db', lines(path + '.db', *options)


def lines(db, *options):
    status, out, err = run('locate', '--db', db, '--format', 'jsonl', *options)
    rows = [json.loads(l) for l in out.splitlines()]
    check('status with %s %s' % (options, err), status, 1 if rows else 0)
    return rows


def words(rows, about, server=ONE, client='198.51.100.0/24'):
    return sorted(r['word'] for r in rows if r['about'] == about and r['server'] == server and r['client'] == client)


def said(rows, about, word, server=ONE):
    return ' | '.join(r['says'] for r in rows if r['about'] == about and r['word'] == word and r['server'] == server)


# --- where ---

def expect(what, rows, place, clients, servers):
    have = [words(rows, about) for about in ('place', 'other clients', 'other servers')]
    check(what, have, [[place], [clients], [servers]])


def check_places(folder):
    s = lambda: Capture()
    hit = lambda c, client, server, n=2: c.add(client, server, 'masked', times=n)
    free = lambda c, client, server, n=2: c.add(client, server, 'tls', times=n)
    for what, parts, want in (
            ('near the client', [(hit, A, ONE), (hit, A, TWO), (free, B, ONE), (free, B, TWO)], ('near client', 'free', 'hit')),
            ('near the server', [(hit, A, ONE), (hit, B, ONE), (free, A, TWO), (free, B, TWO)], ('near server', 'hit', 'free')),
            ('between these two', [(hit, A, ONE), (free, A, TWO), (free, B, ONE)], ('this way', 'free', 'free')),
            ('where all have to pass', [(hit, A, ONE), (hit, A, TWO), (hit, B, ONE), (hit, B, TWO)], ('shared way', 'hit', 'hit')),
            ('no other server', [(hit, A, ONE), (free, B, ONE)], ('not at server', 'free', 'not known')),
            ('no other client', [(hit, A, ONE), (free, A, TWO)], ('not at client', 'not known', 'free')),
            ('cannot be known', [(hit, A, ONE), (free, B, TWO)], ('not known', 'not known', 'not known')),
            ('others as these', [(hit, A, ONE), (hit, B, ONE)], ('not known', 'hit', 'not known')),
            ('unlike others', [(hit, A, ONE), (hit, B, ONE), (free, B, ONE, 1), (hit, A, TWO), (free, A, THREE)], ('not known', 'mixed', 'mixed'))):
        c = s()
        for do, *args in parts:
            do(c, *args)
        _, rows = located(folder, c)
        expect(what, rows, *want)
        check(what + ': all of it is said', all(r['says'] and list(r) == KEYS for r in rows))
    check('why it cannot be known', said(located(folder, s().add(A, ONE, 'masked'))[1], 'place', 'not known'),
          'only one client network was seen with this server, and only one server with these clients')
    db, rows = located(folder, s().add(C, ONE, 'masked').add(C, TWO, 'masked').add('2001:db8:2::%x', ONE, 'tls'))
    check('IPv6', words(rows, 'place', '2001:db8::25', '2001:db8:1::/48'), ['near client'])


def check_what_counts(folder):
    """What must not be taken for somebody who still has the offer."""
    base = lambda: Capture().add(A, ONE, 'masked', times=2)
    expect('another port of another server', located(folder, base().add(A, TWO, 'tls', port=587))[1], 'not known', 'not known', 'not known')
    rows = located(folder, base().add(A, ONE, 'tls', port=587, times=3))[1]
    expect('another port of this server', rows, 'not known', 'not known', 'not known')
    check('another port is told of', (words(rows, 'other ports'), said(rows, 'other ports', 'free').split(':')[1]), (['free'], ' 3 had the offer, 0 stripped'))
    expect('a server without an offer', located(folder, base().add(B, ONE, 'clear'))[1], 'not known', 'not known', 'not known')
    expect('two hours later', located(folder, base().add(B, ONE, 'tls', at=123))[1], 'not known', 'not known', 'not known')
    expect('half an hour later', located(folder, base().add(B, ONE, 'tls', at=32))[1], 'not at server', 'free', 'not known')
    rows = located(folder, Capture().add(A, ONE, 'masked').add(A, ONE, 'tls', times=2).add(B, ONE, 'tls').add(A, TWO, 'masked').add(A, ONE, 'masked'))[1]
    expect('these clients are hit now and then', rows, 'not known', 'free', 'hit')
    check('that is said', said(rows, 'these clients', 'mixed').startswith('2 more sessions of theirs'))
    rows = located(folder, Capture().add(A, ONE, 'tls', times=2).add(A, ONE, 'masked').add(B, ONE, 'tls'))[1]
    check('what was before is not now and then', words(rows, 'these clients'), [])
    expect('what was before', rows, 'not at server', 'free', 'not known')


# --- which side, and what it is ---

def check_sides(folder):
    alone = lambda way, ttl=61: located(folder, Capture().forged(ttl).add(A, ONE, way))[1]
    for way, ttl, sides, kinds in (
            ('masked', 0, ['server side'], ['same-length masking']),
            ('refused', 0, ['server side'], ['command refused']),
            ('masked command', 0, ['client side'], ['same-length masking']),
            ('echo', 0, ['server side', 'server side'], ['command refused', 'same-length masking']),
            ('forged', 61, ['server side', 'server side'], ['command refused', 'reply injected']),
            ('forged', 64, ['not known', 'server side'], ['command refused', 'reply injected'])):
        rows = alone(way, ttl)
        check('%s %d: side' % (way, ttl), words(rows, 'sensor'), sides)
        check('%s %d: kind' % (way, ttl), words(rows, 'kind'), kinds)
    hops = lambda ttl: next(r['says'] for r in alone('forged', ttl) if r['about'] == 'sensor' and r['evidence'] == ['forged_reply'])
    check('three hops', 'TTL 61, all else that the server says with 57' in hops(61) and 'from 3 hops off, the server being 7 off' in hops(61))
    check('one hop', 'from 1 hop off' in hops(254))
    check('behind the server', 'from how far is not known' in hops(40))
    check('no hop', 'on a side of it that this does not tell' in hops(128))


def check_proxy(folder):
    """Who holds the connection, by how far off the server seems."""
    base = lambda ttl: Capture().add(A, ONE, 'refused', ttl=ttl, times=2)
    rows = located(folder, base(61).add(B, ONE, 'tls', times=3))[1]
    check('full proxy', words(rows, 'kind'), ['command refused', 'full proxy'])
    check('full proxy: numbers', 'with TTL 61, and with 57 in 3 sessions' in said(rows, 'kind', 'full proxy'))
    check('in line', words(located(folder, base(57).add(B, ONE, 'tls', times=3))[1], 'kind'), ['command refused', 'no full proxy'])
    check('too few', words(located(folder, base(61).add(B, ONE, 'tls', times=2))[1], 'kind'), ['command refused'])
    check('others at two distances', words(located(folder, base(61).add(B, ONE, 'tls', times=3).add(B, ONE, 'tls', ttl=56))[1], 'kind'), ['command refused'])
    check('these at two distances', words(located(folder, base(61).add(A, ONE, 'refused').add(B, ONE, 'tls', times=3))[1], 'kind'), ['command refused'])


# --- the command ---

def check_options(folder):
    db, rows = located(folder, Capture().add(A, ONE, 'masked').add(B, TWO, 'refused', at=90).add(A, THREE, 'blind', at=91))
    paths = lambda *options: sorted({(r['client'], r['server']) for r in lines(db, *options)})
    a, b, c = ('198.51.100.0/24', ONE), ('203.0.113.0/24', TWO), ('198.51.100.0/24', THREE)
    check('likely', paths(), [a, b])
    check('possible', paths('--grade', 'possible'), sorted([a, b, c]))
    check('proven', paths('--grade', 'proven'), [])
    for options, want in ((('--server', ONE), [a]), (('--server', '192.0.2.0/24'), [a, b]), (('--server', '192.0.2.26/31'), [b]), (('--server', '2001:db8::/32'), []),
                          (('--client', '198.51.100.0/24'), [a]), (('--client', '203.0.113.8'), [b]), (('--client', '203.0.113.9'), []),
                          (('--client', '0.0.0.0/0', '--server', TWO), [b]), (('--client', '::/0'), [a, b]),
                          (('--since', '2026-01-05T11:00:00Z'), [b]), (('--until', '2026-01-05T11:00:00Z'), [a]), (('--hop', 'relay'), [a, b]), (('--hop', 'retrieval'), [])):
        check(' '.join(options), paths(*options), want)
    for args in (('--server', 'mx.example'), ('--client', '198.51.100.0/33'), ('--grade', 'sure'), ('--since', 'noon'), ('--format', 'csv'), ('x',), ('--by', 'day')):
        code, out, err = run('locate', '--db', db, *args)
        check(' '.join(args), (code, out, bool(err)), (64, '', True))
    check('no database', run('locate', '--db', os.path.join(folder, 'none.db'))[0], 66)
    with contextlib.closing(sqlite3.connect(db)) as copy:
        script = '.mode csv\n.headers on\n.read sql/reports/locate.sql\n'
        shell = subprocess.run(['sqlite3', '-readonly', db], input=script, capture_output=True, text=True, cwd=ROOT, timeout=60)
        check('sqlite3', (shell.stderr, [l.split(',')[1] for l in shell.stdout.splitlines()[1:]]), ('', [r['server'] for r in rows]))
        text = run('locate', '--db', db)[1]
        check('text has all', all(r['word'] + ': ' + r['says'] in text for r in rows))
        for columns in 60, 100:
            narrow = run('locate', '--db', db, columns=columns)[1]
            check('%d columns' % columns, max(map(len, narrow.splitlines())) <= columns)
            check('%d columns: the same words' % columns, narrow.split(), text.split())
        copy.execute("UPDATE session SET strip = (SELECT code FROM word WHERE kind = 'strip' AND word = 'allowed')")
        copy.commit()
    check('allowed', run('locate', '--db', db), (0, '(nothing)\n(the newest 30 days; --since looks further back)\n', ''))
    check('allowed, as JSON', run('locate', '--db', db, '--format', 'jsonl'), (0, '', ''))
    with contextlib.closing(sqlite3.connect(db)) as copy:
        copy.execute('UPDATE session SET strip = 2, server_ttl = NULL, forged_ttl = NULL')
        copy.execute("UPDATE session SET evidence = (SELECT 2 << 2 * code FROM word WHERE kind = 'evidence' AND word = 'forged_reply')")
        copy.commit()
    check('stored before TTLs were', 'were not stored' in said(lines(db), 'sensor', 'not known'))


def check_addresses(folder):
    """The same is said whatever is stored of addresses; servers of one network are one where only networks are."""
    key = os.path.join(folder, 'key')
    with open(key, 'w') as f:
        f.write('5' * 64 + '\n')
    os.chmod(key, 0o600)
    capture = Capture().add(A, ONE, 'masked').add(A, '203.0.113.26', 'masked').add(B, ONE, 'tls', times=3)
    want = [(r['about'], r['word'], r['says']) for r in located(folder, capture)[1]]
    check('there is something', ('place', 'near client') in [w[:2] for w in want])
    for mode in 'truncate', 'pseudonym', 'prefix':
        options = ['--addresses', mode] + (['--address-key', key] if mode != 'truncate' else [])
        db, rows = located(folder, capture, analyze=options)
        check(mode, [(r['about'], r['word'], r['says']) for r in rows], want)
        check(mode + ': hidden', any(A[:-2] in r['client'] or r['server'] == ONE for r in rows), mode == 'truncate')
        check(mode + ': asked for as it is shown', len(lines(db, '--server', rows[0]['server'])) in range(1, len(rows)))
        if mode != 'pseudonym':
            check(mode + ': networks, too', len(lines(db, '--client', rows[0]['client'])), len(rows))


def check_made(folder):
    """What is only possible is none of what it is compared with; and TTLs that no packet has."""
    db, _ = located(folder, Capture().add(A, ONE, 'masked').add(B, ONE, 'tls').add('192.0.2.%d', ONE, 'tls'))
    with contextlib.closing(sqlite3.connect(db)) as c:
        c.execute('UPDATE session SET strip = min(strip, 1), server_ttl = ?', (1 << 62,))
        c.commit()
    rows = lines(db, '--grade', 'possible')
    check('others of a possible one', [r['says'] for r in rows if r['about'] == 'other clients'],
          ['2 sessions of 2 other networks with this server: 2 had the offer, 0 stripped'])


def check_many(folder):
    """Thousands of networks hit at one server take little memory, and each is compared with all others."""
    networks, bound = 3000, 256 << 20
    db, _ = located(folder, Capture().add(A, ONE, 'masked').add(B, ONE, 'tls'))
    with contextlib.closing(sqlite3.connect(db)) as copy:
        columns = [c for _, c, *_ in copy.execute('PRAGMA table_info(session)')][1:]
        copy.executemany('INSERT INTO endpoint (address, port, text) VALUES (?, 0, ?)',
                         ((bytes(10) + b'\xff\xff' + bytes([10, i >> 8, i & 255, 9]), '10.%d.%d.9' % (i >> 8, i & 255)) for i in range(networks)))
        more = {'client': 'e.id', 'first_us': 's.first_us + e.id * 100000'}
        for _ in range(2):
            copy.execute("INSERT INTO session (%s) SELECT %s FROM session AS s, endpoint AS e WHERE s.id <= 2 AND e.text LIKE '10.%%.9' ORDER BY e.id"
                         % (', '.join(columns), ', '.join(more.get(c, 's.' + c) for c in columns)))
        copy.commit()
    shell = subprocess.run(['sqlite3', '-readonly', db], input='PRAGMA temp_store = MEMORY;\n.mode list\n.read sql/reports/locate.sql\n', capture_output=True,
                           text=True, cwd=ROOT, timeout=300, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (bound, bound)))
    others = [l.split('|') for l in shell.stdout.splitlines() if '|other clients|' in l]
    check('all of many', (shell.stderr, len(others)), ('', networks + 1))
    others = [l[8] for l in others]
    each = 1 + 2 * (networks - 1)
    want = '%d sessions of %d other networks with this server: %d had the offer, %d stripped' % (2 * each, networks + 1, each, each)
    check('compared with all others', others.count(want), networks)


def main():
    checks.begin(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        check_places(folder)
        check_what_counts(folder)
        check_sides(folder)
        check_proxy(folder)
        check_options(folder)
        check_addresses(folder)
        check_made(folder)
        check_many(folder)
    checks.end()


if __name__ == '__main__':
    main()
