#!/usr/bin/env python3
"""Reports read sums of days and months: they say what the sessions say, and the shell says the same.

usage: reports.py [--bin build/mailseal]

On a database drawn by tools/bench/database.py: reports on any span of time are held against plain counts of its
sessions, and each report by the program against the same file run by sqlite3. On one of all goldens: the sums that
the program kept are those that a migration of an older database makes of its sessions. The last line is
"N passed, N failed".
"""
import argparse, contextlib, csv, glob, io, ipaddress, json, math, os, random, re, sqlite3, statistics, struct, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
BEGIN, DAYS = 1577836800, 70                # of the database that is drawn
ROUNDS = 6

passed = failed = 0
BIN = None


def check(what, have, want):
    global passed, failed
    passed, failed = passed + (have == want), failed + (have != want)
    differ = have != want
    if differ and isinstance(have, list):
        have, want = [r for r in have if r not in want], [r for r in want if r not in have]
    if differ:
        print('%s: %.300s\n  and not %.300s' % (what, have, want))


def report(db, name, *options):
    r = subprocess.run([BIN, 'report', '--db', db, '--format', 'csv', name, *options], capture_output=True, text=True, timeout=60)
    if r.returncode:
        return [['status %d' % r.returncode, r.stderr]]
    return list(csv.reader(io.StringIO(r.stdout, newline='')))


def shell(db, name, parameters):
    """The same report by the sqlite3 shell, whose parameters are SQL."""
    script = '.mode csv\n.headers on\n.parameter init\n' + ''.join(
        '.parameter set :%s "%s"\n' % p for p in parameters.items()) + '.read sql/reports/%s.sql\n' % name
    r = subprocess.run(['sqlite3', '-readonly', db], input=script, capture_output=True, text=True, cwd=ROOT, timeout=60)
    return list(csv.reader(io.StringIO(r.stdout, newline=''))) + ([[r.stderr]] if r.stderr else [])


def rows_of(db, sql, parameters):
    with contextlib.closing(sqlite3.connect(db)) as c:
        return [[str(v) for v in row] for row in c.execute(sql, parameters)]


VERDICTS = """SELECT hop, verdict, count(*), sum(bytes_toserver + bytes_toclient) FROM sessions
WHERE CAST(strftime('%s', substr(timestamp, 1, 13) || ':00') AS INTEGER) >= :since
  AND CAST(strftime('%s', substr(timestamp, 1, 13) || ':00') AS INTEGER) < :until GROUP BY hop, verdict ORDER BY 1, 2"""
WEIGHTS = """SELECT iif(direction = 'internal', 'internal', hop), sum(sessions), count(DISTINCT network) FROM peers
WHERE day_unix >= :since AND day_unix < :until
  AND verdict IN ('implicit_tls', 'starttls', 'stripped', 'clear_auth', 'clear') GROUP BY 1 ORDER BY 1"""
EXPOSED = """SELECT hop, server, port, sum(sessions), count(DISTINCT network) FROM peers
WHERE day_unix >= :since AND day_unix < :until AND exposure IN ('secret', 'guessable') GROUP BY 1, 2, 3"""
HELLOS = """SELECT tls_ja4, count(*), sum(verdict IN ('implicit_tls', 'starttls')), sum(verdict = 'tls_failed') FROM sessions
WHERE tls_ja4 IS NOT NULL AND verdict <> 'other' AND CAST(strftime('%s', substr(timestamp, 1, 10)) AS INTEGER) >= :since
  AND CAST(strftime('%s', substr(timestamp, 1, 10)) AS INTEGER) < :until GROUP BY 1 ORDER BY 1"""
CERTIFICATES = """SELECT tls_subject, count(*), sum(incidents LIKE '%expired%') FROM sessions
WHERE tls_subject IS NOT NULL AND CAST(strftime('%s', substr(timestamp, 1, 10)) AS INTEGER) >= :since
  AND CAST(strftime('%s', substr(timestamp, 1, 10)) AS INTEGER) < :until GROUP BY 1 ORDER BY 1"""
EVIDENCE = """SELECT e.value, count(*) FROM sessions, json_each('["' || replace(strip_evidence, ' ', '","') || '"]') AS e
WHERE strip_evidence <> '' AND CAST(strftime('%s', substr(timestamp, 1, 13) || ':00') AS INTEGER) >= :since
  AND CAST(strftime('%s', substr(timestamp, 1, 13) || ':00') AS INTEGER) < :until GROUP BY 1 ORDER BY 1"""


def check_span(db, since, until):
    span, where = {'since': since, 'until': until}, '%d to %d: ' % (since, until)
    options = []
    for end in span:
        options += ['--' + end, rows_of(db, "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', ?, 'unixepoch')", [span[end]])[0][0]]
    def ask(name):
        return report(db, name, *options)[1:]
    check(where + 'verdicts', sorted([r[1], r[2], r[3], r[5]] for r in ask('verdicts') if r[1] != 'all'),
          rows_of(db, VERDICTS, span))
    check(where + 'weights', sorted([r[0], r[1], r[5]] for r in ask('weights') if r[0] != 'all'), rows_of(db, WEIGHTS, span))
    check(where + 'credentials', sorted([r[0], r[1], r[2], r[6], r[9]] for r in ask('credentials') if r[1] != 'all'),
          sorted(rows_of(db, EXPOSED, span)))
    check(where + 'fingerprints', sorted([r[0], r[2], r[3], r[4]] for r in ask('fingerprints')), rows_of(db, HELLOS, span))
    check(where + 'certificates', sorted([r[1], r[7], r[8]] for r in ask('certificates') if r[1] != 'all'),
          rows_of(db, CERTIFICATES, span))
    kinds = {}
    for r in ask('stripped'):
        if r[1] != 'any':
            kinds[r[1]] = kinds.get(r[1], 0) + int(r[3])
    check(where + 'stripped', sorted([k, str(n)] for k, n in kinds.items()), rows_of(db, EVIDENCE, span))



def rehearsed(db, since, until, ports, logins):
    """What `mailseal rehearse` has to say of each port, from single sessions."""
    with contextlib.closing(sqlite3.connect(db)) as c:
        rows = c.execute("""SELECT dest_port, verdict, auth_exposure, starttls_offered, tls_version, src_ip, dest_ip, direction FROM sessions
            WHERE CAST(strftime('%s', substr(timestamp, 1, 10)) AS INTEGER) >= ?
              AND CAST(strftime('%s', substr(timestamp, 1, 10)) AS INTEGER) < ? AND direction <> 'internal'""", (since, until)).fetchall()
    answer = {}
    for port, verdict, exposure, offered, version, address, server, direction in rows:
        encrypted = verdict in ('implicit_tls', 'starttls')
        if port not in ports or not encrypted and verdict not in ('stripped', 'clear_auth', 'clear'):
            continue
        fails = not encrypted and (exposure is not None or not logins)
        for key in ('all', port):
            a = answer.setdefault(key, {'decided': 0, 'failing': 0, 'could_upgrade': 0, 'stripped': 0, 'below_12': 0, 'net': {}, 'peer': {}})
            a['decided'] += 1
            a['failing'] += fails
            a['could_upgrade'] += fails and verdict != 'stripped' and offered == 1
            a['stripped'] += fails and verdict == 'stripped'
            a['below_12'] += encrypted and version in ('TLSv1', 'TLSv1.0', 'TLSv1.1', 'SSLv3', 'SSLv2')
            n = a['net'].setdefault(address.rsplit('.', 1)[0], [0, 0, 0])
            n[0] += 1
            n[1] += fails
            n[2] += encrypted and version in ('TLSv1', 'TLSv1.0', 'TLSv1.1', 'SSLv3', 'SSLv2')
            p = a['peer'].setdefault(server if direction == 'outbound' else address.rsplit('.', 1)[0] + '.0', [0, 0])
            p[0] += fails
            p[1] += 1
    for a in answer.values():
        nets = a.pop('net').values()
        a['networks'], a['networks_failing'] = len(nets), sum(n[1] > 0 for n in nets)
        a['networks_lost'] = sum(n[1] == n[0] for n in nets)
        a['networks_below_12'] = sum(n[2] > 0 and n[2] == n[0] - n[1] for n in nets)
    return answer


def rehearse(db, *options):
    r = subprocess.run([BIN, 'rehearse', '--db', db, '--format', 'json', *options], capture_output=True, text=True, timeout=60)
    return json.loads(r.stdout) if r.returncode == 0 else {'ports': [], 'status': r.returncode, 'said': r.stderr}


def check_rehearsal(db):
    day = lambda n: time.strftime('%Y-%m-%d', time.gmtime(BEGIN + n * 86400))
    for since, until, ports, logins in ((0, DAYS, '25,587,2525,143,110', False), (3, 38, '587,143', False), (0, DAYS, '25,110,993', True)):
        where = 'rehearse %s of days %d to %d%s' % (ports, since, until, ', logins' if logins else '')
        said = rehearse(db, '--since', day(since), '--until', day(until), '--require-tls', ports, *['--logins'] * logins)
        want = rehearsed(db, BEGIN + since * 86400, BEGIN + until * 86400, [int(p) for p in ports.split(',')], logins)
        peers = {port: list(a.pop('peer').values()) for port, a in want.items()}
        check(where, {r['port']: {k: r[k] for k in want['all']} for r in said['ports']}, want)
        check(where + ': peers', {r['port']: r['peers'] for r in said['ports']}, {port: len(p) for port, p in peers.items()})
        check(where + ': intervals by peers', [r['port'] for r in said['ports'] if beside(
            r['peers_low'], r['peers_high'], r['peers_note'], interval_of(peers[r['port']]))], [])
        check(where + ': there are some', any(r['peers_low'] is not None for r in said['ports']), True)
        for part in ('servers', 'networks'):
            for column in ('failing', 'could_upgrade', 'stripped'):
                check('%s: %s of %s' % (where, column, part), sum(r[column] for r in said[part]), want['all'][column])
        for name, key in (('rehearsal', 'ports'), ('rehearsal_servers', 'servers'), ('rehearsal_networks', 'networks')):
            asked = {'since': str(BEGIN + since * 86400), 'until': str(BEGIN + until * 86400), 'ports': "'%s'" % ports, 'logins': str(int(logins))}
            check('%s: %s by the shell' % (where, name), [['' if v is None else str(v) for v in r.values()] for r in said[key]],
                  [r for r in shell(db, name, asked)[1:]])
    latest = rehearse(db)['ports'][0]
    check('rehearse: the latest 30 days', (latest['first'], latest['last']), tuple(rows_of(db, "SELECT date(max(timestamp), '-29 days'), date(max(timestamp)) FROM sessions", ())[0]))
    check('rehearse: nothing', rehearse(db, '--require-tls', '4190')['ports'], [])


def check_spans(db):
    draw = random.Random(7)
    check_span(db, BEGIN, BEGIN + DAYS * 86400)
    check_span(db, BEGIN + 31 * 86400, BEGIN + 60 * 86400)      # February, and nothing else
    check_span(db, BEGIN + 86400 + 7200, BEGIN + 86400 + 10800) # an hour of a day
    for _ in range(ROUNDS):
        a, b = sorted(draw.randrange(-5, DAYS * 24 + 5) for _ in range(2))
        check_span(db, BEGIN + a * 3600, BEGIN + b * 3600)


def check_shell(db):
    """Each report, and with each parameter it has, both ways."""
    values = {'since': ('2020-01-15T07:00:00Z', '1579071600'), 'until': ('2020-03-02T13:00:00Z', '1583154000'),
              'by': ('week', "'week'"), 'hop': ('retrieval', "'retrieval'"), 'direction': ('inbound', "'inbound'")}
    for path in sorted(glob.glob(os.path.join(ROOT, 'sql', 'reports', '*.sql'))):
        name = os.path.basename(path)[:-4]
        with open(path) as f:
            text = f.read()
        known = [p for p in values if re.search(':%s\\b' % p, text)]
        for chosen in ((), known, [p for p in known if p != 'by']):
            options = [o for p in chosen for o in ('--' + p, values[p][0])]
            have = report(db, name, *options)
            check('%s %s' % (name, ' '.join(options)), have, shell(db, name, {p: values[p][1] for p in chosen}) or have[:1])


def check_kept(db):
    """The sums of 009_days.sql made anew of the sessions."""
    with open(os.path.join(ROOT, 'sql', 'schema', '009_days.sql')) as f:
        fills = re.findall(r'^INSERT INTO (\w+)[^;]*?^(SELECT[^;]*);', f.read(), re.M)
    with contextlib.closing(sqlite3.connect(db)) as c:
        for table, select in fills:
            names = [r[1] for r in c.execute('PRAGMA table_info(%s)' % table) if r[1] != 'rev']
            made = sorted(r[:-1] for r in c.execute(select).fetchall())
            names = names[:len(made[0])]        # later migrations added more
            have = sorted(c.execute('SELECT %s FROM %s' % (','.join(names), table)).fetchall())
            check('%s of %d rows' % (table, len(made)), have, made)
            check('%s has rows' % table, len(made) > 5, True)


HISTORY = """SELECT server, port, network, sum(lists), sum(offered), sum(accepted), sum(upgraded), sum(implicit), min(first), max(last),
    max(last_offer), max(last_lack) FROM history GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""
FROM_SESSIONS = """WITH bit AS (SELECT word, 1 << code AS n FROM word WHERE kind = 'fact'), x AS (
    SELECT *, (SELECT facts FROM session WHERE session.id = sessions.id) AS f, substr(timestamp, 1, 19) || 'Z' AS t FROM sessions
), y AS (SELECT *, f & (SELECT n FROM bit WHERE word = 'list_whole') > 0 AS list, f & (SELECT n FROM bit WHERE word = 'offered') > 0 AS offer,
    f & (SELECT n FROM bit WHERE word = 'accepted') > 0 AS yes, f & (SELECT n FROM bit WHERE word = 'tls_done') > 0 AS done,
    f & (SELECT n FROM bit WHERE word = 'tls_first') > 0 AS first FROM x WHERE NOT f & (SELECT n FROM bit WHERE word = 'not_mail'))
SELECT dest_ip, dest_port, network(src_ip), sum(list), sum(list AND offer), sum(yes), sum(done AND NOT first), sum(done AND first),
    min(t), max(t), max(iif(offer, t, NULL)), max(iif(list AND NOT offer, t, NULL))
FROM y WHERE list OR offer OR yes OR done GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""


def network(address):
    a = ipaddress.ip_address(address)
    return str(ipaddress.ip_network('%s/%d' % (a, 24 if a.version == 4 else 48), strict=False))


def check_history(db):
    """The sums by server, network and list, and the report of them."""
    with contextlib.closing(sqlite3.connect(db)) as c:
        c.create_function('network', 1, network)
        want, have = c.execute(FROM_SESSIONS).fetchall(), c.execute(HISTORY).fetchall()
        check('history', have, want)
        check('it has networks and servers', len(have) > 15, True)
        lists = c.execute("""SELECT server, port, list, sum(lists) FROM history WHERE list IS NOT NULL GROUP BY 1, 2, 3""").fetchall()
        check('a whole list has a print', c.execute('SELECT count(*) FROM history WHERE lists AND list IS NULL').fetchone(), (0,))
    rows = report(db, 'history')
    head, rows = rows[0], [dict(zip(rows[0], r)) for r in rows[1:]]
    whole = [r for r in rows if r['network'] == 'all']
    check('sums of the networks', sorted((r['server'], r['port'], r['list'], r['lists']) for r in whole if r['list']),
          sorted((s, str(p), l, str(n)) for s, p, l, n in lists))
    check('rows of a server and list', {r['server'] + r['port'] + r['list']: int(r['networks']) for r in whole},
          {k: sum(r['server'] + r['port'] + r['list'] == k for r in rows) - 1 for k in {r['server'] + r['port'] + r['list'] for r in rows}})
    check('one list, with and without the offer', any(0 < int(r['offered']) < int(r['lists']) for r in whole), True)
    check('highest version', {r['tls'] for r in whole} >= {'TLSv1.2', 'TLSv1.3', ''}, True)
    check('until', report(db, 'history', '--until', '2026-01-01'), [head])


def check_counters(db):
    """The counters of 011_offers.sql made anew of the sessions."""
    with open(os.path.join(ROOT, 'sql', 'schema', '011_offers.sql')) as f:
        text = f.read()
    added = re.findall(r'^ALTER TABLE (\w+) ADD COLUMN (\w+)', text, re.M)
    with contextlib.closing(sqlite3.connect(db)) as c:
        read = lambda table: sorted(c.execute('SELECT * FROM ' + table).fetchall())
        have = {table: read(table) for table, _ in added}
        for table, column in added:
            check('%s.%s counts some' % (table, column), c.execute('SELECT sum(%s) > 0 FROM %s' % (column, table)).fetchone(), (1,))
            c.execute('UPDATE %s SET %s = 0' % (table, column))
        for update in re.findall(r'^UPDATE [^;]*;', text, re.M):
            c.execute(update)
        for table in have:
            check('counters of ' + table, read(table), have[table])


HOSTILE = ('=1+1', '+SUM(A1)', '-2+3', '@cmd', '\t=1', '\r=1', '\n=1', '\uff1d1', 'a,b', 'a;=b', 'say "x"', 'two\r\nlines', ' blank ',
           'esc\x1b[31m', 'del\x7f', 'c1\x9b', '\u202eright', 'umlaut \xe4')


def as_csv(text):
    """What CSV shows of a text."""
    text = re.sub('[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]', lambda m: '\\x%02x' % ord(m.group()), text)
    return "'" + text if text[:1] in tuple('=+-@\t\r\n\uff1d') and text else text


def said(*command):
    r = subprocess.run([BIN, *command], capture_output=True, timeout=60)
    check('%s: status' % ' '.join(command), (r.returncode, r.stderr), (0, b''))
    return r.stdout.decode('utf-8')


# What Suricata's log and the Elastic Common Schema have of what is exported (Suricata 8's index of EVE; ECS 8.11).
EVE = """timestamp event_type host src_ip src_port dest_ip dest_port proto app_proto community_id pcap_filename vlan flow.pkts_toserver
flow.pkts_toclient flow.start flow.end tls.version tls.sni tls.subject tls.issuerdn tls.notbefore tls.notafter tls.session_resumed
tls.from_proto tls.ja4 tls.ja3.hash"""
ECS = """@timestamp ecs.version event.kind event.category event.type event.module event.dataset event.start event.end source.ip source.port
source.bytes source.packets destination.ip destination.port destination.bytes destination.packets network.transport network.type
network.protocol network.community_id network.direction network.bytes network.packets observer.name observer.product log.file.path
tls.established tls.version tls.version_protocol tls.cipher tls.curve tls.resumed tls.client.server_name tls.client.ja3
tls.server.subject tls.server.issuer tls.server.not_before tls.server.not_after"""
EVE_VERSIONS = {'SSLv2', 'SSLv3', 'TLSv1', 'TLS 1.1', 'TLS 1.2', 'TLS 1.3'}


def paths(o, before=''):
    for k, v in o.items():
        yield from paths(v, before + k + '.') if isinstance(v, dict) else [before + k]


def check_names(lines):
    """Names of others mean what theirs do; what they have no name for stands below `mailseal`."""
    for f, names in (('eve', EVE), ('ecs', ECS)):
        have = {p for o in lines[f] for p in paths(o) if not p.startswith('mailseal.')}
        check('names of ' + f, have - set(names.split()), set())
    have = {o['tls']['version'] for o in lines['eve'] if 'version' in o.get('tls', {})}
    check('TLS versions of eve', (have - EVE_VERSIONS, len(have) > 1), (set(), True))


def check_exports(db):
    """What other programs read: as written, valid, and nothing that a spreadsheet would run."""
    formats = ('csv', 'json', 'jsonl', 'eve', 'ecs')
    with contextlib.closing(sqlite3.connect(db)) as c:
        for n, text in enumerate(HOSTILE):
            c.execute('UPDATE name SET text = ? WHERE id = (SELECT sni FROM session WHERE sni IS NOT NULL GROUP BY 1 ORDER BY 1 LIMIT 1 OFFSET ?)',
                      (text, n))
            c.execute('UPDATE certificate SET subject = ? WHERE id = (SELECT id FROM certificate ORDER BY id LIMIT 1 OFFSET ?)', (text, n))
        c.execute('UPDATE source SET path = CAST(? AS TEXT)', (b'=\xff\xc0\x80',))
        c.commit()
        c.text_factory = lambda b: b.decode('utf-8', 'replace')
        rows = c.execute('SELECT id, tls_sni, tls_subject, messages_clear, source FROM sessions ORDER BY id').fetchall()
    out = {f: said('sessions', '--db', db, '--format', f) for f in formats}
    for f in formats:
        check('sessions as %s: twice the same' % f, out[f] == said('sessions', '--db', db, '--format', f), True)
    table = list(csv.reader(io.StringIO(out['csv'], newline=''), strict=True))
    head, table = table[0], table[1:]
    check('sessions as csv', [[r[head.index(k)] for k in ('id', 'tls.sni', 'tls.subject', 'messages_clear', 'source')] for r in table],
          [[as_csv('' if v is None else str(v)) for v in r] for r in rows])
    check('no formula', sum(cell[:1] in tuple('=+-@\t\r\n') and cell != '' for r in table for cell in r), 0)
    check('every record has all fields', {len(r) for r in table}, {len(head)})
    lines = {f: [json.loads(line) for line in out[f].splitlines()] for f in ('jsonl', 'eve', 'ecs')}
    check('json and jsonl', json.loads(out['json']), lines['jsonl'])
    get = lambda o, *path: get(o.get(path[0], {}), *path[1:]) if len(path) > 1 else o.get(path[0])
    for f, path in (('jsonl', ('tls', 'sni')), ('eve', ('tls', 'sni')), ('ecs', ('tls', 'client', 'server_name'))):
        check('sni in ' + f, [get(o, *path) for o in lines[f]], [r[1] for r in rows])
    for f, path in (('eve', ('tls', 'subject')), ('ecs', ('tls', 'server', 'subject'))):
        check('subject in ' + f, [get(o, *path) for o in lines[f]], [r[2] for r in rows])
    check('verdicts', [[get(o, 'mailseal', 'verdict') for o in lines[f]] for f in ('eve', 'ecs')],
          [[o['verdict'] for o in lines['jsonl']]] * 2)
    check('times of eve', {len(o['timestamp']) - len(o['timestamp'].rstrip('0123456789+')) for o in lines['eve']}, {11})
    check_names(lines)
    some = [o for o in lines['jsonl'] if o['hop'] == 'retrieval' and '2020-02-01' <= o['timestamp'] < '2020-02-09T12']
    for f in ('jsonl', 'eve', 'ecs'):
        have = said('sessions', '--db', db, '--format', f, '--hop', 'retrieval', '--since', '2020-02-01', '--until', '2020-02-09T12:00:00Z')
        check('some sessions as ' + f, [o.get('id') or o['mailseal']['id'] for o in map(json.loads, have.splitlines())], [o['id'] for o in some])
    check('there are some', len(some) > 100, True)
    for name in ('share', 'certificates'):
        check('%s as jsonl' % name, [json.loads(x) for x in said('report', '--db', db, '--format', 'jsonl', name).splitlines()],
              json.loads(said('report', '--db', db, '--format', 'json', name)))


def alike(peers):
    """The correlation within peers (k, n): analysis of variance on the single sessions, 1 encrypted and 0 not."""
    n, share = sum(p[1] for p in peers), sum(p[0] for p in peers) / sum(p[1] for p in peers)
    within = sum(k * (1 - k / m) ** 2 + (m - k) * (k / m) ** 2 for k, m in peers) / max(1, n - len(peers))
    between = sum(m * (k / m - share) ** 2 for k, m in peers) / (len(peers) - 1)
    size = (n - sum(m * m for _, m in peers) / n) / (len(peers) - 1)
    whole = between + (size - 1) * within
    return max(0, (between - within) / whole) if whole else 0


def interval_of(peers):
    """(low, high) of the share of peers (k, n), as sql/reports/intervals.sql says, from the shares that remain without
    each; None where too few peers carry it."""
    n, k = sum(p[1] for p in peers), sum(p[0] for p in peers)
    kish = n * n / sum(p[1] ** 2 for p in peers)
    if kish < 5:
        return None
    left_out = [(k - p[0]) / (n - p[1]) for p in peers]
    variance = (len(peers) - 1) / len(peers) * sum((x - k / n) ** 2 for x in left_out)
    share, z = k / n, statistics.NormalDist().inv_cdf(0.975)
    size = kish if k in (0, n) else n / max(1, variance / (share * (1 - share) / n), 1 + alike(peers) * (n / kish - 1))
    f = kish - 1
    t = 2.7764 if f < 4.5 else z + (z ** 3 + z) / (4 * f) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * f * f) + (
        3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * f ** 3)
    # Wilson: the p for which |share - p| = t * sqrt(p (1 - p) / size), as roots of a square
    a, b, c = 1 + t * t / size, -2 * share - t * t / size, share * share
    root = math.sqrt(max(0, b * b - 4 * a * c))
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


def beside(low, high, note, want):
    """Whether an interval (numbers, or texts as in CSV) is another than that wanted."""
    if want is None:
        return bool(low or high or note != 'too few peers carry it')
    return bool(note) or any(abs(float(a) - min(1, max(0, b))) > 2e-6 for a, b in zip((low, high), want))


def differs(row, want):
    """The same of a row of the report."""
    return beside(row[9], row[10], row[12], want)


def check_intervals(db):
    """Those by peers, from single sessions."""
    with contextlib.closing(sqlite3.connect(db)) as c:
        rows = c.execute("""SELECT hop, direction, src_ip, dest_ip, verdict IN ('implicit_tls', 'starttls') FROM sessions
            WHERE verdict IN ('implicit_tls', 'starttls', 'stripped', 'clear_auth', 'clear')""").fetchall()
    peers = {}
    for hop, direction, client, server, encrypted in rows:
        for key in ['internal' if direction == 'internal' else hop] + ['all'] * (hop in ('relay', 'submission', 'retrieval') and direction != 'internal'):
            peer = server if direction == 'outbound' else client.rsplit('.', 1)[0] + '.0'
            p = peers.setdefault(key, {}).setdefault(peer, [0, 0])
            p[0] += encrypted
            p[1] += 1
    for r in report(db, 'intervals')[1:]:
        want = interval_of(list(peers[r[0]].values()))
        check('intervals of ' + r[0], (int(r[6]), bool(differs(r, want))), (len(peers[r[0]]), False))


def dicts(table):
    return [dict(zip(table[0], r)) for r in table[1:]]


def percent(low, high):
    return '%.1f to %.1f %%' % (100 * float(low), 100 * float(high))


def check_summary(db, capture):
    """What analyze and rehearse say of the interval: the one by peers, or that there is none, never the narrow one alone."""
    lines = said('analyze', '--db', db, capture).split('\n')
    found = {line.split()[0]: line for line in lines[2:] if line}
    rows = dicts(report(db, 'intervals'))
    for r in rows:
        single, peers = percent(r['low'], r['high']), percent(r['peers_low'], r['peers_high']) if r['peers_low'] else 'too few peers'
        check('summary of ' + r['hop'], re.sub(' +', ' ', found[r['hop']]).endswith(' %s %s' % (single, peers)), True)
    r, text = rows[0], said('rehearse', '--db', db)
    check('summary', ('interval by peers %s, by sessions' % percent(r['peers_low'], r['peers_high']) if r['peers_low'] else 'too few peers for one by peers') in lines[1], True)
    r = dicts(report(db, 'rehearsal'))[0]
    check('rehearse in text', ('\nInterval:      %s (95 %%) by peers; ' % percent(r['peers_low'], r['peers_high']) if r['peers_low']
                               else 'too few peers carry it') in text, True)
    return r['peers_low'] != ''


ROUNDS_DRAWN = 160
# peers, their true share, how alike the sessions of one are, how unlike their sizes; the coverage that is asked for: the
# larger of two design effects is wider than 95 % asks for where there is much to go by
UNLIKE = ((40, 0.8, 0.2, 1.0, 0.93, 0.995), (100, 0.98, 0.1, 1.0, 0.93, 0.995), (100, 0.98, 0.3, 2.0, 0.93, 0.995),
          (100, 0.98, 0.6, 2.0, 0.93, 0.995))


def check_coverage(case):
    """How often an interval holds the truth where peers differ, and a few are large: by peers nearly always, by sessions seldom."""
    count, truth, rho, spread, least, most = case
    draw = random.Random(11)
    db = sqlite3.connect(':memory:')
    db.create_function('sqrt', 1, lambda x: None if x is None else math.sqrt(max(0, x)))
    db.executescript("""CREATE TABLE word (kind, code, word); CREATE TABLE endpoint (id INTEGER PRIMARY KEY, text);
        CREATE TABLE peer_month (sensor, database, month, direction, server, network, hop, verdict, sessions);
        CREATE TABLE peer_day (sensor, database, day, direction, server, network, hop, verdict, sessions);
        INSERT INTO word VALUES ('hop', 1, 'relay'), ('direction', 1, 'inbound'), ('direction', 2, 'outbound'),
            ('verdict', 2, 'starttls'), ('verdict', 3, 'clear')""")
    db.executemany('INSERT INTO endpoint VALUES (?, ?)', ((i, '10.0.%d.0' % i) for i in range(1, count + 1)))
    with open(os.path.join(ROOT, 'sql', 'reports', 'intervals.sql')) as f:
        text = f.read()
    names = dict.fromkeys(('since', 'until', 'hop', 'direction'))
    single = by_peers = differ = said_none = 0
    for _ in range(ROUNDS_DRAWN):
        db.execute('DELETE FROM peer_month')
        peers = []
        for i in range(1, count + 1):
            n, share = 1 + int(draw.lognormvariate(2.5, spread)), draw.betavariate(truth * (1 / rho - 1), (1 - truth) * (1 / rho - 1))
            k = sum(draw.random() < share for _ in range(n))
            peers.append((k, n))
            db.execute('INSERT INTO peer_month VALUES (1, 1, 0, 1, 0, ?, 1, 2, ?), (1, 1, 0, 1, 0, ?, 1, 3, ?)', (i, k, i, n - k))
        row = db.execute(text, names).fetchone()
        single += row[4] <= truth <= row[5]
        said_none += row[9] is None
        by_peers += row[9] is not None and row[9] <= truth <= row[10]
        differ += bool(differs(row, interval_of(peers)))
    of = ROUNDS_DRAWN - said_none
    print('coverage of %d unlike peers near %g %%: by sessions %.1f %%, by peers %.1f %% of %d, %d too few' % (
        count, 100 * truth, 100 * single / ROUNDS_DRAWN, 100 * by_peers / of, of, said_none))
    check('intervals as computed otherwise', differ, 0)
    check('coverage by peers', least <= by_peers / of <= most, True)
    check('coverage by sessions is that of too narrow ones', single / ROUNDS_DRAWN < 0.75, True)


def check_support(db):
    with contextlib.closing(sqlite3.connect(db)) as c:
        want = c.execute("""SELECT dest_ip, dest_port, count(*), sum(verdict = 'starttls' OR starttls_offered = 1), sum(verdict = 'starttls'),
                sum(verdict IN ('clear', 'clear_auth') AND starttls_offered = 1) FROM sessions
            WHERE verdict IN ('starttls', 'stripped', 'clear', 'clear_auth') AND dest_port NOT IN (465, 993, 995) AND direction <> 'internal'
            GROUP BY 1, 2""").fetchall()
    have = report(db, 'support')[1:]
    want = {tuple(map(str, r)) for r in want}
    check('support', (len(have), {(r[0], r[1], r[4], r[5], r[6], r[7]) for r in have} <= want), (min(100, len(want)), True))
    families = report(db, 'families')[1:]
    with contextlib.closing(sqlite3.connect(db)) as c:
        want = c.execute("""SELECT coalesce(substr(tls_ja4, 1, 10), 'no hello') AS f, count(*), sum(verdict IN ('stripped', 'clear', 'clear_auth'))
            FROM sessions WHERE verdict <> 'other' AND direction <> 'internal' GROUP BY 1 ORDER BY 1""").fetchall()
    check('families', sorted((r[0], int(r[3]), int(r[5])) for r in families), want)


def check_width(db):
    """A table goes on in further lines where it is wider than the terminal: the same words, and none of them is cut."""
    def lines(command, columns):
        env = {k: v for k, v in os.environ.items() if k != 'COLUMNS'}
        if columns:
            env['COLUMNS'] = str(columns)
        return subprocess.run([BIN, *command, '--db', db], capture_output=True, text=True, timeout=60, env=env).stdout.splitlines()
    for command in ('report', 'servers'), ('report', 'share'), ('report', 'ports'), ('sessions',):
        whole, narrow = lines(command, None), lines(command, 80)
        check('%s: the same words' % (command,), ' '.join(narrow).split(), ' '.join(whole).split())
        fits = max(map(len, whole)) <= 80
        check('%s: lines' % (command,), (max(map(len, narrow)) <= 80, len(narrow) > len(whole)), (True, not fits))
        firsts = [l for l in narrow if not l.startswith('    ')]
        check('%s: a row begins at the edge' % (command,), len(firsts), len(whole))
        check('%s: 60 columns at least' % (command,), lines(command, 30), lines(command, 60))


def check_clients(db):
    """Kinds of clients: what the captures show, and the report from the sessions themselves."""
    with contextlib.closing(sqlite3.connect(db)) as c:
        kinds = c.execute("""SELECT src_port, client_name FROM sessions WHERE source LIKE '%/client-id.pcap' OR source LIKE '%/client-hello.pcap'
            ORDER BY app_proto, src_port""").fetchall()
        want = c.execute("""SELECT hop, coalesce(client_name, 'none seen'), count(*), sum(verdict IN ('implicit_tls', 'starttls')),
                sum(verdict IN ('stripped', 'clear', 'clear_auth')), sum(verdict = 'tls_failed')
            FROM sessions WHERE verdict <> 'other' AND direction <> 'internal' GROUP BY 1, 2 ORDER BY 1, 2""").fetchall()
    check('kinds of clients', kinds, [(40001, 'thunderbird'), (40002, None), (40003, None), (40001, 'single_label'), (40002, 'apple'), (40003, 'private_name')])
    check('clients', sorted((r[0], r[1], *map(int, r[2:6])) for r in report(db, 'clients')[1:]), want)


def main():
    global BIN
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument('--bin', default='build/mailseal')
    BIN = os.path.abspath(p.parse_args().bin)
    with tempfile.TemporaryDirectory() as folder:
        drawn, goldens = (os.path.join(folder, n) for n in ('drawn.db', 'goldens.db'))
        subprocess.run([sys.executable, os.path.join(ROOT, 'tools', 'bench', 'database.py'), 'make', '--bin', BIN, '--sessions', '20000',
                        '--days', str(DAYS), '--pairs', '60', drawn], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([BIN, 'analyze', '--quiet', '--db', goldens, '--local', '10.0.0.0/8', os.path.join(HERE, 'pcaps')])
        check_spans(drawn)
        check_shell(drawn)
        check_rehearsal(drawn)
        check_intervals(drawn)
        check_support(drawn)
        for case in UNLIKE:
            check_coverage(case)
        check_exports(drawn)
        check_clients(goldens)
        misspelt = [subprocess.run([BIN, 'report', n, '--db', goldens], capture_output=True, text=True).stderr for n in ('familys', 'xyzzy')]
        check('misspelt', misspelt, ["mailseal: there is no report familys; is 'families' meant?\n",
                                     'mailseal: there is no report xyzzy; mailseal report lists them\n'])
        check_kept(goldens)
        check_counters(goldens)
        check_history(goldens)
        check_width(goldens)
        capture = os.path.join(folder, 'empty.pcap')
        with open(capture, 'wb') as f:
            f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        check('both kinds of interval', [check_summary(db, capture) for db in (drawn, goldens)], [True, False])
    print('%d passed, %d failed' % (passed, failed))
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
