"""Writes the kept recordings: NAME.pcap and its entry in MANIFEST, in the form of tests/pcaps/MANIFEST.

The truth comes from the scenario; what a scenario says nothing of (hop, cipher, …) is what the program answered."""
import collections, importlib.machinery, importlib.util, os, re, shutil, sys, tempfile
from . import capture

HERE = os.path.dirname(os.path.abspath(__file__))
HEAD = """# Recorded by tools/record: sessions of real servers and clients. The form is that of ../MANIFEST. Verdict, version of
# TLS, STARTTLS and its reply, mechanism and exposure, messages and the grade of evidence come from the scenario and agree
# with the log of the server; the rest is what the program answered when it was recorded, read by a person.
# Above each entry stand the server, and the command behind each session.
"""


def load_golden():
    sys.dont_write_bytecode = True
    path = os.path.join(HERE, '..', '..', 'tests', 'golden.py')
    loader = importlib.machinery.SourceFileLoader('golden', path)
    golden = importlib.util.module_from_spec(importlib.util.spec_from_loader('golden', loader))
    loader.exec_module(golden)
    return golden


golden = load_golden()


def compare(recording, binary):
    """The sessions as the manifest has them, and where the program says something else."""
    with tempfile.TemporaryDirectory() as folder:
        sessions, _, wrong = golden.analyse(binary, [recording.file], [], folder)
    answers = {(f['src'], f['dest']): f for f in map(golden.fields, sessions)}
    entries, differences = [], [wrong] if wrong else []
    for step in recording.steps:
        for c, t in zip(step.connections, step.truths):
            ends = capture.endpoint(*c.client), capture.endpoint(*c.server)
            answer = answers.pop(ends, None)
            if answer is None:
                differences.append('no session %s > %s\n    %s' % (*ends, step.what))
                continue
            for field, value in t.fields.items():
                if field not in answer:
                    raise SystemExit('record: a truth names the unknown field ' + field)
                if answer[field] != value:
                    differences.append('%s > %s: %s is %s, the program says %s\n    %s' % (*ends, field, value, answer[field], step.what))
            entries.append((step.what, {**answer, **t.fields}))
    differences += ['a session that is in no truth: %s > %s' % ends for ends in answers]
    return entries, differences


def blocks(path):
    """{name: text} of a manifest, each with the comment above it."""
    found, text = {}, ''
    if os.path.exists(path):
        with open(path, encoding='utf-8') as f:
            for block in f.read()[len(HEAD):].split('\n\n'):
                names = re.findall(r'^[a-z]\S*', block, re.M)
                if names:
                    found[names[0]] = block.strip('\n')
    return found


# How the command lines of MANIFEST show which client it was; the root it ran in stands in brackets before it.
CLIENTS = {'Postfix': r'^\(postfix\)', 'Exim': r'^\(exim\)', 'nodemailer': 'nodemailer', 'Python': r'\bsmtplib\b|\bimaplib\b|\bpoplib\b',
           'Perl': r'\bNet::', 'OpenSSL': 's_client', 'netcat': r'\bnc -', "Cyrus' tests": '/cyrus/bin/', 'NSS': r'\btstclnt\b',
           'node': r'require\("tls"\)', **{name: r'\b%s\b' % name for name in (
               'curl', 'dma', 'fetchmail', 'getmail', 'gnutls-cli', 'gsasl', 'mbsync', 'mpop', 'msmtp', 'mutt', 's-nail', 'sieve-connect', 'swaks')}}


# What is counted of the sessions: the name of the line, and the field or a word made of the fields.
COUNTED = (('verdicts', 'verdict'), ('protocols', 'app_proto'), ('hops', 'hop'), ('addresses', lambda f: 'IPv6' if f['src'][0] == '[' else 'IPv4'),
           ('versions of TLS', 'tls.version'), ('groups', 'tls.group'), ('TLS, else', lambda f: [w for w, field in (('resumed', 'tls.resumed'), (
               'post-quantum', 'tls.pq'), ('post-quantum offered', 'tls.pq_offered'), ('downgraded', 'tls.downgraded')) if f[field]]),
           ('replies to STARTTLS', 'starttls.reply'), ('mechanisms in clear', 'auth.mechanism'), ('exposures', 'auth.exposure'),
           ('incidents', 'incidents'), ('evidence', 'strip.evidence'))


def figures(folder):
    """How many sessions of which servers, clients and kinds are kept."""
    servers, clients = collections.Counter(), collections.Counter()
    sessions = {e.name: e.sessions for e in golden.read_manifest(folder)[0]}
    for name, text in blocks(os.path.join(folder, 'MANIFEST')).items():
        server = re.search(r'\((\S+) [^()]*\)$', text.split('\n')[0])
        servers[server[1].split('-')[0] if server else 'unknown'] += len(sessions[name])
        for line in re.findall(r'^#   \S+  (.*)', text, re.M):
            clients.update(name for name, pattern in CLIENTS.items() if re.search(pattern, line))
    every = [f for s in sessions.values() for f in s]
    for what, names in (('servers', servers), ('clients', clients), *((what, count(every, of)) for what, of in COUNTED)):
        print('%d %s: %s' % (len(names), what, ', '.join('%s %d' % pair for pair in sorted(names.items()))))
    size = sum(os.path.getsize(os.path.join(folder, name + '.pcap')) for name in sessions)
    print('%d sessions recorded, in %d captures of %d kB' % (len(every), len(sessions), size // 1000))


def count(sessions, of):
    counter = collections.Counter()
    for f in sessions:
        value = of(f) if callable(of) else f[of]
        counter.update(value if isinstance(value, list) else [value] if value else [])
    return counter


def against(name, entries, folder):
    """Where the sessions recorded now are not those that are kept, the ports of clients apart."""
    kept = {e.name: e.sessions for e in golden.read_manifest(folder)[0]}
    if name not in kept:
        return ['nothing of that name is kept in ' + folder]
    def told(sessions): return sorted('\n'.join(golden.show({**f, 'src': f['src'].rsplit(':', 1)[0]}, ())) for f in sessions)
    old, new = (collections.Counter(told(s)) for s in (kept[name], [f for _, f in entries]))
    return ['kept, and not recorded now:\n' + text for text in (old - new).elements()] + ['recorded now, and not kept:\n' + text for text in (new - old).elements()]


def keep(recording, entries, folder):
    scenario = recording.scenario
    shutil.copyfile(recording.file, os.path.join(folder, scenario.name + '.pcap'))
    lines = ['# %s (%s %s)' % (scenario.about, scenario.server.name, recording.version)]
    for what, f in entries:
        lines.append('#   %s  %s' % (f['src'].rsplit(':', 1)[0], what.replace('\n', ' ')))
    lines += [scenario.name, *golden.show_all([f for _, f in entries])]
    path = os.path.join(folder, 'MANIFEST')
    found = blocks(path)
    found[scenario.name] = '\n'.join(lines)
    with open(path, 'w', encoding='utf-8') as f:
        f.write(HEAD + '\n' + '\n\n'.join(found[name] for name in sorted(found)) + '\n')
