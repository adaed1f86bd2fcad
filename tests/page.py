#!/usr/bin/env python3
"""mailseal report --format html: the page as a file, without a browser.

usage: page.py [--bin build/mailseal]

Pages of five databases (five years of sums, a year with hostile names, one capture, one session, nothing) are well-formed,
load and run nothing, are the same when made twice, and stay below 1 MB; each number of their tables is what the
sqlite3 shell prints for the file of sql/reports that stands above it. The last line is "N passed, N failed".
"""
import argparse, base64, csv, hashlib, io, json, os, re, shlex, shutil, sqlite3, subprocess, sys, tempfile
import xml.etree.ElementTree as ET

HERE = os.path.dirname(os.path.abspath(__file__))
REPORTS = os.path.join(HERE, '..', 'sql', 'reports')
CAPTURES = [os.path.join(HERE, 'pcaps', n + '.pcap') for n in
            ('smtp-clear', 'smtp-starttls-tls13', 'auth-cram-md5', 'imaps-client-only-tls13', 'mask-pop3')]
MOST = 1000000

sys.dont_write_bytecode = True
passed = failed = 0
BIN = None


def want(name, ok, why=''):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print('%s: %s' % (name, why or 'not so'))


def run(*args, **more):
    return subprocess.run([BIN, *args], capture_output=True, timeout=120, **more)


def page(db, *options):
    r = run('report', '--db', db, '--format', 'html', *options)
    if r.returncode:
        raise SystemExit('report --format html: %d %s' % (r.returncode, r.stderr.decode()))
    return r.stdout


def local(tag):
    return tag.split('}')[-1]


# --- the file ---

def check_closed(name, text, root):
    """Nothing is loaded, nothing is run."""
    bad = []
    for e in root.iter():
        if local(e.tag) in ('script', 'link', 'img', 'image', 'iframe', 'object', 'embed', 'base', 'form', 'a',
                            'foreignObject', 'animate', 'set'):
            bad.append('<%s>' % local(e.tag))
        for k, v in e.attrib.items():
            k = local(k)
            if k.startswith('on') or k in ('style', 'src', 'action') or (k == 'href' and not v.startswith('#')):
                bad.append('%s="%s"' % (k, v[:40]))
    want(name + ': nothing is loaded or run', not bad, ' '.join(bad[:5]))
    style = root.find('.//style').text
    want(name + ': the style loads nothing', not re.search(r'@import|url\((?!#)|https?:|\\', style))
    policy = root.find('.//meta[@http-equiv="Content-Security-Policy"]').get('content')
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    want(name + ': the policy allows this style only', policy == "default-src 'none'; style-src 'sha256-%s'; base-uri 'none';"
         " form-action 'none'" % digest, policy)
    want(name + ': no addresses of other places', b'http://' not in text and b'https://' not in text)


def check_text(name, text):
    decoded = text.decode('utf-8', 'replace')
    bad = re.search('[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff\ufffd]', decoded)
    want(name + ': no controls', not bad, bad and repr(decoded[max(0, bad.start() - 40):bad.end() + 20]))
    ids = re.findall(r' id="([^"]*)"', decoded)
    want(name + ': each id once', len(ids) == len(set(ids)))
    missing = set(re.findall(r'(?:href="#|url\(#|aria-labelledby=")([\w-]+)', decoded)) - set(ids)
    years = re.findall('<tspan class="year">([^<]*)</tspan>', decoded)
    want(name + ': what gives way on paper is a year', all(re.fullmatch(r' \d{4}', y) for y in years), ' '.join(years[:5]))
    want(name + ': each reference has its end', not missing, ' '.join(missing))
    want(name + ': no number that is none', not re.search(r'["(> ](nan|inf|-nan|-inf)\b', decoded))


def check_file(name, text):
    want(name + ': below 1 MB', len(text) < MOST, '%d bytes' % len(text))
    check_text(name, text)
    try:
        root = ET.fromstring(text.decode().replace('<!DOCTYPE html>', '', 1))
    except ET.ParseError as e:
        want(name + ': well-formed', False, str(e))
        return None
    want(name + ': well-formed', True)
    check_closed(name, text, root)
    return root


# --- the numbers ---

def seconds(text):
    import datetime
    t = datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc)
    return str(int(t.timestamp()))


def shell(db, report, options):
    """What sqlite3 prints for the file with these options of `mailseal report` as parameters."""
    script = '.mode csv\n.headers on\n.parameter init\n'
    for name, value in options.items():
        value = seconds(value) if name in ('since', 'until') else '"\'%s\'"' % value
        script += '.parameter set :%s %s\n' % (name, value)
    with open(os.path.join(REPORTS, report + '.sql'), encoding='utf-8') as f:
        script += f.read()
    r = subprocess.run(['sqlite3', '-bail', db], input=script.encode(), capture_output=True, timeout=120)
    if r.stderr:
        return None, r.stderr.decode()
    return list(csv.DictReader(io.StringIO(r.stdout.decode('utf-8', 'surrogateescape'), newline=''))), ''


def shown(td):
    data = td.find('data')
    if data is not None:
        return data.get('value')
    text = td.text or ''
    return '' if text == '\u2013' else text


def same(have, want_):
    """A text that is shown with what is hidden in it made visible is compared by what is left."""
    if have == want_ or (re.fullmatch(r'-?[\d,]+', have) and have.replace(',', '') == want_):
        return True
    plain = re.sub(r'\\x[0-9a-f]{2}|\\u[0-9a-f]{4}', '', have)
    return plain == re.sub('[\x00-\x1f\x7f-\x9f\u202e]|[\udc80-\udcff]', '', want_)


def check_table(name, db, table, options):
    columns = [th.get('data-column') for th in table.iter('th')]
    rows, why = shell(db, table.get('data-report'), options)
    if rows is None:
        want(name, False, why)
        return
    if table.get('data-report') == 'share':
        rows = [r for r in rows if r['direction'] == options.get('direction', 'all')]
    have = [[shown(td) for td in tr.iter('td')] for tr in table.find('tbody').iter('tr')]
    wrong = [(h, [r[c] for c in columns]) for h, r in zip(have, rows)
             if not all(same(x, r[c]) for x, c in zip(h, columns))]
    want(name, len(have) == min(len(rows), 1000) and have and not wrong,
         '%d rows for %d; %s' % (len(have), len(rows), wrong[:1]))


def check_numbers(name, db, root):
    for details in root.iter('details'):
        table = details.find('.//table')
        command = shlex.split(details.find('.//code').text)
        options = dict(zip((o[2:] for o in command[3::2]), command[4::2]))
        want(name + ': the command names the report', command[2] == table.get('data-report'))
        check_table('%s: %s as sqlite3 says it' % (name, ' '.join(command)), db, table, options)


def check_curves(name, db, root):
    """What is said below the curves is what `mailseal curve` says."""
    if b'cminpack: none' in run('--version').stdout or root.find('.//figure') is None:
        return
    ways = {'Implicit TLS': ['--verdict', 'implicit_tls'], 'STARTTLS': ['--verdict', 'starttls'], '': []}
    said = [pair for dl in root.findall('.//div[@class="fit"]/dl') for pair in zip(dl.findall('dt'), dl.findall('dd'))]
    for dt, dd in said:
        way, _, hop = dt.text.rpartition(', ')
        curve = run('curve', '--db', db, '--format', 'json', *ways[way], *([] if hop == 'All three hops' else ['--hop', hop.lower()]))
        want('%s: the curve of %s' % (name, dt.text), ''.join(dd.itertext()) == json.loads(curve.stdout)['sentence'] + '.', ''.join(dd.itertext()))
    want(name + ': curves', said[0][0].text == 'All three hops' and len(said) == (8 if name in ('years', 'hostile') else len(said)), str(len(said)))


def check_headline(name, db, root):
    rows, _ = shell(db, 'headline', {})
    latest = [r for r in rows if r['period'] == 'latest' and r['hop'] == 'all']
    number = next(p for p in root.iter('p') if p.get('class', '').startswith('number')).text
    if not latest or not latest[0]['share']:
        want(name + ': the answer', number == 'unknown', number)
        return
    text = ''.join(root.find('.//section[@class="headline"]').itertext())
    share = float(latest[0]['share'])
    want(name + ': the answer', abs(float(number.replace('\u00a0%', '')) - 100 * share) < 0.051, number)
    peers = [r for r in shell(db, 'intervals', {k: latest[0][k] for k in ('since', 'until')})[0] if r['hop'] == 'all'][0]
    have = re.search(r'95\xa0% interval ([\d.]+)\xa0% to ([\d.]+)\xa0%(, but only if)?', text)
    columns = ('peers_low', 'peers_high') if peers['peers_low'] else ('low', 'high')
    want(name + ': its interval', have and all(abs(float(have.group(i + 1)) - 100 * float(peers[c])) < 0.051 for i, c in enumerate(columns))
         and bool(have.group(3)) == (not peers['peers_low']), have and have.group(0))
    for column in ('encrypted', 'decided'):
        want('%s: %s' % (name, column), '{:,}'.format(int(latest[0][column])) in text)


# --- databases ---

def years(path, *options):
    subprocess.run([sys.executable, os.path.join(HERE, 'page', 'years.py'), '--bin', BIN, *options, path], check=True)
    return path


def analyzed(path, *captures):
    r = run('analyze', '--quiet', '--separate', '--db', path, *captures)
    if r.returncode:
        raise SystemExit(r.stderr.decode())
    return path


def check_database(name, db, *options):
    text = page(db, *options)
    root = check_file(name, text)
    want(name + ': the same again', page(db, *options) == text)
    if root is None:
        return None
    check_numbers(name, db, root)
    if not options:
        check_headline(name, db, root)
        check_curves(name, db, root)
    return root


def check_options(db):
    for options in (['--by', 'day', '--since', '2021-03-01', '--until', '2021-04-01'],
                    ['--direction', 'inbound'], ['--since', '2100-01-01'], ['--by', 'hour', '--until', '2021-01-03']):
        check_database(' '.join(options), db, *options)
    for options, said in ((['--hop', 'relay'], 'leave out --hop'), (['share'], "leave out 'share'"),
                          (['--by', 'year'], 'no width'), (['--since', 'soon'], 'no time'),
                          (['--direction', '<b>'], 'no direction')):
        r = run('report', '--db', db, '--format', 'html', *options)
        want('refused: ' + ' '.join(options), r.returncode == 64 and said in r.stderr.decode(), r.stderr.decode())


def check_output(db, tmp):
    path = os.path.join(tmp, 'page.html')
    args = ['report', '--db', db, '--format', 'html', '--output']
    with open(path, 'w', encoding='utf-8') as f:
        f.write('old')
    r = run(*args, path)
    with open(path, 'rb') as f:
        want('--output replaces', r.returncode == 0 and f.read() == page(db) and not r.stdout, r.stderr.decode())
    want('--output leaves nothing beside', os.listdir(tmp).count('page.html.part') == 0)
    want('--output -', run(*args, '-').stdout == page(db))
    r = run(*args, path, '--since', 'soon')
    with open(path, 'rb') as f:
        want('a page that cannot be made leaves the old one', r.returncode == 64 and f.read() == page(db))
    want('... and nothing beside', not os.path.exists(path + '.part'))
    r = run(*args, os.path.join(tmp, 'none', 'page.html'))
    want('no such folder', r.returncode == 73 and b'cannot be written' in r.stderr, r.stderr.decode())
    want('a full disk', run(*args, '/dev/full').returncode == 74)
    r = run('report', '--db', db, '--format', 'csv', '--output', path, 'share')
    with open(path, 'rb') as f:
        want('--output of a report', r.returncode == 0 and f.read().startswith(b'bucket,hop'))


def check_changed(db, tmp):
    """A database that another program changed: a page that is still one, or one sentence and no page."""
    for n, change in enumerate((
            'UPDATE rate SET sessions = -5', 'UPDATE rate SET sessions = 9223372036854775807',
            'UPDATE rate SET hour = hour + 100000000000000', 'UPDATE rate SET hour = -9223372036854775807',
            'UPDATE rate SET hour = -62167219200 WHERE verdict = 6', 'UPDATE peer_day SET day = 9223372036854775807, sessions = 0',
            "UPDATE word SET word = '<i>' || word", 'DELETE FROM word', 'UPDATE source SET packets = -1, first_us = -9e18',
            'UPDATE rate SET sessions = sessions + 4000000000000', 'DELETE FROM endpoint')):
        path, out = os.path.join(tmp, 'changed-%d.db' % n), os.path.join(tmp, 'changed.html')
        shutil.copy(db, path)
        changed = sqlite3.connect(path)
        changed.execute(change)
        changed.commit()
        changed.close()
        r = run('report', '--db', path, '--format', 'html', '--output', out)
        if r.returncode:
            want('%s: refused in a sentence' % change, r.returncode in (65, 70) and r.stderr.count(b'\n') == 1
                 and not os.path.exists(out), '%d %s' % (r.returncode, r.stderr.decode()))
            continue
        with open(out, 'rb') as f:
            check_file(change, f.read())
        os.remove(out)


def main():
    global BIN
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument('--bin', default='build/mailseal')
    BIN = os.path.abspath(p.parse_args().bin)
    tmp = tempfile.mkdtemp(prefix='mailseal-page-')
    try:
        check_database('years', years(os.path.join(tmp, 'years.db'), '--hours', '1'))
        db = years(os.path.join(tmp, 'hostile.db'), '--hours', '1', '--days', '100', '--hostile')
        root = check_database('hostile', db)
        want('hostile: names are shown', root is not None and '<script>alert(1)</script>' in ''.join(root.itertext()))
        check_options(db)
        db = analyzed(os.path.join(tmp, 'captures.db'), *CAPTURES)
        root = check_database('captures', db)
        check_output(db, tmp)
        check_changed(db, tmp)
        check_database('one session', analyzed(os.path.join(tmp, 'one.db'), CAPTURES[0]))
        with open(os.path.join(tmp, 'empty.pcap'), 'wb') as f:
            f.write(b'\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\xff\xff\0\0\1\0\0\0')
        root = check_database('empty', analyzed(os.path.join(tmp, 'empty.db'), f.name))
        want('empty: said so', 'No mail has been seen.' in ''.join(root.itertext()))
        want('empty: no empty figures', root.find('.//figure') is None)
    finally:
        shutil.rmtree(tmp)
    print('%d passed, %d failed' % (passed, failed))
    return failed > 0


sys.exit(main())
