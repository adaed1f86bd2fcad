"""Writes the kept recordings: NAME.pcap and its entry in MANIFEST, in the form of tests/pcaps/MANIFEST.

The truth comes from the scenario; what a scenario says nothing of (hop, cipher, …) is what the program answered."""
import importlib.machinery, importlib.util, os, re, shutil, sys, tempfile
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
