#!/usr/bin/env python3
"""Whose names and addresses are: what `mailseal enrich` stores, and what the report on providers makes of it.

usage: enrich.py [--bin build/mailseal] [NAME…]

Networks come from files that tests/mmdb.py writes, and what is found in them is compared with Python's own search of the
same networks (and with libmaxminddb, where its command mmdblookup is there). The last line is "N passed, N failed" (checks).
"""
import argparse, ipaddress, json, os, random, re, shutil, sqlite3, subprocess, sys, tempfile
import addresses, golden, mmdb

LIST = '''// a list for tests
com
example
co.example

// ===BEGIN PRIVATE DOMAINS===
*.wild.example
!city.wild.example
'''
DOMAINS = {'mail.example': 'mail.example', 'a.b.mail.example': 'mail.example', 'x.shop.co.example': 'shop.co.example', 'co.example': None,
           'a.b.wild.example': 'a.b.wild.example', 'www.city.wild.example': 'city.wild.example', 'MX.Mail.Example': 'mail.example',
           'mx.unheard.of': 'unheard.of', '192.0.2.77': None, 'localhost': None}
NETWORKS = {'192.0.2.0/24': (64500, 'Mail & Söhne'), '192.0.2.128/25': (64501, 'Upper \u202eHalf\x07'), '198.51.100.0/23': (64502, ''), '203.0.113.9/32': (64503, 'One'),
            '2001:db8::/32': (4200000000, 'Six'), '2001:db8:9::/48': (64505, 'Nine')}


def entry(asn, name): return {'autonomous_system_number': asn, **({'autonomous_system_organization': name} if name else {})}


def whose(ip, networks=NETWORKS):
    """The narrowest of the networks that hold an address, as (network, number, name)."""
    ip = ipaddress.ip_address(ip)
    held = [ipaddress.ip_network(n) for n in networks if ip in ipaddress.ip_network(n)]
    return max(held, key=lambda n: n.prefixlen) if held else None


def session(server, client, sni, clear=False, greeting='mx', hello='mx'):
    head = 'server %s\nclient %s\n' % (server, client)
    if clear:
        return head + ('S: 220 %s ESMTP\nC: EHLO c.example\nS: 250-%s hello\nS: 250 STARTTLS\n' % (greeting, hello) + (
            'C: STARTTLS\nS: 220 go\ntls 1.2 max=1.2 sni=%s\nclose\n' % sni if sni else
            'C: MAIL FROM:<a@c.example>\nS: 250 2.1.0 Ok\nC: QUIT\nS: 221 2.0.0 Bye\nclose\n'))
    return head + 'tls 1.2 max=1.2 sni=%s\nclose\n' % sni


SESSIONS = [
    session('192.0.2.10:465', '198.51.100.1:4001', 'a.b.mail.example'), session('192.0.2.10:465', '198.51.100.2:4001', 'mail.example'),
    session('192.0.2.10:465', '203.0.113.9:4002', 'x.shop.co.example'), session('192.0.2.10:25', '203.0.113.9:4003', '', True),
    session('192.0.2.200:25', '198.51.100.3:4004', '', True), session('192.0.2.200:25', '198.51.100.4:4005', '', True),
    session('203.0.113.77:25', '203.0.113.9:4006', '', True), session('203.0.113.77:465', '203.0.113.9:4007', 'www.city.wild.example'),
    session('[2001:db8:9::1]:993', '[2001:db8:1::2]:4008', 'mx.unheard.of'), session('[2001:db8:7::1]:25', '[2001:db8:1::2]:4009', '', True),
    session('192.0.2.11:465', '198.51.100.1:4010', 'co.example'), session('192.0.2.12:993', '198.51.100.1:4011', 'MX.Mail.Example'),
]

def called(n, greeting, hello, sni=''):
    """A session of a server that calls itself so."""
    return session('192.0.2.%d:25' % n, '198.51.100.%d:4100' % n, sni, True, greeting, hello)


# A server of which nothing may be stored, since what it says is, or may be, the name of the client.
NOT_CALLED = ['server 192.0.2.%d:25\nclient 198.51.100.%d:4100\n' % (n, n) + script for n, script in (
    (30, 'set C hidden on\nS: 220 - ESMTP\nC: EHLO laptop.alice.example\nS: 250-laptop.alice.example\nS: 250 STARTTLS\nC: QUIT\nS: 221 Bye\nclose\n'),
    (31, 'S: 220 - ESMTP\nC: EHLO laptop.alice.example.\nS: 250-laptop.alice.example\nS: 250 STARTTLS\nC: QUIT\nS: 221 Bye\nclose\n'),
    (32, 'S: 220 - ESMTP\nC: EHLO laptop.alice.example\nC: EHLO second.alice.example\nS: 250-laptop.alice.example\nS: 250 STARTTLS\n'
         'S: 250-second.alice.example\nS: 250 STARTTLS\nC: QUIT\nS: 221 Bye\nclose\n'),
    (33, 'S: 220 - ESMTP\nnext drop\nC: EHLO laptop.alice.example\nS: 250-laptop.alice.example\nS: 250 STARTTLS\nC: EHLO second.alice.example\n'
         'S: 250-laptop.alice.example\nS: 250 STARTTLS\nC: QUIT\nS: 221 Bye\nclose\n'),
    (35, 'S: 220 - ESMTP\nC: EHLO laptop\nS: 250-laptop.alice.example\nS: 250 STARTTLS\nC: QUIT\nS: 221 Bye\nclose\n'),
    (36, 'S: 220 - ESMTP\nC: EHLO <laptop.alice.example>\nS: 250-laptop.alice.example\nS: 250 STARTTLS\nC: QUIT\nS: 221 Bye\nclose\n'),
    (37, 'S: 220 - ESMTP\nC: EHLO laptop.alice.example,\nS: 250-laptop.alice.example Hello\nS: 250 STARTTLS\nC: QUIT\nS: 221 Bye\nclose\n'),
    (38, 'S: 220 - ESMTP\nC: EHLO [198.51.100.38]\nS: 250-client.alice.example\nS: 250 STARTTLS\nC: QUIT\nS: 221 Bye\nclose\n'),
    (39, 'S: 220 ftp.alice.example FTP (no SMTP)\nC: USER a\nS: 331 Password required\nC: QUIT\nS: 221 Bye\nclose\n'),
    (34, 'S: 220 ftp.alice.example FTP server ready\nC: USER a\nS: 331 Password required\nC: QUIT\nS: 221 Bye\nclose\n'))]

# Server, sessions as (greeting, answer to EHLO, SNI), what is stored of it, its domain, and where that is from
LONG = '.'.join(['a' * 63] * 3 + ['b' * 53, 'example'])
CALLED = (
    (26, [('192.0.2.26.pool.mail.example', 'mx', '')], {'192.0.2.26.pool.mail.example': 'greeting'}, 'mail.example', 'greeting'),
    (20, [('MX1.Mail.Example', 'mx1.mail.example', '')], {'mx1.mail.example': 'greeting'}, 'mail.example', 'greeting'),
    (21, [('localhost', 'relay.shop.co.example', '')], {'relay.shop.co.example': 'hello'}, 'shop.co.example', 'hello'),
    (22, [('[192.0.2.22]', 'c.example', ''), ('192.0.2.22', 'C.Example', ''), ('<alice@mail.example>', 'alice@mail.example', '')], {}, None, None),
    (23, [('mx.unheard.of', 'mx.unheard.of', 'a.b.mail.example')], {'mx.unheard.of': 'greeting'}, 'mail.example', 'sni'),
    (24, [('mx%d.mail.example' % i, 'mx', '') for i in range(10)], {'mx%d.mail.example' % i: 'greeting' for i in range(8)}, 'mail.example', 'greeting'),
    (25, [(LONG, 'x' + LONG[1:] + 'x', ''), ('a..example', '.mx.example', ''), ('-a.mx.example', 'mx.example.', ''), ('mx_1.mail.example', 'm\xf6x.mail.example', '')],
     {LONG: 'greeting'}, 'b' * 53 + '.example', 'greeting'),
)


class Tests:
    def __init__(self, a, folder):
        self.a, self.folder, self.n = a, folder, 0
        os.mkdir(os.path.join(folder, 'captures'))
        for i, script in enumerate(SESSIONS):
            path = os.path.join(folder, 'captures', '%02d.txt' % i)
            open(path, 'w').write('start 2026-01-05T10:%02d:00\n' % i + script)
            subprocess.run([sys.executable, addresses.MAKE_PCAP, path, path[:-4] + '.pcap'], check=True)
        os.mkdir(os.path.join(folder, 'called'))
        for i, script in enumerate(NOT_CALLED + [called(n, *s) for n, sessions, *_ in CALLED for s in sessions]):
            path = os.path.join(folder, 'called', '%02d.txt' % i)
            open(path, 'w').write('start 2026-01-06T10:%02d:00\n' % i + script)
            subprocess.run([sys.executable, addresses.MAKE_PCAP, path, path[:-4] + '.pcap'], check=True)
        self.plain = self.analysed()
        self.has_list = b'libpsl: none' not in self.run('--version').stdout
        self.list = ['--psl', self.file('list', LIST.encode())] if self.has_list else []
        self.mmdb = self.file('asn.mmdb', self.built())

    def built(self, **how): return mmdb.build({n: entry(*e) for n, e in NETWORKS.items() if how.get('version') != 4 or ':' not in n}, **how)

    def file(self, name, data):
        path = os.path.join(self.folder, name)
        open(path, 'wb').write(data)
        return path

    def analysed(self, *options, captures='captures'):
        self.n += 1
        db = os.path.join(self.folder, '%d.db' % self.n)
        subprocess.run([self.a.bin, 'analyze', '--quiet', '--db', db, *options, os.path.join(self.folder, captures)], check=True)
        return db

    def copy(self):
        self.n += 1
        return shutil.copy(self.plain, os.path.join(self.folder, '%d.db' % self.n))

    def run(self, *args):
        return subprocess.run([self.a.bin] + list(args), capture_output=True)

    def enrich(self, db, *args, want=0):
        p = self.run('enrich', '--db', db, *args)
        return p, [] if p.returncode == want else ['enrich %s: status %d: %s' % (args, p.returncode, p.stderr[-300:])]

    # --- each gives sentences of what is wrong ---

    def domains(self):
        """Those of names, and those of servers by what most sessions asked for."""
        db = self.copy()
        with sqlite3.connect(db) as c:
            for i, name in enumerate(DOMAINS):
                c.execute('INSERT OR IGNORE INTO name (text) VALUES (?)', (name,))
        c.close()
        if not self.has_list:
            print('skipped: domains: built without libpsl')
            return self.enrich(db, '--psl', __file__, want=66)[1]
        p, said = self.enrich(db, *self.list)
        got = dict(rows(db, 'SELECT text, domain FROM name'))
        said += ['%s is of %s' % (n, got.get(n)) for n, d in DOMAINS.items() if got.get(n) != d]
        servers = dict(rows(db, "SELECT text || ':' || port, domain FROM endpoint WHERE port"))
        want = {'192.0.2.10:465': 'mail.example', '192.0.2.10:25': None, '203.0.113.77:465': 'city.wild.example', '2001:db8:9::1:993': 'unheard.of',
                '192.0.2.11:465': None, '192.0.2.12:993': 'mail.example'}
        said += ['the server %s is of %s' % (s, servers.get(s)) for s, d in want.items() if servers.get(s) != d]
        said += ['there is more than was asked for'] if rows(db, 'SELECT 1 FROM endpoint WHERE asn IS NOT NULL') else []
        return said

    def called(self):
        """What servers call themselves: a host name of their own and nothing else, with addresses hidden where they are not kept."""
        said = []
        for options in ((), ('--lanes', '2'), ('--addresses', 'truncate')):
            db = self.analysed(*options, captures='called')
            said += self.enrich(db, *self.list)[1] if self.list else []
            got = {}
            for client, name, source in rows(db, """SELECT s.src_ip, n.text, w.word FROM server_name AS x JOIN name AS n ON n.id = x.name
                    JOIN word AS w ON w.kind = 'name_source' AND w.code = x.source JOIN session AS r ON r.server = x.server JOIN sessions AS s ON s.id = r.id"""):
                got.setdefault(client if options[:1] != ('--addresses',) else 'all', {})[name] = source
            want = {'198.51.100.%d' % n: names for n, _, names, *_ in CALLED if names}
            if options[:1] == ('--addresses',):     # of all of these one server is left, whose first names are kept
                want = {'all': dict(list({n.replace('192.0.2.26', '*'): s for names in want.values() for n, s in names.items()}.items())[:8])}
                said += ['an address is stored'] if rows(db, "SELECT 1 FROM name WHERE text LIKE '%192.0.2%'") else []
            said += [] if got == want else ['%s: names are %s' % (options, {k: v for k, v in got.items() if want.get(k) != v})]
            said += ['the name of a client is stored'] if rows(db, "SELECT 1 FROM name WHERE text LIKE '%alice%'") else []
        said += [] if rows(db, 'SELECT max(n) <= 8 FROM (SELECT count(*) AS n FROM server_name GROUP BY server)') == [(1,)] else ['more than 8']
        return said + (self.called_domains() if self.list else [])

    def called_domains(self):
        """SNI before these, each with its source; one that is kept from SNI is not given up for what a server calls itself."""
        db = self.analysed(captures='called')
        said = self.enrich(db, *self.list)[1]
        got = {t: (d, s) for t, d, s in rows(db, 'SELECT text, domain, domain_source FROM endpoint WHERE port')}
        said += ['192.0.2.%d is %s' % (n, got['192.0.2.%d' % n]) for n, _, _, *want in CALLED if got['192.0.2.%d' % n] != tuple(want)]
        p = self.run('report', 'providers', '--db', db, '--format', 'json')
        sources = {r['provider']: r['source'] for r in json.loads(p.stdout) if r['side'] == 'server'}
        want = {'mail.example': 'sni greeting', 'shop.co.example': 'hello', 'b' * 53 + '.example': 'greeting', '192.0.2.22': 'address'}
        said += [] if sources == want else ['providers are %s' % sources]
        with sqlite3.connect(db) as c:
            c.execute('DELETE FROM session')
        said += self.enrich(db, *self.list)[1]
        return said + ([] if rows(db, "SELECT domain, domain_source FROM endpoint WHERE text = '192.0.2.23'") == [('mail.example', 'sni')] else ['SNI is given up'])

    def networks(self):
        """Of all forms of files; what is there is what Python finds."""
        said = []
        for how in ({}, {'size': 24}, {'size': 32}, {'version': 4, 'size': 24}):
            db, path = self.copy(), self.file('form.mmdb', self.built(**how))
            said += self.enrich(db, '--mmdb', path)[1]
            got = rows(db, 'SELECT e.text, e.announced, e.asn, a.name FROM endpoint AS e LEFT JOIN autonomous_system AS a ON a.number = e.asn')
            for text, net, asn, name in got:
                want = None if how.get('version') == 4 and ':' in text else whose(text)
                number, title = NETWORKS[str(want)] if want else (None, None)
                title = title and re.sub('[\u202e\x07]', lambda m: '?' * len(m[0].encode()), title)
                if (net, asn, name) != (want and str(want), number, title or None):
                    # where a wider network is cut by narrower ones the file knows the pieces
                    pieces = net and want and ipaddress.ip_network(net).subnet_of(want) and (asn, name) == (number, title or None) and ipaddress.ip_address(text) in ipaddress.ip_network(net)
                    said += [] if pieces else ['%s: %s is in %s %s %s, not %s' % (how, text, net, asn, name, want)]
            said += ['%s: only %d' % (how, len(got))] if len([g for g in got if g[2]]) < 8 else []
        said += self.others()
        return said

    def others(self):
        """Other names of the same things, and libmaxminddb's own reading."""
        said = []
        path = self.file('other.mmdb', mmdb.build({'192.0.2.0/24': {'asn': 'AS64510', 'as_name': 'Text'}, '198.51.100.0/24': {'more': [1, [2, {'x': True}]], 'asn': 64511},
                                                   '203.0.113.0/24': {'asn': 'AS', 'name': 'None'}, '2001:db8::/32': {'asn': 'AS99999999999'}}))
        db = self.copy()
        said += self.enrich(db, '--mmdb', path)[1]
        got = set(rows(db, 'SELECT DISTINCT asn, name FROM endpoint LEFT JOIN autonomous_system AS a ON a.number = asn WHERE asn IS NOT NULL'))
        said += [] if got == {(64510, 'Text'), (64511, None)} else ['other names: %s' % got]
        if shutil.which('mmdblookup'):
            for ip in ('192.0.2.10', '192.0.2.200', '203.0.113.9', '2001:db8:9::1', '2001:db8:1::2'):
                out = subprocess.run(['mmdblookup', '--file', self.mmdb, '--ip', ip, 'autonomous_system_number'], capture_output=True, text=True).stdout
                said += [] if str(NETWORKS[str(whose(ip))][0]) in out else ['mmdblookup has %s in %s' % (ip, out)]
        return said

    def countries(self):
        """As MaxMind, DB-IP and IPinfo lay them out; regions of UN M.49 in the report; what one file does not know another's stays."""
        place = lambda code, key='country': {'continent': {'code': 'XX'}, key: {'geoname_id': 1, 'iso_code': code, 'names': {'en': 'N'}}}
        path = self.file('country.mmdb', mmdb.build({
            '192.0.2.0/24': place('DE'), '192.0.2.12/32': place('TR', 'registered_country'), '192.0.2.200/32': {**place('US', 'registered_country'), **place('FR')},
            '198.51.100.0/24': place('JP'), '203.0.113.0/24': {'country_code': 'BR', 'country': 'Brazil'}, '203.0.113.77/32': place('AQ'), '2001:db8:9::/48': place('de'),
            '2001:db8:7::/48': {'country': {'iso_code': 'DEU'}}, '2001:db8:1::/48': {'country': {'iso_code': 7}, 'country_code': 'NZ'}}, kind='Test-Country'))
        want = {'192.0.2.10': 'DE', '192.0.2.11': 'DE', '192.0.2.12': 'TR', '192.0.2.200': 'FR', '198.51.100.0': 'JP', '203.0.113.0': 'BR', '203.0.113.77': 'AQ',
                '2001:db8:9::1': None, '2001:db8:7::1': None, '2001:db8:1::': 'NZ'}
        db = self.analysed('--local', '198.51.100.0/24,203.0.113.0/28,2001:db8:1::/48')
        said = self.enrich(db, '--mmdb', self.mmdb)[1]
        p, more = self.enrich(db, '--country', path)
        got = dict(rows(db, 'SELECT text, country FROM endpoint'))
        said += more + ['%s is in %s' % (a, got.get(a)) for a, c in want.items() if got.get(a) != c]
        said += [] if (64500,) in rows(db, 'SELECT asn FROM endpoint') else ['countries took the networks away']
        said += [] if b'addresses have a country' in p.stdout else [p.stdout]
        before, p = dump(db), self.enrich(db, '--country', path)[0]
        said += [] if dump(db) == before and b'(0 changed)' in p.stdout else ['the second time %s' % p.stdout]
        got = [tuple(r[k] for k in ('Hostname Suffix', 'Direction', 'UN M.49 Region Code', 'Region Name', 'Fraction Encrypted'))
               for r in json.loads(self.run('report', 'safer_email', '--db', db, '--direction', 'outbound', '--format', 'json').stdout)]
        want = [('', 'outbound', '001', 'World', 0.0), ('', 'outbound', '150', 'Europe', 0.0), ('192.0.2.200', 'outbound', '150', 'Europe', 0.0),
                ('192.0.2.10', 'outbound', '150', 'Europe', 0.0), ('2001:db8:7::1', 'outbound', '', '', 0.0), ('203.0.113.77', 'outbound', '', '', 0.0)]
        said += [] if got == want else ['regions are %s' % got]
        said += self.enrich(db, '--country', self.file('none.mmdb', mmdb.build({'192.0.2.0/24': place('IS')})))[1]
        said += [] if rows(db, 'SELECT DISTINCT country FROM endpoint ORDER BY 1') == [(None,), ('IS',)] else ['countries that are gone stay']
        return said + self.regions(db)

    def regions(self, db):
        """Each country of ISO 3166-1 but Antarctica is in one region."""
        with sqlite3.connect(db) as c:
            text = open(os.path.join(golden.HERE, '..', 'sql', 'reports', 'safer_email.sql')).read()
            region = re.search(r'region \(code, name, countries\) AS (\(VALUES.*?\n\)), named', text, re.S).group(1)
            lists = c.execute('WITH region (code, name, countries) AS %s SELECT code, countries FROM region' % region).fetchall()
        c.close()
        number = {code: len(countries.split()) for code, countries in lists}
        every = [x for _, countries in lists for x in countries.split()]
        fine = len(set(every)) == len(every) and all(re.fullmatch('[A-Z]{2}', x) for x in every)
        path = '/usr/share/zoneinfo/iso3166.tab'
        known = {line.split()[0] for line in open(path, encoding='utf-8') if line[0] != '#'} if os.path.exists(path) else set(every) | {'AQ'}
        return ([] if fine and known - set(every) == {'AQ'} and not set(every) - known else ['regions differ from ISO 3166-1: %s' % (known ^ set(every))]) + (
            [] if number == {'002': 60, '009': 29, '019': 57, '142': 51, '150': 51} else ['regions have %s' % number])

    def again(self):
        """Done again nothing changes; with other files what has changed does."""
        db = self.copy()
        p, said = self.enrich(db, *self.list, '--mmdb', self.mmdb)
        before = dump(db)
        p, more = self.enrich(db, *self.list, '--mmdb', self.mmdb)
        said += more + ([] if dump(db) == before else ['the second time changes it'])
        said += [] if p.stdout.count(b'(0 changed)') == 1 + self.has_list and b'; 1 servers' not in p.stdout else ['the second time says %s' % p.stdout]
        less = self.file('less.mmdb', mmdb.build({'192.0.2.0/24': entry(64599, 'New')}))
        said += self.enrich(db, *([*self.list[:1], self.file('other', b'// ===BEGIN ICANN DOMAINS===\nexample\nmail.example\n')] if self.list else []), '--mmdb', less)[1]
        said += [] if rows(db, 'SELECT DISTINCT asn FROM endpoint ORDER BY 1') == [(None,), (64599,)] else ['networks that are gone stay']
        said += [] if not self.list or rows(db, "SELECT domain FROM name WHERE text = 'a.b.mail.example'") == [('b.mail.example',)] else ['domains stay']
        return said

    def people(self):
        """Pseudonyms are nobody's; networks are somebody's; names are there all the same."""
        key, said = self.file('key', b'ab' * 32), []
        os.chmod(key, 0o600)
        for mode in ('pseudonym', 'prefix'):
            db = self.analysed('--addresses', mode, '--address-key', key)
            before = dump(db)
            p, more = self.enrich(db, *self.list, '--mmdb', self.mmdb, want=64)
            said += more + ([] if b'nobody knows whose' in p.stderr and dump(db) == before else ['%s: %s' % (mode, p.stderr)])
            said += self.enrich(db, '--country', self.mmdb, want=64)[1]
            said += self.enrich(db, *self.list)[1] if self.list else []
        db = self.analysed('--addresses', 'truncate')
        said += self.enrich(db, '--mmdb', self.mmdb)[1]
        said += [] if (64500,) in rows(db, 'SELECT asn FROM endpoint') else ['networks are nobody\'s']
        return said

    def report(self):
        """The providers of servers and clients, those that cost most first; the same by plain SQL."""
        db = self.copy()
        said = self.enrich(db, *self.list, '--mmdb', self.mmdb)[1]
        p = self.run('report', 'providers', '--db', db, '--format', 'json')
        got = [(r['side'], r['provider'], r['name'], r['peers'], r['exposed'], r['decided']) for r in json.loads(p.stdout)]
        want = [('server', 'AS64501', 'Upper ???Half?', 1, 2, 2), ('server', '203.0.113.77', None, 1, 1, 1), ('server', 'AS4200000000', 'Six', 1, 1, 1),
                ('server', 'AS64500', 'Mail & Söhne', 2, 1, 2), ('client', '203.0.113.0/24', None, 1, 2, 4), ('client', 'AS64502', None, 1, 2, 6),
                ('client', 'AS4200000000', 'Six', 1, 1, 2)]
        said += [] if got == want or not self.list else ['the report says %s' % [g for g in got if g not in want] or got]
        if shutil.which('sqlite3'):
            out = subprocess.run(['sqlite3', '-json', db], stdin=open(os.path.join(golden.HERE, '..', 'sql', 'reports', 'providers.sql')), capture_output=True)
            said += [] if json.loads(out.stdout) == json.loads(p.stdout) else ['plain SQL says %s %s' % (out.stdout, out.stderr)]
        html = self.run('report', '--db', db, '--format', 'html').stdout
        said += self.suffixes() if self.list else []
        return said + ([] if b'AS64501' in html else ['the page has no providers'])

    def suffixes(self):
        """Those of Safer Email: a server's domain where one is known, else its address."""
        db = self.analysed('--local', '198.51.100.0/24,203.0.113.0/24')
        said = self.enrich(db, *self.list)[1]
        p = self.run('report', 'safer_email', '--hop', 'submission', '--direction', 'outbound', '--db', db, '--format', 'json')
        got = sorted((r['Hostname Suffix'], r['UN M.49 Region Code']) for r in json.loads(p.stdout))
        want = [('', '001'), ('192.0.2.11', ''), ('mail.example', '')]
        return said + ([] if got == want else ['suffixes are %s: %s' % (got, p.stderr)])

    def hostile(self):
        """Files that are damaged, or made to harm: one sentence, or what is left of them; never a crash, never another table."""
        said, r, good = [], random.Random(7), open(self.mmdb, 'rb').read()
        deep = mmdb.Raw(b'\x01\x04' * 3000000 + b'\xa0')
        bad = {'deep': mmdb.build({'192.0.2.0/24': {'a': deep, 'autonomous_system_number': 1}}),
               'wide': mmdb.build({'192.0.2.0/24': mmdb.Raw(mmdb.control(7, 16843036) + b'A' * 40)}),
               'pointer': mmdb.build({'192.0.2.0/24': mmdb.pointer(0)}), 'away': mmdb.build({'192.0.2.0/24': mmdb.pointer(0xffffffff)}),
               'loop': mmdb.build({'192.0.2.0/24': {'a': mmdb.pointer(0), 'autonomous_system_number': mmdb.pointer(0)}}),
               'many': mmdb.build({'192.0.2.0/24': {str(i): {} for i in range(70000)}}), 'nodes': self.built(node_count=0xffffffff),
               'record': self.built(record_size=mmdb.Small(7)), 'version': self.built(ip_version=mmdb.Small(5)), 'format': self.built(binary_format_major_version=mmdb.Small(3)),
               'empty': b'', 'mark': mmdb.MARK, 'text': b'no such thing\n' * 100}
        for i in range(60):
            data = bytearray(good)
            for _ in range(r.choice((1, 1, 3, 30))):
                data[r.randrange(len(data)) if i % 3 else len(data) - 1 - r.randrange(260)] = r.choice((0, 0xff, r.randrange(256)))
            bad['changed %d' % i] = bytes(data[:r.randrange(len(data))] if i % 10 == 9 else data)
        db = self.copy()
        for name, data in bad.items():
            p = self.run('enrich', '--db', db, '--mmdb', self.file('bad', data))
            p = p if p.returncode else self.run('enrich', '--db', db, '--country', self.file('bad', data))
            fine = p.returncode == 0 and not p.stderr or p.returncode == 66 and p.stderr.count(b'\n') == 1
            said += [] if fine else ['%s: %d %s' % (name, p.returncode, p.stderr[-200:])]
        said += ['%s is taken' % n for n in ('nodes', 'record', 'version', 'format', 'empty', 'mark', 'text')
                 if self.run('enrich', '--db', db, '--mmdb', self.file('bad', bad[n])).returncode != 66]
        said += ['integrity: %s' % x for x, in rows(db, 'PRAGMA integrity_check') if x != 'ok'] + self.hostile_lists(db, r)
        return said

    def hostile_lists(self, db, r):
        said = []
        lists = {'empty': b'', 'packed': b'.DAFSA@PSL_0   \n' + bytes(range(256)), 'noise': bytes(r.randrange(256) for _ in range(5000)), 'long': b'a' * 3000000 + b'.example\n',
                 'dots': b'.' * 5000 + b'\n' + b'*\n!\n!!\n*.*\n', 'labels': b'a.' * 2000 + b'example\n'}
        for name, data in lists.items():
            p = self.run('enrich', '--db', db, '--psl', self.file('bad', data))
            said += [] if p.returncode in (0, 66) and (p.returncode == 0 or p.stderr.count(b'\n') == 1) else ['list %s: %d %s' % (name, p.returncode, p.stderr[-200:])]
        any_text = {'a program': open(golden.__file__, 'rb').read(), 'names': b'mail\nexample\n', 'a mark within a line': b'com // ===BEGIN ICANN DOMAINS===\n'}
        for name, data in any_text.items():
            p = self.run('enrich', '--db', db, '--psl', self.file('bad', data))
            good = p.returncode == 66 and (b'no public suffix list' in p.stderr or not self.has_list) and p.stderr.count(b'\n') == 1
            said += [] if good else ['%s is taken for a list: %d %s' % (name, p.returncode, p.stderr[-200:])]
        fifo = os.path.join(self.folder, 'fifo')
        os.mkfifo(fifo)
        for option in ('--psl', '--mmdb'):
            for path in (fifo, self.folder, os.path.join(self.folder, 'nowhere')):
                said += self.enrich(db, option, path, want=66)[1]
        said += self.enrich(db, want=64)[1] + self.enrich(os.path.join(self.folder, 'no.db'), '--mmdb', self.mmdb, want=66)[1]
        return said

    def version(self):
        """--version names each library that it is linked with."""
        out = self.run('--version').stdout.decode()
        linked = subprocess.run(['ldd', self.a.bin], capture_output=True, text=True).stdout
        names = {'libpcap': 'libpcap', 'libsqlite3': 'SQLite', 'libcrypto': 'libcrypto', 'libz.': 'zlib', 'libzstd': 'libzstd', 'libndpi': 'nDPI', 'libcminpack': 'cminpack', 'libpsl': 'libpsl'}
        return ['%s is not named, or has no version: %s' % (n, out) for lib, n in names.items() if lib in linked and not re.search(r'^%s\b\D*\d+\.\d+' % n, out, re.M)]


def rows(db, sql):
    with sqlite3.connect(db) as c:
        return c.execute(sql).fetchall()


def dump(db):
    with sqlite3.connect(db) as c:
        return list(c.iterdump())


NAMES = ('domains', 'called', 'networks', 'countries', 'again', 'people', 'report', 'hostile', 'version')


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument('--bin', default=os.path.join(golden.HERE, '..', 'build', 'mailseal'))
    ap.add_argument('names', nargs='*')
    a = ap.parse_args()
    a.bin = os.path.abspath(a.bin)
    passed = failed = 0
    with tempfile.TemporaryDirectory(dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else None) as folder:
        tests = Tests(a, folder)
        for name in a.names or NAMES:
            said = getattr(tests, name)()
            passed += not said
            failed += bool(said)
            for line in said[:8]:
                print('%s: %s' % (name, line))
    print('%d passed, %d failed' % (passed, failed))
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
