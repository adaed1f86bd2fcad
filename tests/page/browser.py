#!/usr/bin/env python3
"""The page of mailseal in a headless Chromium: make check-pages.

usage: browser.py [--bin build/mailseal] [--axe axe.min.js] [--chromium chromium] [--pictures FOLDER]

Pages of a database with five years, one week, hostile names, some captures, one session and nothing are opened on a telephone
(360 px), a desk (1280 px) and paper, light and dark, with their tables folded and open: nothing is loaded, the console
stays empty, nothing overflows or lies on another thing, all that is drawn stands out enough (tests/page/checks.js), and
axe-core finds no violation. --pictures keeps what it looked like. The last line is "N passed, N failed".
"""
import argparse, base64, os, shutil, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)
from chromium import Chromium

PHONE, PHONE_DARK, DESK, DESK_DARK, PAPER = ((360, 'light', ''), (360, 'dark', ''), (1280, 'light', ''), (1280, 'dark', ''),
                                             (700, 'light', 'print'))
VIEWS = {'years': (PHONE, PHONE_DARK, DESK, DESK_DARK, PAPER), 'week': (PHONE, DESK, PAPER), 'captures': (PHONE_DARK, DESK, PAPER),
         'hostile': (PHONE, DESK), 'one': (PHONE, DESK), 'empty': (PHONE, DESK)}
passed = failed = 0


def want(name, wrong):
    global passed, failed
    if wrong:
        failed += 1
        print('%s: %s' % (name, '\n    '.join(wrong)))
    else:
        passed += 1


def pages(program, tmp):
    def run(*args):
        subprocess.run([*args], check=True)
    years = [sys.executable, os.path.join(HERE, 'years.py'), '--bin', program, '--hours', '1']
    captures = [os.path.join(HERE, '..', 'pcaps', n + '.pcap') for n in
                ('smtp-clear', 'smtp-starttls-tls13', 'auth-cram-md5', 'mask-pop3', 'imaps-client-only-tls13')]
    empty = os.path.join(tmp, 'empty.pcap')
    with open(empty, 'wb') as f:
        f.write(b'\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\xff\xff\0\0\1\0\0\0')
    makers = {
        'years': lambda db: run(*years, db),
        'week': lambda db: run(*years, '--days', '7', '--hours', '24', db),
        'hostile': lambda db: run(*years, '--days', '200', '--hostile', db),
        'captures': lambda db: run(program, 'analyze', '--quiet', '--separate', '--db', db, *captures),
        'one': lambda db: run(program, 'analyze', '--quiet', '--db', db, captures[0]),
        'empty': lambda db: run(program, 'analyze', '--quiet', '--db', db, empty),
    }
    for name, make in makers.items():
        db, page = os.path.join(tmp, name + '.db'), os.path.join(tmp, name + '.html')
        make(db)
        run(program, 'report', '--db', db, '--format', 'html', '--output', page)
        yield name, page


def violations(browser, axe):
    if not axe:
        return []
    browser.run(axe + '\n;1')
    found = browser.run('axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.map(v => v.id + ": " + v.help'
                        ' + " " + v.nodes.slice(0, 3).map(n => n.target.join(" ")).join("; ")))')
    return found


def picture(browser, folder, name):
    if folder:
        shot = browser.call('Page.captureScreenshot', format='png', captureBeyondViewport=True)
        with open(os.path.join(folder, name + '.png'), 'wb') as f:
            f.write(base64.b64decode(shot['data']))


def check(browser, name, page, view, axe, pictures):
    width, scheme, media = view
    label = '%s, %d px, %s' % (name, width, media or scheme)
    with open(os.path.join(HERE, 'checks.js'), encoding='utf-8') as f:
        checks = f.read()
    browser.said.clear()
    browser.look(*view)
    browser.open(page)
    want(label + ': layout', browser.run(checks))
    picture(browser, pictures, '%s-%d-%s' % (name, width, media or scheme))
    if not media:
        browser.run('document.querySelectorAll("details").forEach(d => d.open = true)')
        want(label + ': layout with the tables', browser.run(checks))
        want(label + ': axe-core', violations(browser, axe))
    else:
        pdf = browser.call('Page.printToPDF', printBackground=True, transferMode='ReturnAsBase64')['data']
        want(label + ': a file for the printer', [] if len(pdf) > 10000 else ['%d bytes' % len(pdf)])
    want(label + ': the console is silent', browser.said)


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument('--bin', default='build/mailseal')
    p.add_argument('--axe')
    p.add_argument('--chromium', default='chromium')
    p.add_argument('--pictures')
    a = p.parse_args()
    axe = None
    if a.axe:
        with open(a.axe, encoding='utf-8') as f:
            axe = f.read()
    tmp = tempfile.mkdtemp(prefix='mailseal-pages-')
    browser = Chromium(a.chromium)
    try:
        if a.pictures:
            os.makedirs(a.pictures, exist_ok=True)
        for name, page in pages(os.path.abspath(a.bin), tmp):
            for view in VIEWS[name]:
                check(browser, name, page, view, axe, a.pictures)
    finally:
        browser.close()
        shutil.rmtree(tmp)
    print('%d passed, %d failed' % (passed, failed))
    return failed > 0


sys.exit(main())
