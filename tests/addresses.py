#!/usr/bin/env python3
"""What is stored in the place of addresses: no true one is left, and what is there is what a second implementation makes.

usage: addresses.py [--bin build/mailseal] [--readable build/tests/secrets/mailseal] [NAME…]

All goldens, and captures that have addresses in names of every kind, are analysed with each mode of --addresses and
compared with the same with `keep`: the sessions have to be the same but for their addresses, these have to be what
Crypto-PAn and AES in this file make of the true ones, and true ones may be in no byte of the database, of what is said
and of what is shown. --readable is the program with its memory open to its parent (tests/secrets/readable.c): the key
is looked for in its processes. The last line is "N passed, N failed" (checks).
"""
import argparse, base64, fcntl, glob, ipaddress, json, os, re, signal, stat, subprocess, sys, tempfile, time
import golden, monitor, secrets

KEY = bytes([21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16,
             216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42, 132, 34, 2])     # of Crypto-PAn's sample
MAKE_PCAP = os.path.join(golden.HERE, '..', 'tools', 'make-pcap')

# Addresses where names are; the script's own ends are true ones, too.
PLANTED = {
    'names': '''server 192.0.2.77:25
client 198.51.100.66:40001
C: PROXY TCP4 203.0.113.55 192.0.2.78 51201 25
S: 220 mx.example ESMTP
C: EHLO [198.51.100.66]
S: 250-mx.example
S: 250-AUTH X-192-0-2-77 PLAIN
S: 250 STARTTLS
C: STARTTLS
S: 220 2.0.0 Ready to start TLS
C> client_hello max=1.2 sni=pool-192-0-2-77.isp.example alpn=v192.0.2.77
S> server_hello version=1.2
S> certificate cn=192.0.2.77 issuer=ca-2001-db8-0-0-0-0-0-77.example
S> server_hello_done
C> client_key_exchange + ccs + finished
S> ccs + finished
C> data 100
''',
    'six': '''server [2001:db8:9::77]:993
client [2001:db8:8:7::66]:40001
C> client_hello max=1.2 sni=mail.example
S> server_hello version=1.2
S> certificate cn=2001:db8:9::77
S> server_hello_done
C> client_key_exchange + ccs + finished
S> ccs + finished
C> data 100
''',
    'plain': '''server 192.0.2.77:465
client 198.51.100.66:40002
C> client_hello max=1.2 sni=abc000024d.deadbeef.example
S> server_hello version=1.2
S> certificate cn=static3221226061.example issuer=c6336442.198051100066.example
S> server_hello_done
C> client_key_exchange + ccs + finished
S> ccs + finished
C> data 100
''',
}
# Forms that are an address only because one of the ends of its session has it.
PLAIN = b'c000024d', b'3221226061', b'c6336442', b'198051100066'

# Two days of a server: what the first tells is evidence in the second.
DAYS = ['''server 192.0.2.77:25
client 198.51.100.66:%d
S: 220 mx.example
C: EHLO client.example
S: %s
C: MAIL FROM:<a@b.example>
S: 250 OK
C: QUIT
S: 221 bye
''' % day for day in ((40001, '250-mx.example\nS: 250 PIPELINING'), (40002, '502 not here\nC: HELO client.example\nS: 250 mx.example'))]


# --- AES (FIPS 197) and Crypto-PAn, again ---

def boxes():
    box, p, q = [0] * 256, 1, 1
    while True:
        p ^= (p << 1) ^ (0x11b if p & 0x80 else 0)
        p &= 0xff
        for s in (1, 2, 4):
            q ^= q << s
        q &= 0xff
        q ^= 0x09 if q & 0x80 else 0
        box[p] = 0x63 ^ q ^ (q << 1 | q >> 7) & 0xff ^ (q << 2 | q >> 6) & 0xff ^ (q << 3 | q >> 5) & 0xff ^ (q << 4 | q >> 4) & 0xff
        if p == 1:
            box[0] = 0x63
            return box


SBOX = boxes()
TWICE = [(b << 1) ^ (0x11b if b & 0x80 else 0) for b in range(256)]


class Aes:
    def __init__(self, key):
        n = len(key) // 4
        words, rcon = [list(key[4 * i:4 * i + 4]) for i in range(n)], 1
        for i in range(n, 4 * (n + 7)):
            w = list(words[-1])
            if i % n == 0:
                w = [SBOX[b] for b in w[1:] + w[:1]]
                w[0] ^= rcon
                rcon = TWICE[rcon]
            elif n > 6 and i % n == 4:
                w = [SBOX[b] for b in w]
            words.append([a ^ b for a, b in zip(words[i - n], w)])
        self.keys = [sum(words[4 * r:4 * r + 4], []) for r in range(n + 7)]

    def encrypt(self, block):
        s = [a ^ b for a, b in zip(block, self.keys[0])]
        for k in self.keys[1:]:
            s = [SBOX[s[(i + 4 * (i % 4)) % 16]] for i in range(16)]    # bytes, and rows shifted
            if k is not self.keys[-1]:
                mixed = []
                for c in range(0, 16, 4):
                    a = s[c:c + 4]
                    whole = a[0] ^ a[1] ^ a[2] ^ a[3]
                    mixed += [a[i] ^ whole ^ TWICE[a[i] ^ a[(i + 1) % 4]] for i in range(4)]
                s = mixed
            s = [a ^ b for a, b in zip(s, k)]
        return bytes(s)


def network(ip):
    return ipaddress.ip_network((ip, 24 if ip.version == 4 else 48), strict=False).network_address


def sixteen(ip):
    return bytes(10) + b'\xff\xff' + ip.packed if ip.version == 4 else ip.packed


class Prefix:
    def __init__(self, key):
        self.aes = Aes(key[:16])
        self.pad = int.from_bytes(self.aes.encrypt(key[16:]), 'big')

    def __call__(self, ip):
        bits = ip.max_prefixlen
        whole, out = int(ip) << (128 - bits), 0
        for n in range(bits):
            rest = (1 << (128 - n)) - 1
            block = (whole & ~rest) | (self.pad & rest)
            out = out << 1 | self.aes.encrypt(block.to_bytes(16, 'big'))[0] >> 7
        return type(ip)(int(ip) ^ out)


class Pseudonym:
    def __init__(self, key): self.aes = Aes(key)

    def __call__(self, ip):
        near, whole = self.aes.encrypt(sixteen(network(ip))), self.aes.encrypt(sixteen(ip))
        return ipaddress.IPv6Address(bytes([0xfc if ip.version == 4 else 0xfd]) + near[:5] + whole[6:])


MODES = {'truncate': network, 'pseudonym': Pseudonym(KEY), 'prefix': Prefix(KEY)}


# --- what is looked for ---

def forms(ip):
    """A true address in the forms in which it could lie about."""
    text = str(ip)
    out = [sixteen(ip)] + ([ip.packed] if ip.version == 6 else [])
    if ip.version == 4:
        out += [s.join(text.split('.')).encode() for s in '.-_']
    else:
        out += [text.encode(), text.encode().replace(b':', b'-'), ip.exploded.encode(), ip.exploded.encode().replace(b':', b'-')]
    return out


def traces(data, addresses):
    """True addresses in bytes; a longer number is another one."""
    found = []
    for ip in addresses:
        for form in forms(ip):
            at = data.find(form)
            while at >= 0:
                around = data[max(0, at - 1):at] + b' ' + data[at + len(form):at + len(form) + 1]
                if len(form) == 16 or not re.search(rb'[0-9a-f]', around):
                    found.append('%s as %r' % (ip, data[max(0, at - 10):at + 40]))
                    break
                at = data.find(form, at + 1)
    return found


def key_forms(key):
    return {'bytes': key, 'half': key[:16], 'hexadecimal': key.hex().encode(), 'upper': key.hex().upper().encode(),
            'base64': base64.b64encode(key)[:40]}


def has_key(data, key=KEY):
    return ['the key is in it, as %s' % name for name, form in key_forms(key).items() if form in data]


def flat(session, before=''):
    """"tls": {"sni": …} as "tls.sni"."""
    out = {}
    for k, v in session.items():
        out.update(flat(v, before + k + '.') if isinstance(v, dict) else {before + k: v})
    return out


class Tests:
    def __init__(self, a, folder):
        self.a, self.folder = a, folder
        self.captures = os.path.join(folder, 'captures')
        os.mkdir(self.captures)
        for name, script in PLANTED.items():
            path = os.path.join(self.captures, name + '.txt')
            open(path, 'w').write(script)
            subprocess.run([sys.executable, MAKE_PCAP, path, path[:-4] + '.pcap'], check=True)
        self.key = self.file('key', KEY.hex() + '\n')
        # Paths are the operator's; the folders of the goldens have no address in their names.
        self.all = [self.captures, golden.PCAPS]
        self.true = self.db('keep')
        self.run('analyze', '--db', self.true, '--quiet', '--local', '192.0.2.0/24,2001:db8::/32', *self.all)
        self.sessions = self.list(self.true)
        ends = {s[k] for s in self.sessions for k in ('src_ip', 'dest_ip', 'proxy.src_ip', 'proxy.dest_ip') if s.get(k)}
        self.addresses = sorted({ipaddress.ip_address(e) for e in ends}, key=lambda ip: (ip.version, int(ip)))
        self.hosts = [ip for ip in self.addresses if ip != network(ip)]

    def file(self, name, text, mode=0o600):
        path = os.path.join(self.folder, name)
        with open(path, 'w') as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def db(self, name): return os.path.join(self.folder, name + '.db')

    def run(self, *args):
        return subprocess.run([self.a.bin] + list(args), capture_output=True)

    def options(self, mode):
        return ['--addresses', mode] + ([] if mode == 'truncate' else ['--address-key', self.key])

    def made(self, mode):
        """The database of all captures in a mode, and what was said."""
        path = self.db(mode)
        if not os.path.exists(path):
            p = self.run('analyze', '--db', path, '--local', '192.0.2.0/24,2001:db8::/32', *self.options(mode), *self.all)
            open(path + '.said', 'wb').write(p.stdout + p.stderr)
        return path, open(path + '.said', 'rb').read()

    def list(self, db):
        out = self.run('sessions', '--db', db, '--format', 'jsonl').stdout
        return [flat(json.loads(line)) for line in out.splitlines()]

    # --- each gives sentences of what is wrong ---

    def enough(self):
        """The captures have what is to be hidden."""
        data = open(self.true, 'rb').read()
        said = [] if len(self.hosts) > 30 and len(self.sessions) > 600 else ['%d addresses, %d sessions' % (len(self.hosts), len(self.sessions))]
        said += [] if len(traces(data, self.hosts)) > len(self.hosts) else ['the search finds nothing where all is kept']
        for what in (b'pool-192-0-2-77', b'v192.0.2.77', b'X-192-0-2-77', b'CN=192.0.2.77', b'ca-2001-db8-0', b'2001:db8:9::77', *PLAIN):
            said += [] if what in data else ['%r is not stored where all is kept' % what]
        said += [] if Aes(bytes(range(16))).encrypt(bytes.fromhex('00112233445566778899aabbccddeeff')).hex() == '69c4e0d86a7b0430d8cdb78070b4c55a' else ['AES is wrong']
        said += [] if str(MODES['prefix'](ipaddress.ip_address('128.11.68.132'))) == '135.242.180.132' else ['Crypto-PAn is wrong']
        return said

    def mapped(self, mode):
        """All is the same, but for the addresses, which are what they have to be."""
        said, want = [], []
        names = ('src_ip', 'dest_ip', 'proxy.src_ip', 'proxy.dest_ip')
        table = {str(ip): str(MODES[mode](ip)) for ip in self.addresses}
        hides = ('tls.sni', 'tls.alpn', 'auth.offered', 'tls.subject', 'tls.issuer', 'community_id')
        for s in self.sessions:
            s = dict(s, **{n: table[s[n]] for n in names if s.get(n)})
            want.append({k: v for k, v in s.items() if k not in hides})
        got = self.list(self.made(mode)[0])
        said += ['an address more, %s' % s['community_id'] for s in got if s.get('community_id')][:1]
        got = [{k: v for k, v in s.items() if k not in hides} for s in got]
        if len(got) != len(want):
            said.append('%d sessions, not %d' % (len(got), len(want)))
        said += ['%s is %s' % ([(k, w[k]) for k in w if w[k] != g.get(k)], [(k, g.get(k)) for k in w if w[k] != g.get(k)])
                 for w, g in zip(want, got) if w != g][:3]
        return said

    def truncate(self): return self.mapped('truncate')
    def pseudonym(self): return self.mapped('pseudonym')
    def prefix(self): return self.mapped('prefix')

    def networks(self):
        """The sums by networks, and the evidence of several sessions, are those of true addresses."""
        said = []       # servers of one network are one when addresses are truncated
        whole = ("SELECT group_concat(n) FROM (SELECT count(*) || ' ' || sum(sessions) AS n FROM peers GROUP BY network, verdict ORDER BY 1)",
                 'SELECT count(*), sum(sessions) FROM peers')
        sql = ('SELECT kind, words FROM evidence ORDER BY session, kind', 'SELECT session, kind, was_strip, is_strip, why FROM rejudged ORDER BY id',
               'SELECT server_port, verdict, strip, sum(sessions) FROM rate GROUP BY 1, 2, 3')
        for mode in MODES:
            for query in sql + (whole if mode != 'truncate' else ()):
                want, got = monitor.query(self.true, query), monitor.query(self.made(mode)[0], query)
                said += ['%s: %s: %s' % (mode, query[:60], set(want) ^ set(got))] if want != got else []
            db = self.made(mode)[0]
            shown = {str(ipaddress.ip_network(n).network_address) for n, in monitor.query(db, "SELECT DISTINCT network FROM peers WHERE network <> 'other'")}
            table = {str(network(MODES[mode](network(ip)))) for ip in self.addresses}
            said += ['%s: networks %s' % (mode, sorted(shown - table)[:3])] if not shown <= table or len(shown) < 5 else []
        return said

    def hidden(self):
        """No true address in the file, in what is said, listed, reported and explained."""
        said = []
        for mode in MODES:
            db, spoken = self.made(mode)
            data = open(db, 'rb').read()
            said += ['%s: the database has %s' % (mode, t) for t in traces(data, self.hosts)[:3]]
            said += ['%s: the database has %s' % (mode, t) for t in PLAIN if t in data]
            said += [] if b'ab*.deadbeef.example' in data else ['%s: what is no address is hidden' % mode]
            said += ['%s: the database: %s' % (mode, t) for t in has_key(data)]
            for args in (('sessions',), ('report', 'servers'), ('report', 'networks'), ('report', 'news'), ('report', '--format', 'html'),
                         ('report', 'stripped'), ('report', 'certificates'), ('incidents', '--format', 'jsonl'), ('locate',), ('rehearse',), ('retain', '--retain-sessions', '0', '--retain-incidents', '0'), ('top', '--once'), ('rejudge', '--dry-run')):
                p = self.run(args[0], '--db', db, *args[1:])
                said += ['%s: %s: %d %s' % (mode, args[0], p.returncode, p.stderr)] if p.returncode not in (0, 1) else []
                spoken += p.stdout + p.stderr
            for n, in monitor.query(db, 'SELECT session FROM trace ORDER BY session')[::40]:
                for form in ('text', 'json'):
                    p = self.run('explain', '--db', db, '--format', form, str(n))
                    said += ['%s: explain %d: %s' % (mode, n, p.stderr)] if p.returncode else []
                    said += ['%s: explain %d does not read the capture again' % (mode, n)] if form == 'text' and b'read again from' not in p.stdout else []
                    spoken += p.stdout + p.stderr
            said += ['%s: it is said: %s' % (mode, t) for t in (traces(spoken, self.hosts) + has_key(spoken))[:3]]
            said += ['%s: too little was said' % mode] if len(spoken) < 50000 else []
        return said

    def again(self):
        """The same key gives the same in another database; another key, another mode and none are refused."""
        said, capture = [], os.path.join(self.captures, 'names.pcap')
        other = self.file('other', 'A' * 64)
        same, unlike = self.db('same'), self.db('unlike')
        self.run('analyze', '--db', same, *self.options('pseudonym'), capture)
        self.run('analyze', '--db', unlike, '--addresses', 'pseudonym', '--address-key', other, capture)
        ends = [set(monitor.query(db, 'SELECT text FROM endpoint')) for db in (self.made('pseudonym')[0], same, unlike)]
        said += [] if ends[1] <= ends[0] and not ends[1] & ends[2] and len(ends[1]) == len(ends[2]) >= 4 else ['pseudonyms by one key and another: %s' % ends[1:]]
        before = open(same, 'rb').read()
        for status, part, args in (
                (64, b'another key', ['--address-key', other]), (64, b'name its key', []), (64, b'and stays so', ['--addresses', 'keep']),
                (64, b'and stays so', ['--addresses', 'prefix', '--address-key', self.key]), (64, b'takes a key', ['--addresses', 'pseudonym']),
                (64, b'of no use', ['--addresses', 'truncate', '--address-key', self.key]), (64, b'none of keep', ['--addresses', 'other']),
                (66, b'nowhere', ['--address-key', os.path.join(self.folder, 'nowhere')])):
            p = self.run('analyze', '--db', same, *args, os.path.join(self.captures, 'six.pcap'))
            said += [] if p.returncode == status and part in p.stderr and p.stderr.count(b'\n') == 1 else ['%s: %d %s' % (args, p.returncode, p.stderr)]
        said += [] if open(same, 'rb').read() == before else ['a refusal changed the database']
        p = self.run('analyze', '--quiet', '--db', same, '--address-key', self.key, os.path.join(self.captures, 'six.pcap'))
        said += [] if p.returncode == 0 else ['the mode need not be named again: %s' % p.stderr]
        p = self.run('analyze', '--quiet', '--db', self.db('whole'), '--address-key', self.key, capture)
        said += [] if p.returncode == 64 and not os.path.exists(self.db('whole')) else ['a key without a mode: %d %s' % (p.returncode, p.stderr)]
        return said

    def remembered(self):
        """Who is known by a pseudonym is known again in the next run, who is known by a network is not."""
        said, words = [], {}
        for i, day in enumerate(DAYS):
            path = self.file('day%d.txt' % i, day)
            subprocess.run([sys.executable, MAKE_PCAP, path, path[:-4] + '.pcap'], check=True)
        for mode in ('keep', *MODES):
            for i in range(len(DAYS)):
                self.run('analyze', '--quiet', '--db', self.db('days-' + mode), *([] if mode == 'keep' else self.options(mode)),
                         os.path.join(self.folder, 'day%d.pcap' % i))
            words[mode] = monitor.query(self.db('days-' + mode), "SELECT words FROM evidence")
            said += ['%s: the database has %s' % (mode, t) for t in traces(open(self.db('days-' + mode), 'rb').read(), self.hosts) if mode != 'keep']
        want = [('this server answered EHLO with a list in 1 session before',)]
        return said + ['%s: %s' % (m, w) for m, w in words.items() if w != ([] if m == 'truncate' else want)]

    def files(self):
        """A key is made with mode 0600, once; what is no key, and no secret, is refused."""
        said, spoken, capture = [], b'', os.path.join(self.captures, 'names.pcap')
        new = os.path.join(self.folder, 'new')
        for mask, n in ((0, 1), (0o777, 2)):
            old = os.umask(mask)
            p = self.run('analyze', '--db', self.db('new%d' % n), '--addresses', 'prefix', '--address-key', new + str(n), capture)
            os.umask(old)
            spoken += p.stdout + p.stderr
            if not mask:                # else the database is nobody's, who is not root
                said += [] if p.returncode == 0 and b'was made' in p.stderr else ['new: %d %s' % (p.returncode, p.stderr)]
            wide = stat.S_IMODE(os.stat(new + str(n)).st_mode) & ~0o600
            said += ['new%d may be read by others: %o' % (n, wide)] if wide else []
        st, text = os.stat(new + '1'), open(new + '1').read()
        said += [] if stat.S_IMODE(st.st_mode) == 0o600 and re.fullmatch('[0-9a-f]{64}\n', text) else ['a new key: %o %r' % (st.st_mode, text)]
        said += has_key(open(self.db('new1'), 'rb').read(), bytes.fromhex(text)) + has_key(spoken, bytes.fromhex(text))
        said += ['something is left beside it: %s' % n for n in os.listdir(self.folder) if n.startswith('new1.') and n != 'new1.db']
        cases = [('wide', KEY.hex(), 0o644, 77, b'chmod 600'), ('group', KEY.hex(), 0o640, 77, b'chmod 600'), ('short', KEY.hex()[:-1], 0o600, 65, b'is no key'),
                 ('long', KEY.hex() + '0', 0o600, 65, b'is no key'), ('letters', 'g' * 64, 0o600, 65, b'is no key'), ('empty', '', 0o600, 65, b'is no key')]
        for name, text, mode, status, part in cases:
            p = self.run('analyze', '--db', self.db('cases'), '--addresses', 'prefix', '--address-key', self.file(name, text, mode), capture)
            said += [] if p.returncode == status and part in p.stderr else ['%s: %d %s' % (name, p.returncode, p.stderr)]
        fifo = os.path.join(self.folder, 'fifo')
        os.mkfifo(fifo, 0o600)
        for path, status, part in ((fifo, 66, b'no file'), (self.folder, 66, b'no file'), (os.path.join(self.folder, 'no', 'such'), 73, b'cannot be made')):
            p = self.run('analyze', '--db', self.db('cases'), '--addresses', 'prefix', '--address-key', path, capture)
            said += [] if p.returncode == status and part in p.stderr else ['%s: %d %s' % (path, p.returncode, p.stderr)]
        said += ['a refusal made the database'] if os.path.exists(self.db('cases')) else []
        said += self.settings()
        return said

    def settings(self):
        """The same by a configuration file."""
        said = []
        for text, status in (('addresses = pseudonym\naddress-key = %s\n' % self.key, 0), ('addresses = prefix\n', 78), ('addresses = keep\naddress-key = k\n', 78)):
            p = self.run('check-config', self.file('conf', text))
            said += [] if p.returncode == status else ['check-config %r: %d %s' % (text, p.returncode, p.stderr)]
        return said

    def sensor(self):
        """The sensor stores what analyze does, whoever is killed; a connection is known again by its pseudonym."""
        said, stream = [], os.path.join(self.folder, 'stream.pcapng')
        parts, many = [], secrets.Stream()
        for path in sorted(glob.glob(os.path.join(golden.PCAPS, '*.pcap')))[::5]:
            packets = secrets.load(path)
            if packets:
                parts.append(many.records(many.later(packets)))
        open(stream, 'wb').write(many.head() + b''.join(parts))
        conf = self.file('conf', 'addresses = pseudonym\naddress-key = %s\n' % self.key)
        want, got = self.db('want'), self.db('got')
        self.run('analyze', '--quiet', '--db', want, *self.options('pseudonym'), stream)
        s = monitor.Sensor(self.a, got, ('--config', conf))
        s.feed(many.head())
        for i in range(4):
            s.feed(b''.join(parts[i * len(parts) // 4:(i + 1) * len(parts) // 4]))
            time.sleep(.3)
            pid = s.child('writer')
            if i == 1 and pid:
                os.kill(pid, signal.SIGKILL)
        code = s.end()
        said += [] if code == 0 else ['status %s: %s' % (code, s.said)]
        said += monitor.differences(self.a, want, got)
        hosts = self.true_ends(stream)
        for name in (got, got + '-wal'):
            if os.path.exists(name):
                said += ['%s has %s' % (name, t) for t in traces(open(name, 'rb').read(), hosts)[:3]]
        return said + ['it says: %s' % t for t in traces(s.said, hosts)[:3] + has_key(s.said)]

    def true_ends(self, stream):
        db = self.db('ends')
        self.run('analyze', '--quiet', '--db', db, stream)
        ends = [ipaddress.ip_address(t) for t, in monitor.query(db, 'SELECT DISTINCT text FROM endpoint LIMIT 400')]
        return [ip for ip in ends if ip != network(ip)]

    def memory(self):
        """Where the key lies: in the parent and the writer, never in the parser, and nowhere at the end."""
        said, wanted = [], {'bytes': KEY, 'hexadecimal': KEY.hex().encode()}

        def found(pid):
            return secrets.search(pid, wanted) + secrets.search(pid, wanted, False)
        a = argparse.Namespace(bin=self.a.readable)
        s = monitor.Sensor(a, self.db('memory'), ('--addresses', 'pseudonym', '--address-key', self.key))
        s.feed(open(os.path.join(self.captures, 'names.pcap'), 'rb').read())
        time.sleep(1.5)
        pids = {'parent': s.p.pid, 'parser': s.child('parser'), 'writer': s.child('writer')}
        for name, pid in pids.items():
            there = found(pid)
            said += ['the %s %s the key' % (name, 'has' if there else 'has not')] if bool(there) == (name == 'parser') else []
            said += ['the %s still has the text of the file' % name] if any(t.startswith('hexadecimal') for t in there) else []
        said += [] if s.end() == 0 else ['status: %s' % s.said]
        # With a full pipe for its summary it is at its end, and waits.
        out, full = os.pipe()
        os.write(full, bytes(fcntl.fcntl(full, 1031, 4096)))
        p = subprocess.Popen([self.a.readable, 'analyze', '--db', self.db('memory-2'), '--lanes', '0', *self.options('prefix'), '-'],
                             stdin=subprocess.PIPE, stdout=full, stderr=subprocess.DEVNULL)
        try:
            data = open(os.path.join(self.captures, 'names.pcap'), 'rb').read()
            p.stdin.write(data)
            p.stdin.flush()
            time.sleep(.7)
            wanted = {'half': KEY[:16]}             # AES-128: what libcrypto needs is all there is
            said += [] if found(p.pid) else ['the search finds no key while it is used']
            p.stdin.close()
            time.sleep(.7)
            said += ['at the end: %s' % t for t in found(p.pid)]
        finally:
            p.kill()
            p.wait()
            os.close(out)
            os.close(full)
        return said


NAMES = ('enough', 'truncate', 'pseudonym', 'prefix', 'networks', 'hidden', 'again', 'remembered', 'files', 'sensor', 'memory')


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument('--bin', default=os.path.join(golden.HERE, '..', 'build', 'mailseal'))
    ap.add_argument('--readable', help='left out: the memory is not looked at')
    ap.add_argument('names', nargs='*')
    a = ap.parse_args()
    a.bin = os.path.abspath(a.bin)
    passed = failed = 0
    with tempfile.TemporaryDirectory(dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else None) as folder:
        tests = Tests(a, folder)
        for name in a.names or [n for n in NAMES if n != 'memory' or a.readable]:
            said = getattr(tests, name)()
            passed += not said
            failed += bool(said)
            for line in said[:6]:
                print('%s: %s' % (name, line))
    print('%d passed, %d failed' % (passed, failed))
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
