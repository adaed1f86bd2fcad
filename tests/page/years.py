#!/usr/bin/env python3
"""Fills a database of mailseal with years of made-up sums, for pictures and tests of the page.

usage: years.py [--bin build/mailseal] [--days 1826] [--hours 2] [--seed 1] [--hostile] FILE.db

An empty capture makes the tables; then rows of rate, rate_day, peer_day, peer_month, tls_day, attempt and source are
inserted through SQL, as many hours of each day as --hours says. The story: a provider moves its users from the clear
ports to STARTTLS and to the implicit ports, retrieval first; relay grows by itself; somebody strips for two months of
the third year; one sensor loses packets for a while; post-quantum groups come in the last two years. There are no rows
of `session`, as in a database whose sessions were deleted. The same options give the same rows.
--hostile puts markup, quotes, control characters and bytes that are no UTF-8 wherever a text can be.
"""
import argparse, math, os, random, sqlite3, struct, subprocess, sys, tempfile

BEGIN = 1609459200                          # 2021-01-01
DAY = 86400
RELAY, SUBMISSION, RETRIEVAL = 1, 2, 3
EVIL = '<script>alert(1)</script>"\'&amp;]]>\x1b[31m\u202e'


def logistic(day, middle, days, floor, ceiling):
    return floor + (ceiling - floor) / (1 + math.exp(-(day - middle) / days))


def parts(day, rnd):
    """Of each hop: (port, protocol, verdict, exposure, strip, weight). Words are those of the table `word`."""
    wave = rnd.uniform(0.97, 1.03)
    relay = logistic(day, 500, 260, 0.55, 0.985) * wave
    sub, ret = logistic(day, 800, 130, 0.30, 0.995), logistic(day, 620, 110, 0.25, 0.99)
    sub_implicit, ret_implicit = logistic(day, 1000, 200, 0.15, 0.75), logistic(day, 700, 150, 0.35, 0.9)
    pop = logistic(day, 900, 400, 0.35, 0.1)
    strip = 0.02 if 800 <= day < 862 else 0.012 if rnd.random() < 0.01 else 0
    relay, sub, ret = min(relay, 0.99), min(sub * wave, 0.997), min(ret * wave, 0.997)
    yield RELAY, 25, 'smtp', 'starttls', 'untried', 'none', 420 * relay
    yield RELAY, 25, 'smtp', 'clear', 'untried', 'none', 420 * (1 - relay) * 0.96
    yield RELAY, 25, 'smtp', 'clear', 'untried', 'possible', 420 * (1 - relay) * 0.04
    yield RELAY, 25, 'smtp', 'stripped', 'untried', 'likely', 420 * strip
    yield RELAY, 25, 'smtp', 'tls_failed', 'untried', 'none', 420 * 0.012
    yield RELAY, 25, 'smtp', 'incomplete', 'untried', 'none', 420 * 0.05
    yield SUBMISSION, 465, 'smtp', 'implicit_tls', 'untried', 'none', 160 * sub * sub_implicit
    yield SUBMISSION, 587, 'smtp', 'starttls', 'untried', 'none', 160 * sub * (1 - sub_implicit)
    yield SUBMISSION, 587, 'smtp', 'clear_auth', 'secret', 'none', 160 * (1 - sub) * 0.8
    yield SUBMISSION, 587, 'smtp', 'clear_auth', 'guessable', 'none', 160 * (1 - sub) * 0.17
    yield SUBMISSION, 587, 'smtp', 'clear', 'none', 'none', 160 * (1 - sub) * 0.03
    yield SUBMISSION, 587, 'smtp', 'stripped', 'secret', 'likely', 160 * strip * 0.5
    yield SUBMISSION, 465, 'smtp', 'tls_failed', 'untried', 'none', 160 * 0.01
    for share, ports, protocol in ((1 - pop, (993, 143), 'imap'), (pop, (995, 110), 'pop3')):
        n = 700 * share
        yield RETRIEVAL, ports[0], protocol, 'implicit_tls', 'untried', 'none', n * ret * ret_implicit
        yield RETRIEVAL, ports[1], protocol, 'starttls', 'untried', 'none', n * ret * (1 - ret_implicit)
        yield RETRIEVAL, ports[1], protocol, 'clear_auth', 'secret', 'none', n * (1 - ret) * 0.9
        yield RETRIEVAL, ports[1], protocol, 'clear_auth', 'guessable', 'none', n * (1 - ret) * 0.06
        yield RETRIEVAL, ports[1], protocol, 'clear', 'untried', 'none', n * (1 - ret) * 0.04
        yield RETRIEVAL, ports[0], protocol, 'tls_failed', 'untried', 'none', n * 0.008
        yield RETRIEVAL, ports[1], protocol, 'incomplete', 'untried', 'none', n * 0.02
    yield 0, 25, 'unknown', 'other', 'untried', 'none', 9


class Codes:
    def __init__(self, db):
        self.code = {(kind, word): code for kind, code, word in db.execute('SELECT kind, code, word FROM word')}

    def __call__(self, kind, word):
        return self.code[kind, word]


def tls_of(day, rnd):
    """(version, cipher, group, post-quantum) of an encrypted session."""
    old = logistic(day, 700, 250, 0.10, 0.003)
    if rnd.random() < old:
        return 769, 0x2f, 0, 0
    if rnd.random() > logistic(day, 500, 300, 0.25, 0.97):
        return 771, 0xc02f, 23, 0
    return (772, 0x1301, 4588, 1) if rnd.random() < logistic(day, 1500, 110, 0, 0.62) else (772, 0x1301, 29, 0)


def address(text):
    return b'\0' * 10 + b'\xff\xff' + bytes(int(n) for n in text.split('.'))


def endpoints(db, hostile):
    """Servers by hop and port, and client networks: ids of `endpoint`, with a weight."""
    def add(address_text, port):
        text = address_text + (EVIL if hostile else '')
        return db.execute('INSERT INTO endpoint (address, port, text) VALUES (?, ?, ?)',
                          (address(address_text), port, text)).lastrowid
    servers = {}
    for host, weight in ((25, 60), (26, 25), (31, 10), (77, 5)):
        for port in (25, 465, 587, 993, 143, 995, 110):
            servers.setdefault(port, []).append((add('192.0.2.%d' % host, port), weight))
    networks = [(add('198.51.%d.0' % i, 0), 40.0 / (i + 1)) for i in range(100, 140)]
    return servers, networks


def offers(verdict, n):
    """How many of them had STARTTLS offered."""
    return {3: n, 5: n * 3 // 5, 6: n // 2}.get(verdict, 0)     # starttls, clear_auth, clear


def fill_day(db, codes, day, hours, rnd, places, hostile):
    servers, networks = places
    rates, peers, tls = {}, {}, {}
    season = 1 + 0.12 * math.sin(day / 58.0) - (0.35 if (day + 5) % 7 >= 5 else 0)
    growth = 1 + day / 3000.0
    lossy = 0.11 if 1100 <= day < 1160 else 0.006
    for hour in range(hours):
        at = BEGIN + day * DAY + 3600 * (hour * 24 // hours)
        for hop, port, protocol, verdict, exposure, strip, weight in parts(day, rnd):
            mean = weight * season * growth
            sessions = max(0, int(rnd.gauss(mean, math.sqrt(mean)) + rnd.random()))
            lost = sum(rnd.random() < lossy for _ in range(min(sessions, 40))) * max(1, sessions // 40)
            for loss, n in ((1, min(lost, sessions)), (0, sessions - min(lost, sessions))):
                if n == 0:
                    continue
                encrypted = verdict in ('implicit_tls', 'starttls')
                chosen = tls_of(day, rnd) if encrypted else (0, 0, 0, 0)
                key = (at, codes('hop', hop_word(hop)), codes('protocol', protocol), port, codes('verdict', verdict),
                       codes('strip', strip), chosen[0], chosen[3], codes('exposure', exposure), loss)
                rates[key] = rates.get(key, 0) + n
                if encrypted:
                    offered = int(rnd.random() < logistic(day, 1350, 120, 0, 0.8)) | chosen[3]
                    key = (codes('hop', hop_word(hop)), *chosen[:3], offered)
                    tls[key] = tls.get(key, 0) + n
                if verdict not in ('other', 'incomplete'):
                    key = (rnd.choices(*zip(*servers[port]))[0], rnd.choices(*zip(*networks))[0],
                           codes('hop', hop_word(hop)), codes('verdict', verdict), codes('exposure', exposure))
                    peers[key] = peers.get(key, 0) + n
    day_at = BEGIN + day * DAY
    db.executemany('INSERT INTO rate VALUES (1, 1, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 1, ?)',
                   ((*k, n, 5000 * n, offers(k[4], n)) for k, n in rates.items()))
    db.executemany('INSERT INTO peer_day VALUES (1, 1, ?, 0, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)',
                   ((day_at, *k, n, n * (30000 if k[3] in (2, 3) else 4000), offers(k[3], n),
                     n if k[3] in (2, 3) and k[0] % 7 == 0 else 0) for k, n in peers.items()))
    db.executemany('INSERT INTO tls_day VALUES (1, 1, ?, 0, ?, ?, ?, ?, ?, ?, 1)',
                   ((day_at, *k, n) for k, n in tls.items()))
    db.execute('INSERT INTO attempt VALUES (1, 1, ?, 25, ?, ?, 1)', (day_at, 0, rnd.randrange(400, 900)))
    if day % 7 == 0:
        sessions = sum(rates.values())
        db.execute('INSERT INTO source (sensor, path, grp, link_type, size, ends, packets, first_us, last_us, tcp, malformed,'
                   ' dropped_kernel, sessions, gap, analysed_at, mailseal)'
                   ' VALUES (1, ?, 1, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)',
                   ('week-%d%s.pcap' % (day // 7, EVIL if hostile else ''), day, struct.pack('>Q', day), sessions * 40,
                    day_at * 1000000, (day_at + 7 * DAY) * 1000000 - 1, sessions * 39, rnd.randrange(9),
                    sessions * (2 if lossy > 0.1 else 0), sessions, int(sessions * lossy), 'made'))


# The sums of days and months that the program keeps beside those.
SUMS = (
    """INSERT INTO rate_day
       SELECT sensor, database, hour / 86400 * 86400 AS day, direction, hop, protocol, server_port, verdict, strip, tls_version,
              pq, exposure, loss, sum(sessions), sum(bytes), sum(messages_clear), 1, sum(offered)
       FROM rate
       GROUP BY sensor, database, day, direction, hop, protocol, server_port, verdict, strip, tls_version, pq, exposure,
                loss""",
    """INSERT INTO peer_month
       SELECT sensor, database, CAST(strftime('%s', day, 'unixepoch', 'start of month') AS INTEGER) AS month, direction, server,
              network, hop, verdict, exposure, sum(sessions), sum(bytes), 1, sum(offered), sum(below_12)
       FROM peer_day
       GROUP BY sensor, database, month, direction, server, network, hop, verdict, exposure""")


def hop_word(hop):
    return {0: 'other', RELAY: 'relay', SUBMISSION: 'submission', RETRIEVAL: 'retrieval'}[hop]


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument('--bin', default='build/mailseal')
    p.add_argument('--days', type=int, default=1826)
    p.add_argument('--hours', type=int, default=2)
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--hostile', action='store_true')
    p.add_argument('file')
    a = p.parse_args()
    if os.path.exists(a.file):
        sys.exit('%s is there already' % a.file)
    with tempfile.NamedTemporaryFile(suffix='.pcap') as f:
        f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        f.flush()
        subprocess.run([a.bin, 'analyze', '--quiet', '--db', a.file, f.name], check=True)
    db = sqlite3.connect(a.file)
    db.execute('PRAGMA synchronous = OFF')
    codes, rnd = Codes(db), random.Random(a.seed)
    places = endpoints(db, a.hostile)
    if a.hostile:
        db.execute('UPDATE source SET path = ?', (EVIL,))
    for day in range(a.days):
        fill_day(db, codes, day, a.hours, rnd, places, a.hostile)
    if a.hostile:
        db.execute("UPDATE endpoint SET text = text || CAST(x'fffe' AS TEXT)")
    for sum_up in SUMS:
        db.execute(sum_up)
    db.commit()
    db.close()


main()
