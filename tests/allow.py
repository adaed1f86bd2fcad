#!/usr/bin/env python3
"""Paths on which keeping TLS away is wanted: --allow of analyze and monitor, and what is shown of them.

usage: allow.py [--bin build/mailseal]

All goldens are analysed without and with a list. The last line is "N passed, N failed" (checks).
"""
import contextlib, glob, ipaddress, json, os, shutil, signal, sqlite3, subprocess, tempfile, time
import checks, golden, monitor, rejudge
from checks import check, run

ALL = '0.0.0.0/0,::/0'
# What was stripped, as the rules without evidence have it.
INSTEAD = {'clear', 'clear_auth', 'tls_failed', 'incomplete'}


def captures():
    return sorted(glob.glob(os.path.join(golden.PCAPS, '*.pcap')))


def analyse(db, *options, paths=None):
    status, _, err = run('analyze', '--quiet', '--db', db, *options, *(paths or captures()))
    check('analyze %s: %s' % (options, err), status in (0, 65))
    return db


def query(db, sql):
    with contextlib.closing(sqlite3.connect(db)) as c:
        return c.execute(sql).fetchall()


ROWS = "SELECT id, src_ip, dest_ip, verdict, strip_grade, strip_evidence, incidents, auth_exposure FROM sessions ORDER BY id"


def inside(net, address):
    return ipaddress.ip_address(address) in ipaddress.ip_network(net)


def check_sessions(plain, listed, what, on_path):
    """Nothing differs but for evidence on the path."""
    n = 0
    for was, now in zip(query(plain, ROWS), query(listed, ROWS)):
        hit = was[4] != 'none' and on_path(was[1], was[2])
        n += hit
        if not hit:
            check('%s: another session' % what, now, was)
            continue
        check('%s: evidence and incidents stay' % what, now[5:], was[5:])
        check('%s: %s is allowed' % (what, now), now[4], 'allowed')
        check('%s: %s' % (what, now), now[3] == was[3] if was[3] != 'stripped' else now[3] in INSTEAD)
    check('%s: some are on the path' % what, n > 2)
    check('%s: as many are counted' % what, query(listed, "SELECT sum(sessions) FROM rate WHERE strip = 4"), [(n,)])
    check('%s: as many by the day' % what, query(listed, "SELECT sum(sessions) FROM rate_day WHERE strip = 4"), [(n,)])


def check_sums(db, what):
    """Sums are those of the rows."""
    for have, want in (
            ("SELECT verdict, strip, sum(sessions) FROM rate GROUP BY 1, 2", "SELECT verdict, strip, count(*) FROM session GROUP BY 1, 2"),
            ("SELECT e.word, g.word, sum(sessions) FROM evidence_hour AS h JOIN word AS e ON e.kind = 'evidence' AND e.code = evidence"
             " JOIN word AS g ON g.kind = 'strip' AND g.code = grade GROUP BY 1, 2",
             "SELECT e.word, iif(s.strip = 4, 'allowed', g.word), count(*) FROM session AS s JOIN word AS e ON e.kind = 'evidence' AND s.evidence >> 2 * e.code & 3"
             " JOIN word AS g ON g.kind = 'grade' AND g.code = s.evidence >> 2 * e.code & 3 GROUP BY 1, 2")):
        check('%s: %s' % (what, have[:40]), sorted(query(db, have)), sorted(query(db, want)))


def check_incidents(plain, db):
    """All that was stripping is allowed now; the rest is as it was."""
    def lines(db, *options):
        return [json.loads(l) for l in run('incidents', '--db', db, '--format', 'jsonl', *options)[1].splitlines()]
    before, now = lines(plain, '--grade', 'none'), lines(db, '--grade', 'none')
    others = lambda rows: [dict(r, stripped=None) for r in rows if r['what'] not in ('stripping', 'decrypted_mirror')]
    stripping = lambda rows: [dict(r, grade=None, stripped=None) for r in rows if r['what'] == 'stripping']
    check('incidents that are no stripping', others(now), others(before))
    key = lambda r: r['session']
    check('each path is listed', sorted(stripping(now), key=key), sorted(stripping(before), key=key))
    check('as allowed', {(r['grade'], r['stripped']) for r in now if r['what'] == 'stripping'}, {('allowed', 0)})
    check('no decrypted mirror', [r for r in now if r['what'] == 'decrypted_mirror'], [])
    check('there was one', any(r['what'] == 'decrypted_mirror' for r in before))
    check('by default only the others', others(lines(db)), others(now))
    check('and nothing else', [r for r in lines(db) if r['what'] in ('stripping', 'decrypted_mirror')], [])
    check('asked for', lines(db, '--grade', 'allowed'), [r for r in now if r['what'] == 'stripping'])
    check('the alarm is silent', run('incidents', '--db', db, '--grade', 'likely')[0], 0)
    shown = run('incidents', '--db', db, '--grade', 'likely')[1]
    check('it is said how many', shown, '(nothing)\n(%d paths more are allowed: --grade allowed lists them)\n' % len(stripping(now)))
    news = run('report', '--db', db, '--format', 'jsonl', 'news')[1]
    check('news', [r for r in map(json.loads, news.splitlines()) if r['verdict'] == 'stripped' or r['incidents'] == 'decrypted_mirror'], [])


def check_reports(plain, db):
    def rows(db): return [json.loads(l) for l in run('report', '--db', db, '--format', 'jsonl', 'stripped')[1].splitlines()]
    for was, now in zip([r for r in rows(plain) if r['evidence'] == 'any'], [r for r in rows(db) if r['evidence'] == 'any']):
        check('stripped: %s' % now, (now['hop'], now['sessions'], now['stripped'], now['allowed'], now['rate'], now['rate_possible']),
              (was['hop'], was['sessions'], 0, was['sessions'], now['at_stake'] and 0.0, now['at_stake'] and 0.0))
    check('its evidence', {r['grade'] for r in rows(db) if r['evidence'] != 'any'}, {'allowed'})
    out = run('analyze', '--db', db, captures()[0])[1]
    check('analyze says it', ' sessions with evidence of stripping on paths that are allowed\n' in out and 'Not encrypted: 0 stripped' in out)


def check_judging(folder):
    """Older sessions that later ones tell of are allowed, and stay so; --direction and several runs, lanes or none."""
    names = [os.path.join(golden.PCAPS, n + '.pcap') for n in ('withdrawn', 'retry-twice', 'refused-for-an-hour')]
    for lanes in '0', '2':
        db = os.path.join(folder, 'judged%s.db' % lanes)
        for name in names:
            analyse(db, '--lanes', lanes, '--allow', ALL, paths=[name])
        check('likely or possible', query(db, "SELECT DISTINCT strip_grade, strip_evidence <> '' FROM sessions ORDER BY 1"), [('allowed', 1), ('none', 0)])
        check_sums(db, 'judged later')
        rows = query(db, ROWS)
        check('rejudge: %s' % run('rejudge', db)[2], query(db, ROWS), rows)
        check_sums(db, 'judged again')


SUMS = [t for t in rejudge.TABLES if t not in ('session', 'endpoint', 'tls_profile')]


def same(what, db, other):
    """Sessions and sums are those of another database; of sums that are gone, and those that never were."""
    check('%s: sessions' % what, query(db, ROWS), query(other, ROWS))
    have, want = rejudge.figures(db), rejudge.figures(other)
    for table in SUMS:
        check('%s: %s' % (what, table), have[table], want[table])


def check_changed_list(folder, plain, some):
    """A list that is given to rejudge holds for what is stored, and takes the place of the one that was."""
    db, listed = os.path.join(folder, 'changed.db'), 'from 198.51.100.0/24 to 192.0.2.0/24'
    shutil.copy(plain, db)
    status, dry, err = run('rejudge', '--db', db, '--allow', listed, '--dry-run')
    check('dry: %s' % err, status, 0)
    same('dry', db, plain)
    status, said, err = run('rejudge', '--db', db, '--allow', listed)
    check('it says the same: %s' % err, (status, said.replace(' changed\n', ' would change; nothing was written\n')), (0, dry))
    check('of what: %s' % said, 'strip likely -> allowed: ' in said and said.startswith('on a path that is allowed now: '))
    same('listed', db, some)
    recorded = query(db, 'SELECT count(*), count(DISTINCT session), min(is_strip), max(is_strip), min(at_us) > 0 FROM rejudged WHERE why LIKE \'%allowed now\'')
    n = query(db, "SELECT count(*) FROM sessions WHERE strip_grade = 'allowed'")[0][0]
    check('each is recorded', recorded, [(n, n, 4, 4, 1)])
    number = query(db, "SELECT min(id) FROM sessions WHERE strip_grade = 'allowed'")[0][0]
    check('explain shows it', 'the path is one of those that are allowed now' in run('explain', '--db', db, str(number))[1].replace('\n' + 11 * ' ', ' '))
    check('again nothing', run('rejudge', '--db', db, '--allow', listed)[1], 'nothing changes\n')
    check('without a list nothing', run('rejudge', '--db', db)[1], 'nothing changes\n')
    check_sums(db, 'listed')
    config = os.path.join(folder, 'changed.conf')
    with open(config, 'w') as f:
        f.write('db = /nowhere\nallow = %s\n' % listed)
    check('of a file', run('rejudge', '--db', db, '--config', config)[1], 'nothing changes\n')
    check('none: %s' % run('rejudge', '--db', db, '--allow', 'none')[2], query(db, 'SELECT count(*) FROM session WHERE strip = 4'), [(0,)])
    same('none', db, plain)
    check('none and more', [run('rejudge', '--db', db, '--allow', 'none', '--allow', x)[0] for x in ('none', listed)], [64, 64])
    check('none is recorded', query(db, "SELECT count(*) FROM rejudged WHERE why LIKE '%allowed no more' AND was_strip = 4"), [(n,)])


def check_what_cannot_be_told(folder):
    """Of addresses that are not whole it is not known who is on a path."""
    for mode, path, want in (('truncate', '198.51.100.7', (64, 'no network of --allow may be narrower')), ('truncate', '198.51.100.0/24', (0, '')),
                             ('pseudonym', '198.51.100.0/24', (64, 'pseudonyms'))):
        db = os.path.join(folder, '%s%d.db' % (mode, want[0]))
        analyse(db, '--addresses', mode, *(['--address-key', db + '.key'] if mode == 'pseudonym' else []), paths=[os.path.join(golden.PCAPS, 'mask-asterisks.pcap')])
        status, _, err = run('rejudge', '--db', db, '--allow', path)
        check('%s %s: %s' % (mode, path, err), (status, want[1] in err), (want[0], True))
        check('%s %s' % (mode, path), query(db, 'SELECT strip_grade FROM sessions'), [('likely' if want[0] else 'allowed',)])
    for options, status in ((['--allow', 'to'], 64), (['--allow', '10.0.0.0/8', '--allow', 'none'], 64), (['--config', os.path.join(folder, 'none.conf')], 66),
                            (['--allow', 'none', '--config', os.path.join(folder, 'none.conf')], 64)):
        got = run('rejudge', '--db', db, *options)
        check('rejudge %s: %s' % (options, got[2]), (got[0], got[2].count('\n')), (status, 1))


def check_wrong(folder):
    db = os.path.join(folder, 'none.db')
    for text, want in (('10.0.0.0/33', "'10.0.0.0/33' is no network"), ('from', "is missing behind 'from'"), ('outbound', 'means nothing without --local'),
                       ('', 'a network is missing'), (','.join(['192.0.2.1'] * 65), 'no more than 64 paths')):
        for command in (['analyze', '--db', db, captures()[0]], ['monitor', '--read', '-', '--db', db]):
            status, _, err = run(*command, '--allow', text, stdin=subprocess.DEVNULL)
            check('%s --allow %.40s: %s' % (command[0], text, err), (status, want in err, err.count('\n')), (64, True, 1))
    check('no database was made', os.path.exists(db), False)
    config = os.path.join(folder, 'conf')
    for text, status in (('allow = from 10.0.0.0/8 to 192.0.2.0/24, 203.0.113.7\nread = -\n', 0), ('allow = inbound\n', 78), ('read = -\nallow = to\n', 78)):
        with open(config, 'w') as f:
            f.write(text)
        got = run('check-config', config)
        check('check-config of %r: %s' % (text, got), got[0], status)


def check_sensor(a, folder):
    """HUP: what is allowed changes for what comes then."""
    config, db = os.path.join(folder, 'sensor.conf'), os.path.join(folder, 'sensor.db')
    head, packets = monitor.records(os.path.join(golden.PCAPS, 'mask-asterisks.pcap'))

    def rows(n):
        found = []
        for _ in range(100):
            time.sleep(.05)
            if os.path.exists(db):
                with contextlib.suppress(sqlite3.Error):
                    found = query(db, 'SELECT strip_grade, verdict FROM sessions ORDER BY id')
                    if len(found) >= n:
                        return found
        return found
    with open(config, 'w') as f:
        f.write('db = %s\n' % db)
    s = monitor.Sensor(a, db, ['--config', config])
    s.feed(head + b''.join(packets))
    check('before', rows(1), [('likely', 'stripped')])
    with open(config, 'w') as f:
        f.write('allow = from %s\n' % ALL.replace(',', ',from '))
    s.p.send_signal(signal.SIGHUP)
    for _ in range(100):
        time.sleep(.05)
        if b'was read again' in s.said:
            break
    s.feed(b''.join(monitor.records(os.path.join(golden.PCAPS, 'mask-imap.pcap'))[1]))
    check('status: %s' % s.said, s.end(), 0)
    found = rows(2)
    check('then: %s' % (found,), [(r[0], r[1] in INSTEAD) for r in found[1:]], [('allowed', True)])


def main():
    a = checks.begin(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        plain, every = analyse(os.path.join(folder, 'plain.db')), analyse(os.path.join(folder, 'all.db'), '--allow', ALL)
        check_sessions(plain, every, 'everything', lambda c, s: True)
        check_sums(plain, 'nothing is allowed')
        check_sums(every, 'everything is allowed')
        check_incidents(plain, every)
        check_reports(plain, every)
        some = analyse(os.path.join(folder, 'some.db'), '--allow', 'from 198.51.100.0/24 to 192.0.2.0/24')
        check_sessions(plain, some, 'one path', lambda c, s: inside('198.51.100.0/24', c) and inside('192.0.2.0/24', s))
        check_sums(some, 'one path')
        turned = analyse(os.path.join(folder, 'turned.db'), '--local', '198.51.100.0/24', '--allow', 'inbound')
        inbound = analyse(os.path.join(folder, 'local.db'), '--local', '198.51.100.0/24')
        check('the direction counts', query(turned, 'SELECT DISTINCT direction FROM sessions WHERE strip_grade = \'allowed\''), [])
        check('and nothing else changes', query(turned, ROWS), query(inbound, ROWS))
        check_judging(folder)
        check_changed_list(folder, plain, some)
        check_what_cannot_be_told(folder)
        check_wrong(folder)
        check_sensor(a, folder)
    checks.end()


if __name__ == '__main__':
    main()
