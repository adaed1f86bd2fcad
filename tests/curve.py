#!/usr/bin/env python3
"""mailseal curve: what it says of published series, of simulated ones and of a database, and what it refuses.

usage: curve.py [--bin build/mailseal] [--update]

tests/curve/adoption.csv holds published series with their sources, tests/curve/NAME.txt what the program says of
them in words; --update writes these anew, to be reviewed as a diff. The last line is "N passed, N failed".
"""
import argparse, difflib, json, math, os, random, re, sqlite3, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TEXTS = os.path.join(HERE, 'curve')
SERIES = os.path.join(TEXTS, 'adoption.csv')
CAPTURES = [os.path.join(HERE, 'pcaps', n + '.pcap') for n in ('smtp-clear', 'smtp-starttls-tls13')]

sys.dont_write_bytecode = True
passed = failed = 0
BIN = None


def count(name, problem=None):
    global passed, failed
    if problem:
        failed += 1
        print('%s: %s' % (name, problem))
    else:
        passed += 1


def want(name, have, wanted):
    count(name, None if have == wanted else '%r, and not %r' % (have, wanted))


def run(*args, text=None, cwd=None):
    r = subprocess.run([BIN, *args], input=text, capture_output=True, timeout=60, cwd=cwd, encoding='utf-8')
    return r.returncode, r.stdout, r.stderr


def as_json(*args, **more):
    status, out, err = run('curve', '--format', 'json', *args, **more)
    if status:
        return {'model': 'status %d: %s' % (status, err)}
    return json.loads(out)


# --- published series ---

GOLDENS = {
    'all': [],
    'google-ceiling': ['--series', 'google inbound', '--ceiling', '1'],
    'twitter-given': ['--series', 'twitter', '--ceiling', '96.5%'],
}


def check_texts(update):
    for name, options in GOLDENS.items():
        path = os.path.join(TEXTS, name + '.txt')
        status, have, err = run('curve', *options, 'adoption.csv', cwd=TEXTS)
        have += err
        if update:
            with open(path, 'w', encoding='utf-8') as f:
                f.write(have)
        wanted = open(path, encoding='utf-8').read()
        count(name, '\n'.join(difflib.unified_diff(wanted.splitlines(), have.splitlines(), path, 'the program', n=1,
                                                   lineterm='')))
        want(name + ' status', status, 0)


def check_published():
    all_of = {c['series']: c for c in as_json(SERIES)}
    models = {'Twitter outbound mail (daily)': 'saturated',
              'DANE SMTP survey (Dukhovni) share of DNSSEC-signed domains': 'flat'}
    for name, c in all_of.items():
        want(name, c['model'], models.get(name, 'insufficient'))
    want('how many series', len(all_of), 8)
    for part, words in (('Google Gmail Safer Email, inbound', 'growing'), ('Facebook', 'rose'), ('incenp', 'fell')):
        name = next(n for n in all_of if n.startswith(part))
        want(part, all_of[name]['sentence'].split()[0].strip(','), words)
    twitter = all_of['Twitter outbound mail (daily)']
    want('no midpoint', [k for k in twitter if k.startswith('midpoint')], [])
    count('ceiling', None if 0.95 < twitter['ceiling'] < 0.96 else twitter['ceiling'])
    google = as_json('--series', 'google inbound', '--ceiling', '1', SERIES)
    want('google', (google['model'], round(google['midpoint'], 2), round(google['slope_per_year'], 2),
                    google['ceiling'], google['ceiling_is']), ('logistic', 2014.68, 0.56, 1, 'assumed'))
    count('the assumption is said', None if google['sentence'].startswith('assuming') else google['sentence'])


# --- simulated series ---

def simulated(shape, n=40, trials=2000):
    chance = random.Random(shape.__name__)
    lines = ['date,numerator,denominator']
    for i in range(n):
        p = shape(i)
        k = sum(chance.random() < p for _ in range(trials))
        lines.append('%d-%02d,%d,%d' % (2010 + i // 12, i % 12 + 1, k, trials))
    return '\n'.join(lines) + '\n'


def logistic(i): return 0.93 / (1 + math.exp(-0.2 * (i - 20)))
def step(i): return 0.29 if i < 20 else 0.95
def flat(i): return 0.5
def linear(i): return 0.15 + 0.015 * i
def saturated(i): return 0.95 / (1 + math.exp(-0.15 * (i + 12)))

ESTIMATES = {
    'logistic': ['midpoint', 'slope_per_year', 'ceiling', 'level'],
    'saturated': ['slope_per_year', 'ceiling', 'level'],
    'step': ['step_from', 'step_to', 'step_date', 'level'],
    'linear': ['slope_per_year', 'level'],
    'flat': ['level'],
}


def check_shape(name, c):
    """Each estimate has its bounds, around it, and no other model's estimates are there."""
    for e in sorted({e for l in ESTIMATES.values() for e in l}):
        if e not in ESTIMATES[name]:
            want('%s has no %s' % (name, e), e in c, False)
            continue
        low, value, high = c[e + '_low'], c[e], c[e + '_high']
        count('%s: %s' % (name, e), None if type(low) == type(high) and low <= value <= high else (low, value, high))
    want(name + ': forecast', (c['forecast'] is None), 'forecast_refused' in c)
    if c['forecast']:
        f = c['forecast']
        count(name + ': its interval', None if 0 <= f['share_low'] < f['share'] < f['share_high'] <= 1 else f)
        count(name + ': its date', None if f['date'] > c['last'] else f)


def check_simulated():
    for shape in (logistic, step, flat, linear, saturated):
        c = as_json('-', text=simulated(shape))
        name = shape.__name__
        want(name, c['model'], name)
        if c['model'] != name:
            continue
        check_shape(name, c)
        want(name + ': series', c['series'], None)
        want(name + ': weights', (c['weights'], c['points'], c['first']), ('counts', 40, '2010-01-16'))
        if shape is logistic:
            truth = 2010 + (20 + 0.5) / 12
            count('midpoint', None if c['midpoint_low'] < truth < c['midpoint_high'] else c)
            count('ceiling', None if c['ceiling_low'] < 0.93 < c['ceiling_high'] else c)
            count('rate', None if c['slope_per_year_low'] < 2.4 < c['slope_per_year_high'] else c)
        if shape is step:
            want('step', (c['step_date_low'], c['step_date_high']), ('2011-08-16', '2011-09-16'))
    for rows, said in (('2016-01-01,50,100\n2016-02-01,52,100\n', '50.0 % on 2016-01-01 and 52.0 % on 2016-02-01, which differ by no more than chance;'),
                       ('2016-01-01,50,100\n2016-01-15,51,100\n2016-02-01,52,100\n', '50.0 % on 2016-01-01 and 52.0 % on 2016-02-01, which differ'),
                       ('2016-01-01,40,100\n2016-02-01,70,100\n', 'rose from 40.0 % on 2016-01-01 to 70.0 %'),
                       ('2016-01-01,50,100\n2016-02-01,50,100\n', '50.0 % both on 2016-01-01 and on 2016-02-01;')):
        c = as_json('-', text='date,numerator,denominator\n' + rows)
        count('few points', None if c['sentence'].startswith(said) else c['sentence'])
    hump = as_json('-', text='date,numerator,denominator\n' + ''.join(
        '%d-%02d-01,%d,100\n' % (2000 + m // 12, m % 12 + 1, n) for m, n in enumerate(10 * [12, 28] + 10 * [27, 43] + 10 * [12, 28])))
    want('up and down', (hump['model'], hump['sentence']),
         ('flat', 'no trend that lasted: 20.0 %, 35.0 % and 20.0 % in the first, second and last third'))
    noise = random.Random(3)
    few = as_json('-', text='date,numerator,denominator\n' + ''.join(
        '2016-01-%02d,%d,10\n' % (d + 1, sum(noise.random() < 0.5 for _ in range(10))) for d in range(12)))
    want('noise', (few['model'], few['sentence'][:17]), ('flat', 'no trend: flat at'))
    few = as_json('-', text='date,value\n2016-01-01,0.5\n')
    want('one point', (few['model'], few['forecast'], few['weights']), ('insufficient', None, 'equal'))


# --- a database ---

def many_days(path, days, shape, trials=1000):
    """The rates of the two captures again for many days, in other numbers."""
    run('analyze', '--quiet', '--db', path, *CAPTURES)
    with sqlite3.connect(path) as c:
        columns = [r[1] for r in c.execute('PRAGMA table_info(rate)')]
        kinds = {r[0]: r[1] for r in c.execute("SELECT word, code FROM word WHERE kind = 'verdict'")}
        rows = [dict(zip(columns, r)) for r in c.execute('SELECT * FROM rate')]
        chance = random.Random(1)
        c.execute('DELETE FROM rate')
        for day in range(days):
            k = sum(chance.random() < shape(day) for _ in range(trials))
            for row in rows:
                n = k if row['verdict'] == kinds['starttls'] else trials - k
                copy = dict(row, hour=row['hour'] // 86400 * 86400 + day * 86400 + 3600 * (day % 24), sessions=n)
                c.execute('INSERT INTO rate VALUES (%s)' % ','.join('?' * len(columns)), [copy[x] for x in columns])
        c.execute('DELETE FROM rate_day')
        keys = 'direction, hop, protocol, server_port, verdict, strip, tls_version, pq, exposure, loss'
        c.execute('INSERT INTO rate_day SELECT sensor, database, hour / 86400 * 86400, %s, sum(sessions), sum(bytes),'
                  ' sum(messages_clear), 1, sum(offered) FROM rate GROUP BY sensor, database, hour / 86400, %s' % (keys, keys))


def check_database(folder):
    db = os.path.join(folder, 'mail.db')
    run('analyze', '--quiet', '--db', db, *CAPTURES)
    c = as_json('--db', db)
    want('one day', (c['model'], c['points']), ('insufficient', 1))
    os.remove(db)
    many_days(db, 100, lambda d: 0.9 / (1 + math.exp(-0.1 * (d - 50))))
    c = as_json('--db', db)
    want('days', (c['model'], c['points'], c['weights'], c['series']), ('logistic', 100, 'counts', None))
    way, other = as_json('--db', db, '--verdict', 'starttls'), as_json('--db', db, '--verdict', 'clear')
    want('a verdict', {**way, 'series': None}, c)
    want('its name', (way['series'], other['series'], other['model'], other['slope_per_year'] < 0), ('starttls', 'clear', 'logistic', True))
    want('no verdict', run('curve', '--db', db, '--verdict', 'tls')[0], 64)
    want('a verdict of a file', run('curve', '--verdict', 'clear', '-')[0], 64)
    want('without --db', run('curve', cwd=folder)[0], 66)
    want('first day', c['first'], '2026-01-05')
    count('ceiling of days', None if c['ceiling_low'] < 0.9 < c['ceiling_high'] else c)
    want('since and until', [as_json('--db', db, '--since', '2026-01-20', '--until', '2026-02-10')[k] for k in ('first', 'last', 'points')],
         ['2026-01-20', '2026-02-09', 21])
    want('hop', as_json('--db', db, '--hop', 'relay'), c)
    want('other hop', as_json('--db', db, '--hop', 'retrieval')['sentence'], 'nothing to fit: no point has a share')
    weeks = os.path.join(folder, 'weeks.db')
    many_days(weeks, 200, lambda d: 0.9 if d else 0.4)
    with sqlite3.connect(weeks) as b:       # a Monday, and the Thursday 199 days later
        for table, column in (('rate', 'hour'), ('rate_day', 'day')):
            b.execute('DELETE FROM {0} WHERE {1} / 86400 NOT IN (SELECT min({1}) / 86400 FROM {0} UNION SELECT max({1}) / 86400 FROM {0})'.format(table, column))
    said = as_json('--db', weeks)['sentence']
    count('weeks', None if re.match('rose from [0-9.]+ % in the week of 2026-01-05 to [0-9.]+ % in the week of 2026-07-20;', said) else said)
    with sqlite3.connect(db) as b:
        inside = b.execute("SELECT code FROM word WHERE kind = 'direction' AND word = 'internal'").fetchone()[0]
        for table in ('rate', 'rate_day'):
            b.execute('UPDATE %s SET direction = ?' % table, (inside,))
    want('internal', as_json('--db', db)['points'], 0)
    os.remove(db)
    many_days(db, 400, lambda d: 0.3 if d < 200 else 0.8)
    c = as_json('--db', db)
    want('weeks', (c['model'], c['points']), ('step', 58))
    status, out, _ = run('curve', '--db', db)
    count('weeks are said', None if ' 58 weeks from ' in out and out.startswith('Stepped from ') else out)
    with sqlite3.connect(db) as b:
        for table in ('rate', 'rate_day'):
            b.execute('UPDATE %s SET sessions = 9223372036854775807' % table)
    status, out, err = run('curve', '--db', db)
    want('rates that are none', (status, out, err.count('\n')), (65, '', 1))


# --- what is refused ---

def check_errors(folder):
    def write(name, text):
        with open(os.path.join(folder, name), 'w') as f:
            f.write(text)

    write('late.csv', 'date,value\n2016-01-01,0.5\n2016-01-02,x\n')
    write('two.csv', 'series,date,value\nx,2016-01-01,7\ny,2016-01-01,0.5\n')
    write('odd.csv', 'a,b\n1,2\n')
    cases = [
        (64, ['a.csv', 'b.csv'], "curve: one file at a time; 'b.csv' is too many"),
        (64, ['--db', 'm.db', 'a.csv'], 'curve: either a database by --db or the file a.csv'),
        (64, ['--since', '2026-01-01', 'a.csv'], 'curve: --since and --until are for a database'),
        (64, ['--hop', 'relay', 'a.csv'], 'curve: --hop and --verdict are for a database; the series of a file are chosen by --series'),
        (64, ['--series', 'x'], 'curve: --series is for a CSV file; a database is asked by --hop and --verdict'),
        (64, ['--ceiling', '0', 'a.csv'], "--ceiling: '0' is no share above 0 and up to 1"),
        (64, ['--ceiling', '1.5', 'a.csv'], "--ceiling: '1.5' is no share above 0 and up to 1"),
        (64, ['--ceiling', 'nan', 'a.csv'], "--ceiling: 'nan' is no share above 0 and up to 1"),
        (64, ['--format', 'csv', 'a.csv'], "--format: 'csv' is neither text nor json"),
        (64, ['--hop', 'beach'], 'beach is no hop; there are: other relay submission retrieval delivery filter'),
        (64, ['--series', 'z', 'two.csv'], "there is no series 'z'; there are: x; y"),
        (66, ['gone.csv'], 'gone.csv cannot be opened: No such file or directory'),
        (74, ['.'], '. cannot be read: Is a directory'),
        (65, ['odd.csv'], 'odd.csv: line 1: no column names; needed are date and either value or numerator and'
                          ' denominator'),
        (65, ['late.csv'], "late.csv: line 3, column 2 (value): 'x' is no share from 0 to 1"),
    ]
    for status, args, sentence in cases:
        want(' '.join(args), run('curve', *args, cwd=folder), (status, '', 'mailseal: %s\n' % sentence))
    status, out, err = run('curve', 'two.csv', cwd=folder)
    want('one of two', (status, out.split(':')[0], err), (65, 'y', "mailseal: two.csv: line 2, column 3 (value): '7' is"
                        ' no share from 0 to 1 (series x); the others were fitted\n'))
    want('the other one', run('curve', '--series', 'y', 'two.csv', cwd=folder)[0], 0)
    status, out, _ = run('curve', '--help')
    count('help', None if status == 0 and '--ceiling' in out else out)


def main():
    global BIN
    parser = argparse.ArgumentParser()
    parser.add_argument('--bin', default='build/mailseal')
    parser.add_argument('--update', action='store_true')
    args = parser.parse_args()
    BIN = os.path.abspath(args.bin)
    if run('curve', '-', text='date,value\n2016-01-01,0.5\n')[0] == 69:
        count('refused without cminpack')       # all that can be had of such a program
    else:
        with tempfile.TemporaryDirectory() as folder:
            check_texts(args.update)
            check_published()
            check_simulated()
            check_database(folder)
            check_errors(folder)
    print('%d passed, %d failed' % (passed, failed))
    return failed > 0


if __name__ == '__main__':
    sys.exit(main())
