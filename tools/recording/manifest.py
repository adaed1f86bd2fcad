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
           'Perl': r'\bNet::', 'OpenSSL': 's_client', 'netcat': r'\bnc -', **{name: r'\b%s\b' % name for name in (
               'curl', 'dma', 'fetchmail', 'getmail', 'gnutls-cli', 'gsasl', 'mbsync', 'mpop', 'msmtp', 'mutt', 's-nail', 'sieve-connect', 'swaks')}}


def figures(folder):
    """How many sessions of which servers and clients are kept."""
    servers, clients, sessions = collections.Counter(), collections.Counter(), 0
    for text in blocks(os.path.join(folder, 'MANIFEST')).values():
        count = len(re.findall(r'^  \S', text, re.M))
        server = re.search(r'\((\S+) [^()]*\)$', text.split('\n')[0])
        servers[server[1].split('-')[0] if server else 'unknown'] += count
        sessions += count
        for line in re.findall(r'^#   \S+  (.*)', text, re.M):
            clients.update(name for name, pattern in CLIENTS.items() if re.search(pattern, line))
    for what, names in (('servers', servers), ('clients', clients)):
        print('%d %s: %s' % (len(names), what, ', '.join('%s %d' % pair for pair in sorted(names.items()))))
    print('%d sessions recorded' % sessions)


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
