#!/usr/bin/env python3
"""Makes a large database of mailseal through SQL, and measures what its reports cost.

usage: database.py make [--bin build/mailseal] [--sessions N] [--days N] [--pairs N] [--seed N] FILE.db
       database.py time [--bin build/mailseal] [--limit SECONDS] FILE.db

`make` draws sessions (10,000,000 in 1,826 days by default) of clients that go from clear to STARTTLS and to the
implicit ports over the years, then fills the tables of sums from them, as a second way to the figures that
the program keeps. So many pairs of client and server meet; the same numbers give the same database. `time` prints the CPU
time of each report, and ends with 1 if one takes longer than the limit (2 s by default).
"""
import argparse, os, re, sqlite3, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
CAPTURE = os.path.join(HERE, '..', '..', 'tests', 'pcaps', 'smtp-clear.pcap')
LATER = ('009_days.sql', '011_offers.sql')
BEGIN = 1577836800                          # 2020-01-01
WIDTH = 1024                                # sessions are drawn out of so many for each step of time
STEPS = 20

INCOMPLETE, OTHER, IMPLICIT, STARTTLS, STRIPPED, CLEAR_AUTH, CLEAR, FAILED = range(8)
SMTP, IMAP, POP3 = 1, 3, 4
FACTS = {'tls_first': 1, 'tls_done': 2, 'attempted': 3, 'failed': 4, 'offered': 5, 'list_whole': 6, 'requested': 7,
         'accepted': 8, 'credential': 10, 'auth_tried': 11, 'mail': 12, 'invited': 15}


def facts(words):
    return sum(1 << FACTS[w] for w in words.split())


UPGRADED = facts('offered list_whole requested accepted attempted tls_done')
#        port protocol hop verdict strip facts evidence incidents exposure loss weight at the beginning, at the end
KINDS = (
    (25, SMTP, 1, STARTTLS, 0, UPGRADED, 0, 0, 0, 0, 4, 20),
    (25, SMTP, 1, CLEAR, 0, facts('list_whole offered mail'), 0, 0, 0, 0, 14, 2),
    (25, SMTP, 1, CLEAR, 0, facts('list_whole mail'), 0, 0, 0, 0, 8, 2),
    (25, SMTP, 1, STRIPPED, 2, facts('list_whole mail'), 2 << 2, 0, 0, 0, 0.4, 0.3),
    (25, SMTP, 1, CLEAR, 1, facts('list_whole mail'), 1 << 20, 0, 0, 0, 0.3, 0.3),
    (25, SMTP, 1, INCOMPLETE, 0, 0, 0, 0, 0, 0, 3, 3),
    (25, SMTP, 1, INCOMPLETE, 0, 0, 0, 0, 0, 1, 1, 1),
    (25, SMTP, 1, FAILED, 0, facts('list_whole offered requested accepted attempted failed'), 0, 0, 0, 0, 1, 1),
    (25, SMTP, 1, OTHER, 0, 1, 0, 0, 0, 0, 1, 1),
    (587, SMTP, 2, STARTTLS, 0, UPGRADED, 0, 0, 0, 0, 6, 20),
    (587, SMTP, 2, CLEAR_AUTH, 0, facts('list_whole offered invited auth_tried credential mail'), 0, 0, 3, 0, 10, 1),
    (587, SMTP, 2, CLEAR_AUTH, 0, facts('list_whole auth_tried credential mail'), 0, 0, 2, 0, 2, 0.2),
    (587, SMTP, 2, STRIPPED, 2, facts('list_whole invited auth_tried credential mail'), 2 << 2, 0, 3, 0, 0.3, 0.3),
    (465, SMTP, 2, IMPLICIT, 0, facts('tls_first tls_done attempted'), 0, 0, 0, 0, 4, 20),
    (143, IMAP, 3, STARTTLS, 0, UPGRADED, 0, 0, 0, 0, 4, 10),
    (143, IMAP, 3, CLEAR_AUTH, 0, facts('list_whole offered invited auth_tried credential mail'), 0, 0, 3, 0, 14, 1),
    (143, IMAP, 3, CLEAR, 0, facts('list_whole mail'), 0, 0, 0, 0, 1, 0.2),
    (993, IMAP, 3, IMPLICIT, 0, facts('tls_first tls_done attempted'), 0, 0, 0, 0, 12, 60),
    (993, IMAP, 3, FAILED, 0, facts('tls_first attempted failed'), 0, 0, 0, 0, 1, 2),
    (110, POP3, 3, CLEAR_AUTH, 0, facts('list_whole auth_tried credential mail'), 0, 0, 3, 0, 12, 1),
    (110, POP3, 3, STARTTLS, 0, UPGRADED, 0, 0, 0, 0, 1, 3),
    (995, POP3, 3, IMPLICIT, 0, facts('tls_first tls_done attempted'), 0, 0, 0, 0, 6, 12),
)
#            version cipher group pq flags
PROFILES = ((0x304, 0x1301, 4588, 1, 15), (0x304, 0x1301, 29, 0, 3), (0x304, 0x1302, 29, 0, 7), (0x303, 0xc02f, 23, 0, 3),
            (0x303, 0xc030, 24, 0, 3), (0x303, 0x9c, 0, 0, 3), (0x303, 0xc02f, 29, 0, 19), (0x301, 0x2f, 0, 0, 3),
            (0x302, 0x35, 0, 0, 3), (0x304, 0x1303, 29, 0, 3))

# What a number is drawn for makes another number of it; all fits into 63 bits.
DRAW = '(((((n * 1103515245 + %d + {seed}) %% 2147483648) / 64) * 22695477 + n * 40503 + %d) %% 2147483648 / 256)'


def draw(what, seed):
    return (DRAW % (what * 7919 + 12345, what * 104729)).format(seed=seed)


def empty_database(binary, path):
    for end in ('', '-journal', '-wal', '-shm'):
        if os.path.exists(path + end):
            os.unlink(path + end)
    subprocess.run([binary, 'analyze', '--quiet', '--db', path, CAPTURE], check=True)
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000;'
                     'PRAGMA temp_store = MEMORY; BEGIN')
    for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        if table not in ('database', 'word'):
            db.execute('DELETE FROM ' + table)
    return db


def fill_dictionaries(db, pairs):
    v4 = bytes(10) + b'\xff\xff'
    names = ['local', 'tls_first', 'all'] + ['mx%d.example%d.net' % (i, i % 40) for i in range(80)]
    db.executemany('INSERT INTO name (id, text) VALUES (?, ?)', enumerate(names, 1))
    ports = (25, 587, 465, 143, 993, 110, 995)
    db.executemany('INSERT INTO endpoint (id, address, port, text) VALUES (?, ?, ?, ?)',
                   ((1000 + i * 10 + k, v4 + bytes((192, 0, 2, i)), p, '192.0.2.%d' % i)
                    for i in range(60) for k, p in enumerate(ports)))
    networks = max(pairs // 2, 1)
    db.executemany('INSERT INTO endpoint (id, address, port, text) VALUES (?, ?, 0, ?)',
                   ((100000 + i, v4 + bytes((10, i >> 8, i & 255, 0)), '10.%d.%d.0' % (i >> 8, i & 255))
                    for i in range(networks)))
    db.executemany('INSERT INTO endpoint (id, address, port, text) VALUES (?, ?, 0, ?)',
                   ((200000 + i, v4 + bytes((10, i % networks >> 8, i % networks & 255, 7 + i // networks)),
                     '10.%d.%d.%d' % (i % networks >> 8, i % networks & 255, 7 + i // networks)) for i in range(pairs)))
    db.executemany('INSERT INTO tls_profile VALUES (?, ?, ?, ?, ?, ?, ?, 0)',
                   ((i, p[0], 0x304, p[0], p[1], p[2], p[4]) for i, p in enumerate(PROFILES, 1)))
    db.executemany('INSERT INTO certificate VALUES (?, ?, ?, ?, ?, ?, ?)',
                   ((i, bytes((i, 1)) + bytes(30), 'CN=mx%d.example' % i, 'CN=Issuer %d' % (i % 9), BEGIN,
                     BEGIN + 86400 * 900, i % 9 == 0) for i in range(1, 121)))
    db.executemany('INSERT INTO fingerprint VALUES (?, ?, ?)',
                   ((i, '%032x' % i, 't%dd%02d1516h2_8daaf615%04x_e5627efa%04x' % (12 + i % 2, i % 100, i, i)) for i in range(1, 61)))
    db.execute("INSERT INTO source (id, sensor, path, grp, analysed_at, mailseal) VALUES (1, 1, 'drawn.pcap', 1, 0, '0')")


def fill_choices(db):
    """Of each step of time, what each of WIDTH numbers stands for."""
    db.execute('CREATE TEMP TABLE kind (id INTEGER PRIMARY KEY, port, protocol, hop, verdict, strip, facts, evidence,'
               ' incidents, exposure, loss, tls)')
    db.executemany('INSERT INTO kind VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
                   ((i,) + k[:10] + (k[3] in (IMPLICIT, STARTTLS),) for i, k in enumerate(KINDS)))
    db.execute('CREATE TEMP TABLE choice (id INTEGER PRIMARY KEY, kind)')
    for step in range(STEPS):
        weight = [k[10] + (k[11] - k[10]) * step / (STEPS - 1) for k in KINDS]
        edge, kind = weight[0], 0
        for i in range(WIDTH):
            while kind < len(KINDS) - 1 and i * sum(weight) / WIDTH >= edge:
                kind += 1
                edge += weight[kind]
            db.execute('INSERT INTO choice VALUES (?, ?)', (step * WIDTH + i, kind))


def fill_sessions(db, n, days, pairs, seed):
    step = days * 86400 * 1000000 // n
    fields = ', '.join('%s AS r%d' % (draw(i, seed), i) for i in range(1, 8))
    # A client has one way to mail most of the time: what it draws depends on itself.
    db.execute('''
        INSERT INTO session (id, sensor, database, source, first_us, lasted_us, client, client_port, server, protocol,
            hop, direction, verdict, rule, stage, strip, facts, evidence, incidents, marks, flags, tls, sni,
            starttls_reply, auth_offered, auth_command, auth_mechanism, auth_exposure, messages_clear,
            pkts_toserver, pkts_toclient, bytes_toserver, bytes_toclient, certificate, fingerprint)
        WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :n),
        drawn AS (SELECT n, %s FROM number),
        who AS (SELECT *, r1 %% :pairs * (r2 %% :pairs) / :pairs AS client, n * %d / :n AS step FROM drawn)
        SELECT n, 1, 1, 1, :begin * 1000000 + n * :step + r3 %% :step, r4, 200000 + client, 1024 + r5 %% 60000,
            1000 + client * 7 %% 60 * 10 + CASE k.port WHEN 25 THEN 0 WHEN 587 THEN 1 WHEN 465 THEN 2
                WHEN 143 THEN 3 WHEN 993 THEN 4 WHEN 110 THEN 5 ELSE 6 END,
            k.protocol, k.hop, 1 + (client %% 3), k.verdict, 2, 4, k.strip, k.facts, k.evidence, k.incidents, k.loss,
            iif(k.tls AND k.port IN (465, 993, 995), 2, 0),
            iif(k.tls, 1 + (client + r6 %% 8 / 7 + step) %% 10, NULL), iif(k.tls, 4 + client %% 80, NULL),
            0, NULL, 0, 0, k.exposure, iif(k.tls OR k.protocol = 3, 0, 1), 12, 14, 900 + r6 %% 4000, 1200 + r7 %% 90000,
            iif(k.tls AND (client + r6 %% 8 / 7 + step) %% 10 BETWEEN 3 AND 8, 1 + client %% 120, NULL),
            iif(k.tls, 1 + client %% 60, NULL)
        FROM who JOIN choice AS c ON c.id = step * %d + (client * 389 + iif(r5 %% 4, 0, r6)) %% %d
        JOIN kind AS k ON k.id = c.kind''' % (fields, STEPS - 1, WIDTH, WIDTH),
        {'n': n, 'pairs': pairs, 'begin': BEGIN, 'step': step})
    db.execute('UPDATE database SET last_session = ?, revision = 1', (n,))


SUMS = '''
INSERT INTO rate SELECT s.sensor, s.database, first_us / 3600000000 * 3600 AS hour, direction, hop, protocol, e.port,
    verdict, strip, coalesce(t.version, 0) AS version, coalesce(t.flags >> 3 & 1, 0) AS pq, auth_exposure, marks <> 0 AS loss,
    count(*), sum(bytes_toserver + bytes_toclient), sum(messages_clear), 1, sum(facts >> 5 & 1)
FROM session AS s JOIN endpoint AS e ON e.id = s.server LEFT JOIN tls_profile AS t ON t.id = s.tls
GROUP BY s.sensor, s.database, hour, direction, hop, protocol, e.port, verdict, strip, version, pq, auth_exposure, loss;

INSERT INTO peer_day SELECT sensor, database, first_us / 86400000000 * 86400 AS day, direction, server,
    100000 + (client - 200000) % (SELECT count(*) FROM endpoint WHERE id BETWEEN 100000 AND 199999) AS network,
    hop, verdict, auth_exposure, count(*), sum(bytes_toserver + bytes_toclient), 1, sum(facts >> 5 & 1),
    sum(coalesce(t.version, 770 + 1) < 771 AND verdict IN (2, 3))
FROM session AS s LEFT JOIN tls_profile AS t ON t.id = s.tls GROUP BY sensor, database, day, direction, server, network, hop, verdict, auth_exposure;

INSERT INTO tls_day SELECT s.sensor, s.database, first_us / 86400000000 * 86400 AS day, direction, hop, t.version,
    t.cipher, t.grp, t.flags >> 2 & 1 AS offered, count(*), 1
FROM session AS s JOIN tls_profile AS t ON t.id = s.tls WHERE verdict IN (2, 3)
GROUP BY s.sensor, s.database, day, direction, hop, t.version, t.cipher, t.grp, offered;

INSERT INTO server SELECT s.sensor, s.database, server, protocol, min(first_us), max(first_us + lasted_us), count(*),
    sum(facts >> 6 & 1), sum(facts >> 5 & 1), sum(facts >> 7 & 1), sum(facts >> 8 & 1), sum(verdict = 3),
    sum(verdict = 2), sum(verdict = 4), sum(verdict IN (5, 6)), sum(verdict = 7), sum(auth_exposure >= 2),
    sum(facts >> 15 & 1), coalesce(sum(t.flags >> 3 & 1), 0), coalesce(min(t.version), 65536), coalesce(max(t.version), 0), 1
FROM session AS s LEFT JOIN tls_profile AS t ON t.id = s.tls WHERE verdict <> 1
GROUP BY s.sensor, s.database, server, protocol;

INSERT INTO attempt SELECT sensor, database, hour, server_port, 1, count(*), 1 FROM rate GROUP BY 1, 2, 3, 4;

UPDATE source SET packets = (SELECT sum(pkts_toserver + pkts_toclient) FROM session), tcp = (SELECT sum(pkts_toserver + pkts_toclient) FROM session),
    first_us = (SELECT min(first_us) FROM session), last_us = (SELECT max(first_us + lasted_us) FROM session),
    sessions = (SELECT count(*) FROM session), size = 1, ends = x'00';
'''


def sums():
    """The tables of the first schema as above, the later ones as its migration fills them."""
    later = []
    for name in LATER:
        with open(os.path.join(HERE, '..', '..', 'sql', 'schema', name)) as f:
            later += re.findall(r'^(?:INSERT INTO|UPDATE) [^;]*;', f.read(), re.M)
    return [s for s in SUMS.split(';') if s.strip()] + [s for s in later if not s.startswith(('UPDATE rate SET', 'UPDATE peer_day SET'))]


def make(args):
    db = empty_database(args.bin, args.database)
    for what, step in (('dictionaries', lambda: (fill_dictionaries(db, args.pairs), fill_choices(db))),
                       ('sessions', lambda: fill_sessions(db, args.sessions, args.days, args.pairs, args.seed)),
                       ('sums', lambda: [db.execute(s) for s in sums()]),
                       ('commit', lambda: db.execute('COMMIT'))):
        start = time.monotonic()
        step()
        print('%-12s %6.1f s' % (what, time.monotonic() - start), flush=True)
    for table in ('session', 'rate', 'rate_day', 'peer_day', 'peer_month', 'client_day', 'certificate_day', 'evidence_hour',
                  'tls_day', 'server', 'attempt'):
        print('%-12s %9d rows' % (table, db.execute('SELECT count(*) FROM ' + table).fetchone()[0]))
    db.close()


def cpu(command):
    with open(os.devnull, 'w') as null:
        p = subprocess.Popen(command, stdout=null, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode:
        sys.exit('%s: status %d' % (' '.join(command), p.returncode))
    return usage.ru_utime + usage.ru_stime


def questions(binary):
    """Each report, and each width of bucket where it has one."""
    listed = subprocess.run([binary, 'report'], check=True, capture_output=True, text=True).stdout
    for line in listed.splitlines():
        name = line.split()[0]
        yield ('report', name)
        with open(os.path.join(HERE, '..', '..', 'sql', 'reports', name + '.sql')) as f:
            if ':by' in f.read():
                for by in ('day', 'month'):
                    yield ('report', name, '--by', by)
    yield ('curve',)
    if 'rehearse' in subprocess.run([binary, '--help'], check=True, capture_output=True, text=True).stdout:
        yield ('rehearse', '--require-tls', '25,587,143,110')


def measure(args):
    slow = []
    for question in questions(args.bin):
        seconds = min(cpu([args.bin, question[0], '--db', args.database, *question[1:]]) for _ in range(args.runs))
        print('%6.2f s  %s' % (seconds, ' '.join(question)), flush=True)
        if seconds > args.limit:
            slow.append(question)
    if slow:
        sys.exit('more than %g s: %s' % (args.limit, '; '.join(' '.join(q) for q in slow)))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('what', choices=('make', 'time'))
    p.add_argument('database')
    p.add_argument('--bin', default='build/mailseal')
    p.add_argument('--sessions', type=int, default=10000000)
    p.add_argument('--days', type=int, default=1826)
    p.add_argument('--pairs', type=int, default=600)
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--limit', type=float, default=2)
    p.add_argument('--runs', type=int, default=1)
    args = p.parse_args()
    make(args) if args.what == 'make' else measure(args)


if __name__ == '__main__':
    main()
